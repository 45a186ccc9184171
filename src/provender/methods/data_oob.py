"""How often trees that never saw a row get it right: Kwon & Zou, Data-OOB: out-of-bag estimate as a simple and efficient data value, 2023.

The value of a row is the mean, over the trees of a bagged forest whose bootstrap left it out, of whether they
predict its label (for numbers: minus the squared error). As in the paper's detection of mislabelled rows, 2-means
splits the values, and the lower group is suspect; here a class row must also be misjudged by most of its trees, so
that clean rows lose nothing.

    from the paper   value
    trees            800; here 100
    split            2-means of the values
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from ..contract.rows import Rows
from .card import Card
from .labels import require_values
from .representation import represent
from .strata import lower_group, without

CARD = Card(
    name="data_oob",
    family="valuation",
    slot="rows",
    kinds=("classification", "regression"),
    summary="rows that trees which never saw them mostly get wrong are dropped",
    paper="Kwon & Zou: Data-OOB: out-of-bag estimate as a simple and efficient data value",
    year=2023,
    link="https://arxiv.org/abs/2304.07718",
    implementation="provender.methods.data_oob:DataOob",
    choices={"most": (0.05, 0.3)},
    helps="labels are wrong, in tables that trees read well",
    hurts="rare but right rows: trees that never saw them get them wrong",
    cost="a forest of 100 trees",
    seconds=3.0,
    random=True,
    one_target=True,
    only_if=("noise",),
    prior=-0.25,
    signals={"noise": 0.8},
)

_TREES = 100


class DataOob(BaseEstimator):
    """most: largest share of the rows that may go, those of lowest value."""

    def __init__(self, most: float = 0.2, random_state: int = 0) -> None:
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        hard = rows.y.ndim == 1 and rows.y.dtype.kind in "iu"
        y = rows.y if hard else require_values(rows.y, CARD)
        if len(y) < 10 or len(np.unique(y)) < 2:
            return rows
        value = out_of_bag_values(represent(rows.frame, self.random_state), y, hard, self.random_state)
        suspect = lower_group(value)
        if hard:
            suspect &= value < 0.5
        return rows.take(without(rows.y, suspect, value, self.most), reason="trees that never saw it get it wrong")


def out_of_bag_values(X: np.ndarray, y: np.ndarray, hard: bool, seed: int) -> np.ndarray:
    """(n,) share of right out-of-bag predictions, or minus their mean squared error."""
    kind = RandomForestClassifier if hard else RandomForestRegressor
    forest = kind(_TREES, max_features="sqrt", random_state=seed).fit(X, y)
    total, count = np.zeros(len(y)), np.zeros(len(y))
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        out = np.ones(len(y), bool)
        out[drawn] = False
        if out.any():
            predicted = tree.predict(X[out])
            right = forest.classes_[predicted.astype(int)] == y[out] if hard else -((predicted - y[out]) ** 2)
            total[out] += right
            count[out] += 1
    return np.where(count > 0, total / np.maximum(count, 1), total.max(initial=0))
