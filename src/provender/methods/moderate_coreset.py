"""Rows neither near nor far from their class: Xia et al., Moderate coreset: a universal method of data selection for real-world data-efficient deep learning, 2023.

Class by class, rows are ranked by the distance to their class's mean, and those nearest to the median distance
stay: too near ones repeat, too far ones are often wrong.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .representation import represent
from .strata import strata, top_of_strata

CARD = Card(
    name="moderate_coreset",
    family="selection",
    slot="rows",
    summary="rows at a middling distance from the mean of their class are kept",
    paper="Xia et al.: Moderate coreset: a universal method of data selection",
    year=2023,
    link="https://openreview.net/forum?id=7D5EECbOaf9",
    implementation="provender.methods.moderate_coreset:ModerateCoreset",
    choices={"share": (0.6, 0.9)},
    helps="some rows are wrong, many repeat, and nobody knows which",
    hurts="rows are few",
    cost="n d",
    seconds=0.4,
    only_if=("duplicates", "noise"),
    prior=-0.5,
    signals={"duplicates": 0.1, "noise": 0.1},
)


class ModerateCoreset(BaseEstimator):
    """share: part of each class that is kept, 0..1."""

    def __init__(self, share: float = 0.8) -> None:
        self.share = share

    def fit_resample(self, rows: Rows) -> Rows:
        X, middling = represent(rows.frame), np.zeros(len(rows))
        for group in strata(rows.y):
            distance = np.linalg.norm(X[group] - X[group].mean(axis=0), axis=1)
            middling[group] = -np.abs(distance - np.median(distance))
        kept = top_of_strata(rows.y, middling, self.share)
        return rows.take(kept, reason="too near the mean of its class, or too far")
