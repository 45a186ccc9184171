"""Rows of every difficulty: Zheng et al., Coverage-centric coreset selection for high pruning rates, 2023.

CCS: a share of the hardest rows goes, as many of them are wrong. The others are parted by difficulty into strata of
equal width, and the budget is shared equally: the stratum with the fewest rows first, each giving at most what it
has. Rows of a stratum are drawn at random.

    from the paper   value
    difficulty       AUM, low is hard (see aum)
    strata           50
    hardest          cut by cross-validation, 0 to 0.5; here 0.1
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .aum import margins
from .card import Card
from .labels import require_classes
from .representation import represent
from .strata import strata, without

CARD = Card(
    name="coverage_selection",
    family="selection",
    slot="rows",
    kinds=("classification",),
    summary="the hardest rows go, and of the others every difficulty gives as many",
    paper="Zheng et al.: Coverage-centric coreset selection for high pruning rates",
    year=2023,
    link="https://arxiv.org/abs/2210.15809",
    implementation="provender.methods.coverage_selection:CoverageSelection",
    choices={"share": (0.5, 0.9), "hardest": (0.0, 0.2)},
    helps="some labels are wrong, most rows are easy, and training is dear",
    hurts="rows are few",
    cost="a small network of 10 epochs",
    seconds=0.7,
    random=True,
    only_if=("duplicates", "noise"),
    prior=-0.45,
    signals={"duplicates": 0.1, "noise": 0.3},
)

_STRATA = 50
_EPOCHS = 10


class CoverageSelection(BaseEstimator):
    """share: part of the rows that is kept; hardest: part of all rows that goes before, those of the lowest margin."""

    def __init__(self, share: float = 0.8, hardest: float = 0.1, random_state: int = 0) -> None:
        self.share = share
        self.hardest = hardest
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(labels) < 2:
            return rows
        ease = margins(represent(rows.frame, self.random_state), given, len(labels), _EPOCHS, self.random_state)
        everyone = np.ones(len(y), bool)
        left = np.flatnonzero(without(y, everyone, ease, self.hardest))
        rng = np.random.default_rng(self.random_state)
        budget = min(len(left), max(1, round(self.share * len(y))))
        drawn = left[cover(ease[left], budget, rng)]
        lost = [group[:1] for group in strata(y) if not np.isin(group, drawn).any()]
        return rows.take(np.sort(np.concatenate([drawn, *lost])), reason="too hard, or one of many as hard")


def cover(score: np.ndarray, budget: int, rng: np.random.Generator) -> np.ndarray:
    """(budget,) positions of scores (n,), drawn as equally from all strata of score as these allow."""
    edges = np.linspace(score.min(), score.max(), _STRATA + 1)[1:-1]
    stratum = np.searchsorted(edges, score)
    groups = sorted((np.flatnonzero(stratum == s) for s in np.unique(stratum)), key=len)
    drawn = []
    for number, group in enumerate(groups):
        each = (budget - sum(map(len, drawn))) // (len(groups) - number)
        drawn.append(rng.permutation(group)[:each])
    return np.concatenate(drawn)
