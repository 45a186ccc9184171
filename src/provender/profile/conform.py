"""A table as its schema says: what task.toml calls numeric is handed out as numbers, everything else as one type a column."""

from __future__ import annotations

import pandas as pd

from ..contract.schema import Schema
from ..errors import TaskError
from .cells import is_missing_marker, plain_numbers, written_numbers


def conform(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The schema's columns, in its order, under the same index.

    A numeric column that is stored as text ("130", "?") becomes float64, its missing markers NaN; where the user
    declared a column of written numbers ("12 oz") numeric, the numbers in it count. Columns of mixed Python objects,
    as they arise from joining tables of different types, become strings. Nothing else changes.

    Raises TaskError when less than half of a numeric column's cells hold a number.
    """
    return frame[list(schema.names)].assign(
        **{column.name: _conform_column(frame[column.name], column.kind) for column in schema}
    ).copy()  # in one piece: see `table.read_table`


def _conform_column(values: pd.Series, kind: str) -> pd.Series:
    if kind == "numeric" and not pd.api.types.is_numeric_dtype(values.dtype):
        return _as_numbers(values)
    if kind in ("category", "text", "date", "id") and values.dtype == object:
        present = values.dropna()
        if not all(isinstance(value, bytes) for value in present):
            return values.map(str, na_action="ignore").astype("str")
    return values


def _as_numbers(values: pd.Series) -> pd.Series:
    numbers = plain_numbers(values)
    unread = numbers.isna() & values.notna() & ~is_missing_marker(values)
    if unread.any():
        numbers = numbers.where(~unread, written_numbers(values.astype("str")))
    told = int((values.notna() & ~is_missing_marker(values)).sum())
    if int(numbers.notna().sum()) * 2 < told:
        bad = values[unread & numbers.isna()].tolist()[0]
        raise TaskError(f"columns.{values.name} is 'numeric', but the data holds {bad!r}: set it to category or text")
    return numbers
