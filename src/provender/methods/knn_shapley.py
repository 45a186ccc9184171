"""What each row is worth to its neighbours: Jia et al., Efficient task-specific data valuation for nearest neighbor algorithms, 2019.

Exact Shapley values of a k-nearest-neighbours classifier in n log n for each row that it judges (`knn_values`).
Rows are judged by the task's own rows: each of 5 folds is held out once. Rows of negative value mislead more than
they teach.

    from the paper   value
    k                5
    judge            a validation set; here the task's own rows, by folds
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .appended import is_appended
from .card import Card
from .knn_values import crossed
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="knn_shapley",
    family="valuation",
    slot="rows",
    kinds=("classification",),
    summary="rows of negative Shapley value for a nearest-neighbours classifier are dropped",
    paper="Jia et al.: Efficient task-specific data valuation for nearest neighbor algorithms",
    year=2019,
    link="https://arxiv.org/abs/1908.08619",
    implementation="provender.methods.knn_shapley:KnnShapley",
    choices={"most": (0.05, 0.3), "neighbours": (10,)},
    helps="some labels are wrong, and near rows share a label",
    hurts="right rows in sparse regions look worthless",
    cost="n² (d + log n); above 5,000 rows 5,000 n (d + log n)",
    seconds=1.5,
    random=True,
    only_if=("noise", "appended"),
    prior=-0.3,
    signals={"noise": 0.8},
)


class KnnShapley(BaseEstimator):
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
        return rows.take(without(y, value < 0, value, self.most), reason="its Shapley value is negative")

    def chance_of_few(self, nearer: np.ndarray) -> np.ndarray:
        """(m,) chance that fewer than `neighbours` of so many rows are in: every number of them is as likely."""
        return np.minimum(self.neighbours, nearer + 1) / (nearer + 1)
