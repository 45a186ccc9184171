"""Rows far from what the others predict are dropped: Rousseeuw & Leroy, Robust Regression and Outlier Detection, 1987.

Out-of-fold residuals of a ridge regression, scaled by 1.4826 · their median absolute deviation (the book's robust
scale). The book calls a row an outlier beyond 2.5; the default is milder, because real residuals have heavy tails.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict

from ..contract.rows import Rows
from .card import Card
from .labels import require_values
from .representation import represent

CARD = Card(
    name="residual_filter",
    family="label errors",
    slot="rows",
    kinds=("regression",),
    summary="rows with a wildly improbable target are dropped",
    paper="Rousseeuw & Leroy: Robust Regression and Outlier Detection",
    year=1987,
    link="https://doi.org/10.1002/0471725382",
    implementation="provender.methods.residual_filter:ResidualFilter",
    choices={"width": (2.5, 6.0)},
    helps="some targets are entry errors",
    hurts="the tails are real and the metric counts them",
    cost="5 ridge regressions",
    seconds=0.4,
    random=True,
    one_target=True,
    only_if=("noise",),
    prior=-0.1,
    signals={"noise": 0.6, "outliers": 0.1},
)


class ResidualFilter(BaseEstimator):
    """width: drop rows whose out-of-fold residual exceeds this many robust standard deviations."""

    def __init__(self, width: float = 4.0, random_state: int = 0) -> None:
        self.width = width
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_values(rows.y, CARD)
        if len(rows) < 10:
            return rows
        folds = KFold(5, shuffle=True, random_state=self.random_state)
        residual = y - cross_val_predict(Ridge(10.0), represent(rows.frame, self.random_state), y, cv=folds)
        scale = 1.4826 * np.median(np.abs(residual - np.median(residual)))
        if scale == 0:
            return rows
        return rows.take(np.abs(residual) <= self.width * scale, reason="the target is far from what the other rows predict")
