"""Edited again with every number of neighbours: Tomek, An experiment with the edited nearest-neighbor rule, 1976.

For i = 1 … k: a row is bad when the majority of its i nearest neighbours bears another label. Bad rows go together.

    from the paper   value
    k                3 (as in imbalanced-learn)
    first            1; the default here starts at 3, since one neighbour alone condemns most rows of real tables
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="all_knn",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="rows that their neighbours outvote, near or far, are dropped",
    paper="Tomek: An experiment with the edited nearest-neighbor rule",
    year=1976,
    link="https://doi.org/10.1109/TSMC.1976.4309523",
    implementation="provender.methods.all_knn:AllKnn",
    choices={"most_neighbours": (9,), "first": (1,)},
    helps="much label noise, and classes that lie apart",
    hurts="classes overlap: a wide margin between them is wiped out",
    cost="n² d",
    seconds=0.5,
    only_if=("noise",),
    prior=-0.2,
    signals={"noise": 1.0, "imbalance": -0.5},
)


class AllKnn(BaseEstimator):
    """first, most_neighbours: the numbers of neighbours that vote, from the one to the other."""

    def __init__(self, first: int = 3, most_neighbours: int = 5) -> None:
        self.first = first
        self.most_neighbours = most_neighbours

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        most = min(self.most_neighbours, len(rows) - 1)
        if most < 1:
            return rows
        near = NearestNeighbors(n_neighbors=most).fit(represent(rows.frame)).kneighbors(return_distance=False)
        labels, given = np.unique(y, return_inverse=True)
        votes = np.zeros((len(y), len(labels)))
        bad = np.zeros(len(y), bool)
        everyone = np.arange(len(y))
        for i in range(most):
            votes[everyone, given[near[:, i]]] += 1
            if i + 1 >= min(self.first, most):
                bad |= votes[everyone, given] < votes.max(axis=1)  # a tie speaks for the row
        return rows.take(without(y, bad), reason="most of its nearest neighbours bear another label")
