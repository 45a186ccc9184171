"""The clerk: takes what a loader hands over and lets through only what the contract allows.

It runs in the harness, which holds labels, and can afford to: the wire format has no parser to attack
(`contract/wire.py`), the payload is a sealed memfd that nobody can change after it was verified, and the very bytes
that passed here are what guard and learner read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from ..contract.outcome import Failure, FailureKind
from ..contract.wire import unpack
from ..errors import WireError

ROWS_AT_MOST = 50  # a state may hold this many times the rows it was given (its own and its assets')


class Stopped(Exception):
    """An evaluation came to its end without predictions; never leaves the pipeline."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def stop(kind: FailureKind, message: str, detail: str = "") -> Stopped:
    return Stopped(Failure(kind=kind, message=message, detail=detail))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HandedRows:
    """Verified raw-space rows. `frame` is None when the rows are the task's own, unchanged."""

    ids: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    frame: pd.DataFrame | None
    changes: tuple[Mapping, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HandedFeatures:
    """Verified training features: x (n, d), y and weight (n,); `names` of the columns when the loader gave them."""

    x: Any
    y: np.ndarray
    weight: np.ndarray
    names: list[str] | None


def read_rows(message: Mapping, payload: memoryview, kind: str, k: int, at_most: int) -> HandedRows:
    """Rows as `rows()` returned them. Raises Stopped (`output`, `contract`)."""
    parts = _unpack(payload)
    ids, y, weight = parts.get("ids"), parts.get("y"), parts.get("weight")
    frame = parts.get("frame")
    if not (isinstance(ids, np.ndarray) and ids.dtype == np.int64 and ids.ndim == 1):
        raise stop("contract", "rows() lost its row ids: keep the frame's index, or build rows with Rows.take, append and edit")
    _check_y(y, len(ids), kind, k, "rows()")
    _check_weight(weight, len(ids), "rows()")
    if frame is not None and (not isinstance(frame, pd.DataFrame) or len(frame) != len(ids)):
        raise stop("contract", f"rows() handed over {len(frame)} records for {len(ids)} ids")
    if len(ids) > at_most:
        raise stop("contract", f"rows() returned {len(ids)} rows; at most {at_most} are allowed here ({ROWS_AT_MOST} times what it was given)")
    changes = tuple(c for c in message.get("changes", ()) if isinstance(c, Mapping))
    return HandedRows(ids=ids, y=y, weight=weight, frame=frame, changes=changes)


def read_features(message: Mapping, payload: memoryview, kind: str, k: int, at_most: int) -> HandedFeatures:
    """Training features as `fit` returned them. Raises Stopped (`output`, `contract`)."""
    parts = _unpack(payload)
    x, y, weight = parts.get("x"), parts.get("y"), parts.get("weight")
    n = _height(x, "fit()")
    if n == 0 or x.shape[1] == 0:
        raise stop("contract", f"fit() returned features of shape {x.shape}: a learner needs rows and columns")
    if n > at_most:
        raise stop("contract", f"fit() returned {n} rows; at most {at_most} are allowed here")
    _check_y(y, n, kind, k, "fit()")
    _check_weight(weight, n, "fit()")
    if kind == "classification" and y.ndim == 1 and len(np.unique(y)) < 2:
        raise stop("contract", "fit() left one class only; a classifier needs two")
    names = message.get("names")
    return HandedFeatures(x=x, y=y, weight=weight, names=names if isinstance(names, list) and len(names) == x.shape[1] else None)


def read_inputs(payload: memoryview, expected: int, width: int) -> Any:
    """Evaluation features of `expected` rows and the training features' `width`. Raises Stopped."""
    x = _unpack(payload).get("x")
    n = _height(x, "inputs()")
    if n != expected:
        raise stop("contract", f"inputs(raw) returned {n} rows for {expected}: it must give one row for each, in order")
    if x.shape[1] != width:
        raise stop("contract", f"inputs(raw) returned {x.shape[1]} columns, but fit(rows) returned {width}: both must build the same features")
    return x


def check_alike(whole: Any, part: Any, chosen: np.ndarray) -> None:
    """The features of rows asked for again, among other neighbours, must not have changed. Raises Stopped (`batch`)."""
    again = whole.iloc[chosen].reset_index(drop=True) if isinstance(whole, pd.DataFrame) else whole[chosen]
    if isinstance(again, pd.DataFrame):
        alike = again.equals(part)
    elif issparse(again):
        difference = abs(again - part)
        scale = max(1.0, abs(again).max()) if again.nnz else 1.0
        alike = difference.nnz == 0 or difference.max() <= 1e-6 * scale
    else:
        alike = np.allclose(again, part, rtol=1e-5, atol=1e-7, equal_nan=True)
    if not alike:
        raise stop(
            "batch",
            "inputs(raw) gives a row other features when its neighbours change: learn everything in fit(rows), and compute row i from row i alone",
        )


def read_prediction(payload: memoryview, n: int, output: str, k: int, targets: int) -> np.ndarray:
    """Predictions of the fixed learner: (n,), (n, k) or (n, targets) finite float64. Raises Stopped (`score`)."""
    prediction = _unpack(payload).get("prediction")
    if not isinstance(prediction, np.ndarray) or prediction.dtype.kind not in "fiu" or prediction.ndim not in (1, 2):
        raise stop("score", "the learner's predict() did not return an array of numbers")
    if len(prediction) != n:
        raise stop("score", f"the learner's predict() returned {len(prediction)} rows for {n}")
    width = targets if targets > 1 else (k if output == "probability" and k else 1)
    if prediction.ndim == 2 and prediction.shape[1] == 1:
        prediction = prediction[:, 0]
    if prediction.ndim == 2 and prediction.shape[1] != width or (prediction.ndim == 1 and width > 2):
        raise stop("score", f"the learner's predict() returned shape {prediction.shape}; ({n}, {width}) is expected for output {output!r}")
    prediction = prediction.astype(float, copy=False)
    if prediction.ndim == 1 and output == "probability" and width == 2:
        prediction = np.column_stack([1 - prediction, prediction])
    if not np.isfinite(prediction).all():
        raise stop("score", f"{int((~np.isfinite(prediction)).sum())} predictions are not finite numbers")
    return prediction


def _unpack(payload: memoryview) -> dict:
    try:
        return unpack(payload)
    except WireError as error:
        raise stop("output", f"what came out of the sandbox cannot be read: {error}") from None


def _height(x: Any, where: str) -> int:
    if isinstance(x, pd.DataFrame) or issparse(x) or (isinstance(x, np.ndarray) and x.ndim == 2):
        return x.shape[0]
    raise stop("contract", f"{where} must return a DataFrame, a CSR matrix or a 2-d array")


def _check_y(y: Any, n: int, kind: str, k: int, where: str) -> None:
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "iuf" or len(y) != n:
        raise stop("contract", f"{where} handed over {len(y) if isinstance(y, np.ndarray) else 'no'} labels for {n} rows")
    if kind == "classification" and y.ndim == 1:
        if y.dtype.kind == "f" or (n and (y.min() < 0 or y.max() >= k)):
            raise stop("contract", f"{where} holds labels outside the {k} classes: y holds positions in task.classes")
    elif not np.isfinite(y).all():
        raise stop("contract", f"{where} holds {int((~np.isfinite(y)).sum())} targets that are not finite numbers")


def _check_weight(weight: Any, n: int, where: str) -> None:
    good = isinstance(weight, np.ndarray) and weight.shape == (n,) and weight.dtype.kind in "iuf"
    if not good or not np.isfinite(weight).all() or (weight < 0).any() or (n and weight.sum() <= 0):
        raise stop("contract", f"{where} needs one weight a row, finite, not negative and not all zero")
