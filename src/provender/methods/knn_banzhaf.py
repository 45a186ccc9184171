"""What each row adds to a random half: Wang & Jia, Data Banzhaf: a robust data valuation framework for machine learning, 2023.

The Banzhaf value averages a row's gain over all sets alike: every other row is in with chance 1/2. Of all
semivalues it ranks rows most robustly under a noisy utility. The paper estimates by maximum sample reuse; for a
nearest-neighbours classifier it is exact (`knn_values`): the chance that fewer than k of i rows enter is binomial.

    from the paper   value
    chance           1/2
    judge            a validation set; here the task's own rows, by folds
    suspect          the lowest values; here below minus half the mean size of a value: rows on a border are near 0
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .appended import is_appended
from .card import Card
from .knn_values import crossed
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="knn_banzhaf",
    family="valuation",
    slot="rows",
    kinds=("classification",),
    summary="rows without which random halves of the rows judge better are dropped",
    paper="Wang & Jia: Data Banzhaf: a robust data valuation framework for machine learning",
    year=2023,
    link="https://arxiv.org/abs/2205.15466",
    implementation="provender.methods.knn_banzhaf:KnnBanzhaf",
    choices={"most": (0.05, 0.3), "neighbours": (10,)},
    helps="some labels are wrong, and classes are made of many small islands",
    hurts="right rows in sparse regions look worthless",
    cost="n² (d + log n); above 5,000 rows 5,000 n (d + log n)",
    seconds=1.5,
    random=True,
    only_if=("noise", "appended"),
    prior=-0.3,
    signals={"noise": 0.8},
)


class KnnBanzhaf(BaseEstimator):
    """neighbours: the k of the classifier; most: largest share of the rows that may go, those of lowest value."""

    def __init__(self, neighbours: int = 5, most: float = 0.2, random_state: int = 0) -> None:
        self.neighbours = neighbours
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        if len(y) < 4:
            return rows
        X = represent(rows.frame, self.random_state)
        value = crossed(X, y, ~is_appended(rows), self.neighbours, self.chance_of_few, self.random_state)
        keep = without(y, value < -0.5 * np.abs(value).mean(), value, self.most)
        return rows.take(keep, reason="random halves of the rows are better without it")

    def chance_of_few(self, nearer: np.ndarray) -> np.ndarray:
        """(m,) chance that fewer than `neighbours` of so many rows are in."""
        k = self.neighbours
        return np.where(nearer < k, 1.0, bdtr(k - 1, np.maximum(nearer, k), 0.5))
