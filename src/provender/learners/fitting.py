"""What every preset does around its estimator, so that no gain is a trivial one.

duplicated rows      rows with the same features and target are merged, their weights added
weights              divided by their mean over the merged rows; rows of weight 0 are left out
duplicated columns   columns that are equal up to a factor are merged into their mean
scale                dense columns are standardised, sparse ones divided by their largest absolute value
soft labels          a row with label distribution (p_1 … p_k) becomes k rows with weights p_j
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import numpy as np
import pandas as pd
from scipy import sparse

from ..contract.learner import Learner
from ..errors import TaskError
from .presets import Preset, find_preset

_MOST_DENSE = 100_000_000  # cells; 800 MB
_ROUNDED = 8  # decimals to which fingerprints of equal columns agree, whatever order they were summed in


class Preparation:
    """Features to what the estimator sees: `matrix`, then `fit` on distinct weighted rows, then `transform` any rows."""

    def __init__(self, *, scaled: bool, dense: bool, missing: bool) -> None:
        self.scaled, self.dense, self.missing = scaled, dense, missing

    def fit(self, x: np.ndarray | sparse.csr_matrix, weight: np.ndarray) -> Preparation:
        self.width_ = x.shape[1]
        self.center_, self.scale_ = self._moments(x, weight)
        self.merge_ = _merged_columns(self._scale(x))
        return self

    def transform(self, x: np.ndarray | sparse.csr_matrix) -> np.ndarray | sparse.csr_matrix:
        if x.shape[1] != self.width_:
            raise ValueError(
                f"the inputs have {x.shape[1]} features, the training rows had {self.width_}: "
                "fit and inputs must give the same columns"
            )
        x = self._scale(x)
        return x if self.merge_ is None else x @ self.merge_

    def matrix(self, features) -> np.ndarray | sparse.csr_matrix:
        if sparse.issparse(features):
            x = sparse.csr_matrix(features, dtype=float)
            if self.dense and x.shape[0] * x.shape[1] > _MOST_DENSE:
                raise ValueError(
                    f"{x.shape[0]} x {x.shape[1]} sparse features are too many for this learner, which makes them dense: reduce them (SVD, selection)"
                )
            x = x.toarray() if self.dense else x
        else:
            if isinstance(features, pd.DataFrame):
                _refuse_strings(features)
            x = np.asarray(features, dtype=float)
            x = x[:, None] if x.ndim == 1 else x
        values = x.data if sparse.issparse(x) else x
        if not self.missing and np.isnan(values).any():
            raise ValueError(f"{int(np.isnan(values).sum())} feature values are NaN: impute them in fit() and inputs()")
        if np.isinf(values).any():
            raise ValueError(
                f"{int(np.isinf(values).sum())} feature values are infinite: clip them in fit() and inputs()"
            )
        return x

    def _moments(self, x, weight: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Weighted mean and deviation, so that a row of weight 2 is the row twice; largest absolute values of sparse columns."""
        if not self.scaled:
            return None, None
        if sparse.issparse(x):
            largest = abs(x).max(axis=0).toarray().ravel()
            return None, np.where(largest > 0, largest, 1.0)
        center = np.average(x, axis=0, weights=weight)
        spread = np.sqrt(np.average((x - center) ** 2, axis=0, weights=weight))
        constant = spread <= 1e-12 * np.maximum(np.abs(center), 1e-300)
        return center, np.where(constant, np.inf, spread)  # a constant column becomes 0, at prediction as well

    def _scale(self, x):
        if self.scale_ is None:
            return x
        if sparse.issparse(x):
            return sparse.csr_matrix(x.multiply(1.0 / self.scale_))
        return (x - self.center_) / self.scale_


def _refuse_strings(frame: pd.DataFrame) -> None:
    for i, dtype in enumerate(frame.dtypes):
        if not (pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)):
            raise ValueError(
                f"the feature {frame.columns[i]!r} has dtype {dtype}: encode it as numbers in fit() and inputs()"
            )


def _merged_columns(x) -> sparse.csr_matrix | None:
    """(d, groups) matrix that averages columns equal up to a factor, None when there are none. NaN equals NaN.

    Columns are compared by two random projections of their unit vectors, so that no pair is looked at.
    """
    n, d = x.shape
    if n == 0 or d < 2:
        return None
    known = x if sparse.issparse(x) else np.nan_to_num(x, nan=np.pi)
    length = np.sqrt(
        np.asarray(known.multiply(known).sum(axis=0)).ravel() if sparse.issparse(x) else (known**2).sum(axis=0)
    )
    marks = (
        np.asarray(known.T @ np.random.default_rng(0).normal(size=(n, 2))) / np.where(length > 0, length, 1.0)[:, None]
    )
    sign = np.where(marks[:, 0] < 0, -1.0, 1.0)
    group = np.unique(np.round(marks * sign[:, None], _ROUNDED) + 0.0, axis=0, return_inverse=True)[1].ravel()
    counts = np.bincount(group)
    if len(counts) == d:
        return None
    first = np.full(len(counts), d)
    np.minimum.at(first, group, np.arange(d))
    place = np.argsort(np.argsort(first))[group]  # groups in the order of their first column, and with its sign
    return sparse.csr_matrix((sign * sign[first[group]] / counts[group], (np.arange(d), place)), shape=(d, len(counts)))


def merge_rows(x, y: np.ndarray, weight: np.ndarray):
    """Distinct (features, target) rows in their first order, with summed weights of mean 1; weight 0 is left out.

    Raises ValueError for a weight that is negative or not finite, and when nothing is left.
    """
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError("weights must be finite and not negative: clip them in rows()")
    kept = np.flatnonzero(weight > 0)
    if len(kept) == 0:
        raise ValueError("no training row has a weight above 0: keep some rows")
    x, y, weight = x[kept], y[kept], weight[kept]
    _, first, group = np.unique(_row_marks(x, y), return_index=True, return_inverse=True)
    if len(first) < len(kept):
        order = np.sort(first)
        weight = np.bincount(group, weight)[group[order]]
        x, y = x[order], y[order]
    return x, y, weight / weight.mean()


def _row_marks(x, y: np.ndarray) -> np.ndarray:
    """(n,) uint64 digest of each row's exact bytes, features and target."""
    if sparse.issparse(x):
        x.sum_duplicates()
        cuts = zip(x.indptr[:-1], x.indptr[1:], strict=True)
        rows = [x.indices[a:b].tobytes() + x.data[a:b].tobytes() for a, b in cuts]
    else:
        rows = [row.tobytes() for row in np.ascontiguousarray(x)]
    raw = np.array(
        [row + target.tobytes() for row, target in zip(rows, np.ascontiguousarray(y), strict=True)], dtype=object
    )
    return pd.util.hash_array(raw, categorize=False)


def harden(x, y: np.ndarray, weight: np.ndarray):
    """Soft labels (n, k) as weighted hard ones (m,): one row for each class of positive probability."""
    row, label = np.nonzero(y > 0)
    return x[row], label.astype(np.int64), weight[row] * y[row, label]


class PresetLearner:
    """A `contract.learner.Learner` around one scikit-learn estimator for each target.

    classification  predict gives (n, k) over `classes_`, the positions seen in training (score: (n,) for two classes)
    multilabel      (n, t) probability of 1 (or score);  regression  (n,) or (n, t) values
    """

    def __init__(self, preset: Preset, kind: str, estimator: type, params: Mapping[str, object]) -> None:
        self.preset = preset
        self.kind = kind
        self.estimator = estimator
        self.params = params

    def fit(self, features, y: np.ndarray, weight: np.ndarray | None, seed: int) -> PresetLearner:
        y = np.asarray(y)
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
        self.preparation_ = Preparation(scaled=self.preset.scaled, dense=self.preset.dense, missing=self.preset.missing)
        x = self.preparation_.matrix(features)
        if x.shape[0] != len(y):
            raise ValueError(
                f"there are {x.shape[0]} rows of features and {len(y)} targets: fit() must keep or return them together"
            )
        if self.kind == "classification" and y.ndim == 2:
            x, y, weight = harden(x, y, weight)
        self.one_ = y.ndim == 1
        x, targets, weight = merge_rows(x, y.reshape(len(y), -1).astype(float), weight)
        x = self.preparation_.fit(x, weight).transform(x)
        if self.kind == "regression":
            self.models_ = [self._fit_one(x, column, weight, seed) for column in targets.T]
        else:
            self.models_ = [self._fit_classes(x, column.astype(np.int64), weight, seed) for column in targets.T]
        if self.kind == "classification":
            self.classes_ = np.unique(targets[:, 0]).astype(np.int64)
        return self

    def _fit_one(self, x, y: np.ndarray, weight: np.ndarray, seed: int):
        model = self.estimator(**self.params)
        if "random_state" in self.estimator._get_param_names():
            model.set_params(random_state=seed)
        return model.fit(x, y, sample_weight=weight)

    def _fit_classes(self, x, y: np.ndarray, weight: np.ndarray, seed: int):
        seen = np.unique(y)
        return int(seen[0]) if len(seen) == 1 else self._fit_one(x, y, weight, seed)  # nothing to fit: the class itself

    def predict(self, features) -> np.ndarray:
        x = self.preparation_.transform(self.preparation_.matrix(features))
        if self.kind == "regression":
            columns = [np.asarray(model.predict(x), dtype=float).ravel() for model in self.models_]
            return columns[0] if self.one_ else np.column_stack(columns)
        if self.kind == "multilabel":
            return np.column_stack([self._positive(model, x) for model in self.models_])
        model = self.models_[0]
        if isinstance(model, int):
            return np.ones((x.shape[0], 1)) if self.preset.outputs[self.kind] == "probability" else np.zeros(x.shape[0])
        return self._outputs(model, x)

    def _outputs(self, model, x) -> np.ndarray:
        if self.preset.outputs[self.kind] == "score":
            return model.decision_function(x)
        return model.predict_proba(x)

    def _positive(self, model, x) -> np.ndarray:
        if isinstance(model, int):
            return np.full(x.shape[0], float(model))
        out = self._outputs(model, x)
        return out[:, 1] if out.ndim == 2 else out


def make_learner(preset: str, kind: str, params: Mapping[str, object] | None = None) -> Learner:
    """An unfitted learner. Raises TaskError for an unknown preset, kind or parameter (learner.params in task.toml)."""
    row = find_preset(preset, kind)
    module, name = row.estimators[kind].split(":")
    estimator = getattr(import_module(module), name)
    defaults, params = dict(row.defaults.get(kind, {})), dict(params or {})
    known = set(estimator._get_param_names()) - {"random_state", "n_jobs", "verbose", "warm_start"}
    if unknown := sorted(set(params) - known):
        raise TaskError(
            f"learner.params.{unknown[0]} is no parameter of the preset {preset!r}: it knows {', '.join(sorted(known))}"
        )
    return PresetLearner(row, kind, estimator, defaults | params)
