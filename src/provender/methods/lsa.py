"""Latent semantic analysis: Deerwester et al., Indexing by latent semantic analysis, 1990."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

from .card import Card

CARD = Card(
    name="lsa",
    family="features",
    slot="columns",
    stage="reduce",
    place=("beside", "within", "after"),
    takes=("text",),
    summary="words that occur together become common topics",
    paper="Deerwester et al.: Indexing by latent semantic analysis",
    year=1990,
    link="https://doi.org/10.1002/(SICI)1097-4571(199009)41:6%3C391::AID-ASI1%3E3.0.CO;2-9",
    implementation="provender.methods.lsa:Lsa",
    choices={"components": (30, 300)},
    needs=("tfidf",),
    helps="texts are short and share topics rather than words",
    hurts="single rare words decide",
    cost="n words components",
    seconds=0.8,
    random=True,
    prior=0.1,
    signals={"text": 0.1},
)


class Lsa(TransformerMixin, BaseEstimator):
    """CSR (n, words) -> (n, at most `components`) float64, each row of length one (or zero)."""

    def __init__(self, components: int = 100, random_state: int = 0) -> None:
        self.components = components
        self.random_state = random_state

    def fit(self, X: csr_matrix, y: object = None) -> Lsa:
        components = max(1, min(self.components, X.shape[1] - 1, X.shape[0] - 1))
        self.svd_ = TruncatedSVD(components, random_state=self.random_state).fit(X) if X.shape[1] > 1 else None
        return self

    def transform(self, X: csr_matrix) -> np.ndarray:
        return normalize(self.svd_.transform(X) if self.svd_ is not None else X.toarray())
