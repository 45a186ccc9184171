"""Only the features that correlate with the target: Fan & Lv, Sure independence screening for ultrahigh dimensional
feature space, 2008.

    from the paper   value
    score            absolute correlation of the standardised feature with the target, the largest over classes
    kept             n / log n features; `most` caps it
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn.base import BaseEstimator, TransformerMixin

from .card import Card

CARD = Card(
    name="screening",
    family="features",
    slot="columns",
    stage="reduce",
    place=("after",),
    takes=("text", "numeric", "image"),
    summary="only the features that correlate with the target are kept",
    paper="Fan & Lv: Sure independence screening for ultrahigh dimensional feature space",
    year=2008,
    link="https://doi.org/10.1111/j.1467-9868.2008.00674.x",
    implementation="provender.methods.screening:Screening",
    choices={"most": (100, 300, 3000)},
    helps="features are far more than rows and the learner is weakly regularised",
    hurts="many weak features add up",
    cost="non-zeros",
    seconds=0.1,
    prior=-0.3,
    signals={"text": 0.3, "wide": 0.4},
)


class Screening(TransformerMixin, BaseEstimator):
    """(n, d) array or CSR -> the same kind with at most `most` of the columns."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most

    def fit(self, X: csr_matrix | np.ndarray, y: np.ndarray) -> Screening:
        y = np.asarray(y)
        classes = y.ndim == 1 and y.dtype.kind in "iu"
        targets = (y[:, None] == np.unique(y)[None, :]).astype(float) if classes else y.reshape(len(y), -1).astype(float)
        targets = (targets - targets.mean(axis=0)) / np.maximum(targets.std(axis=0), 1e-12)
        squares = X.multiply(X) if issparse(X) else X * X
        mean, second = (np.asarray(part.mean(axis=0)).ravel() for part in (X, squares))
        spread = np.sqrt(np.maximum(second - mean**2, 0))
        score = np.abs(np.asarray(X.T @ targets) / len(y)).max(axis=1) / np.where(spread > 1e-12, spread, np.inf)
        self.kept_ = np.sort(np.argsort(-score, kind="stable")[: self.most])
        return self

    def transform(self, X: csr_matrix | np.ndarray) -> csr_matrix | np.ndarray:
        return X[:, self.kept_]
