"""Whose gradients pull the wrong way: Pruthi et al., Estimating training data influence by tracing gradient descent, 2020.

TracInCP: the influence of a row on a held-out one is the sum, over checkpoints, of the learning rate times the product of
their gradients; here of the last layer, where it is (error · error') (hidden · hidden' + 1), and from a small network's
epochs. Rows are judged by the other rows: each of 3 folds is held out once. A row that raises the loss of its own label's
kind is an opponent; where opponents outweigh, it goes.

    from the paper   value
    checkpoints      every 30 of 90 epochs; here every 4th of 12
    layers           the last
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import Epoch, train
from .strata import without

CARD = Card(
    name="tracin",
    family="valuation",
    slot="rows",
    kinds=("classification",),
    summary="rows whose gradients raise a network's loss on the other rows are dropped",
    paper="Pruthi et al.: Estimating training data influence by tracing gradient descent",
    year=2020,
    link="https://arxiv.org/abs/2002.08484",
    implementation="provender.methods.tracin:TracIn",
    choices={"most": (0.05, 0.2)},
    helps="some labels are wrong, and there are rows enough to train a network",
    hurts="rare kinds of row pull their own way, rightly",
    cost="3 small networks of 12 epochs",
    seconds=1.0,
    random=True,
    only_if=("noise",),
    prior=-0.3,
    signals={"noise": 0.6},
)

_EPOCHS = 12
_EVERY = 4


class TracIn(BaseEstimator):
    """most: largest share of the rows that may go, those that raise the others' loss most."""

    def __init__(self, most: float = 0.1, random_state: int = 0) -> None:
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(y) < 10 or len(labels) < 2:
            return rows
        X = represent(rows.frame, self.random_state)
        value = np.zeros(len(y))
        for rest, held in KFold(3, shuffle=True, random_state=self.random_state).split(X):
            for number, epoch in enumerate(train(X, given, len(labels), _EPOCHS, self.random_state, rest), start=1):
                if number % _EVERY == 0:
                    value[rest] += pull(epoch, given, rest, held)
        return rows.take(without(y, value < 0, value, self.most), reason="learning from it makes the other rows' loss rise")


def pull(epoch: Epoch, y: np.ndarray, rest: np.ndarray, held: np.ndarray) -> np.ndarray:
    """(r,) product of each of the rows' last-layer gradient with the mean one of the held-out rows."""
    error = epoch.probability - np.eye(epoch.logits.shape[1])[y]
    hidden = np.hstack([epoch.hidden, np.ones((len(y), 1))])
    mean = hidden[held].T @ error[held] / len(held)  # (h + 1, k)
    return ((hidden[rest] @ mean) * error[rest]).sum(axis=1)
