"""Gradient boosting of other libraries, each behind an extra, under scikit-learn's conventions and quiet: one thread, no files, no words.

LightGBM (Ke et al., 2017, https://papers.nips.cc/paper/6907), XGBoost (Chen & Guestrin, 2016, https://arxiv.org/abs/1603.02754),
CatBoost (Prokhorenkova et al., 2018, https://arxiv.org/abs/1706.09516). Defaults are each library's own, but CatBoost gets 300 rounds
instead of 1,000, and LightGBM draws its share `subsample` anew in every round, which it otherwise never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


class _Boosting(BaseEstimator):
    """A model of another library, made when it is fitted. Labels are renumbered 0 … k - 1, as XGBoost wants them."""

    def fit(self, x: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> _Boosting:
        self.model_ = self._make()
        if self._is_classifier:
            self.classes_, y = np.unique(y, return_inverse=True)
        self.model_.fit(x, y, sample_weight=sample_weight)
        return self

    def predict(self, x: Any) -> np.ndarray:
        return np.asarray(self.model_.predict(x), dtype=float)

    def predict_proba(self, x: Any) -> np.ndarray:
        return np.asarray(self.model_.predict_proba(x), dtype=float)

    def _make(self) -> Any:
        """The library's own estimator; the library is imported here, so that nobody needs it who does not use it."""
        kind = self._kinds[0 if self._is_classifier else 1]
        return getattr(import_module(self._library), kind)(**self.get_params(), **self._fixed)

    _library: str
    _kinds: tuple[str, str]  # names of its classifier and its regressor
    _fixed: Mapping[str, object]  # what keeps it quiet, alone and the same each time
    _is_classifier = True


class LightGBM(_Boosting):
    """Leaf-wise trees on histograms."""

    def __init__(
        self, n_estimators: int = 100, learning_rate: float = 0.1, num_leaves: int = 31, max_depth: int = -1, min_child_samples: int = 20,
        subsample: float = 1.0, colsample_bytree: float = 1.0, reg_alpha: float = 0.0, reg_lambda: float = 0.0, random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.min_child_samples = min_child_samples
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.random_state = random_state

    def predict(self, x: Any) -> np.ndarray:
        return np.asarray(self.model_.booster_.predict(x), dtype=float)  # the wrapper would ask for names of columns

    def predict_proba(self, x: Any) -> np.ndarray:
        found = self.predict(x)
        return np.column_stack([1 - found, found]) if found.ndim == 1 else found

    _library = "lightgbm"
    _kinds = ("LGBMClassifier", "LGBMRegressor")
    _fixed = MappingProxyType({"subsample_freq": 1, "n_jobs": 1, "verbosity": -1, "deterministic": True, "force_row_wise": True})


class LightGBMRegressor(LightGBM):
    """The same for numbers."""

    _is_classifier = False


class XGBoost(_Boosting):
    """Depth-wise trees with a second-order objective."""

    def __init__(
        self, n_estimators: int = 100, learning_rate: float = 0.3, max_depth: int = 6, min_child_weight: float = 1.0, subsample: float = 1.0,
        colsample_bytree: float = 1.0, gamma: float = 0.0, reg_alpha: float = 0.0, reg_lambda: float = 1.0, random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.gamma = gamma
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.random_state = random_state

    _library = "xgboost"
    _kinds = ("XGBClassifier", "XGBRegressor")
    _fixed = MappingProxyType({"n_jobs": 1, "verbosity": 0, "tree_method": "hist"})


class XGBoostRegressor(XGBoost):
    """The same for numbers."""

    _is_classifier = False


class CatBoost(_Boosting):
    """Symmetric trees with ordered boosting."""

    def __init__(
        self, n_estimators: int = 300, learning_rate: float | None = None, max_depth: int = 6, l2_leaf_reg: float = 3.0, random_state: int | None = None
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.l2_leaf_reg = l2_leaf_reg
        self.random_state = random_state

    def predict(self, x: Any) -> np.ndarray:
        return np.asarray(self.model_.predict(x), dtype=float).ravel()

    _library = "catboost"
    _kinds = ("CatBoostClassifier", "CatBoostRegressor")
    _fixed = MappingProxyType({"thread_count": 1, "verbose": False, "allow_writing_files": False})


class CatBoostRegressor(CatBoost):
    """The same for numbers."""

    _is_classifier = False
