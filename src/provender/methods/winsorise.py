"""Extreme numbers are pulled in: Tukey, The future of data analysis, 1962."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from .card import Card

CARD = Card(
    name="winsorise",
    family="cleaning",
    slot="columns",
    stage="clean",
    takes=("numeric",),
    summary="numbers beyond the outer percentiles are pulled in to them",
    paper="Tukey: The future of data analysis",
    year=1962,
    link="https://doi.org/10.1214/aoms/1177704711",
    implementation="provender.methods.winsorise:Winsorise",
    choices={"tail": (0.005, 0.05)},
    helps="a few values are far out and the learner is linear",
    hurts="the extremes are what matters",
    cost="n d log n",
    seconds=0.05,
    prior=-0.1,
    signals={"outliers": 0.6, "linear": 0.1},
)


class Winsorise(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """(n, d) numbers -> (n, d) float64 within the training percentiles; missing ones stay missing.

    tail: share on either side that is pulled in, 0..0.5
    """

    def __init__(self, tail: float = 0.01) -> None:
        self.tail = tail

    def fit(self, X: pd.DataFrame, y: object = None) -> Winsorise:
        values = _floats(X)
        empty = np.isnan(values).all(axis=0)
        filled = np.where(empty, 0.0, values)  # an empty column has no percentiles
        self.limits_ = np.nanquantile(filled, [self.tail, 1 - self.tail], axis=0)
        self.n_features_in_ = values.shape[1]
        if isinstance(X, pd.DataFrame):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        return np.clip(_floats(X), *self.limits_)


def _floats(X: pd.DataFrame | np.ndarray) -> np.ndarray:
    return X.to_numpy(dtype=float, na_value=np.nan) if isinstance(X, pd.DataFrame) else np.asarray(X, dtype=float)
