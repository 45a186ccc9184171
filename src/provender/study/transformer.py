"""A data state as a scikit-learn transformer."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse, vstack
from sklearn.base import BaseEstimator, TransformerMixin

from ..contract.loader import AssetView, PoolView, TaskView
from ..contract.rows import ROW, Rows, row_ids
from ..contract.schema import Schema
from ..contract.state import digest
from ..errors import UserError
from ..profile.conform import conform, conform_like
from ..profile.target import class_labels, encode_target


class LoaderTransformer(TransformerMixin, BaseEstimator):
    """Runs a loader's text in this process, without a sandbox: for a loader that you have read.

    fit(X, y)           fits the loader on these records, its row methods included
    transform(X)        (n, d) records to features, row by row, as the learner would see them at prediction
    fit_resample(X, y)  features and labels of the curated rows, as imbalanced-learn's samplers give them; weights in `weight_`

    `fit_transform` gives features for the very rows of X, so in a plain Pipeline the learner sees all rows under their own
    labels, and only what the loader does to cells and columns counts: a row that the loader keeps has the features that it was
    fitted with (those of a target encoding are cross-fitted), one that it drops those of `transform`. fit_resample is the whole state.

    loader     text of loader.py;  facts: schema, kind, classes, targets … as in `pipeline.submit.loader_params`
    assets     {asset: table} of those that the loader names;  manifests: what is known about them
    """

    def __init__(self, loader: str, facts: Mapping[str, Any], assets: Mapping[str, pd.DataFrame] | None = None, manifests: Mapping[str, Any] | None = None) -> None:
        self.loader = loader
        self.facts = facts
        self.assets = assets
        self.manifests = manifests

    def fit(self, X: pd.DataFrame, y: Any) -> LoaderTransformer:
        """X: (n, d) DataFrame with the task's columns. y: (n,) labels as the task has them (names or values), or (n, t)."""
        self._fit(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **fit_params: Any) -> Any:
        """(n, d) records to their features as training rows, in the order of X."""
        rows, features, _, _ = self._fit(X, y)
        train = row_ids("transformer", len(X))
        first = np.flatnonzero(~pd.Index(rows.ids).duplicated())
        place = pd.Index(rows.ids[first]).get_indexer(train)
        kept, lost = np.flatnonzero(place >= 0), np.flatnonzero(place < 0)
        if not len(lost):
            return _take(features, first[place])
        both = _stack(_take(features, first[place[kept]]), self.transform(X.iloc[lost]))
        return _take(both, np.argsort(np.concatenate([kept, lost])))

    def fit_resample(self, X: pd.DataFrame, y: Any) -> tuple[Any, np.ndarray]:
        """Features of the curated rows and their labels, as y has them (of soft ones the likeliest); the rows' weights are in `weight_`."""
        _, features, labels, self.weight_ = self._fit(X, y)
        if self.facts["kind"] != "classification":
            return features, labels
        given = pd.Series(np.asarray(y))
        original = dict(zip(class_labels(given), given.tolist(), strict=True))
        at = labels.argmax(axis=1) if labels.ndim == 2 else labels.astype(int)
        names = [original.get(name, name) for name in self.facts["classes"]]
        return features, np.array([names[k] for k in at], dtype=given.to_numpy().dtype if set(self.facts["classes"]) <= set(original) else object)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features, where the loader gives them; else feature0, feature1 …"""
        self._check_fitted()
        return np.asarray(self.names_, dtype=object)

    def transform(self, X: pd.DataFrame) -> Any:
        """(n, d) records to features. Raises TaskError for missing columns."""
        self._check_fitted()
        return self.loader_.inputs(self._conform(X))

    def _check_fitted(self) -> None:
        if not hasattr(self, "loader_"):
            raise UserError("this transformer is not fitted: call fit(X, y) first")

    def __getstate__(self) -> dict[str, Any]:
        """The fitted loader as bytes of its own: its class is made of `loader` before they are opened."""
        state = dict(super().__getstate__())
        if "loader_" in state:
            state["loader_"] = pickle.dumps(state["loader_"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "loader_" in state:
            _loader_class(self.loader)
            self.loader_ = pickle.loads(state["loader_"])

    def _fit(self, X: pd.DataFrame, y: Any) -> tuple[Rows, Any, np.ndarray, np.ndarray]:
        """The curated rows, their features (invented ones last), labels and weights."""
        if not isinstance(X, pd.DataFrame):
            raise UserError(f"X is a {type(X).__name__}: give a DataFrame with the task's columns")
        if y is None:
            raise UserError("y is None: a data state is fitted on labelled rows, so give their labels")
        self.schema_ = Schema.from_json(self.facts["schema"])
        there = Schema(tuple(column for column in self.schema_ if column.name in X.columns))
        self.dtypes_ = {name: str(dtype) for name, dtype in conform(X, there).dtypes.items()}
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        frame = self._conform(X).set_axis(pd.Index(row_ids("transformer", len(X)), name=ROW))
        task = self._view(Rows(frame, self._labels(y)))
        tables = dict(self.assets or {})
        about = self.manifests or {}
        pool = PoolView({name: AssetView(name, dict(about.get(name, {})), _Table(table)) for name, table in tables.items()})
        self.loader_ = _loader_class(self.loader)(task, pool)
        rows = self.loader_.rows()
        result = self.loader_.fit(rows)
        features, labels, weight = result if isinstance(result, tuple) else (result, rows.y, rows.weight)
        named = isinstance(features, pd.DataFrame)
        self.names_ = [str(name) for name in features.columns] if named else [f"feature{j}" for j in range(features.shape[1])]
        return rows, features, np.asarray(labels), np.asarray(weight, dtype=float)

    def _conform(self, X: pd.DataFrame) -> pd.DataFrame:
        known = {name: self.dtypes_.get(name, "float64") for name in self.schema_.names}
        return conform_like(X.reset_index(drop=True), self.schema_, known)[0]

    def _labels(self, y: Any) -> np.ndarray:
        """Positions of the classes, or numbers: what a task's file with these labels would give."""
        values = np.asarray(y)
        if self.facts["kind"] != "classification":
            return values.astype(float)
        classes = self.facts["classes"]
        if unknown := sorted(set(class_labels(pd.Series(values))) - set(classes)):
            raise UserError(f"y holds {unknown[0]!r}, which is no class of the task: its classes are {', '.join(classes)}")
        return encode_target(pd.DataFrame({"y": values}), "y", "classification", classes)

    def _view(self, train: Rows) -> TaskView:
        facts = self.facts
        return TaskView(
            train=train, schema=self.schema_, kind=facts["kind"], classes=tuple(facts["classes"]), targets=tuple(facts["targets"]),
            modality=facts["modality"], metric=facts["metric"], seed=facts["seed"],
        )  # fmt: skip


def _take(features: Any, at: np.ndarray) -> Any:
    return features.iloc[at] if isinstance(features, pd.DataFrame) else features[at]


def _stack(above: Any, below: Any) -> Any:
    if isinstance(above, pd.DataFrame):
        return pd.concat([above, below], ignore_index=True)
    return vstack([above, below], format="csr") if issparse(above) else np.concatenate([above, below])


class _Table:
    """Gives a table when called; unlike a closure it can be pickled."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    def __call__(self) -> pd.DataFrame:
        return self.table


def _loader_class(text: str) -> type:
    """The class DataLoader of this text, in a module that is named by it."""
    name = f"provender_loader_{digest(text)}"
    if name not in sys.modules:
        module = types.ModuleType(name)
        exec(compile(text, "loader.py", "exec"), module.__dict__)
        sys.modules[name] = module
    return sys.modules[name].DataLoader
