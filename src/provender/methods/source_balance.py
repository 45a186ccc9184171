"""The task's own rows and appended ones weigh in a fixed proportion, however many they are: Daumé III, Frustratingly easy
domain adaptation, 2007 (its baseline WEIGHTED, which the paper tunes on held-out rows of the target).

weight of a row = weight · (wanted share of its part / share of its part), then scaled to mean one.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .appended import is_appended
from .card import Card

CARD = Card(
    name="source_balance",
    family="weights",
    slot="rows",
    summary="the task's own rows and appended ones weigh in a fixed proportion",
    paper="Daumé III: Frustratingly easy domain adaptation",
    year=2007,
    link="https://aclanthology.org/P07-1033/",
    implementation="provender.methods.source_balance:SourceBalance",
    choices={"own": (0.3, 0.8)},
    helps="a large source drowns the task's own rows",
    hurts="the source is as good as the task's own rows",
    cost="n",
    seconds=0.01,
    only_if=("appended",),
    prior=-0.3,
    signals={"appended": 0.1, "few_rows": 0.1},
)


class SourceBalance(BaseEstimator):
    """own: share of the total weight that the task's own rows get, 0..1 exclusive."""

    def __init__(self, own: float = 0.5) -> None:
        self.own = own

    def fit_resample(self, rows: Rows) -> Rows:
        foreign = is_appended(rows)
        parts = np.array([rows.weight[~foreign].sum(), rows.weight[foreign].sum()])
        if (parts <= 0).any():
            return rows
        factor = np.array([self.own, 1 - self.own]) / parts
        weight = rows.weight * factor[foreign.astype(int)]
        return rows.edit("weighed by the part it belongs to", weight=weight / weight.mean())
