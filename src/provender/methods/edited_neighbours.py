"""Rows that their neighbours outvote are dropped: Wilson, Asymptotic properties of nearest neighbor rules using edited data, 1972."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent

CARD = Card(
    name="edited_neighbours",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="rows whose nearest neighbours all bear another label are dropped",
    paper="Wilson: Asymptotic properties of nearest neighbor rules using edited data",
    year=1972,
    link="https://doi.org/10.1109/TSMC.1972.4309137",
    implementation="provender.methods.edited_neighbours:EditedNeighbours",
    choices={"neighbours": (3, 9), "agree": (0.34,)},
    helps="labels are noisy and near rows share a label",
    hurts="small classes inside large ones are wiped out",
    cost="n² d",
    seconds=0.4,
    only_if=("noise",),
    prior=-0.15,
    signals={"noise": 0.9, "imbalance": -0.5},
)


class EditedNeighbours(BaseEstimator):
    """neighbours  how many vote (the paper uses 3)
    agree       smallest share of them that must bear the row's own label for it to stay
    """

    def __init__(self, neighbours: int = 5, agree: float = 0.2) -> None:
        self.neighbours = neighbours
        self.agree = agree

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        k = min(self.neighbours, len(rows) - 1)
        if k < 1:
            return rows
        X = represent(rows.frame)
        near = NearestNeighbors(n_neighbors=k).fit(X).kneighbors(return_distance=False)  # (n, k), never the row itself
        keep = (y[near] == y[:, None]).mean(axis=1) >= self.agree
        keep |= ~np.isin(y, np.unique(y[keep]))  # no class may vanish
        return rows.take(keep, reason="its nearest neighbours bear another label")
