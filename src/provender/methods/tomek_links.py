"""Pairs across a border: Tomek, Two modifications of CNN, 1976.

Two rows of different classes that are each other's nearest neighbour are a link: one is noise, or both lie on the
border. For cleaning, both go; for balance, only the one of the larger class.
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
    name="tomek_links",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="pairs of nearest neighbours with different labels are dropped",
    paper="Tomek: Two modifications of CNN",
    year=1976,
    link="https://doi.org/10.1109/TSMC.1976.4309452",
    implementation="provender.methods.tomek_links:TomekLinks",
    choices={"drop": ("larger",)},
    helps="a few labels are wrong, or a large class has crept over a small one",
    hurts="rows are few: half of each pair is right",
    cost="n² d",
    seconds=0.4,
    only_if=("noise", "imbalance"),
    prior=-0.3,
    signals={"noise": 0.15},
)


class TomekLinks(BaseEstimator):
    """drop: "both" rows of a link, or the one of the "larger" class."""

    def __init__(self, drop: str = "both") -> None:
        self.drop = drop

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        if len(rows) < 2:
            return rows
        near = NearestNeighbors(n_neighbors=1).fit(represent(rows.frame)).kneighbors(return_distance=False)[:, 0]
        link = (near[near] == np.arange(len(y))) & (y[near] != y)
        if self.drop == "larger":
            counts = np.bincount(y)
            link &= counts[y] > counts[y[near]]
        return rows.take(without(y, link), reason="it and its nearest neighbour bear different labels")
