"""A data state as a scikit-learn transformer."""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from ..contract.loader import AssetView, PoolView, TaskView
from ..contract.rows import ROW, Rows, row_ids
from ..contract.schema import Schema
from ..contract.state import digest
from ..errors import UserError
from ..profile.conform import conform_like


class LoaderTransformer(TransformerMixin, BaseEstimator):
    """Runs a loader's text in this process, without a sandbox: for a loader that you have read.

    fit(X, y)           fits the loader on these records, its row methods included
    transform(X)        (n, d) records to features, row by row, as the learner would see them at prediction
    fit_resample(X, y)  features and labels of the curated rows, as imbalanced-learn's samplers give them; weights in `weight_`

    `fit_transform` gives features for the very rows of X, so in a plain Pipeline the learner sees all rows, and only what the
    loader does to columns counts; fit_resample is the whole state.

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

    def fit_resample(self, X: pd.DataFrame, y: Any) -> tuple[Any, np.ndarray]:
        """Features of the curated rows and their labels; the row's weights are in `weight_`."""
        features, labels, self.weight_ = self._fit(X, y)
        classes = np.asarray(self.facts["classes"], dtype=object)
        known = self.facts["kind"] == "classification" and labels.ndim == 1
        return features, classes[labels.astype(int)] if known else labels

    def transform(self, X: pd.DataFrame) -> Any:
        """(n, d) records to features. Raises TaskError for missing columns."""
        if not hasattr(self, "loader_"):
            raise UserError("this transformer is not fitted: call fit(X, y) first")
        return self.loader_.inputs(self._conform(X))

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

    def _fit(self, X: pd.DataFrame, y: Any) -> tuple[Any, np.ndarray, np.ndarray]:
        if not isinstance(X, pd.DataFrame):
            raise UserError(f"X is a {type(X).__name__}: give a DataFrame with the task's columns")
        self.schema_ = Schema.from_json(self.facts["schema"])
        self.dtypes_ = {name: str(X[name].dtype) for name in self.schema_.names if name in X.columns}
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
        return result if isinstance(result, tuple) else (result, rows.y, rows.weight)

    def _conform(self, X: pd.DataFrame) -> pd.DataFrame:
        known = {name: self.dtypes_.get(name, "float64") for name in self.schema_.names}
        return conform_like(X.reset_index(drop=True), self.schema_, known)[0]

    def _labels(self, y: Any) -> np.ndarray:
        """Positions of the classes, or numbers."""
        values = np.asarray(y)
        if self.facts["kind"] != "classification":
            return values.astype(float)
        place = {str(name): k for k, name in enumerate(self.facts["classes"])}
        unknown = sorted({str(value) for value in values.tolist()} - set(place))
        if unknown:
            raise UserError(f"y holds {unknown[0]!r}, which is no class of the task: its classes are {', '.join(place)}")
        return np.array([place[str(value)] for value in values.tolist()], dtype=np.int64)

    def _view(self, train: Rows) -> TaskView:
        facts = self.facts
        return TaskView(
            train=train, schema=self.schema_, kind=facts["kind"], classes=tuple(facts["classes"]), targets=tuple(facts["targets"]),
            modality=facts["modality"], metric=facts["metric"], seed=facts["seed"],
        )  # fmt: skip


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
