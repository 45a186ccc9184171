"""Rows with a large early error: Paul, Ganguli & Dziugaite, Deep learning on a data diet, 2021.

EL2N: the length of the error vector, |p(x) - one-hot(y)|, early in training and averaged over initialisations. Rows
with small ones are learnt at once and teach little. Where labels are noisy, those with the very largest ones go too
(the paper's section 5: a sliding window of scores).

    from the paper    value
    initialisations   10; here 5
    epoch             20 of 200; here 4 of a small network
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import train
from .strata import top_of_strata, without

CARD = Card(
    name="el2n",
    family="selection",
    slot="rows",
    kinds=("classification",),
    summary="rows that a network learns at once are dropped",
    paper="Paul, Ganguli & Dziugaite: Deep learning on a data diet: finding important examples early in training",
    year=2021,
    link="https://arxiv.org/abs/2107.07075",
    implementation="provender.methods.el2n:El2n",
    choices={"share": (0.5, 0.95), "skip": (0.1,)},
    helps="most rows are easy, and training is dear",
    hurts="labels are wrong: wrong ones have the largest errors",
    cost="5 small networks of 4 epochs",
    seconds=1.0,
    random=True,
    only_if=("duplicates",),
    prior=-0.5,
    signals={"duplicates": 0.2, "noise": -0.4},
)

_STARTS = 5
_EPOCH = 4


class El2n(BaseEstimator):
    """share: part of each class that is kept; skip: part of all rows, those of the largest error, that goes before."""

    def __init__(self, share: float = 0.8, skip: float = 0.0, random_state: int = 0) -> None:
        self.share = share
        self.skip = skip
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(labels) < 2:
            return rows
        X = represent(rows.frame, self.random_state)
        score = error_lengths(X, given, len(labels), self.random_state)
        left = np.flatnonzero(without(y, np.ones(len(y), bool), -score, self.skip)) if self.skip else np.arange(len(y))
        kept = left[top_of_strata(y[left], score[left], self.share)]
        return rows.take(kept, reason="too easy or too hard to learn" if self.skip else "a network learns it at once")


def error_lengths(X: np.ndarray, y: np.ndarray, k: int, seed: int) -> np.ndarray:
    """(n,) |p(x) - one-hot(y)| after 4 epochs, averaged over 5 initialisations."""
    truth, total = np.eye(k)[y], np.zeros(len(y))
    for start in range(_STARTS):
        *_, last = train(X, y, k, _EPOCH, seed + start)
        total += np.linalg.norm(last.probability - truth, axis=1)
    return total / _STARTS
