"""The DataLoader contract, and the views of task and pool that a loader is given inside its sandbox.

A data state is one file, loader.py:

    class DataLoader:
        ASSETS = ("lake:9f3a21c0",)               # a literal: only these are readable; part of the state's id

        def __init__(self, task, pool): ...       # this fold's view: training records, schema, seed
        def rows(self) -> Rows: ...               # raw-space training records; audited, diffed, exported
        def fit(self, rows) -> Features: ...      # what the learner sees for those rows
        def inputs(self, raw) -> Features: ...    # row i depends on row i of raw and on what was fitted, nothing else

`fit` returns a DataFrame, a CSR matrix or a 2-d array with one row per record; when it appends synthetic ones it
returns `(features, y, weight)`. `inputs` returns the same kind with the same columns. Evaluation inputs reach the process only
after rows and features have left it. Where a program trains on records and another judges it, `rows` is all that a
loader needs; in curation tasks it returns a `Selection`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from ..errors import LoaderError
from .rows import ROW, Rows, Selection
from .schema import Schema

if TYPE_CHECKING:
    from .learner import Features


@dataclass(frozen=True, slots=True, eq=False)
class TaskView:
    """What a loader sees of the task: one fold's training records, never a held-out one.

    kind      classification | regression | multilabel | selection | program
    classes   class names; `train.y` holds positions in it. Empty for regression
    targets   names of the target columns
    seed      the only source of randomness a loader may use
    """

    train: Rows
    schema: Schema
    kind: str
    classes: tuple[str, ...]
    targets: tuple[str, ...]
    modality: str
    metric: str
    seed: int
    evaluation_inputs: pd.DataFrame | None = None

    def unlabelled(self) -> pd.DataFrame:
        """This fold's evaluation inputs without labels; only where the task says `transductive = true`."""
        if self.evaluation_inputs is None:
            raise LoaderError(
                "unlabelled evaluation inputs are not available: set transductive = true in [evaluation] of task.toml "
                "if they may be used at training time"
            )
        return self.evaluation_inputs

    def join(self, frame: pd.DataFrame, other: pd.DataFrame, on: str | list[str]) -> pd.DataFrame:
        """Left join that keeps the frame's rows, order, columns and lineage.

        The first match of `other` is used, a missing key matches nothing, and a column of `other` that the frame has
        already gets the suffix `_joined`.
        """
        keys = [on] if isinstance(on, str) else list(on)
        right = other.dropna(subset=keys).drop_duplicates(keys)
        joined = frame.reset_index(drop=True).merge(right, on=keys, how="left", suffixes=("", "_joined"))
        return joined.set_axis(pd.Index(frame.index, name=ROW))


@dataclass(frozen=True, slots=True)
class AssetView:
    """One pool asset, readable inside the sandbox. `manifest` is what the pool says about it."""

    id: str
    manifest: Mapping[str, object]
    read: Callable[[], pd.DataFrame]

    def frame(self) -> pd.DataFrame:
        """The asset's table; its index holds row ids, so that appended rows keep their lineage."""
        return self.read()


class PoolView(Mapping[str, AssetView]):
    """The assets a loader named in ASSETS, by id."""

    def __init__(self, assets: Mapping[str, AssetView]) -> None:
        self._assets = dict(assets)

    def __getitem__(self, asset: str) -> AssetView:
        if asset not in self._assets:
            raise LoaderError(f"asset {asset!r} is not named in ASSETS, which holds {sorted(self._assets) or 'nothing'}")
        return self._assets[asset]

    def __iter__(self):
        return iter(self._assets)

    def __len__(self) -> int:
        return len(self._assets)


class DataLoader(Protocol):
    """See the module's docstring. Nothing has to be inherited."""

    def __init__(self, task: TaskView, pool: PoolView) -> None: ...

    def rows(self) -> Rows | Selection: ...

    def fit(self, rows: Rows) -> Features | tuple[Features, np.ndarray, np.ndarray]: ...

    def inputs(self, raw: pd.DataFrame) -> Features: ...
