"""Scores of known words as numbers: Taboada et al., Lexicon-based methods for sentiment analysis, 2011."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..contract.loader import AssetView
from ..errors import LoaderError
from .card import Card

CARD = Card(
    name="lexicon",
    family="join",
    slot="source",
    takes=("text",),
    summary="words are looked up in a scored list, and their scores summed up",
    paper="Taboada et al.: Lexicon-based methods for sentiment analysis",
    year=2011,
    link="https://doi.org/10.1162/COLI_a_00049",
    implementation="provender.methods.lexicon:Lexicon",
    helps="texts are few and the list scores what the target asks for",
    hurts="words mean something else in this domain",
    cost="characters",
    seconds=0.3,
    prior=0.5,
    signals={"few_rows": 0.3},
)

MEASURES = ("mean", "sum", "positive", "negative", "share")
"""Of the scores of a text's known words: mean, sum, sum of the positive, of the negative, share of known words."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


class Lexicon(BaseEstimator):
    """on      the task's text column
    word    column of the list's words;  score  column of their scores
    prefix  new columns are called "{prefix} mean", "{prefix} sum", …
    """

    def __init__(self, on: str, word: str, score: str, prefix: str) -> None:
        self.on = on
        self.word = word
        self.score = score
        self.prefix = prefix

    def fit(self, frame: pd.DataFrame, asset: AssetView) -> Lexicon:
        """Read the list. Raises LoaderError when it lacks a named column."""
        table = asset.frame()
        if lacking := {self.word, self.score} - set(table.columns):
            raise LoaderError(f"{asset.id} has no column {sorted(lacking)[0]!r}; its columns are {list(table.columns)}")
        scores = pd.to_numeric(table[self.score], errors="coerce")
        words = table[self.word].astype(object).map(lambda word: str(word).strip().casefold())
        self.scores_ = scores[scores.notna()].groupby(words[scores.notna()]).mean().to_dict()
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with five numeric columns at its right; a text without known words has zeros."""
        measured = np.array([self._measure(text) for text in frame[self.on]], dtype=float).reshape(-1, len(MEASURES))
        names = [f"{self.prefix} {measure}" for measure in MEASURES]
        return pd.concat([frame, pd.DataFrame(measured, columns=names, index=frame.index)], axis=1)

    def _measure(self, text: object) -> tuple[float, ...]:
        words = _WORD.findall(text.casefold()) if isinstance(text, str) else []
        scores = np.array([self.scores_[word] for word in words if word in self.scores_])
        if len(scores) == 0:
            return (0.0,) * len(MEASURES)
        return (scores.mean(), scores.sum(), scores.clip(0).sum(), scores.clip(None, 0).sum(), len(scores) / len(words))
