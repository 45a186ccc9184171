"""A core set that covers the rest: Sener & Savarese, Active learning for convolutional neural networks: a core-set approach, 2018.

Greedy k-center (the paper's algorithm 1): start at the row nearest the mean, then keep taking the row farthest from
all taken ones, class by class so that no label vanishes.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .representation import represent

CARD = Card(
    name="k_center",
    family="selection",
    slot="rows",
    summary="only rows that cover the others are kept",
    paper="Sener & Savarese: Active learning for convolutional neural networks: a core-set approach",
    year=2018,
    link="https://arxiv.org/abs/1708.00489",
    implementation="provender.methods.k_center:KCenter",
    choices={"share": (0.6, 0.95)},
    helps="many rows say the same, and training is dear",
    hurts="rows are few, or outliers are errors: it keeps them",
    cost="n² d",
    seconds=0.8,
    prior=-0.5,
    signals={"duplicates": 0.3},
)


class KCenter(BaseEstimator):
    """share: part of the rows that is kept, 0..1."""

    def __init__(self, share: float = 0.8) -> None:
        self.share = share

    def fit_resample(self, rows: Rows) -> Rows:
        X = represent(rows.frame)
        hard = rows.y.ndim == 1 and rows.y.dtype.kind in "iu"
        groups = [np.flatnonzero(rows.y == label) for label in np.unique(rows.y)] if hard else [np.arange(len(rows))]
        kept = [group[_greedy(X[group], max(1, round(self.share * len(group))))] for group in groups]
        return rows.take(np.sort(np.concatenate(kept)), reason="other rows already cover it")


def _greedy(X: np.ndarray, k: int) -> np.ndarray:
    """Positions of k centres of X (n, d)."""
    squares = (X * X).sum(axis=1)
    chosen = [int(((X - X.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    distance = np.full(len(X), np.inf)
    while len(chosen) < k:
        last = chosen[-1]
        distance = np.minimum(distance, squares - 2 * (X @ X[last]) + squares[last])
        distance[last] = -np.inf
        chosen.append(int(distance.argmax()))
    return np.array(chosen)
