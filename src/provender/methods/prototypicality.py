"""Rows that are not the usual one: Tirumala et al., D4: improving LLM pretraining via document de-duplication and diversification, 2023.

D4 drops near-duplicates within clusters (SemDeDup), clusters again, and drops the rows nearest to their centroid:
the prototypes (Sorscher et al., 2022), of which there are more than enough. Sorscher et al. find the opposite where
rows are few: then the prototypes are what should stay.

    from the papers   value
    clusters          11,000 of 400 million documents; here √n, by 20 rounds of k-means on directions
    duplicates        cosine of at least 1 - epsilon within a cluster; epsilon 0.02
    share             0.75 of the rest stays
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .representation import represent
from .strata import strata, top_of_strata

CARD = Card(
    name="prototypicality",
    family="selection",
    slot="rows",
    summary="near-duplicates go, and then the rows nearest to the centre of their cluster",
    paper="Tirumala et al.: D4: improving LLM pretraining via document de-duplication and diversification",
    year=2023,
    link="https://arxiv.org/abs/2308.12284",
    implementation="provender.methods.prototypicality:Prototypicality",
    choices={"share": (0.9,), "keep": ("near",)},
    helps="many rows say nearly the same",
    hurts="rows are few, or the far ones are errors",
    cost="20 √n n d",
    seconds=1.5,
    random=True,
    only_if=("duplicates",),
    prior=-0.45,
    signals={"duplicates": 0.3},
)

_ROUNDS = 20
_EPSILON = 0.02


class Prototypicality(BaseEstimator):
    """share: part of the rows without near-duplicates that is kept; keep: those "far" from their centroid or "near"."""

    def __init__(self, share: float = 0.75, keep: str = "far", random_state: int = 0) -> None:
        self.share = share
        self.keep = keep
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        rng = np.random.default_rng(self.random_state)
        X = represent(rows.frame, self.random_state)
        X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-9)
        cluster, _ = spherical_k_means(X, rng)
        parts = [part for group in strata(rows.y) for part in _parts(group, cluster)]
        left = np.sort(np.concatenate([_first_of_kind(X, part) for part in parts]))
        _, likeness = spherical_k_means(X[left], rng)
        score = likeness if self.keep == "near" else -likeness
        kept = left[top_of_strata(rows.y[left], score, self.share)]
        return rows.take(kept, reason="repeats another row, or is a usual one")


def spherical_k_means(X: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cluster (n,) of each unit row of X (n, d), and its cosine (n,) to the centroid; √n clusters."""
    centres = X[rng.permutation(len(X))[: max(1, round(np.sqrt(len(X))))]]
    for _ in range(_ROUNDS):
        cosine = X @ centres.T
        cluster = cosine.argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, cluster, X)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 1e-9, sums / np.maximum(length, 1e-9), centres)
    cosine = X @ centres.T
    cluster = cosine.argmax(axis=1)
    return cluster, cosine[np.arange(len(X)), cluster]


def _parts(group: np.ndarray, cluster: np.ndarray) -> list[np.ndarray]:
    return [group[cluster[group] == c] for c in np.unique(cluster[group])]


def _first_of_kind(X: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Of the rows of one class and cluster, those unlike every earlier one that stays."""
    alike = np.triu(X[part] @ X[part].T >= 1 - _EPSILON, 1)
    keep = np.ones(len(part), bool)
    for i in range(len(part)):
        if keep[i]:
            keep[alike[i]] = False
    return part[keep]
