"""Rows that a model is unsure of: Lewis & Gale, A sequential algorithm for training text classifiers, 1994.

Uncertainty sampling, of rows whose label is known: the least confident rows stay, by the largest probability of
logistic regressions that did not see them (the paper's; "margin" is Scheffer et al.'s difference of the two
largest, 2001).
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .confident_learning import out_of_fold
from .labels import require_classes
from .representation import represent
from .strata import top_of_strata

CARD = Card(
    name="uncertainty",
    family="selection",
    slot="rows",
    kinds=("classification",),
    summary="rows that a model is sure of without having seen them are dropped",
    paper="Lewis & Gale: A sequential algorithm for training text classifiers",
    year=1994,
    link="https://arxiv.org/abs/cmp-lg/9407020",
    implementation="provender.methods.uncertainty:Uncertainty",
    choices={"share": (0.5, 0.95), "measure": ("margin",)},
    helps="most rows are far from any border between classes, and training is dear",
    hurts="the metric is about probabilities, or labels are wrong",
    cost="5 logistic regressions",
    seconds=0.9,
    random=True,
    only_if=("duplicates",),
    prior=-0.5,
    signals={"duplicates": 0.2, "probability_metric": -0.3, "noise": -0.4},
)


class Uncertainty(BaseEstimator):
    """share: part of each class that is kept; measure: "confidence" or "margin"."""

    def __init__(self, share: float = 0.8, measure: str = "confidence", random_state: int = 0) -> None:
        self.share = share
        self.measure = measure
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(labels) < 2 or len(y) < 10 or np.bincount(given).min() < 2:
            return rows
        ordered = np.sort(out_of_fold(represent(rows.frame, self.random_state), given, 5, self.random_state), axis=1)
        sure = ordered[:, -1] - (ordered[:, -2] if self.measure == "margin" else 0)
        return rows.take(top_of_strata(y, -sure, self.share), reason="a model that never saw it is sure of it")
