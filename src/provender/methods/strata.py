"""Strata: the groups that a choice of rows treats alike, so that no label vanishes."""

from __future__ import annotations

import numpy as np


def strata(y: np.ndarray) -> list[np.ndarray]:
    """Positions of the rows of each class; of all rows together where y is no class label. At least one row each."""
    if y.ndim == 1 and y.dtype.kind in "iu":
        return [np.flatnonzero(y == label) for label in np.unique(y)]
    return [np.arange(len(y))]


def top_of_strata(y: np.ndarray, score: np.ndarray, share: float) -> np.ndarray:
    """(m,) positions, ascending, of the `share` of each stratum with the highest score, and at least one of each."""
    kept = [group[np.argsort(-score[group], kind="stable")[: share_of(group, share)]] for group in strata(y)]
    return np.sort(np.concatenate(kept))


def share_of(group: np.ndarray, share: float) -> int:
    """How many rows of a group make up this share of it: at least one."""
    return min(len(group), max(1, round(share * len(group))))


def without(y: np.ndarray, suspect: np.ndarray, score: np.ndarray | None = None, most: float = 1.0) -> np.ndarray:
    """(n,) which rows stay when the suspects go.

    suspect  (n,) bool
    score    (n,) where more than `most` of all rows are suspect, those of the lowest score go
    A class of which nothing would be left stays whole.
    """
    if score is not None and suspect.sum() > int(most * len(y)):
        worst = np.argsort(np.where(suspect, score, np.inf), kind="stable")[: int(most * len(y))]
        suspect = np.isin(np.arange(len(y)), worst)
    keep = ~suspect
    if y.ndim == 1 and y.dtype.kind in "iu":
        keep |= ~np.isin(y, np.unique(y[keep]))
    return keep if keep.any() else np.ones(len(y), bool)


def lower_group(values: np.ndarray) -> np.ndarray:
    """(n,) whether a value is in the lower of two groups: the split of least variance within (exact 2-means)."""
    order = np.sort(values)
    n = len(order)
    sizes = np.arange(1, n)
    left = np.cumsum(order)[:-1]
    between = left**2 / sizes + (order.sum() - left) ** 2 / (n - sizes)
    between[order[1:] <= order[:-1]] = -np.inf  # equal values stay together
    if n < 2 or not np.isfinite(between).any():
        return np.zeros(n, bool)
    return values <= order[int(between.argmax())]
