"""Products of pairs of columns, the promising ones only: Fan & Lv, Sure independence screening for ultrahigh
dimensional feature space, 2008, applied to pairs.

Columns are standardised; of all pairs (and squares) those whose product correlates most with what a linear fit leaves
of the target are kept. Screening by marginal correlation is the paper's; its bound on the count is n / log n.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from .card import Card

CARD = Card(
    name="interactions",
    family="features",
    slot="columns",
    stage="encode",
    place=("beside",),
    takes=("numeric",),
    summary="products of the pairs of columns that explain what a linear fit leaves over",
    paper="Fan & Lv: Sure independence screening for ultrahigh dimensional feature space",
    year=2008,
    link="https://doi.org/10.1111/j.1467-9868.2008.00674.x",
    implementation="provender.methods.interactions:Interactions",
    choices={"most": (10, 100)},
    needs=("complete", "several"),
    helps="the learner is linear and columns act together",
    hurts="rows are few",
    cost="n d²",
    seconds=0.3,
    prior=0.2,
    signals={"linear": 0.5, "tree": -0.5, "few_rows": -0.3},
)

_MOST_COLUMNS = 60  # of more columns only those that correlate most with the residual are paired


class Interactions(TransformerMixin, BaseEstimator):
    """(n, d) complete numbers -> (n, at most `most`) products of standardised columns."""

    def __init__(self, most: int = 30) -> None:
        self.most = most

    def fit(self, X: pd.DataFrame | np.ndarray, y: np.ndarray) -> Interactions:
        X = np.asarray(X, dtype=float)
        self.mean_, scale = X.mean(axis=0), X.std(axis=0)
        self.scale_ = np.where(scale > 0, scale, 1.0)
        Z = self._standardised(X)
        residual = _residual(Z, _targets(y))
        columns = np.arange(Z.shape[1])
        if len(columns) > _MOST_COLUMNS:
            strength = np.maximum(np.abs(Z.T @ residual), np.abs((Z * Z).T @ residual)).max(axis=1)
            columns = np.sort(np.argsort(-strength, kind="stable")[:_MOST_COLUMNS])
        left, right = np.triu_indices(len(columns))
        left, right = columns[left], columns[right]
        most = min(self.most, int(len(X) / max(np.log(len(X)), 1)))
        score = np.concatenate([_correlations(Z, residual, left[at : at + 256], right[at : at + 256])
                                for at in range(0, len(left), 256)])  # fmt: skip
        best = np.sort(np.argsort(-score, kind="stable")[:most])
        self.left_, self.right_ = left[best], right[best]
        return self

    def transform(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        Z = self._standardised(np.asarray(X, dtype=float))
        return Z[:, self.left_] * Z[:, self.right_]

    def _standardised(self, X: np.ndarray) -> np.ndarray:
        return np.clip((X - self.mean_) / self.scale_, -6, 6)  # a product of two outliers would rule the fit


def _targets(y: np.ndarray) -> np.ndarray:
    """(n, t) numbers: one 0/1 column for each class, or the values themselves; centred."""
    y = np.asarray(y)
    columns = (y[:, None] == np.unique(y)[None, :]).astype(float) if y.ndim == 1 and y.dtype.kind in "iu" else y
    columns = columns.reshape(len(y), -1).astype(float)
    return columns - columns.mean(axis=0)


def _residual(Z: np.ndarray, targets: np.ndarray) -> np.ndarray:
    ridge = Z.T @ Z + 1e-3 * len(Z) * np.eye(Z.shape[1])
    return targets - Z @ np.linalg.solve(ridge, Z.T @ targets)


def _correlations(Z: np.ndarray, residual: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    product = Z[:, left] * Z[:, right]
    product = product - product.mean(axis=0)
    norm = np.linalg.norm(product, axis=0)
    return np.abs(product.T @ residual).max(axis=1) / np.where(norm > 1e-9, norm, np.inf)
