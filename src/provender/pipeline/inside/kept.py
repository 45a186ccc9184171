"""A fitted loader as bytes: a pickle, which is only ever opened inside a sandbox.

The training records that a loader holds are left out of its bytes where it answers the same without them.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ...contract.loader import AssetView, PoolView, TaskView
from ...contract.rows import Rows
from ...contract.wire import pack
from ...errors import LoaderError

_SAMPLE = 40  # records on which a loader without its training records has to answer as before


def dumps(loader: object, task: TaskView, pool: PoolView) -> bytes:
    """The fitted loader's bytes. Raises LoaderError when it holds what cannot be pickled."""
    raw = np.frombuffer(_pickled(loader, task, pool), np.uint8)
    train = task.train
    light = {"loader": raw, "frame": train.frame.iloc[:0], "y": train.y[:0], "weight": train.weight[:0]}
    sample = train.frame.iloc[:_SAMPLE].reset_index(drop=True)
    if len(sample) and _answers_alike(loader, light, task, sample):
        return pack(light)
    whole = {"frame": train.frame, "y": train.y, "weight": train.weight}
    return pack({**light, **whole, **{f"asset {name}": asset.frame() for name, asset in pool.items()}})


def loads(parts: Mapping[str, Any], view: TaskView, assets: Sequence[Mapping]) -> Any:
    """The loader of these parts; `view` tells of the task and holds the records that were kept."""
    pool = PoolView({asset["id"]: AssetView(asset["id"], asset, _kept_frame(parts, str(asset["id"]))) for asset in assets})
    stored = {"task": view, "train": view.train, "pool": pool}

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name: str) -> object:
            return stored[name] if name in stored else pool[name.removeprefix("asset ")]

    return Unpickler(io.BytesIO(parts["loader"].tobytes())).load()


def _pickled(loader: object, task: TaskView, pool: PoolView) -> bytes:
    known = {id(task): "task", id(task.train): "train", id(pool): "pool"}

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: object) -> str | None:
            return f"asset {thing.id}" if isinstance(thing, AssetView) else known.get(id(thing))

    out = io.BytesIO()
    try:
        Pickler(out, protocol=5).dump(loader)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise LoaderError(f"the fitted loader cannot be pickled ({error}): keep only plain values, arrays and estimators on it") from None
    return out.getvalue()


def _answers_alike(loader: Any, parts: Mapping[str, Any], task: TaskView, sample: pd.DataFrame) -> bool:
    """Whether the loader answers the same without its training records: then they need not be kept."""
    kept = replace(task, train=Rows(parts["frame"], parts["y"], parts["weight"]), evaluation_inputs=None)
    try:
        again = loads(parts, kept, ()).inputs(sample)
    except Exception:
        return False  # it asked for what was left out: everything is kept
    before = loader.inputs(sample)
    if isinstance(before, pd.DataFrame):
        return isinstance(again, pd.DataFrame) and before.equals(again)
    first, second = (x.toarray() if hasattr(x, "toarray") else np.asarray(x) for x in (before, again))
    return first.shape == second.shape and np.array_equal(first, second, equal_nan=first.dtype.kind == "f")


def _kept_frame(parts: Mapping[str, Any], asset: str) -> Callable[[], pd.DataFrame]:
    return lambda: parts[f"asset {asset}"]
