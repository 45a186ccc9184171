"""Rows that a committee misjudges: Khoshgoftaar & Rebours, Improving software quality prediction by noise filtering techniques, 2007.

Iterative-partitioning filter (IPF): the rows are parted, one tree is grown on each part, and all trees judge all
rows. A row is noise when all trees misjudge it (or, with "majority", most of them and the tree of its own part).
Noise goes, and the rest is parted again, until little is found.

    from the paper   value
    parts            5
    vote             majority and consensus; here consensus, since trees of few noisy rows err together
    stop             fewer than 1 % of the rows found in each of 3 rounds
    trees            C4.5; here CART with at least 3 rows a leaf, pruned, so that no tree repeats the labels of its part
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.tree import DecisionTreeClassifier

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="ensemble_filter",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="rows that all trees of a committee misjudge are dropped",
    paper="Khoshgoftaar & Rebours: Improving software quality prediction by noise filtering techniques",
    year=2007,
    link="https://doi.org/10.1007/s11390-007-9054-2",
    implementation="provender.methods.ensemble_filter:EnsembleFilter",
    choices={"vote": ("majority",)},
    helps="labels are noisy, and classes are parted by a few columns",
    hurts="small classes that each tree sees too little of",
    cost="trees of n/5 rows, a few rounds",
    seconds=3.0,
    random=True,
    only_if=("noise",),
    prior=-0.3,
    signals={"noise": 0.8, "imbalance": -0.3},
)

_STOP = 0.01
_CALM = 3
_MOST_ROUNDS = 10


class EnsembleFilter(BaseEstimator):
    """vote: "majority" or "consensus"; parts: how many trees judge."""

    def __init__(self, vote: str = "consensus", parts: int = 5, random_state: int = 0) -> None:
        self.vote = vote
        self.parts = parts
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        rng = np.random.default_rng(self.random_state)
        X = represent(rows.frame, self.random_state)
        left, calm = np.arange(len(y)), 0
        for _ in range(_MOST_ROUNDS):
            if calm == _CALM or len(left) < 6 * self.parts or len(np.unique(y[left])) < 2:
                break
            noise = self._noise(X[left], y[left], rng)
            calm = calm + 1 if noise.mean() < _STOP else 0
            left = left[~noise]
        keep = without(y, ~np.isin(np.arange(len(y)), left))
        return rows.take(keep, reason="a committee of trees gives it another label")

    def _noise(self, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) whether the committee and the row's own tree misjudge it."""
        part = rng.permutation(len(y)) % self.parts
        wrong = np.empty((self.parts, len(y)), bool)
        for i in range(self.parts):
            tree = DecisionTreeClassifier(min_samples_leaf=3, ccp_alpha=0.02, random_state=int(rng.integers(2**31)))
            wrong[i] = tree.fit(X[part == i], y[part == i]).predict(X) != y
        needed = self.parts if self.vote == "consensus" else self.parts // 2 + 1
        return (wrong.sum(axis=0) >= needed) & wrong[part, np.arange(len(y))]
