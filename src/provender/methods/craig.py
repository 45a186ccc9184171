"""Rows whose gradients stand for all: Mirzasoleiman, Bilmes & Leskovec, Coresets for data-efficient training of machine learning models, 2020.

CRAIG bounds the error of a weighted subset's gradient by the sum, over all rows, of the distance to the nearest
chosen row's gradient: facility location in the space of gradients. A chosen row weighs as much as the rows that are
nearest to it. The gradients are those of logistic regressions that did not see the row, error ⊗ x, whose products
need no product space.

    from the paper   value
    greedy           per class, stochastic (see facility_location)
    weight           number of rows that it is the nearest to
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .confident_learning import out_of_fold
from .facility_location import blocks, locate
from .labels import require_classes
from .representation import represent
from .strata import share_of, strata

CARD = Card(
    name="craig",
    family="selection",
    slot="rows",
    kinds=("classification",),
    summary="rows whose gradients stand for those around them are kept, and weigh as many",
    paper="Mirzasoleiman, Bilmes & Leskovec: Coresets for data-efficient training of machine learning models",
    year=2020,
    link="https://arxiv.org/abs/1906.01827",
    implementation="provender.methods.craig:Craig",
    choices={"share": (0.5, 0.95)},
    helps="training is dear and most rows pull a linear model the same way",
    hurts="rows are few, or the learner is far from linear",
    cost="2,000 n (d + 2) and 5 logistic regressions",
    seconds=1.5,
    random=True,
    only_if=("duplicates",),
    prior=-0.45,
    signals={"duplicates": 0.3},
)


class Craig(BaseEstimator):
    """share: part of each class that is kept, 0..1."""

    def __init__(self, share: float = 0.8, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(y) < 10 or len(labels) < 2 or np.bincount(given).min() < 2:
            return rows
        rng = np.random.default_rng(self.random_state)
        X = represent(rows.frame, self.random_state)
        error = out_of_fold(X, given, 5, self.random_state) - np.eye(len(labels))[given]
        weight, kept = rows.weight.copy(), []
        for block in blocks(strata(y), rng):
            similarity = gradient_similarity(X[block], error[block])
            chosen = locate(similarity, share_of(block, self.share), rng)
            stands_for = np.bincount(similarity[chosen].argmax(axis=0), minlength=len(chosen))
            weight[block[chosen]] *= np.maximum(stands_for, 1)
            kept.append(block[chosen])
        kept = np.sort(np.concatenate(kept))
        left = rows.take(kept, reason="the gradients of kept rows stand for its own")
        return left.edit("weighed by the rows that it stands for", weight=weight[kept] / weight[kept].mean())


def gradient_similarity(X: np.ndarray, error: np.ndarray) -> np.ndarray:
    """(n, n) largest distance less the distance between the gradients error ⊗ (x, 1)."""
    product = (error @ error.T) * (X @ X.T + 1)
    squares = np.diag(product)
    distance = np.sqrt(np.maximum(squares[:, None] - 2 * product + squares, 0))
    np.fill_diagonal(distance, 0)
    return distance.max() - distance
