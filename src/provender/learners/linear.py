"""Linear models that are fitted until they have converged, or say that they have not."""

from __future__ import annotations

import warnings

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC, LinearSVR


def fit_converged(model, x, y, weight):
    """Fit until converged, trying once more with ten times the iterations. Raises RuntimeError when that fails too."""
    first = model.max_iter
    for times in (1, 10):
        model.set_params(max_iter=first * times)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(x, y, sample_weight=weight)
        if not any(issubclass(w.category, ConvergenceWarning) for w in caught):
            return model
    raise RuntimeError(
        f"{type(model).__name__} has not converged after {model.max_iter} iterations on {x.shape[0]} x {x.shape[1]} features: "
        "raise learner.params.max_iter, or give fewer and less collinear features"
    )


class Logistic(BaseEstimator):
    """Multinomial logistic regression with an L2 penalty (sum of losses x C), converged to gradients of `tol`.

    L-BFGS on dense features, Newton with conjugate gradients on sparse ones: each was measured the fastest there.
    """

    def __init__(self, C: float = 1.0, max_iter: int = 1_000, tol: float = 1e-4) -> None:
        self.C = C
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, x, y, sample_weight=None):
        solver = "newton-cg" if sparse.issparse(x) else "lbfgs"
        model = LogisticRegression(C=self.C, max_iter=self.max_iter, tol=self.tol, solver=solver)
        self.model_ = fit_converged(model, x, y, sample_weight)
        return self

    def predict_proba(self, x) -> np.ndarray:
        return self.model_.predict_proba(x)


class LinearMargin(BaseEstimator):
    """Linear support vector classifier (squared hinge loss), converged."""

    def __init__(
        self, C: float = 0.1, max_iter: int = 5_000, tol: float = 1e-3, random_state: int | None = None
    ) -> None:
        self.C = C
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, x, y, sample_weight=None):
        dual = x.shape[0] <= x.shape[1]
        model = LinearSVC(C=self.C, max_iter=self.max_iter, tol=self.tol, dual=dual, random_state=self.random_state)
        self.model_ = fit_converged(model, x, y, sample_weight)
        return self

    def decision_function(self, x) -> np.ndarray:
        return self.model_.decision_function(x)


class LinearMarginRegressor(BaseEstimator):
    """Linear support vector regression (squared epsilon-insensitive loss) of the standardised target, converged."""

    def __init__(self, C: float = 0.1, epsilon: float = 0.1, max_iter: int = 5_000, tol: float = 1e-3) -> None:
        self.C = C
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, x, y, sample_weight=None):
        self.center_, self.spread_ = float(np.mean(y)), float(np.std(y)) or 1.0
        model = LinearSVR(
            C=self.C,
            epsilon=self.epsilon,
            max_iter=self.max_iter,
            tol=self.tol,
            dual=False,
            loss="squared_epsilon_insensitive",
        )
        self.model_ = fit_converged(model, x, (y - self.center_) / self.spread_, sample_weight)
        return self

    def predict(self, x) -> np.ndarray:
        return self.model_.predict(x) * self.spread_ + self.center_
