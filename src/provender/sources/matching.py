"""How alike two columns are, from their names and sketches alone. Every score is 0 (nothing in common) to 1.

The parts of a schema matcher after Rahm & Bernstein 2001 (https://doi.org/10.1007/s007780100057): names, kinds and
instances, combined by fixed weights.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from ..profile.sketch import ColumnSketch, containment

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WHOLE = re.compile(r"[-+]?\d{1,3}(,?\d{3}){0,2}(\.0)?")
_SAME = (
    {"text", "comment", "tweet", "sentence", "snippet", "review", "message", "content", "body", "post", "document", "utterance"},
    {"label", "class", "target", "category", "y", "outcome"},
    {"sentiment", "rating", "score", "valence", "polarity", "stars", "grade", "label"},
    {"toxic", "insult", "hate", "offensive", "abusive", "toxicity", "label"},
    {"country", "nation", "location", "territory", "entity"},
    {"state", "province", "region"},
    {"lat", "latitude"}, {"lon", "lng", "long", "longitude"},
    {"sex", "gender"}, {"title", "name", "film", "movie"}, {"zip", "zipcode", "postcode", "postal"},
    {"date", "day", "datetime", "timestamp"},
)  # fmt: skip
_SYNONYM = 0.8
_KINDS = {frozenset(("category", "numeric")): 0.4, frozenset(("category", "text")): 0.4}


@lru_cache(maxsize=65_536)
def words_of(name: str) -> tuple[str, ...]:
    """Lower-case words of a column name: "mean_rating" and "MeanRating" give ("mean", "rating")."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=65_536)
def name_similarity(a: str, b: str) -> float:
    """Best of: share of common words, synonyms (0.8), and the longest common blocks of letters."""
    left, right = words_of(a), words_of(b)
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    common = len(set(left) & set(right)) / len(set(left) | set(right))
    synonym = _SYNONYM if any(set(left) & group and set(right) & group for group in _SAME) else 0.0
    letters = SequenceMatcher(None, "".join(left), "".join(right)).ratio()
    return max(common, synonym, letters if letters > 0.75 else 0.0)


def kind_similarity(a: ColumnSketch, b: ColumnSketch) -> float:
    """1 for the same kind, less for kinds that are often mistaken for each other, else 0."""
    return 1.0 if a.kind == b.kind else _KINDS.get(frozenset((a.kind, b.kind)), 0.0)


def value_similarity(a: ColumnSketch, b: ColumnSketch) -> float:
    """How alike the values are: distributions of numbers, common values of categories, length of texts."""
    if a.kind == b.kind == "numeric":
        return number_similarity(a, b)
    if a.kind == b.kind == "text":
        return min(a.words, b.words) / max(a.words, b.words, 1e-9)
    if a.kind == b.kind == "date":
        return 0.5  # sketches hold no span of dates
    return (containment(a, b) + containment(b, a)) / 2


def number_similarity(a: ColumnSketch, b: ColumnSketch) -> float:
    """Overlap of two normal distributions with these means and deviations (Bhattacharyya coefficient)."""
    if a.mean is None or b.mean is None or a.std is None or b.std is None:
        return 0.0
    variance = a.std**2 + b.std**2
    if variance == 0:
        return float(a.mean == b.mean)
    return float(np.sqrt(2 * a.std * b.std / variance) * np.exp(-((a.mean - b.mean) ** 2) / (4 * variance)))


def column_similarity(a: ColumnSketch, b: ColumnSketch) -> float:
    """Names, kinds and values together; 0 for kinds that cannot stand for each other."""
    kind = kind_similarity(a, b)
    if kind == 0.0:
        return 0.0
    semantic = 1.0 if a.semantic and a.semantic == b.semantic else 0.0
    name = max(name_similarity(a.name, b.name), 0.8 * semantic)
    return kind * (0.5 * name + 0.5 * value_similarity(a, b))


def same_values(a: ColumnSketch, b: ColumnSketch, share: float = 0.95) -> bool:
    """Each holds nearly all of the other's values."""
    near = min(a.cardinality, b.cardinality) >= share * max(a.cardinality, b.cardinality)
    return near and containment(a, b) >= share and containment(b, a) >= share


def looks_whole(column: ColumnSketch) -> bool:
    """Its values are whole numbers below a thousand million, but for a few."""
    whole = [value for value in column.samples if _WHOLE.fullmatch(value)]
    return bool(whole) and len(whole) >= 0.7 * len(column.samples)


def looks_counted(column: ColumnSketch) -> bool:
    """Whole numbers close to each other, such as row numbers, ages or counts: any two such columns hold each other's
    values by chance."""
    if not looks_whole(column):
        return False
    return column.low is None or column.high is None or column.high - column.low <= 50 * max(column.cardinality, 1)
