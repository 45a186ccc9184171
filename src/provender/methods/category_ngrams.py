"""Categories by their spelling: Cerda & Varoquaux, Encoding high-cardinality string categorical variables, 2020.

The paper factorises counts of character n-grams (n = 2..4). Here they are TF-IDF weighted and factorised by a truncated
singular value decomposition, per column, which its comparison finds close to the Gamma-Poisson model and far cheaper.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from .card import Card

CARD = Card(
    name="category_ngrams",
    family="encoding",
    slot="columns",
    stage="encode",
    place=("within", "beside"),
    takes=("category",),
    summary="each category is described by the character n-grams of its spelling",
    paper="Cerda & Varoquaux: Encoding high-cardinality string categorical variables",
    year=2020,
    link="https://doi.org/10.1109/TKDE.2020.2992529",
    implementation="provender.methods.category_ngrams:CategoryNgrams",
    choices={"components": (10, 60)},
    helps="categories are many and alike in spelling, or hand-typed",
    hurts="names are arbitrary codes",
    cost="n characters components",
    seconds=0.5,
    random=True,
    prior=-0.1,
    signals={"many_valued": 0.7, "spellings": 0.4},
)


class CategoryNgrams(TransformerMixin, BaseEstimator):
    """DataFrame (n, d) of strings -> (n, at most d · components) float64.

    components: of the decomposition for each column (the paper uses 30)
    """

    def __init__(self, components: int = 30, random_state: int = 0) -> None:
        self.components = components
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: object = None) -> CategoryNgrams:
        self.encoders_ = [self._encoder(_strings(X.iloc[:, i])) for i in range(X.shape[1])]
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        parts = [np.zeros((len(X), 0))]
        for i, (ngrams, svd) in enumerate(self.encoders_):
            if ngrams is not None:
                matrix = ngrams.transform(_strings(X.iloc[:, i]))
                parts.append(svd.transform(matrix) if svd is not None else matrix.toarray())
        return np.hstack(parts)

    def _encoder(self, values: list[str]) -> tuple[TfidfVectorizer | None, TruncatedSVD | None]:
        if not any(value.strip() for value in values):
            return None, None
        ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=5000)
        matrix = ngrams.fit_transform(values)
        if min(matrix.shape) <= self.components:
            return ngrams, None
        return ngrams, TruncatedSVD(self.components, random_state=self.random_state).fit(matrix)


def _strings(column: pd.Series) -> list[str]:
    return column.astype(object).where(column.notna(), "").astype(str).to_list()
