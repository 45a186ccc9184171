"""Area under the margin: Pleiss et al., Identifying mislabeled data using the area under the margin ranking, 2020.

While a network is trained, a row's margin is the logit of its label less the largest other one. Rows whose margin,
averaged over the epochs, is lower than that of rows known to be mislabelled are dropped. The known ones are made: a
random n / (k + 1) of the rows get a class k + 1 that does not exist. Trained twice, with other ones each time.

    from the paper     value
    threshold          99th percentile of the made ones' margins
    made rows          n / (k + 1)
    and                the margin is below 0: a small network learns a made-up class of few rows as well as real ones
    epochs             until the first drop of the learning rate; here 10 of a small network
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import train
from .strata import without

CARD = Card(
    name="aum",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="rows that a network learns no better than a made-up class are dropped",
    paper="Pleiss et al.: Identifying mislabeled data using the area under the margin ranking",
    year=2020,
    link="https://arxiv.org/abs/2001.10528",
    implementation="provender.methods.aum:Aum",
    choices={"percentile": (90.0,), "most": (0.15,)},
    helps="labels are wrong, and there are rows enough to learn from",
    hurts="rows are few or classes many: the made-up class is learnt as well as the real ones",
    cost="2 small networks of 10 epochs",
    seconds=1.2,
    random=True,
    only_if=("noise",),
    prior=-0.25,
    signals={"noise": 0.9},
)


class Aum(BaseEstimator):
    """percentile  of the made-up class's margins, below which a row is suspect, 0..100
    most        largest share of the rows that may go
    epochs      of the network
    """

    def __init__(self, percentile: float = 99.0, most: float = 0.3, epochs: int = 10, random_state: int = 0) -> None:
        self.percentile = percentile
        self.most = most
        self.epochs = epochs
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        made = len(y) // (len(labels) + 1)
        if len(labels) < 2 or made < 5:
            return rows
        X = represent(rows.frame, self.random_state)
        order = np.random.default_rng(self.random_state).permutation(len(y))
        area, seen, suspect = np.zeros(len(y)), np.zeros(len(y)), np.zeros(len(y))
        for turn, fake in enumerate((order[:made], order[made : 2 * made])):
            target = given.copy()
            target[fake] = len(labels)
            margin = margins(X, target, len(labels) + 1, self.epochs, self.random_state + turn)
            real = np.setdiff1d(order, fake)
            area[real] += margin[real]
            suspect[real] += margin[real] < min(np.percentile(margin[fake], self.percentile), 0)
            seen[real] += 1
        keep = without(y, (suspect == seen) & (seen > 0), area / np.maximum(seen, 1), self.most)
        return rows.take(keep, reason="a network learns its label no better than a made-up one")


def margins(X: np.ndarray, y: np.ndarray, k: int, epochs: int, seed: int) -> np.ndarray:
    """(n,) margin of each row's label in 0..k-1, averaged over the epochs."""
    total, everyone = np.zeros(len(y)), np.arange(len(y))
    for epoch in train(X, y, k, epochs, seed):
        own = epoch.logits[everyone, y]
        others = epoch.logits.copy()
        others[everyone, y] = -np.inf
        total += own - others.max(axis=1)
    return total / epochs
