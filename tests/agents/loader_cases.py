"""Runs a loader's text in this process, the way a sandbox would: rows, fit, inputs, each checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from provender.contract.loader import AssetView, PoolView, TaskView
from provender.contract.rows import ROW, Rows, row_ids
from provender.contract.schema import Column, Schema
from provender.contract.state import named_assets
from provender.contract.wire import pack, unpack


@dataclass(frozen=True)
class Case:
    """One real task: all its columns, the target as the contract encodes it, and the schema."""

    name: str
    frame: pd.DataFrame
    y: np.ndarray
    schema: Schema
    kind: str
    classes: tuple[str, ...] = ()
    modality: str = "tabular"
    metric: str = "log_loss"


def schema_of(frame: pd.DataFrame, kinds: Mapping[str, str] | None = None) -> Schema:
    """A schema with the given kinds; the other columns are numeric or category by their dtype."""
    kinds = kinds or {}
    return Schema(
        tuple(
            Column(
                name=str(name),
                kind=kinds.get(name, "numeric" if column.dtype.kind in "iufb" else "category"),
                cardinality=int(column.nunique()),
                missing=float(column.isna().mean()),
            )
            for name, column in frame.items()
        )
    )


def wired(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as it arrives in a sandbox: through the wire format, with its string type."""
    return unpack(pack({"frame": frame}))["frame"]


def rows_of(case: Case, positions: np.ndarray) -> Rows:
    ids = row_ids(f"task:{case.name}", len(case.frame))[positions]
    return Rows(wired(case.frame.iloc[positions].set_axis(pd.Index(ids, name=ROW))), case.y[positions])


def task_view(case: Case, positions: np.ndarray, seed: int = 0) -> TaskView:
    return TaskView(
        train=rows_of(case, positions),
        schema=case.schema,
        kind=case.kind,
        classes=case.classes,
        targets=("target",),
        modality=case.modality,
        metric=case.metric,
        seed=seed,
    )


def asset_view(id: str, frame: pd.DataFrame, manifest: Mapping | None = None) -> AssetView:
    frame = frame.set_axis(pd.Index(row_ids(id, len(frame)), name=ROW))
    return AssetView(id=id, manifest=manifest or {}, read=lambda: wired(frame))


def run_loader(text: str, task: TaskView, raw: pd.DataFrame, assets: Mapping[str, AssetView] | None = None):
    """(rows, features, y, weight, inputs) of one fold. Asserts the contract on the way."""
    raw = wired(raw.reset_index(drop=True))
    namespace: dict = {"__name__": "loader"}
    exec(compile(text, "loader.py", "exec"), namespace)
    named = named_assets(text)
    loader = namespace["DataLoader"](task, PoolView({id: (assets or {})[id] for id in named}))
    rows = loader.rows()
    assert rows.frame.index.is_unique and (rows.weight >= 0).all() and rows.weight.sum() > 0
    features = loader.fit(rows)
    y, weight = rows.y, rows.weight
    if isinstance(features, tuple):
        features, y, weight = features
    assert features.shape[0] == len(y) == len(weight)
    inputs = dense(loader.inputs(raw))
    assert inputs.shape == (len(raw), features.shape[1])
    shuffled = np.random.default_rng(1).permutation(len(raw))
    half = shuffled[: max(1, len(raw) // 2)]
    np.testing.assert_allclose(dense(loader.inputs(raw.iloc[half])), inputs[half], rtol=1e-6, atol=1e-8)
    assert np.isfinite(dense(features)).all() and np.isfinite(inputs).all()
    return rows, features, y, weight, inputs


def dense(features) -> np.ndarray:
    if issparse(features):
        return features.toarray()
    return np.asarray(features, dtype=float)
