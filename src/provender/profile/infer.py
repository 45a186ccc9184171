"""Column kinds and the task type, inferred for the user to correct. Nothing is changed: what looks wrong becomes a note."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..contract.schema import COLUMN_KINDS, Column, ColumnKind, Schema
from ..errors import TaskError
from .cells import YES_NO, is_date, is_missing_marker, plain_numbers, written_numbers

_ID_NAME = re.compile(
    r"(^|[_\s.-])(id|uuid|guid|index|idx|rowid|row|key|serial)$|[a-z]I[dD]$|^unnamed: 0$", re.IGNORECASE
)
_CAMEL_ID = re.compile(r"[a-z]I[dD]$")
_CODE_NAME = re.compile(
    r"(^|[_\s.-])(code|zip|zipcode|postcode|postal|type|category|cluster|zone|region|district|store|shop|dept|phone)$",
    re.IGNORECASE,
)
_ID_VALUE = re.compile(
    r"^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{24,64})$", re.IGNORECASE
)
_LOOKED_AT = 1_000  # distinct values that decide about a column written as strings


def infer_schema(
    frame: pd.DataFrame,
    *,
    target: str | Sequence[str],
    id: str | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Schema:
    """The kind of every input column, in file order; target and row id are left out. `overrides` is {column: kind}.

    numeric means that `pd.to_numeric(errors="coerce")` loses nothing but missing markers such as "?"; numbers with
    units or thousands separators stay what they are, text or categories, and `column_notes` tells of them.

    Raises TaskError for a target, id or override that is no column of the frame.
    """
    targets = [target] if isinstance(target, str) else list(target)
    overrides = dict(overrides or {})
    for key, name in (
        [("target", t) for t in targets] + [("id", id)] * (id is not None) + [("columns", c) for c in overrides]
    ):
        require_column(frame, name, key)
    for name, kind in overrides.items():
        if kind not in COLUMN_KINDS:
            raise TaskError(f"columns.{name} is {kind!r}: choose one of {', '.join(COLUMN_KINDS)}")
    columns = []
    for name in frame.columns:
        if name in targets or name == id:
            continue
        values = frame[name]
        columns.append(
            Column(
                name=name,
                kind=overrides.get(name) or infer_kind(values),
                cardinality=int(values.nunique()),
                missing=round(float(values.isna().mean()), 6),
            )
        )
    return Schema(tuple(columns))


def require_column(frame: pd.DataFrame, name: str, key: str) -> None:
    """Raise TaskError, with the closest name, when the frame has no column `name`."""
    if name not in frame.columns:
        close = difflib.get_close_matches(str(name), [str(c) for c in frame.columns], n=1, cutoff=0.5)
        lower = [c for c in frame.columns if str(c).lower() == str(name).lower()]
        hint = (
            f"did you mean {(lower or close)[0]!r}?"
            if lower or close
            else f"the columns are {', '.join(map(str, frame.columns[:20]))}"
        )
        raise TaskError(f"{key} is {name!r}, but the data has no such column: {hint}")


def infer_kind(values: pd.Series) -> ColumnKind:
    """The kind of one column from its values and its name. O(n), and string work on some 1,000 of them."""
    present = values.dropna()
    distinct = present.nunique()
    if distinct == 0 or (distinct == 1 and len(present) == len(values)):
        return "constant"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "numeric"
    if values.dtype.kind == "M":
        return "date"
    if values.dtype == object and isinstance(present.iloc[0], bytes):
        return "image" if is_image(present.iloc[0]) else "id"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _infer_number(present, distinct)
    return _infer_string(present.astype("str"), distinct)


def is_image(raw: bytes) -> bool:
    """The bytes start like a PNG, JPEG, GIF, BMP, TIFF or WebP file."""
    return raw.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")) or (
        raw[:4] == b"RIFF" and raw[8:12] == b"WEBP"
    )


def _named_id(name: object) -> bool:
    return bool(_ID_NAME.search(str(name)) or _CAMEL_ID.search(str(name)))


def _infer_number(present: pd.Series, distinct: int) -> ColumnKind:
    whole = bool((present == np.floor(present)).all())
    if not whole:
        return "numeric"
    unique = distinct == len(present)
    if unique and _named_id(present.name):
        return "id"
    if unique and len(present) >= 20 and abs(present.iloc[0]) <= 1 and bool((present.diff().dropna() == 1).all()):
        return "id"  # 0, 1, 2 … in file order is a row number, whatever its name
    if (_named_id(present.name) or _CODE_NAME.search(str(present.name))) and distinct > 2:
        return "category"  # customer_id that repeats, zip codes: numbers without order or distance
    return "numeric"


def _infer_string(present: pd.Series, distinct: int) -> ColumnKind:
    values = present.drop_duplicates()
    values = values[~is_missing_marker(values)]
    unique = distinct == len(present)
    if len(values) == 0:
        return "constant"
    looked = values.iloc[:: max(1, len(values) // _LOOKED_AT)]  # spread over the column: sorted files hide their tail
    numbers = plain_numbers(looked)
    if numbers.notna().all() and plain_numbers(values).notna().all():
        if values.str.startswith("0").any() and values.str.contains(r"^0[0-9]").any():
            return "id" if unique and _named_id(present.name) else "category"  # 01234 is a code, not 1234
        return _infer_number(plain_numbers(present).dropna(), len(values))
    if is_date(looked).mean() >= 0.95:
        return "date"
    hashes = looked.iloc[:100].map(lambda value: _ID_VALUE.match(value) is not None).mean() > 0.95
    if unique and len(present) >= 20 and (_named_id(present.name) or hashes):
        return "id"
    words = looked.str.count(r"\S+").mean()
    share = distinct / len(present)
    prose = words >= 3 and share >= 0.3 and distinct > 20 and written_numbers(looked).notna().mean() < 0.5
    long = words >= 8 and distinct > 20  # long texts are prose even when they repeat
    return "text" if prose or long else "category"


def infer_modality(schema: Schema) -> str:
    """tabular | text | image: what most of the input is made of."""
    if schema.of_kind("image"):
        return "image"
    used = [column for column in schema if column.kind not in ("id", "constant")]
    prose = [column for column in used if column.kind == "text"]
    return "text" if prose and len(prose) * 2 >= len(used) else "tabular"


def written_share(real: pd.Series) -> float:
    """Share of these texts that hold a number; 0 with fewer than 4 different ones ("1Story", "2Story" are categories)."""
    numbers = written_numbers(real)
    return float(numbers.notna().mean()) if numbers.nunique() >= 4 else 0.0


def column_notes(frame: pd.DataFrame, schema: Schema) -> list[str]:
    """What the user should look at, one sentence a column and oddity: written numbers, yes/no words, missing markers."""
    notes = []
    for column in schema:
        values = frame[column.name]
        if column.kind in ("image", "constant", "text") or values.dtype.kind in "biufmM":
            continue
        present = values.dropna().astype("str")
        markers = present[is_missing_marker(present)]
        if len(markers):
            seen = ", ".join(repr(m) for m in markers.unique()[:3])
            notes.append(f"{column.name}: {len(markers)} cells hold {seen}, which looks like a missing value")
        real = present[~is_missing_marker(present)]
        if len(real) == 0:
            continue
        odd = real[plain_numbers(real).isna()]
        if column.kind == "category" and len(odd) and (share := written_share(real)) > 0.9:
            example = odd[written_numbers(odd).notna()].head(1).tolist() or [odd.iloc[0]]
            notes.append(
                f"{column.name}: {share:.0%} are numbers written as text, such as {example[0]!r}; a {column.kind} until parsed"
            )
        if frozenset(real.str.strip().str.lower().unique()) in YES_NO:
            notes.append(f"{column.name}: yes/no words ({', '.join(map(repr, real.unique()[:2]))}), kept as a category")
    return notes
