"""Rows that a network learns from themselves alone: Pruthi et al., Estimating training data influence by tracing gradient descent, 2020.

TracInCP: the influence of one row on another is the sum, over checkpoints, of the learning rate times the product
of their gradients; here of the last layer, where it is (error · error') (hidden · hidden' + 1), and from a small
network's epochs. A mislabelled row is its own strongest proponent (the paper's section 4.1): rows are ranked by
their influence on themselves. 2-means splits the logarithms, and the upper group is suspect, where the network also
gets it wrong at most checkpoints.

    from the paper   value
    checkpoints      every 30 of 300 epochs; here every 2nd of 12
    layers           the last
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import Epoch, train
from .strata import lower_group, without

CARD = Card(
    name="tracin",
    family="valuation",
    slot="rows",
    kinds=("classification",),
    summary="rows that a network can learn from themselves alone are dropped",
    paper="Pruthi et al.: Estimating training data influence by tracing gradient descent",
    year=2020,
    link="https://arxiv.org/abs/2002.08484",
    implementation="provender.methods.tracin:TracIn",
    choices={"most": (0.1,)},
    helps="some labels are wrong, and there are rows enough to train a network",
    hurts="rare but right rows teach themselves too",
    cost="a small network of 12 epochs",
    seconds=0.6,
    random=True,
    only_if=("noise",),
    prior=-0.2,
    signals={"noise": 1.0},
)

_EPOCHS = 12
_EVERY = 2


class TracIn(BaseEstimator):
    """most: largest share of the rows that may go, those of the largest influence on themselves."""

    def __init__(self, most: float = 0.3, random_state: int = 0) -> None:
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(y) < 10 or len(labels) < 2:
            return rows
        X = represent(rows.frame, self.random_state)
        own, wrong = np.zeros(len(y)), np.zeros(len(y))
        for number, epoch in enumerate(train(X, given, len(labels), _EPOCHS, self.random_state), start=1):
            if number % _EVERY == 0:
                own += self_influence(epoch, given)
                wrong += epoch.logits.argmax(axis=1) != given
        value = -np.log(own + 1e-12)
        suspect = lower_group(value) & (wrong > _EPOCHS / _EVERY / 2)
        return rows.take(without(y, suspect, value, self.most), reason="a network learns it from itself alone")


def self_influence(epoch: Epoch, y: np.ndarray) -> np.ndarray:
    """(n,) squared length of each row's gradient of the last layer."""
    error = epoch.probability - np.eye(epoch.logits.shape[1])[y]
    return (error**2).sum(axis=1) * ((epoch.hidden**2).sum(axis=1) + 1)
