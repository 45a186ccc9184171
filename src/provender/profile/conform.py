"""A table as its schema says: what task.toml calls numeric is handed out as numbers, everything else as one type a column."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
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


def conform_like(frame: pd.DataFrame, schema: Schema, dtypes: Mapping[str, str]) -> tuple[pd.DataFrame, list[str]]:
    """New records as those of the training file were: the schema's columns, of the training dtypes, and notes on cells that had to be dropped.

    dtypes  {column: dtype of the training records}. A single row, an unseen category and a missing cell are all fine.

    Raises TaskError naming every column that is missing. A column that merely names rows, or held one value only, may be missing.
    """
    spare = {column.name for column in schema if column.kind in ("id", "constant")}
    lacking = [name for name in schema.names if name not in frame.columns and name not in spare]
    if lacking:
        raise TaskError(f"the inputs lack {', '.join(map(repr, lacking[:12]))}{' and more' if len(lacking) > 12 else ''}: the model needs these columns")
    table = frame.assign(**{name: None for name in spare if name not in frame.columns})[list(schema.names)]
    notes: list[str] = []
    columns = {name: _like(table[name], dtypes[name], notes) for name in schema.names}
    return pd.DataFrame(columns, index=table.index), notes


def _like(values: pd.Series, dtype: str, notes: list[str]) -> pd.Series:
    """One column with this dtype; cells that cannot have it become missing, and are told."""
    wanted = pd.api.types.pandas_dtype(dtype)
    if values.dtype == wanted:
        return values
    if wanted.kind in "iufb" and not isinstance(wanted, pd.CategoricalDtype):
        found = values if values.dtype.kind in "iufb" else _read_numbers(values, truths=wanted.kind == "b")
        found = found.astype(wanted if _fits(found, getattr(wanted, "numpy_dtype", wanted)) else float)
    elif wanted.kind == "M":
        found = pd.to_datetime(values, errors="coerce", format="mixed", utc=True).dt.tz_convert(getattr(wanted, "tz", None)).astype(wanted)
    elif wanted.kind == "O" and all(isinstance(value, bytes) for value in values.dropna()):
        return values
    else:
        found = values.map(_word, na_action="ignore").astype("str")
    lost = found.isna() & values.notna() & ~is_missing_marker(values)
    if lost.any():
        at = int(lost.to_numpy().argmax())
        notes.append(f"{values.name}: {int(lost.sum())} cells are no {'date' if wanted.kind == 'M' else 'number'}, such as {values.iloc[at]!r} in row {at + 1}; they count as missing")
    return found


def _fits(numbers: pd.Series, dtype: np.dtype) -> bool:
    """Whether a column of this type holds these numbers as they are; a cast that does not fit would wrap around silently."""
    if dtype.kind == "b":
        return bool(numbers.isin([0, 1]).all())
    if dtype.kind == "f":
        return bool((numbers.abs()[np.isfinite(numbers)] <= np.finfo(dtype).max).all())
    limits = np.iinfo(dtype)
    inside = (numbers >= limits.min) & (numbers < float(limits.max) + 1.0)
    return bool(inside.all()) and bool((numbers == numbers.round()).all())


def _word(value: object) -> str:
    """A code that was read as a number is the word it was in training: 3.0 is "3"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _conform_column(values: pd.Series, kind: str) -> pd.Series:
    if kind == "numeric" and not pd.api.types.is_numeric_dtype(values.dtype):
        return _as_numbers(values)
    if kind in ("category", "text", "date", "id") and values.dtype == object:
        present = values.dropna()
        if not all(isinstance(value, bytes) for value in present):
            return values.map(str, na_action="ignore").astype("str")
    return values


def _read_numbers(values: pd.Series, *, truths: bool = False) -> pd.Series:
    """(n,) float: plain numbers, else the number that is written there; `truths` reads "true" and "false" as 1 and 0."""
    numbers = plain_numbers(values)
    unread = numbers.isna() & values.notna() & ~is_missing_marker(values)
    if unread.any():
        words = values.astype("str")
        numbers = numbers.where(~unread, words.str.strip().str.lower().map({"true": 1.0, "false": 0.0}) if truths else written_numbers(words))
    return numbers


def _as_numbers(values: pd.Series) -> pd.Series:
    numbers = _read_numbers(values)
    present = values.notna() & ~is_missing_marker(values)
    if int(numbers.notna().sum()) * 2 < int(present.sum()):
        bad = values[present & numbers.isna()].tolist()[0]
        raise TaskError(f"columns.{values.name} is 'numeric', but the data holds {bad!r}: set it to category or text")
    return numbers
