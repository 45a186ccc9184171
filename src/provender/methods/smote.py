"""Synthetic minority rows: Chawla et al., SMOTE: synthetic minority over-sampling technique, 2002 (its SMOTE-NC for mixed tables).

Each synthetic row lies between a minority row and one of its k nearest neighbours of the same class: numbers are
interpolated, everything else is copied from the more frequent value among the neighbours.

    from the paper   value
    k                5
    amount           until the class has `share` of the largest one
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent

CARD = Card(
    name="smote",
    family="augmentation",
    slot="rows",
    modality=("tabular",),
    kinds=("classification",),
    summary="rare classes get synthetic rows between neighbours",
    paper="Chawla et al.: SMOTE: synthetic minority over-sampling technique",
    year=2002,
    link="https://doi.org/10.1613/jair.953",
    implementation="provender.methods.smote:Smote",
    choices={"share": (0.3, 1.0)},
    helps="a small class forms regions of its own and the metric counts classes alike",
    hurts="classes overlap, or the metric is about probabilities",
    cost="m² d of the small classes",
    seconds=0.3,
    random=True,
    only_if=("imbalance",),
    prior=-0.4,
    signals={"imbalance": 0.3, "class_metric": 0.7, "probability_metric": -0.5},
)


class Smote(BaseEstimator):
    """share: size that every class reaches, as a share of the largest class; neighbours: the paper's k."""

    def __init__(self, share: float = 0.6, neighbours: int = 5, random_state: int = 0) -> None:
        self.share = share
        self.neighbours = neighbours
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        rng = np.random.default_rng(self.random_state)
        labels, counts = np.unique(y, return_counts=True)
        X = represent(rows.frame, self.random_state)
        frames, made, parents = [], [], []
        for label, count in zip(labels, counts, strict=True):
            missing = round(self.share * counts.max()) - count
            if missing <= 0 or count < 2:
                continue
            members = np.flatnonzero(y == label)
            k = min(self.neighbours, count - 1)
            near = members[NearestNeighbors(n_neighbors=k).fit(X[members]).kneighbors(return_distance=False)]
            pick = rng.integers(0, count, missing)
            first, second = members[pick], near[pick, rng.integers(0, k, missing)]
            frames.append(between(rows.frame, first, second, rng.random(missing)))
            made += [label] * missing
            parents += list(zip(rows.ids[first].tolist(), rows.ids[second].tolist(), strict=True))
        if not frames:
            return rows
        return rows.synthesise(pd.concat(frames), np.array(made), "between two neighbours of a rare class", parents)


def between(frame: pd.DataFrame, first: np.ndarray, second: np.ndarray, share: np.ndarray) -> pd.DataFrame:
    """(m, d) rows at `share` of the way from rows `first` to rows `second`; what cannot be mixed comes from the nearer."""
    left, right = frame.iloc[first].reset_index(drop=True), frame.iloc[second].reset_index(drop=True)
    mixed = {}
    for name in frame.columns:
        a, b = left[name], right[name]
        if pd.api.types.is_numeric_dtype(a.dtype):
            mixed[name] = a.astype(float) + share * (b.astype(float) - a.astype(float))
        else:
            mixed[name] = a.where(share < 0.5, b)
    return pd.DataFrame(mixed)
