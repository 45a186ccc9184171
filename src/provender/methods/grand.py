"""Rows with a large early gradient: Paul, Ganguli & Dziugaite, Deep learning on a data diet, 2021.

GraNd: the length of the gradient of a row's loss with respect to all weights, early in training and averaged over
initialisations. Of a network with one hidden layer it is exact without building it: each layer's gradient is an outer
product, and its length the product of two lengths.

    from the paper    value
    initialisations   10; here 5
    epoch             early; here the first of a small network
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import scaled, train
from .strata import top_of_strata

CARD = Card(
    name="grand",
    family="selection",
    slot="rows",
    kinds=("classification",),
    summary="rows that move a network least are dropped",
    paper="Paul, Ganguli & Dziugaite: Deep learning on a data diet: finding important examples early in training",
    year=2021,
    link="https://arxiv.org/abs/2107.07075",
    implementation="provender.methods.grand:GraNd",
    choices={"share": (0.5, 0.95)},
    helps="most rows are easy, and training is dear",
    hurts="labels are wrong or inputs extreme: both have large gradients",
    cost="5 small networks of 1 epoch",
    seconds=0.6,
    random=True,
    only_if=("duplicates",),
    prior=-0.5,
    signals={"duplicates": 0.2, "noise": -0.4, "outliers": -0.2},
)

_STARTS = 5


class GraNd(BaseEstimator):
    """share: part of each class that is kept, 0..1."""

    def __init__(self, share: float = 0.8, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(labels) < 2:
            return rows
        X = represent(rows.frame, self.random_state)
        score = gradient_lengths(X, given, len(labels), self.random_state)
        return rows.take(top_of_strata(y, score, self.share), reason="it hardly moves a network")


def gradient_lengths(X: np.ndarray, y: np.ndarray, k: int, seed: int) -> np.ndarray:
    """(n,) length of each row's gradient after an epoch, averaged over 5 initialisations."""
    truth, total = np.eye(k)[y], np.zeros(len(y))
    inputs = scaled(X)
    for start in range(_STARTS):
        (epoch,) = train(X, y, k, 1, seed + start)
        last = ((epoch.probability - truth) ** 2).sum(axis=1) * ((epoch.hidden**2).sum(axis=1) + 1)
        first = (epoch.back**2).sum(axis=1) * ((inputs**2).sum(axis=1) + 1)
        total += np.sqrt(last + first)
    return total / _STARTS
