"""Read and sketch one offered file. Pure functions of its bytes; in the product they run inside a sandbox.

`read_offered` is the one reader of external files: the columns that a lead names are the ones that it gives, so the
pool must be filled by it as well. It adds to `profile.table.read_table` what a user's training table never is: tables
without a header (columns become c1, c2 …), JSON objects of records, and plain text with one record a line.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ..errors import TaskError
from ..profile.sketch import sketch_column
from ..profile.table import read_table, sniff_delimiter

VERSION = 1
"""Raise it when sketches change: indexes made by another version are made anew."""
MOST_ROWS = 500_000
MOST_COLUMNS = 300
MOST_LEVELS = 30  # columns with at most so many values list them all: label maps need them
_SHOWN = 120
_DELIMITED = frozenset((".csv", ".tsv", ".txt", ".dat"))
SUFFIXES = frozenset((*_DELIMITED, ".json", ".jsonl", ".ndjson", ".parquet", ".pq"))


def file_format(path: Path) -> str:
    """The suffix that decides about the reader, without .gz: ".csv" of "a.csv.gz"; "" when nothing reads it."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    suffix = (suffixes[:-1] if zipped else suffixes)[-1:] or [""]
    readable = suffix[0] in SUFFIXES and not (zipped and suffix[0] in (".parquet", ".pq"))
    return suffix[0] if readable else ""


def sketch_file(path: Path) -> Mapping[str, object]:
    """A file's table as JSON: {"format", "rows", "columns": [ColumnSketch as JSON], "levels", "sample", "notes"}.

    levels   {column: {value: count}} of the columns with at most 30 distinct values
    sample   the first 5 records, values as strings of at most 120 characters

    Raises TaskError when the file holds no table.
    """
    frame = read_offered(path, MOST_ROWS)
    notes = [f"only the first {MOST_ROWS:,} rows were looked at"] if len(frame) == MOST_ROWS else []
    if len(frame.columns) > MOST_COLUMNS:
        notes.append(f"only the first {MOST_COLUMNS} of {len(frame.columns)} columns were looked at")
        frame = frame.iloc[:, :MOST_COLUMNS]
    sketches = [sketch_column(column) for _, column in frame.items()]
    shown = [name for name in frame if not _holds_bytes(frame[name])]
    return {
        "format": "lines" if list(frame) == ["text"] and file_format(path) in (".txt", ".dat") else file_format(path)[1:],
        "rows": len(frame),
        "columns": [sketch.to_json() for sketch in sketches],
        "levels": {s.name: _levels(frame[s.name]) for s in sketches if s.name in shown and 2 <= s.cardinality <= MOST_LEVELS},
        "sample": [{name: str(row[name])[:_SHOWN] for name in shown} for row in frame[shown].head(5).to_dict("records")],
        "notes": "; ".join(notes),
    }


def _holds_bytes(column: pd.Series) -> bool:
    present = column.dropna()
    return len(present) > 0 and isinstance(present.iloc[0], bytes)


def _levels(column: pd.Series) -> dict[str, int]:
    """{value as `level_name` writes it: count}, the most frequent first."""
    counts = column.dropna().value_counts()
    return {level_name(value): int(count) for value, count in counts.items()}


def level_name(value: object) -> str:
    """A value as label maps name it: 1, 1.0 and "1" are all "1"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def read_offered(path: Path, limit_rows: int | None = None) -> pd.DataFrame:
    """The table of an external file, with string column names. Raises TaskError when there is none."""
    suffix = file_format(path)
    if suffix in _DELIMITED:
        return _read_delimited(path, suffix, limit_rows)
    if suffix == ".json" and (records := _object_of_records(path)) is not None:
        return pd.DataFrame(records[:limit_rows]).pipe(_flat)
    return read_table(path, limit_rows)


def _read_delimited(path: Path, suffix: str, limit_rows: int | None) -> pd.DataFrame:
    text = _text(path)
    delimiter = "\t" if suffix == ".tsv" else sniff_delimiter(text[: 1 << 16])
    head = _records(text, delimiter, 400)
    if suffix in (".txt", ".dat") and not _is_table(head):
        lines = [line.strip() for line in text.splitlines()]
        return pd.DataFrame({"text": [line for line in lines if line][:limit_rows]}, dtype="str")
    named = has_header(head, expected=suffix != ".dat")
    if named and suffix != ".dat":
        return read_table(path, limit_rows)
    names = None if named else [f"c{i + 1}" for i in range(max(map(len, head)))]
    try:
        return pd.read_csv(
            io.StringIO(text), sep=delimiter, names=names, nrows=limit_rows, low_memory=False, index_col=False, na_values=["\\N"]
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise TaskError(f"{path.name} is not a table separated by {delimiter!r}: {error}") from None


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError) as error:
            raise TaskError(f"{path.name} is damaged: {error}") from None
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.strip() and "\x00" not in text:
            return text
        break
    raise TaskError(f"{path.name} holds no text")


def _records(text: str, delimiter: str, most: int) -> list[list[str]]:
    """The first records with their cells; blank lines are none."""
    reader = csv.reader(io.StringIO(text[: 1 << 20], newline=""), delimiter=delimiter)
    found: list[list[str]] = []
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                found.append([cell.strip() for cell in record])
            if len(found) == most:
                break
    except csv.Error as error:
        raise TaskError(f"it is not a table separated by {delimiter!r}: {error}") from None
    return found


def _is_table(head: list[list[str]]) -> bool:
    """Nearly all records have as many cells as the first, and more than one."""
    width = len(head[0])
    return width > 1 and sum(len(record) == width for record in head) >= 0.9 * len(head)


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_YEAR = re.compile(r"(1[5-9]|20)\d\d")


def has_header(head: list[list[str]], expected: bool = True) -> bool:
    """Whether the first record names the columns.

    Numbers decide: a column of numbers that begins with a number has no name (years are names: "Country, 2008, 2009"),
    one that begins with a word has. A table of texts alone has a header when one is `expected`, unless a name comes
    twice or half of the names come again as values below.
    """
    first, rest = head[0], [record for record in head[1:] if len(record) == len(head[0])]
    named = [cell for cell in first if cell]
    if not rest:
        return True
    if len(set(named)) < len(named):
        return False
    numeric = [sum(bool(_NUMBER.fullmatch(record[i])) for record in rest) >= 0.7 * len(rest) for i in range(len(first))]
    if any(is_number and _NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell, is_number in zip(first, numeric, strict=True)):
        return False
    if any(numeric):
        return True
    again = sum(any(record[i] == cell for record in rest) for i, cell in enumerate(first) if cell)
    return expected and 2 * again < len(named)


def _object_of_records(path: Path) -> list[dict] | None:
    """The records of {"AD": {…}, "AE": {…}}, their keys first, under the name `key`; None for any other JSON."""
    try:
        value = json.loads(_text(path))
    except ValueError:
        return None  # read_table tells what is wrong with it
    if not isinstance(value, dict) or len(value) < 3 or not all(isinstance(record, dict) for record in value.values()):
        return None
    return [{"key": key, **record} for key, record in value.items()]


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Nested values as JSON text, so that every column is numbers or strings."""
    for name in [name for name, dtype in frame.dtypes.items() if dtype.kind == "O"]:
        plain = frame[name].map(lambda v: json.dumps(v, ensure_ascii=False) if isinstance(v, (dict, list)) else v, na_action="ignore")
        kinds = {type(value) for value in plain.dropna()}
        frame = frame.assign(**{name: plain.astype(float if kinds <= {int, float, bool} else "str")})
    return frame
