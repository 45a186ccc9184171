"""The profile of a task's rows: facts from which a policy decides what to try. Statistics only, no cell of any row.

Every association is one number with one meaning, comparable across kinds of columns and targets: the share of the
target's variance that knowing the column explains (epsilon squared, Kelley 1935: eta squared less what chance
explains), where a class target counts as its one-hot columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from ..contract.schema import Column, Schema
from .cells import is_missing_marker, parse_dates, plain_numbers, written_numbers
from .digests import normalise_text, normalised_digests
from .noise import target_noise

_BINS = 10
_RARE = 10  # rows below which a category is rare
_LOOKED_AT = 2_000  # texts that are measured


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """Facts of one column; what does not apply to its kind is 0. Shares are of all rows, 0 to 1.

    missing              absent cells
    markers              cells that hold a marker such as "?" instead of being absent
    cardinality          distinct present values
    skew                 third standardised moment of the numbers (0 = symmetric, beyond ±1 is strong)
    outliers             numbers beyond 1.5 interquartile ranges from the quartiles (0.007 for a normal distribution)
    zeros                numbers that are exactly 0
    written              present cells that hold a number written as text ("$1,200", "12 oz"), for categories
    rare                 rows in categories of fewer than 10 rows
    variants             rows whose category is also written otherwise ("NYC ", "nyc")
    words, characters    means for texts and categories
    span_days            days between the first and last date
    association          share of the target's variance explained by ten bins of it, or by its categories
    linear               share explained by a straight line in it (numeric and date)
    missing_association  share explained by knowing only whether the cell is absent
    """

    name: str
    kind: str
    missing: float
    markers: float = 0.0
    cardinality: int = 0
    skew: float = 0.0
    outliers: float = 0.0
    zeros: float = 0.0
    written: float = 0.0
    rare: float = 0.0
    variants: float = 0.0
    words: float = 0.0
    characters: float = 0.0
    span_days: float = 0.0
    association: float = 0.0
    linear: float = 0.0
    missing_association: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Facts of the rows that a search sees.

    duplicate_share   rows whose input cells repeat those of an earlier row (after normalising)
    conflict_share    rows that share their input cells with a row of another target
    class_shares      {class: share}, in the task's order; {} for regression
    target_skew       of a numeric target, the first one where there are several
    target_noise      share of rows whose target their neighbours confidently contradict (see profile/noise.py)
    """

    n_rows: int
    n_columns: int
    duplicate_share: float
    conflict_share: float
    class_shares: dict[str, float]
    target_skew: float
    target_noise: float
    columns: tuple[ColumnFacts, ...]

    def to_json(self) -> dict:
        return asdict(self) | {"columns": [asdict(column) for column in self.columns]}


def profile_rows(frame: pd.DataFrame, y: np.ndarray, schema: Schema, kind: str, classes: Sequence[str]) -> Profile:
    """Profile rows of the task: frame (n, d) with the schema's columns, y as in contract/rows.py. 5,000 x 50 in about a second."""
    y = np.asarray(y)
    target = _target_matrix(y, kind)
    shares = {}
    if kind == "classification":
        counts = np.bincount(y.astype(np.int64), minlength=len(classes)) / max(len(y), 1)
        shares = {name: round(float(share), 4) for name, share in zip(classes, counts, strict=True)}
    inputs = [column.name for column in schema if column.kind not in ("id", "constant")]
    digests = normalised_digests(frame, inputs)
    distinct, group = np.unique(digests, return_inverse=True)
    return Profile(
        n_rows=len(frame),
        n_columns=len(schema),
        duplicate_share=_share(len(frame) - len(distinct), len(frame)) if inputs else 0.0,
        conflict_share=_conflicts(group, y) if inputs else 0.0,
        class_shares=shares,
        target_skew=_skew(target[:, 0]) if kind == "regression" else 0.0,
        target_noise=target_noise(frame, y, schema, kind),
        columns=tuple(column_facts(frame[column.name], column, target) for column in schema),
    )


def column_facts(values: pd.Series, column: Column, target: np.ndarray) -> ColumnFacts:
    """Facts of one column; `target` (n, t) float64 holds one-hot classes or standardised numbers."""
    head = {"name": column.name, "kind": column.kind, "cardinality": int(values.nunique())}
    absent = values.isna().to_numpy()
    match column.kind:
        case "numeric":
            return ColumnFacts(**head, **_numeric(values, absent, target))
        case "date":
            dates = parse_dates(values)
            days = (dates - pd.Timestamp(0)).dt.total_seconds() / 86_400
            facts = _numeric(days, absent, target)
            kept = {name: facts[name] for name in ("missing", "association", "linear", "missing_association")}
            return ColumnFacts(
                **head, **kept, span_days=round(float(np.ptp(days.dropna())), 2) if days.notna().any() else 0.0
            )
        case "category":
            return ColumnFacts(**head, **_category(values, absent, target))
        case "text":
            return ColumnFacts(**head, missing=_round(absent.mean()), **_lengths(values.dropna()))
    return ColumnFacts(**head, missing=_round(absent.mean()))


def _numeric(values: pd.Series, absent: np.ndarray, target: np.ndarray) -> dict[str, float]:
    number = plain_numbers(values).to_numpy()
    number = np.where(np.isfinite(number), number, np.nan)
    known = number[~np.isnan(number)]
    facts = {"missing": _round(absent.mean()), "markers": _round(np.isnan(number).mean() - absent.mean())}
    if len(known) < 3:
        return facts
    low, high = np.quantile(known, (0.25, 0.75))
    reach = 1.5 * (high - low)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    bins = np.where(np.isnan(number), len(edges) + 1, np.searchsorted(edges, number, side="right"))
    return facts | {
        "skew": _skew(known),
        "outliers": _round(((known < low - reach) | (known > high + reach)).mean()) if reach > 0 else 0.0,
        "zeros": _round((known == 0).mean()),
        "association": explained(bins, target),
        "linear": _line(number, target),
        "missing_association": explained(np.isnan(number).astype(int), target),
    }


def _category(values: pd.Series, absent: np.ndarray, target: np.ndarray) -> dict[str, float]:
    codes, names = pd.factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    facts = {
        "missing": _round(absent.mean()),
        "rare": _share(counts[counts < _RARE].sum(), len(values)),
        "association": explained(np.where(codes < 0, len(names), codes), target),
        "missing_association": explained(absent.astype(int), target),
    }
    if len(names) and not pd.api.types.is_numeric_dtype(values.dtype):
        distinct = pd.Series(names, dtype="str")
        spellings = pd.Series(normalise_text(pa.array(distinct.tolist(), pa.large_string())).to_pylist())
        several = spellings.map(spellings.value_counts()).to_numpy() > 1
        markers = is_missing_marker(distinct).to_numpy()
        real, of_real = distinct[~markers], counts[~markers]
        plain = len(real) == 0 or plain_numbers(real).notna().all()
        facts |= {
            "markers": _share(counts[markers].sum(), len(values)),
            "variants": _share(counts[several].sum(), len(values)),
            "written": 0.0 if plain else _round(np.average(written_numbers(real).notna(), weights=of_real)),
            **_lengths(values.dropna()),
        }
    return facts


def _lengths(present: pd.Series) -> dict[str, float]:
    text = present.iloc[:: max(1, len(present) // _LOOKED_AT)].astype("str")
    if len(text) == 0:
        return {}
    return {
        "words": round(float(text.str.count(r"\S+").mean()), 2),
        "characters": round(float(text.str.len().mean()), 2),
    }


def _target_matrix(y: np.ndarray, kind: str) -> np.ndarray:
    if kind == "classification" and y.ndim == 1:
        return np.eye(int(y.max(initial=0)) + 1)[y.astype(np.int64)]
    target = np.asarray(y, dtype=float).reshape(len(y), -1)
    return (target - target.mean(axis=0)) / np.maximum(target.std(axis=0), 1e-300) if kind == "regression" else target


def explained(group: np.ndarray, target: np.ndarray) -> float:
    """Epsilon squared: the share of the target's variance between groups, less what as many random groups would explain.

    group (n,) small non-negative codes; target (n, t). 0 when every group has one row, or there is one group.
    """
    n = len(group)
    counts = np.bincount(group)
    filled = counts > 0
    k = int(filled.sum())
    if n < 3 or not 1 < k < n:
        return 0.0
    sums = np.column_stack([np.bincount(group, column) for column in target.T])[filled]
    grand = (target.sum(axis=0) ** 2 / n).sum()
    total = (target**2).sum() - grand
    if total <= 0:
        return 0.0
    eta = ((sums**2) / counts[filled, None]).sum() - grand
    return _round(max(0.0, 1 - (1 - eta / total) * (n - 1) / (n - k)))


def _line(number: np.ndarray, target: np.ndarray) -> float:
    known = ~np.isnan(number)
    x = number[known] - number[known].mean()
    centred = target[known] - target[known].mean(axis=0)
    spread, total = float(x @ x), float((centred**2).sum())
    if len(x) < 3 or spread <= 0 or total <= 0:
        return 0.0
    share = float(((x @ centred) ** 2).sum()) / spread / total
    return _round(max(0.0, 1 - (1 - share) * (len(x) - 1) / (len(x) - 2)))


def _conflicts(group: np.ndarray, y: np.ndarray) -> float:
    targets = np.unique(y, axis=0, return_inverse=True)[1].ravel()
    pairs = pd.DataFrame({"group": group, "target": targets}).drop_duplicates()
    several = pairs["group"].value_counts()
    return _share(int(np.isin(group, several.index[several > 1]).sum()), len(y))


def _skew(values: np.ndarray) -> float:
    centred = values - values.mean()
    spread = centred.std()
    return round(float((centred**3).mean() / spread**3), 3) if spread > 1e-300 else 0.0


def _share(part: float, whole: int) -> float:
    return _round(part / whole) if whole else 0.0


def _round(value: float) -> float:
    return round(float(value), 4)
