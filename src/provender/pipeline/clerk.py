"""The clerk: takes what a loader hands over and lets through only what the contract allows.

It runs in the harness, which holds labels, and can afford to: the wire format has no parser to attack
(`contract/wire.py`), the payload is a sealed memfd that nobody can change after it was verified, and the very bytes
that passed here are what guard and learner read. A loader's process may be in hostile hands, so nothing in a message
is believed either: every value is looked at before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, issparse

from ..contract.outcome import Failure, FailureKind
from ..contract.wire import unpack
from ..errors import WireError
from ..profile.digests import value_digests

ROWS_AT_MOST = 50  # a state may hold this many times the rows it was given (its own and its assets')
COLUMNS_AT_MOST = 1 << 21
_CHANGES_AT_MOST = 200
_CHANGES = frozenset(("drop", "edit", "relabel", "weight", "append", "synthesise", "join"))


class Stopped(Exception):
    """An evaluation came to its end without predictions; never leaves the pipeline."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def stop(kind: FailureKind, message: str, detail: str = "") -> Stopped:
    return Stopped(Failure(kind=kind, message=message, detail=detail))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Given:
    """What a loader was given: the fold's training records, against which its answers are checked.

    ids, y, weight  of those records; y as in `Rows`
    kind, k         of the task: its kind, and how many classes it has
    at_most         rows that a state may hand over
    """

    ids: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    kind: str
    k: int
    at_most: int


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
    """Verified training features: x (n, d), y and weight (n,); `names` of the columns when the loader gave them.

    The first rows are those of `rows()`, in their order; those that `fit` invented stand below.
    """

    x: pd.DataFrame | np.ndarray | csr_matrix
    y: np.ndarray
    weight: np.ndarray
    names: list[str] | None


def read_rows(message: Mapping, payload: memoryview, given: Given) -> HandedRows:
    """Rows as `rows()` returned them. Raises Stopped (`output`, `contract`)."""
    parts = _unpack(payload)
    changes = _changes(message.get("changes"))
    frame, weight = parts.get("frame"), parts.get("weight")
    if frame is None:  # the task's own rows cross once: all that can be said of them anew is their weight
        _check_weight(weight, len(given.ids), "rows()")
        return HandedRows(ids=given.ids, y=given.y, weight=weight, frame=None, changes=changes)
    ids, y = parts.get("ids"), parts.get("y")
    if not isinstance(frame, pd.DataFrame) or not (isinstance(ids, np.ndarray) and ids.dtype == np.int64 and ids.shape == (len(frame),)):
        raise stop("output", "rows() handed over no table with one id a row")
    if len(ids) > given.at_most:
        raise stop("contract", f"rows() returned {len(ids)} rows; at most {given.at_most} are allowed here ({ROWS_AT_MOST} times what it was given)")
    if len(ids) == 0:
        raise stop("contract", "rows() returned no rows: keep some to train on")
    if repeated := [name for name, again in zip(frame.columns, frame.columns.duplicated(), strict=True) if again]:
        raise stop("contract", f"rows() has several columns named {words(repeated[0])!r}: give each its own name")
    _check_y(y, len(ids), given, "rows()")
    _check_weight(weight, len(ids), "rows()")
    return HandedRows(ids=ids, y=y, weight=weight, frame=frame, changes=changes)


def read_features(message: Mapping, payload: memoryview, rows: HandedRows, given: Given) -> HandedFeatures:
    """Training features as `fit` returned them for these rows. Raises Stopped (`output`, `contract`)."""
    parts = _unpack(payload)
    x, y, weight = parts.get("x"), parts.get("y"), parts.get("weight")
    n, d = _shape(x, "fit()")
    if n == 0 or d == 0:
        raise stop("contract", f"fit() returned features of shape ({n}, {d}): a learner needs rows and columns")
    if n > given.at_most or d > COLUMNS_AT_MOST:
        raise stop("contract", f"fit() returned features of shape ({n}, {d}); at most {given.at_most} rows and {COLUMNS_AT_MOST} columns are allowed here")
    _check_y(y, n, given, "fit()")
    _check_weight(weight, n, "fit()")
    m = len(rows.ids)
    if n < m:
        raise stop("contract", f"fit() returned features of {n} rows for {m}: it must give one row for each, in order; drop rows in rows()")
    if y.shape[1:] != rows.y.shape[1:] or not (np.array_equal(y[:m], rows.y) and np.array_equal(weight[:m], rows.weight)):
        raise stop("contract", "fit() changed labels or weights of the rows it was given: change them in rows(), and append new rows below")
    if given.kind == "classification" and y.ndim == 1 and len(np.unique(y)) < 2:
        raise stop("contract", "the rows hold one class only; a classifier needs two")
    names = message.get("names")
    known = isinstance(names, list) and len(names) == d
    return HandedFeatures(x=x, y=y, weight=weight, names=[words(name) for name in names] if known else None)


def read_inputs(payload: memoryview, expected: int, like: Any) -> Any:
    """Evaluation features of `expected` rows, of the form of the training features `like`. Raises Stopped."""
    x = _unpack(payload).get("x")
    n, d = _shape(x, "inputs(raw)")
    if n != expected:
        raise stop("contract", f"inputs(raw) returned {n} rows for {expected}: it must give one row for each, in order")
    if d != like.shape[1]:
        raise stop("contract", f"inputs(raw) returned {d} columns, but fit(rows) returned {like.shape[1]}: both must build the same features")
    if type(x) is not type(like):
        raise stop("contract", f"inputs(raw) returned {_form(x)}, but fit(rows) {_form(like)}: both must build the same features")
    if isinstance(x, pd.DataFrame) and list(x.columns) != list(like.columns):
        raise stop("contract", "inputs(raw) and fit(rows) name their columns differently: both must build the same features")
    return x


def check_alike(whole: Any, part: Any, chosen: np.ndarray) -> None:
    """The features of rows asked for again, among other neighbours, must not have changed. Raises Stopped (`batch`).

    A loader that remembers its first answers passes; what it can gain so is knowledge of inputs, never of labels.
    """
    if isinstance(whole, pd.DataFrame):
        pairs = ((whole.iloc[chosen, j].reset_index(drop=True), part.iloc[:, j]) for j in range(whole.shape[1]))
        alike = all(_equal_columns(again, now) for again, now in pairs)
    elif issparse(whole):
        with np.errstate(all="ignore"):
            difference = abs(whole[chosen].astype(float) - part.astype(float))
        scale = max(1.0, abs(part).max()) if part.nnz else 1.0
        alike = difference.nnz == 0 or difference.max() <= 1e-6 * scale
    else:
        with np.errstate(all="ignore"):
            alike = np.allclose(whole[chosen], part, rtol=1e-5, atol=1e-7, equal_nan=True)
    if not alike:
        raise stop(
            "batch",
            "inputs(raw) gives a row other features when its neighbours change: learn everything in fit(rows), and compute row i from row i alone",
        )


def read_selection(message: Mapping, payload: memoryview, at_most: int) -> tuple[str, np.ndarray, np.ndarray]:
    """The asset, the ids (m,) int64 and the weights (m,) of a selection. Raises Stopped (`output`, `contract`)."""
    parts = _unpack(payload)
    ids, weight = parts.get("ids"), parts.get("weight")
    if not (isinstance(ids, np.ndarray) and ids.ndim == 1 and ids.dtype.kind in "iu"):
        raise stop("contract", "a selection needs whole numbers as ids: the values of the pool's id column")
    if not 0 < len(ids) <= at_most:
        raise stop("contract", f"the selection names {len(ids)} rows; 1 to {at_most} may be chosen")
    if len(np.unique(ids)) < len(ids):
        raise stop("contract", f"the selection repeats {len(ids) - len(np.unique(ids))} ids: name each row once")
    _check_weight(weight, len(ids), "a selection")
    return words(message.get("asset")), ids, weight


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
    if (prediction.ndim == 2 and prediction.shape[1] != width) or (prediction.ndim == 1 and width > 2) or (prediction.ndim == 1 and targets > 1):
        raise stop("score", f"the learner's predict() returned shape {prediction.shape}; ({n}, {width}) is expected for output {output!r}")
    prediction = prediction.astype(float)
    if not np.isfinite(prediction).all():
        raise stop("score", f"{int((~np.isfinite(prediction)).sum())} predictions are not finite numbers")
    most = 1 if output == "probability" else k - 1 if output == "label" and k else None
    if most is not None and n and (prediction.min() < -1e-6 or prediction.max() > most + 1e-6):
        raise stop("score", f"the learner's predict() returned {prediction.min():g} to {prediction.max():g}; output {output!r} lies in 0 to {most}")
    if prediction.ndim == 1 and output == "probability" and width == 2 and targets == 1:
        prediction = np.column_stack([1 - prediction, prediction])
    return prediction


def read_scores(payload: memoryview) -> np.ndarray:
    """(n,) float64 scores of a judging program, one an example. Raises Stopped (`output`, `score`)."""
    scores = _unpack(payload).get("scores")
    if not isinstance(scores, np.ndarray) or scores.ndim != 1 or scores.dtype.kind not in "iuf":
        raise stop("score", "the judging program did not give one number for each example")
    return scores.astype(float)


def words(text: object) -> str:
    """A loader's own words in one short, printable line."""
    return "".join(c for c in str(text)[:200] if c.isprintable()).strip()


def _unpack(payload: memoryview) -> dict:
    try:
        return unpack(payload)
    except WireError as error:
        raise stop("output", f"what came out of the sandbox cannot be read: {words(error)}") from None


def _changes(said: object) -> tuple[Mapping, ...]:
    """What the loader says it did: known kinds, short reasons, plain counts."""
    good = (c for c in (said if isinstance(said, list) else ()) if isinstance(c, Mapping) and isinstance(c.get("kind"), str))
    told = [
        {"kind": c["kind"], "reason": words(c.get("reason", "")), "count": min(c["count"], 1 << 40)}
        for c in good
        if c["kind"] in _CHANGES and type(c.get("count")) is int and c["count"] >= 0
    ]
    return tuple(told[:_CHANGES_AT_MOST])


def _form(x: Any) -> str:
    return "a table" if isinstance(x, pd.DataFrame) else "a sparse matrix" if issparse(x) else "an array"


def _shape(x: Any, where: str) -> tuple[int, int]:
    if isinstance(x, pd.DataFrame) or issparse(x) or (isinstance(x, np.ndarray) and x.ndim == 2):
        return x.shape
    raise stop("contract", f"{where} must return a DataFrame, a CSR matrix or a 2-d array")


def _equal_columns(a: pd.Series, b: pd.Series) -> bool:
    if a.dtype.kind in "iufb" and b.dtype.kind in "iufb":
        with np.errstate(all="ignore"):
            return np.allclose(a.to_numpy(float), b.to_numpy(float), rtol=1e-5, atol=1e-7, equal_nan=True)
    return bool((value_digests(a) == value_digests(b)).all())


def _check_y(y: Any, n: int, given: Given, where: str) -> None:
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "iuf" or y.ndim not in (1, 2) or len(y) != n:
        told = f"{len(y)} labels" if isinstance(y, np.ndarray) and y.ndim else "no labels"
        raise stop("contract", f"{where} handed over {told} for {n} rows")
    if given.kind == "classification":
        if y.ndim == 1:
            if y.dtype.kind == "f" or (n and (y.min() < 0 or y.max() >= given.k)):
                raise stop("contract", f"{where} holds labels outside the {given.k} classes: y holds positions in task.classes")
        elif y.shape[1] != given.k or not (np.abs(y.sum(axis=1) - 1) < 1e-6).all() or (y < 0).any():
            raise stop("contract", f"{where} holds soft labels that are not {given.k} probabilities a row, adding to 1")
    elif y.shape[1:] != given.y.shape[1:]:
        raise stop("contract", f"{where} holds targets of shape {y.shape}; those of the task have {given.y.shape[1:] or 'one value a row'}")
    elif not np.isfinite(y).all():
        raise stop("contract", f"{where} holds {int((~np.isfinite(y)).sum())} targets that are not finite numbers")


def _check_weight(weight: Any, n: int, where: str) -> None:
    good = isinstance(weight, np.ndarray) and weight.shape == (n,) and weight.dtype.kind in "iuf"
    if not good or not np.isfinite(weight).all() or (weight < 0).any() or (n and not 0 < weight.sum() < np.inf):
        raise stop("contract", f"{where} needs one weight a row, finite, not negative and not all zero")
