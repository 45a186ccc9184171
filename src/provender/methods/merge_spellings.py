"""Spellings of one category become one: Hernández & Stolfo, The merge/purge problem for large databases, 1995.

Two values are one when they agree after case, accents, punctuation, white space and word order are squeezed (the
fingerprint of record linkage), or when the rarer differs from a much more frequent one by a typing error: one inserted,
dropped, replaced or swapped character among at least five, no digit among them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from .card import Card

CARD = Card(
    name="merge_spellings",
    family="cleaning",
    slot="columns",
    stage="clean",
    takes=("category",),
    summary="spellings of one category become one",
    paper="Hernández & Stolfo: The merge/purge problem for large databases",
    year=1995,
    link="https://doi.org/10.1145/223784.223807",
    implementation="provender.methods.merge_spellings:MergeSpellings",
    helps="categories were typed by hand",
    hurts="codes that differ by one letter on purpose",
    cost="n + distinct values x their length",
    seconds=0.3,
    only_if=("spellings",),
    prior=-0.2,
    signals={"spellings": 1.5},
)

_SHORTEST = 5  # characters a value must have for a typing error in it to be told from another word
_RATIO = 3  # how much more frequent the right spelling must be


class MergeSpellings(TransformerMixin, BaseEstimator):
    """DataFrame -> DataFrame of the same columns; values are replaced by the most frequent spelling seen in training.

    typos  also merge values that are one typing error apart
    """

    def __init__(self, typos: bool = True) -> None:
        self.typos = typos

    def fit(self, X: pd.DataFrame, y: object = None) -> MergeSpellings:
        self.spellings_ = {name: self._learn(X[name]) for name in X.columns}
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({name: self._merge(name, X[name]) for name in X.columns}, index=X.index)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        return np.array(list(self.spellings_), dtype=object)

    def _learn(self, column: pd.Series) -> dict[str, str]:
        """{fingerprint or typing error of it: the spelling to use}"""
        counts = Counter(value for value in column if isinstance(value, str))
        best: dict[str, str] = {}
        total: Counter[str] = Counter()
        for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            best.setdefault(fingerprint(value), value)
            total[fingerprint(value)] += count
        if self.typos:
            ranked = sorted(total, key=lambda key: (-total[key], key))
            known = {key: place for place, key in enumerate(ranked)}
            for key in ranked:
                right = next((near for near in _one_error_apart(key, known) if total[near] >= _RATIO * total[key]), None)
                if right is not None:
                    best[key] = best[right]
        return best

    def _merge(self, name: str, column: pd.Series) -> pd.Series:
        spellings = self.spellings_[name]
        merged = {value: spellings.get(fingerprint(value), value) for value in set(column) if isinstance(value, str)}
        return column.map(lambda value: merged.get(value, value) if isinstance(value, str) else value)


def fingerprint(value: str) -> str:
    """Case, accents, punctuation, white space and word order squeezed out of a value."""
    plain = unicodedata.normalize("NFKD", value).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(sorted(re.findall(r"\w+", plain))) or value


def _one_error_apart(key: str, known: dict[str, int]) -> list[str]:
    """Known values that are one typing error from `key`, the most frequent first (deletion neighbourhoods)."""
    if len(key) < _SHORTEST or any(c.isdigit() for c in key):
        return []
    letters = sorted({c for c in "abcdefghijklmnopqrstuvwxyz "} | set(key))
    near = {key[:i] + key[i + 1 :] for i in range(len(key))}
    near |= {key[:i] + key[i + 1] + key[i] + key[i + 2 :] for i in range(len(key) - 1)}
    near |= {key[:i] + c + key[i + 1 :] for i in range(len(key)) for c in letters}
    near |= {key[:i] + c + key[i:] for i in range(len(key) + 1) for c in letters}
    return sorted((k for k in near if k in known and k != key and len(k) >= _SHORTEST - 1), key=known.__getitem__)
