"""Synthetic rows where a rare class is hard: He et al., ADASYN: adaptive synthetic sampling approach for imbalanced learning, 2008.

    from the paper   value
    K                5
    rows of x_i      r_i / Σ r · G, where r_i is the share of other classes among the K nearest rows of x_i
    G                what the class lacks to reach `share` of the largest (the paper's β, 1 at full balance)
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
from .smote import between

CARD = Card(
    name="adasyn",
    family="augmentation",
    slot="rows",
    modality=("tabular",),
    kinds=("classification",),
    summary="rare classes get synthetic rows, most where other classes are near",
    paper="He et al.: ADASYN: adaptive synthetic sampling approach for imbalanced learning",
    year=2008,
    link="https://doi.org/10.1109/IJCNN.2008.4633969",
    implementation="provender.methods.adasyn:Adasyn",
    choices={"share": (0.3, 1.0)},
    helps="a small class is lost at its border and the metric counts classes alike",
    hurts="labels are noisy: it grows rows around wrong ones",
    cost="m n d of the small classes",
    seconds=0.5,
    random=True,
    only_if=("imbalance",),
    prior=-0.5,
    signals={"imbalance": 0.3, "class_metric": 0.7, "probability_metric": -0.5, "noise": -0.3},
)


class Adasyn(BaseEstimator):
    """share: size that every class reaches, as a share of the largest class; neighbours: the paper's K."""

    def __init__(self, share: float = 0.6, neighbours: int = 5, random_state: int = 0) -> None:
        self.share = share
        self.neighbours = neighbours
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        rng = np.random.default_rng(self.random_state)
        labels, counts = np.unique(y, return_counts=True)
        X = represent(rows.frame, self.random_state)
        firsts, seconds = [], []
        for label, count in zip(labels, counts, strict=True):
            lacking = round(self.share * counts.max()) - count
            if lacking <= 0 or count < 2:
                continue
            members = np.flatnonzero(y == label)
            hard = (y[_nearest(X, members, self.neighbours)] != label).mean(axis=1)
            if hard.sum() == 0:
                continue
            times = np.rint(hard / hard.sum() * lacking).astype(int)
            near = members[_nearest(X[members], np.arange(count), self.neighbours)]
            at = np.repeat(np.arange(count), times)
            firsts.append(members[at])
            seconds.append(near[at, rng.integers(0, near.shape[1], len(at))])
        if not sum(map(len, firsts)):
            return rows
        first, second = np.concatenate(firsts), np.concatenate(seconds)
        frame: pd.DataFrame = between(rows.frame, first, second, rng.random(len(first)))
        parents = list(zip(rows.ids[first].tolist(), rows.ids[second].tolist(), strict=True))
        return rows.synthesise(frame, y[first], "between two rows of a rare class near others", parents)


def _nearest(X: np.ndarray, of: np.ndarray, k: int) -> np.ndarray:
    """(m, k) positions of the rows nearest to rows `of`, never themselves."""
    found = NearestNeighbors(n_neighbors=min(k + 1, len(X))).fit(X).kneighbors(X[of], return_distance=False)
    own = found == of[:, None]
    own[~own.any(axis=1), -1] = True  # among equals a row may miss itself: the farthest goes instead
    return found[~own].reshape(len(of), -1)
