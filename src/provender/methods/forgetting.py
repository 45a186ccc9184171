"""Rows that are forgotten while others are learnt: Toneva et al., An empirical study of example forgetting during deep neural network learning, 2019.

A row is forgotten when it was classified rightly after one epoch and is not after the next. Rows that are learnt
and never forgotten go first, the surest ones before the others; those never learnt count as forgotten without end.

    from the paper   value
    epochs           200; here 30 of a small network
    seeds            5 averaged; here 2
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import train
from .strata import top_of_strata

CARD = Card(
    name="forgetting",
    family="selection",
    slot="rows",
    kinds=("classification",),
    summary="rows that a network learns and never forgets are dropped",
    paper="Toneva et al.: An empirical study of example forgetting during deep neural network learning",
    year=2019,
    link="https://arxiv.org/abs/1812.05159",
    implementation="provender.methods.forgetting:Forgetting",
    choices={"share": (0.5, 0.95)},
    helps="most rows are easy, and training is dear",
    hurts="labels are wrong: wrong ones are forgotten most",
    cost="2 small networks of 30 epochs",
    seconds=1.5,
    random=True,
    only_if=("duplicates",),
    prior=-0.5,
    signals={"duplicates": 0.2, "noise": -0.4},
)

_STARTS = 2


class Forgetting(BaseEstimator):
    """share: part of each class that is kept; epochs: of the network."""

    def __init__(self, share: float = 0.8, epochs: int = 30, random_state: int = 0) -> None:
        self.share = share
        self.epochs = epochs
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(labels) < 2:
            return rows
        X = represent(rows.frame, self.random_state)
        score = np.zeros(len(y))
        for start in range(_STARTS):
            steps = train(X, given, len(labels), self.epochs, self.random_state + start)
            score += forgotten([epoch.probability for epoch in steps], given)
        return rows.take(top_of_strata(y, score, self.share), reason="a network learns it and never forgets it")


def forgotten(steps: list[np.ndarray], y: np.ndarray) -> np.ndarray:
    """(n,) how often each row is forgotten over the epochs, each of probabilities (n, k); in between, how unsure it is.

    A row that is never right counts one more than the number of epochs.
    """
    right = np.array([step.argmax(axis=1) == y for step in steps])
    times = (right[:-1] & ~right[1:]).sum(axis=0).astype(float)
    times[~right.any(axis=0)] = len(steps) + 1
    unsure = 1 - np.mean([step[np.arange(len(y)), y] for step in steps], axis=0)
    return times + 0.99 * unsure
