"""Labels that like rows vote down: Zhu, Dong & Liu, Detecting corrupted labels without training a model to predict, 2022.

SimiFeat-V: the k nearest rows by cosine vote with their labels; where the most voted label is another, the row is
suspect. The vote is repeated on random subsets of the rows, and a row suspect in most of its votes is corrupted.

    from the paper   value
    k                10, the row's own label among them
    rounds           21; here 7
    subset           a random 80 % of the rows
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="simifeat",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="rows whose label the votes of like rows contradict are dropped",
    paper="Zhu, Dong & Liu: Detecting corrupted labels without training a model to predict",
    year=2022,
    link="https://arxiv.org/abs/2110.06283",
    implementation="provender.methods.simifeat:SimiFeat",
    choices={"neighbours": (5, 20), "action": ("relabel",)},
    helps="labels are noisy, and like rows share a label",
    hurts="small classes inside large ones are voted down",
    cost="7 n² d",
    seconds=1.5,
    random=True,
    only_if=("noise",),
    prior=-0.1,
    signals={"noise": 1.2, "imbalance": -0.5},
)

_ROUNDS = 7
_SUBSET = 0.8


class SimiFeat(BaseEstimator):
    """neighbours: how many vote, the row itself among them; action: "drop" or "relabel"."""

    def __init__(self, neighbours: int = 10, action: str = "drop", random_state: int = 0) -> None:
        self.neighbours = neighbours
        self.action = action
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(labels) < 2 or len(y) < 5:
            return rows
        X = represent(rows.frame, self.random_state)
        X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-9)
        rng = np.random.default_rng(self.random_state)
        votes, suspect, seen = np.zeros((len(y), len(labels))), np.zeros(len(y)), np.zeros(len(y))
        for _ in range(_ROUNDS):
            part = rng.permutation(len(y))[: round(_SUBSET * len(y))]
            share = _votes(X[part], given[part], len(labels), self.neighbours)
            votes[part] += share
            suspect[part] += share[np.arange(len(part)), given[part]] < share.max(axis=1)
            seen[part] += 1
        keep = without(y, suspect > seen / 2)
        if self.action == "relabel":
            fixed = np.where(keep, y, labels[votes.argmax(axis=1)])
            return rows.edit("like rows vote for another label", y=fixed) if (fixed != y).any() else rows
        return rows.take(keep, reason="like rows vote for another label")


def _votes(X: np.ndarray, given: np.ndarray, k: int, neighbours: int) -> np.ndarray:
    """(n, k) share of each label among the nearest rows, the row itself included."""
    count = min(neighbours, len(X)) - 1
    votes = np.eye(k)[given]
    if count > 0:
        near = NearestNeighbors(n_neighbors=count).fit(X).kneighbors(return_distance=False)
        votes = votes + np.eye(k)[given[near]].sum(axis=1)
    return votes / (count + 1)
