"""Rows that nearly repeat another are left out: Abbas et al., SemDeDup: data-efficient learning at web-scale through
semantic deduplication, 2023.

    from the paper   value
    clusters         k-means over embeddings; only rows of one cluster are compared
    duplicate        cosine similarity above 1 - epsilon
    kept             of duplicates, the one least like its cluster's centre

The paper embeds by a foundation model; here it is the shared representation, a cluster holds about 200 rows, and only
rows of one label are duplicates: a repetition with another label is a question of labels.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans

from ..contract.rows import Rows
from .card import Card
from .representation import represent

_CLUSTER = 200

CARD = Card(
    name="semdedup",
    family="cleaning",
    slot="rows",
    summary="rows that nearly repeat another of their label are left out",
    paper="Abbas et al.: SemDeDup: data-efficient learning at web-scale through semantic deduplication",
    year=2023,
    link="https://arxiv.org/abs/2303.09540",
    implementation="provender.methods.semdedup:SemDeDup",
    choices={"epsilon": (0.001, 0.05)},
    helps="near copies give a few examples too much weight",
    hurts="what differs little differs in what matters",
    cost="200 n d",
    seconds=1.0,
    random=True,
    only_if=("duplicates",),
    prior=-0.3,
    signals={"duplicates": 0.5},
)


class SemDeDup(BaseEstimator):
    """epsilon: rows whose cosine similarity is above 1 - epsilon are duplicates, 0..1."""

    def __init__(self, epsilon: float = 0.01, random_state: int = 0) -> None:
        self.epsilon = epsilon
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        X = represent(rows.frame, self.random_state)
        X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
        count = len(rows) // _CLUSTER + 1
        cluster = KMeans(count, n_init=1, random_state=self.random_state).fit_predict(X) if count > 1 else np.zeros(len(rows), int)
        labels = rows.y.reshape(len(rows), -1)
        keep = np.ones(len(rows), bool)
        for number in np.unique(cluster):
            members = np.flatnonzero(cluster == number)
            central = X[members] @ X[members].mean(axis=0)
            members = members[np.argsort(central, kind="stable")]
            for at, row in enumerate(members[1:], start=1):
                before = members[:at]
                alike = X[before] @ X[row] > 1 - self.epsilon
                keep[row] = not (alike & (labels[before] == labels[row]).all(axis=1)).any()
        return rows.take(keep, "nearly repeats another row")
