"""Missing numbers are predicted from the others: van Buuren & Groothuis-Oudshoorn, mice: multivariate imputation by chained equations in R, 2011.

    from the paper   value
    sweeps           5 (maxit)
    model            Bayesian linear regression; one imputation, its mean
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (unlocks the next line)
from sklearn.impute import IterativeImputer

from .card import Card

CARD = Card(
    name="mice",
    family="cleaning",
    slot="columns",
    stage="impute",
    takes=("numeric",),
    summary="missing numbers are predicted from the other numbers",
    paper="van Buuren & Groothuis-Oudshoorn: mice: multivariate imputation by chained equations in R",
    year=2011,
    link="https://doi.org/10.18637/jss.v045.i03",
    implementation="provender.methods.mice:Mice",
    needs=("several",),
    helps="numbers are missing and the others tell what they were",
    hurts="hardly; it costs time and adds nothing when little is missing",
    cost="sweeps n d · 10²",
    seconds=0.9,
    random=True,
    only_if=("missing",),
    prior=-0.4,
    signals={"missing": 1.5},
)


class Mice(IterativeImputer):
    """scikit-learn's IterativeImputer with the paper's five sweeps, ten nearest predictors, and no word about convergence.

    (n, d) numbers with NaN -> (n, d) float64 without; a column that is empty in training becomes zeros.
    """

    def __init__(self, max_iter: int = 5, n_nearest_features: int | None = 10, random_state: int = 0) -> None:
        super().__init__(
            max_iter=max_iter, n_nearest_features=n_nearest_features, random_state=random_state, keep_empty_features=True
        )

    def fit_transform(self, X: object, y: object = None) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # five sweeps are the method, not a failure
            return super().fit_transform(np.array(X, dtype=float))  # a copy: scikit-learn writes into what it gets

    def transform(self, X: object) -> np.ndarray:
        return super().transform(np.array(X, dtype=float))
