"""Appended rows that a classifier tells from the task's own are left out: Pan et al., Adversarial validation approach to
concept drift problem in user targeting automation systems at Uber, 2020.

    from the paper   value
    classifier       tells the two sources apart by the inputs, out of fold
    left out         rows it is surest of, until `share` of the appended rows are gone

The paper uses gradient boosting and picks the rows most like the test data; here it is a logistic regression over the
shared representation, the task's own rows are the pattern, and where it guesses (AUC below 0.6) all rows stay.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import roc_auc_score

from ..contract.rows import Rows
from .appended import is_appended
from .card import Card
from .confident_learning import out_of_fold
from .representation import represent

CARD = Card(
    name="adversarial_validation",
    family="selection",
    slot="rows",
    summary="appended rows that a classifier tells from the task's own are left out",
    paper="Pan et al.: Adversarial validation approach to concept drift problem in user targeting automation systems at Uber",
    year=2020,
    link="https://arxiv.org/abs/2004.03045",
    implementation="provender.methods.adversarial_validation:AdversarialValidation",
    choices={"share": (0.2, 0.8)},
    helps="a part of an appended source is of another population",
    hurts="what is different about the source is what the task's own rows lack",
    cost="five logistic regressions",
    seconds=0.9,
    random=True,
    only_if=("appended",),
    prior=-0.3,
    signals={"appended": 0.1},
)

_GUESS = 0.6  # AUC below which the two are one population


class AdversarialValidation(BaseEstimator):
    """share: of the appended rows that go, 0..1; the last row of a class stays."""

    def __init__(self, share: float = 0.5, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        foreign = is_appended(rows)
        count = int(self.share * foreign.sum())
        if count < 1 or min(foreign.sum(), (~foreign).sum()) < 10:
            return rows
        told = out_of_fold(represent(rows.frame, self.random_state), foreign.astype(np.int64), 5, self.random_state)[:, 1]
        if roc_auc_score(foreign, told) < _GUESS:
            return rows
        far = np.zeros(len(rows), bool)
        far[np.argsort(-np.where(foreign, told, -1.0), kind="stable")[:count]] = True
        if rows.y.ndim == 1 and rows.y.dtype.kind in "iu":
            far &= np.isin(rows.y, rows.y[~far])
        return rows.take(~far, "a classifier tells it from the task's own rows")
