"""Run one loader on one fold, inside its sandbox.

The order of messages is the protection: rows and features have left the process, and are sealed by their receiver,
before the first evaluation input arrives. Nothing that a loader learns from evaluation inputs can reach training.

    harness -> files: training records, then the assets in the order of ASSETS
    loader  -> {"step": "rows", ...}      payload: ids, frame, y, weight (weight alone where the rows are the task's own)
    loader  -> {"step": "features", ...}  payload: x, y, weight, as the learner will see them
    harness -> {"step": "inputs"}         file: raw evaluation inputs, shuffled and renamed
    loader  -> {"step": "inputs"}         payload: x
    harness -> {"step": "keep"}           the fitted loader is to be kept: see `kept.py`
    loader  -> {"step": "keep"}           payload: its bytes

The harness asks as often as it likes, and ends the process when it has heard enough. With `without` in params one part
of the state is undone (`undo.py`), with `modules` methods are those of these texts (`vendored.py`), and with `detail`
the rows come with the ids that each change touched.
"""

from __future__ import annotations

import linecache
import sys
import types
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, issparse

from ...contract.loader import AssetView, PoolView, TaskView
from ...contract.part import Part
from ...contract.rows import ROW, Rows, Selection
from ...contract.schema import Schema
from ...contract.wire import pack, unpack
from ...errors import LoaderError, WireError
from ...execute.inside import Channel
from .kept import dumps
from .undo import without
from .vendored import install


def main(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """Entry point. Whatever the loader raises ends the job as `crashed` with its words."""
    warnings.simplefilter("ignore")
    # Under copy-on-write a chained assignment changes nothing: a loader that believes it did is wrong.
    warnings.filterwarnings("error", category=pd.errors.ChainedAssignmentError)
    install(params.get("modules", {}))
    undone = Part.from_json(params["without"]) if params.get("without") else None
    task = task_view(params, unpack(files[0]))
    pristine = task.train.frame.copy(deep=False)  # under copy-on-write it keeps what a loader changes in place
    pool = PoolView({
        asset["id"]: AssetView(asset["id"], asset, _reader(raw, empty=undone is not None and undone.subject == asset["id"]))
        for asset, raw in zip(params["assets"], files[1:], strict=True)
    })  # fmt: skip
    loader = define(params["loader"])(task, pool)
    rows = loader.rows()
    if isinstance(rows, Selection):
        _send_selection(channel, rows)
        return
    if not isinstance(rows, Rows):
        raise LoaderError(f"rows() returned a {type(rows).__name__}; return Rows, made from self.task.train")
    rows = rows if undone is None else without(rows, task.train, undone, len(task.classes))
    _send_rows(channel, rows, task.train, pristine, detail=bool(params.get("detail")))
    features, y, weight = _fitted(loader.fit(rows), rows)
    if undone is not None and undone.kind == "synthesise":
        features, y, weight = features[: len(rows)], y[: len(rows)], weight[: len(rows)]
    names = [str(name) for name in features.columns] if isinstance(features, pd.DataFrame) else None
    channel.send({"step": "features", "names": names}, pack({"x": plain(features), "y": y, "weight": weight}))
    while True:
        message, arrived = channel.receive()
        if message.get("step") == "keep":
            channel.send({"step": "keep"}, dumps(loader, task, pool))
        else:
            channel.send({"step": "inputs"}, pack({"x": plain(loader.inputs(unpack(arrived[0])["raw"]))}))


def task_view(params: Mapping, records: Mapping) -> TaskView:
    """The loader's view of the task: facts from params, records as they were sent."""
    for name in ("y", "weight"):
        records[name].flags.writeable = False  # a change in place would be one that nobody is told of
    return TaskView(
        train=Rows(records["frame"], records["y"], records["weight"]),
        schema=Schema.from_json(params["schema"]),
        kind=params["kind"],
        classes=tuple(params["classes"]),
        targets=tuple(params["targets"]),
        modality=params["modality"],
        metric=params["metric"],
        seed=params["seed"],
        evaluation_inputs=records.get("unlabelled"),
    )


def _reader(raw: memoryview, *, empty: bool) -> Callable[[], pd.DataFrame]:
    return lambda: unpack(raw)["frame"].iloc[: 0 if empty else None]


def define(text: str) -> type:
    """The class DataLoader of the text, with its lines known to tracebacks."""
    name = "loader.py"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    module = types.ModuleType("loader")
    module.__file__ = name
    sys.modules["loader"] = module
    exec(compile(text, name, "exec"), module.__dict__)
    return module.DataLoader


def _fitted(result: object, rows: Rows) -> tuple[object, np.ndarray, np.ndarray]:
    """Features, y and weight of what `fit` returned: features alone stand for the rows they were given."""
    if isinstance(result, tuple):
        features, y, weight = result
        return features, np.asarray(y), np.asarray(weight, dtype=float)
    return result, rows.y, rows.weight


def plain(features: object) -> object:
    if issparse(features):
        return csr_matrix(features)
    if isinstance(features, pd.DataFrame):
        numeric = all(dtype.kind in "iufb" and not isinstance(dtype, pd.CategoricalDtype) for dtype in features.dtypes)
        return features.to_numpy(dtype=float) if numeric else features.reset_index(drop=True)
    if isinstance(features, np.ndarray) and features.ndim == 2:
        return features.astype(float) if features.dtype == object else features
    raise LoaderError(f"features must be a DataFrame, a CSR matrix or a 2-d array, not {type(features).__name__}")


def _send_rows(channel: Channel, rows: Rows, train: Rows, pristine: pd.DataFrame, *, detail: bool) -> None:
    changes = rows.changes[:200]
    message = {"step": "rows", "changes": [change.to_json() for change in changes]}
    touched = {f"change {i}": np.asarray(change.rows, np.int64) for i, change in enumerate(changes)} if detail else {}
    # Rows that are the task's own need not cross again: the harness holds the originals.
    if rows.frame is train.frame and rows.y is train.y and rows.frame.equals(pristine):
        channel.send(message, pack({"weight": rows.weight, **touched}))
        return
    frame = _crossing(rows.frame.drop(columns=ROW, errors="ignore"))
    channel.send(message, pack({"ids": _ids(rows.frame), "frame": frame, "y": rows.y, "weight": rows.weight, **touched}))


def _ids(frame: pd.DataFrame) -> np.ndarray:
    """Row ids: the column `__row__` where a loader kept them so, else the index; 0 where they are lost."""
    index = frame[ROW] if ROW in frame.columns else frame.index
    ids = np.asarray(pd.to_numeric(pd.Series(np.asarray(index)), errors="coerce"))
    if ids.dtype.kind == "f":
        ids = np.where(np.isfinite(ids), ids, 0)
    return ids.astype(np.int64) if ids.dtype.kind in "iuf" else np.zeros(len(frame), np.int64)


def _crossing(frame: pd.DataFrame) -> pd.DataFrame:
    try:
        pack({"frame": frame.iloc[:50]})
    except WireError as error:
        raise LoaderError(f"rows cannot be handed over: {error}") from None
    return frame


def _send_selection(channel: Channel, rows: Selection) -> None:
    weight = np.ones(len(rows.ids)) if rows.weight is None else rows.weight
    channel.send({"step": "selection", "asset": rows.asset}, pack({"ids": rows.ids, "weight": weight}))
