"""Labelled rows of another source below the task's own, weighted by how much they resemble them: Bickel, Brückner &
Scheffer, Discriminative learning for differing training and test distributions, 2007.

weight of a foreign row = weight · p / (1 - p), where p is the out-of-fold probability, by logistic regression, that it
is one of the task's rows; ratios are clipped to 0.1..10 around their mean and scaled to mean one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..contract.loader import AssetView
from ..contract.rows import Rows
from ..errors import LoaderError
from .card import Card
from .confident_learning import out_of_fold
from .representation import represent

CARD = Card(
    name="append_rows",
    family="source",
    slot="source",
    kinds=("classification", "regression"),
    summary="labelled rows of another source are added",
    paper="Bickel, Brückner & Scheffer: Discriminative learning for differing training and test distributions",
    year=2007,
    link="https://doi.org/10.1145/1273496.1273507",
    implementation="provender.methods.append_rows:AppendRows",
    choices={"weight": (0.3, 3.0), "alike": (True,), "most": (1000, 5000)},
    helps="the other source asks the same question of like inputs",
    hurts="its labels mean something else",
    cost="m d, with `alike` five logistic regressions",
    seconds=0.9,
    random=True,
    binds=("classes",),
    prior=0.5,
    signals={"few_rows": 0.4},
)


class AppendRows(BaseEstimator):
    """target     the asset's label column
    mapping    {task column: asset column}, other task columns are missing in the new rows; None takes equal names
    classes    the task's class names, for classification
    label_map  {asset value: class name}; None takes values that equal a class name, whatever their case
    scale      (a, b) for a numeric target: y = a · value + b
    weight     of a foreign row against one of the task's
    alike      weigh each foreign row by its resemblance to the task's rows (the paper's method)
    most       keep at most so many foreign rows, drawn at random
    """

    def __init__(
        self,
        target: str,
        *,
        mapping: Mapping[str, str] | None = None,
        classes: Sequence[str] = (),
        label_map: Mapping[str, str] | None = None,
        scale: Sequence[float] | None = None,
        weight: float = 1.0,
        alike: bool = False,
        most: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.target = target
        self.mapping = mapping
        self.classes = classes
        self.label_map = label_map
        self.scale = scale
        self.weight = weight
        self.alike = alike
        self.most = most
        self.random_state = random_state

    def fit_resample(self, rows: Rows, asset: AssetView) -> Rows:
        """Raises LoaderError when the asset lacks a named column."""
        table = asset.frame()
        mapping = self.mapping
        if mapping is None:
            mapping = {name: name for name in rows.frame if name in table and name != self.target}
        lacking = {self.target, *mapping.values()} - set(table.columns)
        if lacking:
            raise LoaderError(f"{asset.id} has no column {sorted(lacking)[0]!r}; its columns are {list(table.columns)}")
        y = self._labels(table[self.target])
        frame = pd.DataFrame({ours: _like(table[theirs], rows.frame[ours]) for ours, theirs in mapping.items()})
        usable = np.flatnonzero(~np.isnan(y) & frame.notna().any(axis=1).to_numpy())
        rng = np.random.default_rng(self.random_state)
        if self.most is not None and len(usable) > self.most:
            usable = np.sort(rng.choice(usable, self.most, replace=False))
        frame, y = frame.iloc[usable], y[usable].reshape(-1, *rows.y.shape[1:])
        if frame.empty:
            return rows
        weight = self.weight * (self._resemblance(rows.frame[list(mapping)], frame) if self.alike else 1.0)
        return rows.append(frame, y, f"labelled rows of {asset.id}", weight)

    def _labels(self, values: pd.Series) -> np.ndarray:
        """(m,) float64 class positions or values; NaN where there is no label."""
        if not len(self.classes):
            a, b = self.scale or (1.0, 0.0)
            return a * pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan) + b
        place = {_name(name): position for position, name in enumerate(self.classes)}
        if self.label_map is not None:
            place = {_name(theirs): place[_name(ours)] for theirs, ours in self.label_map.items() if _name(ours) in place}
        return values.map(lambda value: place.get(_name(value), np.nan)).to_numpy(dtype=float, na_value=np.nan)

    def _resemblance(self, own: pd.DataFrame, foreign: pd.DataFrame) -> np.ndarray:
        """(m,) density ratios with mean one."""
        X = represent(pd.concat([own, foreign]), self.random_state)
        member = np.repeat([1, 0], [len(own), len(foreign)])
        p = np.clip(out_of_fold(X, member, 5, self.random_state)[len(own) :, 1], 1e-3, 1 - 1e-3)
        ratio = p / (1 - p)
        ratio = np.clip(ratio / ratio.mean(), 0.1, 10)
        return ratio / ratio.mean()


def _like(column: pd.Series, model: pd.Series) -> pd.Series:
    """The column in the type of the task's own."""
    if pd.api.types.is_numeric_dtype(model.dtype):
        return pd.to_numeric(column, errors="coerce").astype(float)
    if model.dtype.kind == "M":
        return pd.to_datetime(column, errors="coerce").astype(model.dtype)
    if model.dtype.kind == "O":
        return column
    return column.astype(object).where(column.notna(), None).map(str, na_action="ignore").astype(model.dtype)


def _name(value: object) -> str:
    """Class names are compared without case and outer space; 1.0 is "1"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()
