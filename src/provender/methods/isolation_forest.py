"""Rows that few random cuts set apart are left out: Liu, Ting & Zhou, Isolation forest, 2008.

    from the paper   value
    trees            100
    rows of a tree   256

The paper scores and leaves the cut to its user: `share` is ours.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import IsolationForest

from ..contract.rows import Rows
from .card import Card
from .representation import represent

CARD = Card(
    name="isolation_forest",
    family="cleaning",
    slot="rows",
    modality=("tabular",),
    summary="rows that a few random cuts set apart are left out",
    paper="Liu, Ting & Zhou: Isolation forest",
    year=2008,
    link="https://doi.org/10.1109/ICDM.2008.17",
    implementation="provender.methods.isolation_forest:IsolatedRows",
    choices={"share": (0.01, 0.05)},
    helps="some rows are broken records in several columns at once",
    hurts="rare rows are what the task is about",
    cost="100 n log 256",
    seconds=0.6,
    random=True,
    only_if=("outliers",),
    prior=-0.3,
    signals={"outliers": 0.3, "linear": 0.1},
)


class IsolatedRows(BaseEstimator):
    """share: rows left out, 0..1; the last row of a class stays."""

    def __init__(self, share: float = 0.02, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        count = int(self.share * len(rows))
        if count < 1:
            return rows
        X = represent(rows.frame, self.random_state)
        normal = IsolationForest(max_samples=min(256, len(rows)), random_state=self.random_state).fit(X).score_samples(X)
        far = np.zeros(len(rows), bool)
        far[np.argsort(normal, kind="stable")[:count]] = True
        if rows.y.ndim == 1 and rows.y.dtype.kind in "iu":
            far &= np.isin(rows.y, rows.y[~far])
        return rows.take(~far, "a few random cuts set it apart")
