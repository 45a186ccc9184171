"""The delete-block jackknife of a paired gain: how far θ moves when one block of examples is left out.

θ is the mean over foldings of the metric's difference between two states, both predicted on the same rows. Deleting
a *block of examples* from every folding at once keeps what the foldings share, which a t-test over folds ignores.
The variance is CV3 of MacKinnon, Nielsen and Webb (2023, https://arxiv.org/abs/2301.04527), the jackknife for
clustered data: (B - 1)/B · Σ_b (θ_(-b) - θ)². It holds for blocks of unequal size and for metrics that are no means.

A metric that is the mean of per-example losses is taken from block sums, in one pass; any other is computed anew
without each block. Where a metric is undefined (NaN: a block that held every example of a class) the standard error
is infinite: without that block nothing at all is known, so nothing can be proven.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..contract.metric import Metric, labels

Pair = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Rows (m,) as positions into y, and predictions of D0 and of the candidate for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """initial, candidate  the metric of each state, mean over foldings
    gain     θ: how much better the candidate is, positive = better whatever the direction
    se       its standard error; inf when θ is undefined without some block, or when there is one block only
    blocks   number of blocks that hold a scored row;  rows  number of distinct rows
    changed  number of distinct rows on which the two states differ in what the metric looks at
    """

    initial: float
    candidate: float
    gain: float
    se: float
    blocks: int
    rows: int
    changed: int


def estimate(metric: Metric, y: np.ndarray, pairs: Sequence[Pair], block: np.ndarray) -> Estimate:
    """θ and its jackknife standard error.

    y      (n,) or (n, t) truth;  block (n,) int block of each row of y (at least of every row named in `pairs`)
    pairs  one (rows, initial, candidate) a folding

    Raises ValueError where predictions do not match their rows or a scored row has no block.
    """
    _check(y, pairs, block)
    named, codes = np.unique(np.concatenate([block[rows] for rows, _, _ in pairs]), return_inverse=True)
    cuts = np.cumsum([len(rows) for rows, _, _ in pairs])[:-1]
    whole, deleted = [], []
    for (rows, initial, candidate), code in zip(pairs, np.split(codes, cuts), strict=True):
        scores = [leave_out(metric, y[rows], prediction, code, len(named)) for prediction in (initial, candidate)]
        whole.append([score for score, _ in scores])
        deleted.append(metric.sign * (scores[1][1] - scores[0][1]))
    at_initial, at_candidate = np.mean(whole, axis=0)
    gain = metric.gain(float(at_candidate), float(at_initial))
    return Estimate(
        initial=float(at_initial),
        candidate=float(at_candidate),
        gain=gain,
        se=standard_error(gain, np.mean(deleted, axis=0)),
        blocks=len(named),
        rows=len(np.unique(np.concatenate([rows for rows, _, _ in pairs]))),
        changed=_changed(metric, y, pairs),
    )


def standard_error(whole: float, deleted: np.ndarray) -> float:
    """sqrt((B - 1)/B · Σ_b (θ_(-b) - θ)²) of θ and (B,) its values without each block; inf for any NaN or B = 1."""
    count = len(deleted)
    if count < 2 or not np.isfinite(whole) or not np.isfinite(deleted).all():
        return float("inf")
    return float(np.sqrt((count - 1) / count * np.sum((deleted - whole) ** 2)))


def leave_out(
    metric: Metric, y: np.ndarray, prediction: np.ndarray, code: np.ndarray, count: int
) -> tuple[float, np.ndarray]:
    """The metric of all m rows, and (count,) its values without the rows of each block; NaN where it is undefined.

    y (m,) or (m, t);  prediction (m,), (m, k) or (m, t);  code (m,) int in [0, count)
    """
    if metric.loss is not None:
        return _by_sums(metric, y, prediction, code, count)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter(
            "ignore"
        )  # scikit-learn warns where a metric is undefined; here that is a NaN, told apart
        return _defined(metric, y, prediction), np.array(
            [_defined(metric, y[code != b], prediction[code != b]) for b in range(count)]
        )


def _defined(metric: Metric, y: np.ndarray, prediction: np.ndarray) -> float:
    return float(metric.score(y, prediction)) if len(y) else float("nan")


def _by_sums(
    metric: Metric, y: np.ndarray, prediction: np.ndarray, code: np.ndarray, count: int
) -> tuple[float, np.ndarray]:
    size = np.bincount(code, minlength=count)
    left = _others(size)
    values, deleted = [], []
    for truth, predicted in columns(y, prediction):
        sums = np.bincount(code, weights=metric.loss(truth, predicted), minlength=count)
        values.append(_finish(metric, sums.sum(), len(truth)))
        deleted.append([_finish(metric, total, n) for total, n in zip(_others(sums), left, strict=True)])
    return float(np.mean(values)), np.mean(deleted, axis=0)


def _finish(metric: Metric, total: float, n: int) -> float:
    if n == 0:
        return float("nan")
    mean = float(total / n)
    return metric.finish(mean) if metric.finish else mean


def _others(values: np.ndarray) -> np.ndarray:
    """(count,) sum of all the other values; added up from both ends, as `total - value` may end below zero."""
    before = np.concatenate([[0], np.cumsum(values)[:-1]])
    after = np.concatenate([np.cumsum(values[::-1])[::-1][1:], [0]])
    return before + after


def columns(y: np.ndarray, prediction: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Truth and prediction of each target, parted as `Metric.score` parts them."""
    if y.ndim == 2 and prediction.ndim == 2 and y.shape == prediction.shape and y.shape[1] > 1:
        return [(y[:, j], prediction[:, j]) for j in range(y.shape[1])]
    return [(y.ravel() if y.ndim == 2 else y, prediction)]


def _changed(metric: Metric, y: np.ndarray, pairs: Sequence[Pair]) -> int:
    """Distinct rows that count differently for the metric: other losses, else other labels, else other predictions."""
    touched = [rows[_differ(metric, y[rows], initial, candidate)] for rows, initial, candidate in pairs]
    return len(np.unique(np.concatenate(touched)))


def _differ(metric: Metric, y: np.ndarray, initial: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """(m,) bool. Rounding noise is no difference."""
    mask = np.zeros(len(y), bool)
    for (truth, first), (_, second) in zip(columns(y, initial), columns(y, candidate), strict=True):
        if metric.loss is not None:
            first, second = metric.loss(truth, first), metric.loss(truth, second)
        elif metric.needs[0] == "label":
            first, second = labels(first), labels(second)
        unlike = ~np.isclose(first, second, rtol=1e-9, atol=1e-12)
        mask |= unlike if unlike.ndim == 1 else unlike.any(axis=1)
    return mask


def _check(y: np.ndarray, pairs: Sequence[Pair], block: np.ndarray) -> None:
    if not pairs:
        raise ValueError("no foldings were given: a gain needs at least one pair of predictions")
    for rows, initial, candidate in pairs:
        if not len(rows) == len(initial) == len(candidate):
            raise ValueError(
                f"predictions do not match their rows: {len(rows)} rows, {len(initial)} initial and "
                f"{len(candidate)} candidate predictions; give one of each a row"
            )
        if len(rows) == 0:
            raise ValueError("a folding scores no rows: leave it out")
        if len(np.unique(rows)) != len(rows):
            raise ValueError("a folding scores a row twice: pool one out-of-fold prediction a row")
        if rows.max() >= min(len(y), len(block)) or block[rows].min() < 0:
            raise ValueError("a scored row has no truth or no block: make the blocks of every row that is scored")
