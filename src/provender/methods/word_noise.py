"""Copies of texts with words swapped and deleted: Wei & Zou, EDA: easy data augmentation techniques for boosting
performance on text classification tasks, 2019 (its two operations that need no thesaurus).

    from the paper   value
    rate             0.1 of the words are swapped, or each word is deleted with this probability
    copies           4, two of each operation (the paper: 4 beyond 2,000 texts, more below)
    always           one word stays
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .representation import is_prose

CARD = Card(
    name="word_noise",
    family="augmentation",
    slot="rows",
    modality=("text",),
    summary="copies of the texts with words swapped or deleted are added",
    paper="Wei & Zou: EDA: easy data augmentation techniques for boosting performance on text classification tasks",
    year=2019,
    link="https://arxiv.org/abs/1901.11196",
    implementation="provender.methods.word_noise:WordNoise",
    choices={"copies": (2, 8), "rate": (0.05, 0.2)},
    helps="there are a few hundred texts",
    hurts="texts are many, or one word (not, never) decides",
    cost="copies n words",
    seconds=0.6,
    random=True,
    only_if=("few_rows",),
    prior=-0.3,
    signals={"few_rows": 0.3, "text": 0.1},
)


class WordNoise(BaseEstimator):
    """copies of every row, alternately swapped and deleted; rate: share of words that change, 0..1. Rows without prose stay as they are."""

    def __init__(self, copies: int = 4, rate: float = 0.1, random_state: int = 0) -> None:
        self.copies = copies
        self.rate = rate
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        prose = [name for name in rows.frame if is_prose(rows.frame[name])]
        if not prose or self.copies < 1:
            return rows
        rng = np.random.default_rng(self.random_state)
        at = np.repeat(np.arange(len(rows)), self.copies)
        frame = rows.frame.iloc[at].reset_index(drop=True)
        for name in prose:
            values = [self._noisy(text, copy % 2 == 0, rng) for text, copy in zip(frame[name], _turns(len(rows), self.copies), strict=True)]
            frame[name] = pd.Series(values, dtype=frame[name].dtype)
        parents = [(int(rows.ids[i]),) for i in at]
        return rows.synthesise(frame, rows.y[at], "a text with some words swapped or deleted", parents, weight=rows.weight[at])

    def _noisy(self, text: object, swap: bool, rng: np.random.Generator) -> object:
        words = text.split() if isinstance(text, str) else []
        if len(words) < 2:
            return text
        if not swap:
            kept = np.flatnonzero(rng.random(len(words)) >= self.rate)
            return " ".join(words[i] for i in (kept if len(kept) else [rng.integers(len(words))]))
        for _ in range(max(1, round(self.rate * len(words)))):
            i, j = rng.choice(len(words), 2, replace=False)
            words[i], words[j] = words[j], words[i]
        return " ".join(words)


def _turns(n: int, copies: int) -> np.ndarray:
    """Which copy of its row each new row is."""
    return np.tile(np.arange(copies), n)
