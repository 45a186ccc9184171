"""What each row adds to small sets: Kwon & Zou, Beta Shapley: a unified and noise-reduced data valuation framework, 2022.

A semivalue that averages a row's gain over sets into which others enter with chance p ~ Beta(beta, alpha). Beta(1,
1) is the Shapley value; Beta(4, 1) weighs small sets, where a gain is far above its noise. The paper estimates by
Monte Carlo; for a nearest-neighbours classifier it is exact (`knn_values`): the chance that fewer than k of i rows
enter is beta-binomial. Nearly every row adds something to a small set, so that hardly any is worth less than
nothing: those of less than a quarter of the median value are suspect.

    from the paper   value
    alpha, beta      16, 1; here 4, 1, which of the paper's choices found the most wrong labels on tables
    judge            a validation set; here the task's own rows, by folds
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, gammaln
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .appended import is_appended
from .card import Card
from .knn_values import crossed
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="beta_shapley",
    family="valuation",
    slot="rows",
    kinds=("classification",),
    summary="rows that add hardly anything to small sets of rows are dropped",
    paper="Kwon & Zou: Beta Shapley: a unified and noise-reduced data valuation framework for machine learning",
    year=2022,
    link="https://arxiv.org/abs/2110.14049",
    implementation="provender.methods.beta_shapley:BetaShapley",
    choices={"most": (0.05, 0.3), "alpha": (16.0,)},
    helps="some labels are wrong, and classes lie apart as a whole",
    hurts="classes are made of many small islands: small sets miss them",
    cost="n² (d + log n); above 5,000 rows 5,000 n (d + log n)",
    seconds=1.5,
    random=True,
    only_if=("noise", "appended"),
    prior=-0.3,
    signals={"noise": 0.6},
)


class BetaShapley(BaseEstimator):
    """alpha, beta  of the chance p ~ Beta(beta, alpha) that a row is in
    neighbours   the k of the classifier
    most         largest share of the rows that may go, those of lowest value
    """

    def __init__(
        self, alpha: float = 4.0, beta: float = 1.0, neighbours: int = 5, most: float = 0.2, random_state: int = 0
    ) -> None:
        self.alpha = alpha
        self.beta = beta
        self.neighbours = neighbours
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        if len(y) < 4:
            return rows
        X = represent(rows.frame, self.random_state)
        value = crossed(X, y, ~is_appended(rows), self.neighbours, self.chance_of_few, self.random_state)
        keep = without(y, value < 0.25 * np.median(value), value, self.most)
        return rows.take(keep, reason="small sets of rows hardly gain from it")

    def chance_of_few(self, nearer: np.ndarray) -> np.ndarray:
        """(m,) chance that fewer than `neighbours` of so many rows are in."""
        size, j = nearer[:, None].astype(float), np.arange(self.neighbours, dtype=float)[None, :]
        possible = j <= size
        rest = np.maximum(size - j, 0)
        choose = gammaln(size + 1) - gammaln(j + 1) - gammaln(rest + 1)
        log = choose + betaln(j + self.beta, rest + self.alpha) - betaln(self.beta, self.alpha)
        return np.where(possible, np.exp(log), 0).sum(axis=1)
