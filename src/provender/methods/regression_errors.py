"""Wrong targets of a regression: Zhou et al., Detecting errors in a numerical response via any regression model, 2023.

1. Out-of-sample predictions of every row, and their residuals.
2. The share k of the rows to leave out: the one without which a model predicts all rows' targets best (R²).
3. Residuals of that model, divided by its uncertainty at the row (the spread of its bootstrap predictions) plus the
   spread of all residuals. The share k with the largest ones goes.
4. Here, those of them stay whose quality, exp(-residual / median residual) as in the authors' code, is above
   exp(-3.7): for a normal error that is within 2.5 deviations.

    from the paper   value
    k                that of the best R²; here the least, of 0 to 16 %, within a standard error of the best
    model            any; here a random forest of 30 trees, whose out-of-bag predictions are the out-of-sample ones
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor

from ..contract.rows import Rows
from .card import Card
from .labels import require_values
from .representation import represent

CARD = Card(
    name="regression_errors",
    family="label errors",
    slot="rows",
    kinds=("regression",),
    summary="rows whose target is too far from what others predict, given how sure they are, are dropped",
    paper="Zhou et al.: Detecting errors in a numerical response via any regression model",
    year=2023,
    link="https://arxiv.org/abs/2305.16583",
    implementation="provender.methods.regression_errors:RegressionErrors",
    choices={"most": (0.05,)},
    helps="some targets are entry errors",
    hurts="the tails are real and the metric counts them",
    cost="7 forests of 30 trees",
    seconds=3.8,
    random=True,
    one_target=True,
    only_if=("noise",),
    prior=-0.2,
    signals={"noise": 0.6, "outliers": 0.1},
)

_SHARES = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16)
_TREES = 30
_PLAIN = 3.7


class RegressionErrors(BaseEstimator):
    """most: largest share of the rows that may go."""

    def __init__(self, most: float = 0.2, random_state: int = 0) -> None:
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_values(rows.y, CARD)
        if len(rows) < 20 or y.std() == 0:
            return rows
        X = represent(rows.frame, self.random_state)
        worst = np.argsort(-np.abs(y - self._predict(X, y, np.arange(len(y)))[0]), kind="stable")
        shares = [round(share * len(y)) for share in _SHARES if share <= self.most]
        judged = [self._predict(X, y, np.sort(worst[left_out:])) for left_out in shares]
        losses = np.array([(y - predicted) ** 2 for predicted, _ in judged])
        chosen = least_sufficient(losses)
        residual, spread = y - judged[chosen][0], judged[chosen][1]
        left_out, far = shares[chosen], np.abs(residual) / (spread + residual.std() + 1e-12)
        keep = np.ones(len(y), bool)
        keep[np.argsort(-far, kind="stable")[:left_out]] = False
        keep |= far <= _PLAIN * np.median(far)
        return rows.take(keep, reason="the target is too far from what the other rows predict")

    def _predict(self, X: np.ndarray, y: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Out-of-sample predictions of all rows by a forest grown on `used` ones, and their spread over trees."""
        forest = RandomForestRegressor(
            _TREES, min_samples_leaf=2, max_features="sqrt", bootstrap=True, random_state=self.random_state
        ).fit(X[used], y[used])
        each = np.array([tree.predict(X) for tree in forest.estimators_])
        # a row that was left out is judged by as few trees as one that was not, or leaving rows out would look good
        outside = np.random.default_rng(self.random_state).random(each.shape) < np.exp(-1)
        for seen, drawn in zip(outside, forest.estimators_samples_, strict=True):
            seen[used] = True
            seen[used[drawn]] = False
        count = outside.sum(axis=0)
        mean = np.where(outside, each, 0).sum(axis=0) / np.maximum(count, 1)
        square = np.where(outside, (each - mean) ** 2, 0).sum(axis=0) / np.maximum(count, 1)
        return np.where(count > 0, mean, y), np.sqrt(square)


def least_sufficient(losses: np.ndarray) -> int:
    """The first of the options (k, n losses) whose mean is within a standard error of the best one's."""
    more = losses - losses[losses.mean(axis=1).argmin()]
    return int((more.mean(axis=1) <= more.std(axis=1) / np.sqrt(losses.shape[1])).argmax())
