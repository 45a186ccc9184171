"""Categories become how frequent they are: Pargent et al., Regularized target encoding outperforms traditional methods
in supervised machine learning with high cardinality features, 2022 (its frequency encoding).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from .card import Card

CARD = Card(
    name="count_encoding",
    family="encoding",
    slot="columns",
    stage="encode",
    place=("beside",),
    takes=("category",),
    summary="each category becomes the logarithm of how often it occurs",
    paper="Pargent et al.: Regularized target encoding outperforms traditional methods",
    year=2022,
    link="https://doi.org/10.1007/s00180-022-01207-6",
    implementation="provender.methods.count_encoding:CountEncoding",
    helps="being rare or common means something",
    hurts="frequency is an accident of sampling",
    cost="n d",
    seconds=0.05,
    prior=-0.1,
    signals={"many_valued": 0.3},
)


class CountEncoding(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """DataFrame (n, d) of categories -> (n, d) float64: log(1 + training count); unseen and missing ones are 0."""

    def fit(self, X: pd.DataFrame, y: object = None) -> CountEncoding:
        self.counts_ = [X.iloc[:, i].value_counts() for i in range(X.shape[1])]
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        columns = [X.iloc[:, i].map(counts).fillna(0).to_numpy(dtype=float) for i, counts in enumerate(self.counts_)]
        return np.log1p(np.column_stack(columns))
