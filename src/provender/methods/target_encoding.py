"""Categories become the smoothed mean target of their rows: Micci-Barreca, A preprocessing scheme for high-cardinality
categorical attributes, 2001.

code of a category = (sum of the target over its n rows + m · overall mean) / (n + m), with the paper's m = variance of
the target within categories / variance between them. Training rows are coded by the rows of the other folds, so that
no row sees its own target (cross-fitting; scikit-learn's TargetEncoder does alike, without a seed since 1.9).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import KFold

from .card import Card

CARD = Card(
    name="target_encoding",
    family="encoding",
    slot="columns",
    stage="encode",
    place=("within", "beside"),
    kinds=("classification", "regression"),
    takes=("category",),
    summary="each category becomes the smoothed mean target of its other rows",
    paper="Micci-Barreca: A preprocessing scheme for high-cardinality categorical attributes",
    year=2001,
    link="https://doi.org/10.1145/507533.507538",
    implementation="provender.methods.target_encoding:TargetEncoding",
    choices={"smooth": (5.0, 50.0)},
    helps="many categories, with several rows each",
    hurts="categories are few, or unique",
    cost="folds n d",
    seconds=0.1,
    random=True,
    prior=0.0,
    signals={"many_valued": 0.8},
)


class TargetEncoding(TransformerMixin, BaseEstimator):
    """DataFrame (n, d) of categories -> (n, d · t) float64; t is 1 for values and for two classes, else one a class.

    smooth  m above, in rows; None takes the paper's estimate for each column
    folds   of the cross-fitting
    """

    def __init__(self, smooth: float | None = None, folds: int = 5, random_state: int = 0) -> None:
        self.smooth = smooth
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> TargetEncoding:
        self.classes_ = np.unique(y) if np.ndim(y) == 1 and np.asarray(y).dtype.kind in "iu" else None
        targets = self._targets(y)
        self.mean_ = targets.mean(axis=0)
        self.codes_ = [self._codes(X.iloc[:, i], targets) for i in range(X.shape[1])]
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        parts = []
        for i, (values, codes) in enumerate(self.codes_):
            place = values.get_indexer(_labels(X.iloc[:, i]))
            parts.append(np.where(place[:, None] >= 0, codes[place], self.mean_))
        return np.hstack(parts)

    def fit_transform(self, X: pd.DataFrame, y: np.ndarray) -> np.ndarray:
        """Each training row coded by the other folds; afterwards fitted on all rows."""
        y = np.asarray(y)
        self.fit(X, y)
        out = np.empty((len(X), X.shape[1] * len(self.mean_)))
        if len(X) < self.folds:
            return self.transform(X)
        for train, held in KFold(self.folds, shuffle=True, random_state=self.random_state).split(X):
            part = TargetEncoding(self.smooth)
            part.classes_ = self.classes_
            targets = part._targets(y[train])
            part.mean_ = targets.mean(axis=0)
            part.codes_ = [part._codes(X.iloc[train, i], targets) for i in range(X.shape[1])]
            out[held] = part.transform(X.iloc[held])
        return out

    def _targets(self, y: np.ndarray) -> np.ndarray:
        """(n, t) numbers to average."""
        y = np.asarray(y)
        if self.classes_ is None:
            return y.reshape(len(y), -1).astype(float)
        classes = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        return (y[:, None] == classes[None, :]).astype(float)

    def _codes(self, column: pd.Series, targets: np.ndarray) -> tuple[pd.Index, np.ndarray]:
        position, values = pd.factorize(_labels(column), sort=True)
        count = np.bincount(position, minlength=len(values))[:, None].astype(float)
        total = np.column_stack([np.bincount(position, weights=t, minlength=len(values)) for t in targets.T])
        mean = total / count
        if self.smooth is None:
            within = ((targets - mean[position]) ** 2).mean(axis=0)
            between = (count * (mean - targets.mean(axis=0)) ** 2).sum(axis=0) / count.sum()
            smooth = np.where(between > 0, within / np.maximum(between, 1e-12), 1e6)
        else:
            smooth = self.smooth
        return pd.Index(values), (total + smooth * targets.mean(axis=0)) / (count + smooth)


def _labels(column: pd.Series) -> pd.Index:
    """Values as text; a missing one is a category of its own."""
    return pd.Index(column.astype(object).where(column.notna(), "\x00missing").map(str).to_numpy(), dtype=object)
