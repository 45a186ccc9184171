"""Sketches of columns: enough to find joins and appends between tables without reading them again. JSON-able.

A sketch keeps the digests of up to 32,768 distinct normalised values exactly (32 bits each: one false match among
100,000 lookups) and a MinHash of all of them (Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900) for columns with more.
The exact part is what makes the usual join visible: 50 cities inside a table of 30,000 have a Jaccard similarity
of 0.002, which no MinHash of practical size can tell from 0.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
import pyarrow as pa
from rensa import RMinHash

from .cells import plain_numbers
from .digests import normalise_text
from .infer import infer_kind

PERMUTATIONS = 256
MOST_EXACT = 32_768
_SEED = 42
_LOOKED_AT = 1_000  # distinct values that decide about the semantic type
_ZIP = re.compile(r"^[A-Za-z]{0,2}[\d -]{3,10}[A-Za-z]{0,2}$")
_SHOWN = 120  # characters of a sample value
_PATTERNS = {
    "email": re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", re.IGNORECASE),
    "url": re.compile(r"^(?:https?://|www\.)\S+$", re.IGNORECASE),
    "percent": re.compile(r"^[-+]?\d+(?:\.\d+)?\s?%$"),
    "currency": re.compile(r"^(?:[$€£¥]\s?[\d.,]+|[\d.,]+\s?(?:[$€£¥]|USD|EUR|GBP))$"),
    "coordinates": re.compile(r"^[-+]?\d{1,2}\.\d+\s*[,; ]\s*[-+]?\d{1,3}\.\d+$"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSketch:
    """kind         as in contract/schema.py;  semantic  one of the names of `semantic_type`, or ""
    rows         cells seen;  missing  share of absent ones (0 to 1);  cardinality  distinct normalised values
    words        mean number of words of its texts (0 for others)
    low, high    smallest and largest number, None for others;  mean, std likewise
    samples      up to 8 distinct values, spread over the column, cut to 120 characters
    values       base64 of the sorted uint32 digests of all distinct normalised values; "" when there are too many
    minhash      base64 of 256 uint32
    """

    name: str
    kind: str
    semantic: str
    rows: int
    missing: float
    cardinality: int
    words: float = 0.0
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    std: float | None = None
    samples: tuple[str, ...] = ()
    values: str = ""
    minhash: str = ""

    def to_json(self) -> dict:
        return asdict(self) | {"samples": list(self.samples)}

    @staticmethod
    def from_json(sketch: Mapping) -> ColumnSketch:
        return ColumnSketch(**{**sketch, "samples": tuple(sketch["samples"])})


def sketch_frame(frame: pd.DataFrame) -> dict[str, ColumnSketch]:
    """The sketch of every column that is no image."""
    sketches = {name: sketch_column(frame[name]) for name in frame.columns}
    return {name: sketch for name, sketch in sketches.items() if sketch.kind != "image"}


def sketch_column(column: pd.Series, kind: str | None = None) -> ColumnSketch:
    """Sketch one column; `kind` overrides the inferred one."""
    kind = kind or infer_kind(column)
    head = {
        "name": str(column.name),
        "kind": kind,
        "rows": len(column),
        "missing": round(float(column.isna().mean()), 6),
    }
    present = column.dropna()
    if kind == "image" or (len(present) and isinstance(present.iloc[0], bytes)):
        return ColumnSketch(**head, semantic="", cardinality=int(present.nunique()))
    unique = present.drop_duplicates()
    distinct = join_values(unique)
    digests = np.unique(pd.util.hash_array(distinct.astype(object), categorize=False).astype(np.uint32))
    minhash = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    minhash.update(list(distinct))
    numbers = plain_numbers(present).dropna() if kind == "numeric" else pd.Series(dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    shown = unique.iloc[:: max(1, len(unique) // 8)].head(8).astype("str")
    texts = unique.head(1_000).astype("str") if kind in ("text", "category") else unique[:0]
    return ColumnSketch(
        **head,
        semantic=semantic_type(unique, kind),
        cardinality=len(distinct),
        words=round(float(texts.str.count(r"\S+").mean()), 2) if len(texts) else 0.0,
        low=float(numbers.min()) if len(numbers) else None,
        high=float(numbers.max()) if len(numbers) else None,
        mean=float(numbers.mean()) if len(numbers) else None,
        std=float(numbers.std(ddof=0)) if len(numbers) else None,
        samples=tuple(value[:_SHOWN] for value in shown),
        values=_pack(digests) if 0 < len(distinct) <= MOST_EXACT else "",
        minhash=_pack(np.asarray(minhash.digest(), np.uint32)) if len(distinct) else "",
    )


def join_values(column: pd.Series) -> np.ndarray:
    """Distinct present values as normalised strings, the form in which keys of two tables are compared.

    3, 3.0 and "3" agree; so do "New York", "new  york" and "NEW-YORK"; dates agree by day.
    """
    present = column.dropna()
    if present.dtype.kind == "M":
        return present.dt.strftime("%Y-%m-%d").unique().astype(object)
    if pd.api.types.is_numeric_dtype(present.dtype):
        numbers = np.unique(present.to_numpy(dtype=float))
        return np.array(
            [f"{v:.0f}" if v == np.floor(v) and abs(v) < 1e15 else f"{v:.6g}" for v in numbers], dtype=object
        )
    texts = pa.array(present.astype("str").unique(), type=pa.large_string())
    return normalise_text(texts).unique().to_numpy(zero_copy_only=False).astype(object)


def containment(inner: ColumnSketch, outer: ColumnSketch) -> float:
    """Share of `inner`'s distinct values that `outer` holds, 0 to 1: exact where both sketches are, else estimated."""
    if not inner.cardinality or not outer.cardinality or not inner.minhash or not outer.minhash:
        return 0.0
    if inner.values and outer.values:
        a, b = _unpack(inner.values), _unpack(outer.values)
        return float(np.isin(a, b, assume_unique=True).mean())
    jaccard = float(np.mean(_unpack(inner.minhash) == _unpack(outer.minhash)))
    common = jaccard / (1 + jaccard) * (inner.cardinality + outer.cardinality)
    return min(1.0, common / inner.cardinality)


def semantic_type(present: pd.Series, kind: str) -> str:
    """What the values name, "" when nothing known: country | iso2 | iso3 | year | date | city | email | url | currency |
    coordinates | latitude | longitude | zip | percent. Values decide; the column's name breaks ties only."""
    name = str(present.name).lower()
    if kind == "date":
        return "date"
    if len(present) == 0 or kind in ("text", "constant"):
        return ""
    if pd.api.types.is_numeric_dtype(present.dtype):
        return _semantic_number(present.to_numpy(dtype=float), name)
    values = [str(value).strip() for value in present.head(_LOOKED_AT)]
    for semantic, pattern in _PATTERNS.items():
        if _share(values, pattern.match) > 0.9:
            return semantic
    if len(values) >= 3:
        upper = _share(values, str.isupper) > 0.8
        for semantic, known in _countries().items():
            if (semantic == "country" or upper) and _share(values, lambda v, known=known: v.lower() in known) > 0.8:
                return semantic
    if re.search(r"(^|[^a-z])(zip|postal|post_?code)", name) and _share(values, _ZIP.match) > 0.8:
        return "zip"
    named_city = re.search(r"(^|[^a-z])(city|town|municipality)([^a-z]|$)", name)
    return "city" if named_city and _share(values, re.compile(r"^\D+$").match) > 0.8 else ""


def _share(values: list[str], holds: Callable[[str], object]) -> float:
    return sum(bool(holds(value)) for value in values) / len(values)


def _semantic_number(values: np.ndarray, name: str) -> str:
    low, high = values.min(), values.max()
    whole = bool((values == np.floor(values)).all())
    if whole and low >= 1500 and high <= 2100 and re.search(r"year|(^|[^a-z])yr", name):
        return "year"
    if re.search(r"(^|[^a-z])(lat|latitude)([^a-z]|$)", name) and max(-low, high) <= 90:
        return "latitude"
    if re.search(r"(^|[^a-z])(lng|lon|long|longitude)([^a-z]|$)", name) and max(-low, high) <= 180:
        return "longitude"
    if whole and low >= 0 and re.search(r"(^|[^a-z])(zip|postal|post_?code)", name):
        return "zip"
    return "percent" if re.search(r"percent|pct|%", name) else ""


@cache
def _countries() -> dict[str, frozenset[str]]:
    """ISO 3166-1: lower-case codes and English short names."""
    lines = (files(__package__) / "countries.tsv").read_text("utf-8").lower().splitlines()
    iso2, iso3, names = zip(*(line.split("\t") for line in lines), strict=True)
    return {"iso2": frozenset(iso2), "iso3": frozenset(iso3), "country": frozenset(names)}


def _pack(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("<u4").tobytes()).decode()


def _unpack(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<u4")
