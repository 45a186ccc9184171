"""Naive Bayes for what the features are: Gaussian for dense ones, multinomial for sparse counts."""

from __future__ import annotations

from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.naive_bayes import GaussianNB, MultinomialNB


class NaiveBayes(BaseEstimator):
    """`alpha` smooths the multinomial counts; `var_smoothing` adds that share of the largest variance to all.

    Raises ValueError for sparse features below zero, which are no counts.
    """

    def __init__(self, alpha: float = 1.0, var_smoothing: float = 1e-3) -> None:
        self.alpha = alpha
        self.var_smoothing = var_smoothing

    def fit(self, x, y, sample_weight=None):
        if sparse.issparse(x):
            if x.nnz and x.data.min() < 0:
                raise ValueError(
                    f"sparse features must not be negative for naive_bayes, but one is {x.data.min():g}: return them dense"
                )
            self.model_ = MultinomialNB(alpha=self.alpha).fit(x, y, sample_weight)
        else:
            self.model_ = GaussianNB(var_smoothing=self.var_smoothing).fit(x, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, x):
        return self.model_.predict_proba(x)
