"""What the held-out loss would be without a row: Koh & Liang, Understanding black-box predictions via influence functions, 2017.

    influence(row) = - gradient of the held-out loss · inverse Hessian · gradient of the row's loss

For a ridge regression on the target (on ±1 codes of the classes, one model each) all three have closed forms, and
with the leverage in the denominator the change of the coefficients is that of leaving the row out exactly. Rows are
judged by the task's own rows: each of 5 folds is held out once. Rows without which the held-out loss falls are
harmful.

    from the paper   value
    model            logistic regression or a network; here ridge, whose Hessian is exact
    damping          0.01; here the ridge penalty, 1 % of the rows
    harmful          the most harmful first; here those beyond 4 times the median size of an influence
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold

from ..contract.rows import Rows
from .appended import is_appended
from .card import Card
from .labels import require_values
from .representation import represent
from .strata import without

CARD = Card(
    name="influence",
    family="valuation",
    slot="rows",
    kinds=("classification", "regression"),
    summary="rows that raise a linear model's loss on the other rows are dropped",
    paper="Koh & Liang: Understanding black-box predictions via influence functions",
    year=2017,
    link="https://arxiv.org/abs/1703.04730",
    implementation="provender.methods.influence:Influence",
    choices={"most": (0.05, 0.3)},
    helps="some labels are wrong, and a linear model fits the rest",
    hurts="the trend is not linear: rows that tell of its bends look harmful",
    cost="n d · min(n, d), 5 times",
    seconds=1.0,
    random=True,
    one_target=True,
    only_if=("noise", "appended"),
    prior=-0.35,
    signals={"noise": 0.3},
)

_FAR = 4


class Influence(BaseEstimator):
    """most: largest share of the rows that may go, the most harmful ones."""

    def __init__(self, most: float = 0.15, random_state: int = 0) -> None:
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        hard = rows.y.ndim == 1 and rows.y.dtype.kind in "iu"
        y = rows.y if hard else require_values(rows.y, CARD)
        if len(y) < 10 or len(np.unique(y)) < 2:
            return rows
        target = 2.0 * (y[:, None] == np.unique(y)) - 1 if hard else ((y - y.mean()) / y.std())[:, None]
        value, own = np.zeros(len(y)), ~is_appended(rows)
        X = np.hstack([represent(rows.frame, self.random_state), np.ones((len(y), 1))])
        for rest, held in KFold(5, shuffle=True, random_state=self.random_state).split(X):
            held = held[own[held]]
            if len(held):
                value[rest] += held_out_change(X[rest], target[rest], X[held], target[held])
        keep = without(rows.y, value < -_FAR * np.median(np.abs(value)), value, self.most)
        return rows.take(keep, reason="without it the other rows are predicted better")


def held_out_change(X: np.ndarray, y: np.ndarray, held: np.ndarray, held_y: np.ndarray) -> np.ndarray:
    """(n,) first-order change of the mean squared held-out error when a row is left out: below zero for harmful rows.

    X (n, d), y (n, t), held (m, d), held_y (m, t)
    """
    n, d = X.shape
    if d <= n:
        solved = np.linalg.solve(X.T @ X + 0.01 * n * np.eye(d), X.T)  # (d, n)
    else:
        solved = np.linalg.solve(X @ X.T + 0.01 * n * np.eye(n), X).T  # the same, by the smaller of the two systems
    coefficients = solved @ y
    residual = (y - X @ coefficients) / np.maximum(1 - np.einsum("nd,dn->n", X, solved), 1e-3)[:, None]
    gradient = 2 * held.T @ (held @ coefficients - held_y) / len(held)  # (d, t)
    return -((solved.T @ gradient) * residual).sum(axis=1)
