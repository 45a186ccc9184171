"""Rows whose running mean follows the whole: Welling, Herding dynamical weights to learn, 2009.

Class by class: w starts at the mean of the rows; each step takes the row x with the largest product w · x, and adds
mean - x to w. The mean of the first m taken differs from the mean of all by O(1/m) rather than O(1/√m).
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .representation import represent
from .strata import share_of, strata

CARD = Card(
    name="herding",
    family="selection",
    slot="rows",
    summary="rows whose mean follows the mean of their class are kept",
    paper="Welling: Herding dynamical weights to learn",
    year=2009,
    link="https://doi.org/10.1145/1553374.1553517",
    implementation="provender.methods.herding:Herding",
    choices={"share": (0.5, 0.95)},
    helps="training is dear, and the classes are round",
    hurts="rows are few, or what matters lies at the edges",
    cost="n² d",
    seconds=1.0,
    only_if=("duplicates",),
    prior=-0.5,
    signals={"duplicates": 0.2},
)


class Herding(BaseEstimator):
    """share: part of each class that is kept, 0..1."""

    def __init__(self, share: float = 0.8) -> None:
        self.share = share

    def fit_resample(self, rows: Rows) -> Rows:
        X = represent(rows.frame)
        kept = [group[herd(X[group], share_of(group, self.share))] for group in strata(rows.y)]
        return rows.take(np.sort(np.concatenate(kept)), reason="the mean of its class does without it")


def herd(X: np.ndarray, m: int) -> np.ndarray:
    """(m,) positions of X (n, d) in the order in which herding takes them, each once."""
    mean = X.mean(axis=0)
    w, free, taken = mean.copy(), np.ones(len(X), bool), []
    while len(taken) < m:
        best = int(np.where(free, X @ w, -np.inf).argmax())
        taken.append(best)
        free[best] = False
        w += mean - X[best]
    return np.array(taken)
