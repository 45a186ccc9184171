"""Rows that are near to all others: Wei, Iyer & Bilmes, Submodularity in data subset selection and active learning, 2015.

Class by class, a set S of m rows that makes the sum over all rows of the similarity to the nearest row of S large.
The sum is submodular: greedy choice reaches 1 - 1/e of the best. Each step looks at a random sample of the rows
left (stochastic greedy of Mirzasoleiman et al., 2015), which costs epsilon of that.

    from the papers   value
    similarity        largest distance less the distance
    epsilon           0.1: n/m · log(1/epsilon) rows are looked at in each step
    large classes     in random blocks of 2,000 rows (partitioned greedy, Mirzasoleiman et al., 2013)
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .representation import represent
from .strata import share_of, strata

CARD = Card(
    name="facility_location",
    family="selection",
    slot="rows",
    summary="rows that stand for the rows around them are kept",
    paper="Wei, Iyer & Bilmes: Submodularity in data subset selection and active learning",
    year=2015,
    link="https://proceedings.mlr.press/v37/wei15.html",
    implementation="provender.methods.facility_location:FacilityLocation",
    choices={"share": (0.5, 0.95)},
    helps="many rows say the same, and training is dear",
    hurts="rows are few: every one counts",
    cost="2,000 n (d + 2)",
    seconds=1.0,
    random=True,
    only_if=("duplicates",),
    prior=-0.45,
    signals={"duplicates": 0.3},
)

_BLOCK = 2000
_EPSILON = 0.1


class FacilityLocation(BaseEstimator):
    """share: part of each class that is kept, 0..1."""

    def __init__(self, share: float = 0.8, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        rng = np.random.default_rng(self.random_state)
        X = represent(rows.frame, self.random_state)
        kept = []
        for block in blocks(strata(rows.y), rng):
            squares = (X[block] ** 2).sum(axis=1)
            distance = np.sqrt(np.maximum(squares[:, None] - 2 * X[block] @ X[block].T + squares, 0))
            kept.append(block[locate(distance.max() - distance, share_of(block, self.share), rng)])
        return rows.take(np.sort(np.concatenate(kept)), reason="rows near it stand for it")


def blocks(groups: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """The groups, large ones in random parts of at most 2,000 rows, so that a square of distances fits in memory."""
    parts = [np.array_split(rng.permutation(group), -(-len(group) // _BLOCK)) for group in groups]
    return [part for group in parts for part in group]


def locate(similarity: np.ndarray, m: int, rng: np.random.Generator) -> np.ndarray:
    """(m,) positions that stochastic greedy takes for facility location under a similarity (n, n), at least 0."""
    n = len(similarity)
    looked_at = max(1, round(n / m * np.log(1 / _EPSILON)))
    nearest, left, taken = np.zeros(n), rng.permutation(n), []
    while len(taken) < m:
        sample = rng.permutation(len(left))[:looked_at] if len(left) > looked_at else np.arange(len(left))
        gain = np.maximum(similarity[left[sample]] - nearest, 0).sum(axis=1)
        best = sample[int(gain.argmax())]
        taken.append(left[best])
        nearest = np.maximum(nearest, similarity[left[best]])
        left[best] = left[-1]
        left = left[:-1]
    return np.array(taken)
