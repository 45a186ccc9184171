"""k nearest neighbours whose votes carry the rows' weights; scikit-learn's take none."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors


class _Neighbours(BaseEstimator):
    def __init__(self, n_neighbors: int = 10) -> None:
        self.n_neighbors = n_neighbors

    def _index(self, x, weight: np.ndarray | None) -> None:
        self.index_ = NearestNeighbors(n_neighbors=min(self.n_neighbors, x.shape[0])).fit(x)
        self.weight_ = np.ones(x.shape[0]) if weight is None else np.asarray(weight, dtype=float)

    def _votes(self, x, values: np.ndarray) -> np.ndarray:
        """(n, k) weighted means of `values` (training rows, k) over each row's neighbours."""
        near = self.index_.kneighbors(x, return_distance=False)
        weight = self.weight_[near]
        return np.einsum("nj,njk->nk", weight / weight.sum(axis=1, keepdims=True), values[near])


class NeighbourClassifier(_Neighbours):
    """Class probabilities: the weight share of each class among the neighbours, with one vote spread over all classes."""

    def fit(self, x, y, sample_weight=None):
        self._index(x, sample_weight)
        self.classes_, positions = np.unique(y, return_inverse=True)
        self.votes_ = np.eye(len(self.classes_))[positions]
        return self

    def predict_proba(self, x) -> np.ndarray:
        k = self.index_.n_neighbors  # Laplace's rule of succession keeps log_loss finite
        return (self._votes(x, self.votes_) * k + 1 / len(self.classes_)) / (k + 1)


class NeighbourRegressor(_Neighbours):
    """The weighted mean target of the neighbours."""

    def fit(self, x, y, sample_weight=None):
        self._index(x, sample_weight)
        self.values_ = np.asarray(y, dtype=float)[:, None]
        return self

    def predict(self, x) -> np.ndarray:
        return self._votes(x, self.values_)[:, 0]
