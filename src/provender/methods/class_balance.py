"""Weights against unequal classes: King & Zeng, Logistic regression in rare events data, 2001.

weight of a row is proportional to (1 / frequency of its class)^power. The paper's weighting is power 1; below one keeps part of the prior.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes

CARD = Card(
    name="class_balance",
    family="weights",
    slot="rows",
    kinds=("classification",),
    summary="rare classes weigh more",
    paper="King & Zeng: Logistic regression in rare events data",
    year=2001,
    link="https://doi.org/10.1093/oxfordjournals.pan.a004868",
    implementation="provender.methods.class_balance:ClassBalance",
    choices={"power": (0.25, 1.0)},
    helps="the metric counts classes alike (balanced accuracy, macro F1)",
    hurts="the metric is about probabilities (log loss, Brier)",
    cost="n",
    seconds=0.01,
    only_if=("imbalance",),
    prior=-0.3,
    signals={"imbalance": 0.3, "class_metric": 1.0, "probability_metric": -0.6},
)


class ClassBalance(BaseEstimator):
    """power: 0 changes nothing, 1 makes all classes weigh the same."""

    def __init__(self, power: float = 0.5) -> None:
        self.power = power

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, position = np.unique(y, return_inverse=True)
        total = np.bincount(position, weights=rows.weight)
        factor = (total.sum() / (len(labels) * np.maximum(total, 1e-12))) ** self.power
        weight = rows.weight * factor[position]
        return rows.edit("weighed by the rarity of its class", weight=weight / weight.mean())
