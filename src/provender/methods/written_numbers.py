"""Numbers written as text become numbers: Raman & Hellerstein, Potter's Wheel: an interactive data cleaning system, 2001
(its domains: a column is read by the pattern that most of its cells follow)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from ..profile.cells import written_numbers
from .card import Card

CARD = Card(
    name="written_numbers",
    family="cleaning",
    slot="columns",
    stage="encode",
    place=("beside",),
    takes=("category",),
    summary="numbers written as text (\"12 oz\", \"$1,200\") become numbers",
    paper="Raman & Hellerstein: Potter's Wheel: an interactive data cleaning system",
    year=2001,
    link="https://www.vldb.org/conf/2001/P381.pdf",
    implementation="provender.methods.written_numbers:WrittenNumbers",
    helps="cells hold numbers with units or separators",
    hurts="codes that only look like numbers",
    cost="distinct values",
    seconds=0.1,
    only_if=("written",),
    prior=-2.0,
    signals={"written": 3.0},
)


class WrittenNumbers(TransformerMixin, BaseEstimator):
    """DataFrame (n, d) of strings -> (n, d) float64; a cell without a number becomes the training median."""

    def fit(self, X: pd.DataFrame, y: object = None) -> WrittenNumbers:
        numbers = self._read(X)
        known = np.where(np.isnan(numbers).all(axis=0), 0.0, numbers)
        self.median_ = np.nanmedian(known, axis=0)
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        numbers = self._read(X)
        return np.where(np.isnan(numbers), self.median_, numbers)

    def _read(self, X: pd.DataFrame) -> np.ndarray:
        return np.column_stack([written_numbers(X.iloc[:, i]).to_numpy(dtype=float) for i in range(X.shape[1])])
