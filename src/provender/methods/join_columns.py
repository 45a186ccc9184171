"""Columns of another table, looked up by key: Kanter & Veeramachaneni, Deep feature synthesis, 2015 (its aggregates
for keys that occur several times); keys are normalised as in record linkage, so that "São Paulo " finds "sao paulo".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..contract.loader import AssetView
from ..errors import LoaderError
from .card import Card

CARD = Card(
    name="join_columns",
    family="join",
    slot="source",
    summary="columns of another table, looked up by key",
    paper="Kanter & Veeramachaneni: Deep feature synthesis: towards automating data science endeavors",
    year=2015,
    link="https://doi.org/10.1109/DSAA.2015.7344858",
    implementation="provender.methods.join_columns:JoinColumns",
    helps="the key stands for something the table knows more about",
    hurts="few keys are found, or every key has one row only",
    cost="n + rows of the table",
    seconds=0.3,
    prior=0.5,
    signals={},
)

AGGREGATES = ("first", "mean", "min", "max", "std", "sum", "count", "most")
""""most" is the most frequent value; "first" of the rows in the table's order."""

_NUMERIC_SHARE = 0.9  # a column of which so many values are numbers is one


class JoinColumns(BaseEstimator):
    """on       [(task column, table column), …]; all must agree
    columns  {name of the new column: table column, or (table column, aggregate)}; a bare column is averaged where it
             is numeric, else its most frequent value is taken
    """

    def __init__(self, on: Sequence[Sequence[str]], columns: Mapping[str, str | Sequence[str]]) -> None:
        self.on = on
        self.columns = columns

    def fit(self, frame: pd.DataFrame, asset: AssetView) -> JoinColumns:
        """Read the table. `frame` is only asked for its key columns' types. Raises LoaderError for an unknown column."""
        table = asset.frame()
        wanted = {theirs for _, theirs in self.on} | {_source(spec)[0] for spec in self.columns.values()}
        lacking = wanted - set(table.columns)
        if lacking:
            raise LoaderError(f"{asset.id} has no column {sorted(lacking)[0]!r}; its columns are {list(table.columns)}")
        keys = _keys(table, [theirs for _, theirs in self.on])
        found = keys.notna().to_numpy()
        self.lookup_ = pd.DataFrame({
            name: _aggregate(table[column][found], keys[found], how)
            for name, (column, how) in ((name, _source(spec)) for name, spec in self.columns.items())
        })  # fmt: skip
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with the new columns at its right; missing where the key is unknown. Index and order are kept."""
        keys = _keys(frame, [ours for ours, _ in self.on])
        place = self.lookup_.index.get_indexer(keys)
        added = self.lookup_.reset_index(drop=True).reindex(np.where(place < 0, len(self.lookup_), place))
        return pd.concat([frame, added.set_axis(frame.index)], axis=1)


def _source(spec: str | Sequence[str]) -> tuple[str, str | None]:
    return (spec, None) if isinstance(spec, str) else (spec[0], spec[1])


def _aggregate(column: pd.Series, keys: pd.Series, how: str | None) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce") if column.dtype.kind != "M" else column
    known = column.dtype.kind in "iufb"  # a column of numbers stays one, even when none is left of them
    numeric = known or (column.dtype.kind != "M" and numbers.notna().sum() >= _NUMERIC_SHARE * max(column.notna().sum(), 1))
    values = numbers.astype(float) if numeric else column
    how = how or ("mean" if numeric else "most")
    if how not in AGGREGATES:
        raise LoaderError(f"there is no aggregate {how!r}: use one of {', '.join(AGGREGATES)}")
    groups = values.groupby(keys.to_numpy(), sort=True)
    if how == "most":
        frequency = pd.DataFrame({"key": keys.to_numpy(), "value": values.to_numpy()}).dropna().value_counts(sort=False)
        ranked = frequency.reset_index(name="count").sort_values(["key", "count"], ascending=[True, False], kind="stable")
        best = ranked.drop_duplicates("key").set_index("key")["value"]
        return best.reindex(sorted(set(keys)))
    out = groups.agg(how)
    return out.astype(float) if numeric or how == "count" else out


def _keys(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """One normalised key a row, missing where any part is."""
    parts = [_normalised(frame[column]) for column in columns]
    key = parts[0]
    for part in parts[1:]:
        key = key + "\x1f" + part
    return key


def _normalised(column: pd.Series) -> pd.Series:
    """Keys as plain strings: numbers without trailing zeros, days as 2024-01-31, text without case, accents and signs."""
    if column.dtype.kind == "M":
        return column.dt.strftime("%Y %m %d").astype("str")
    plain = {value: _plain(value) for value in pd.unique(column.dropna())}
    return column.map(plain, na_action="ignore").astype("str")


def _plain(value: object) -> str:
    if isinstance(value, (int, float, np.number, bool)):
        return f"{float(value):.10g}"
    text = unicodedata.normalize("NFKD", str(value)).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text.strip()):
        return f"{float(text):.10g}"
    return " ".join(re.findall(r"\w+", text))
