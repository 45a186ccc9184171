"""Mixed rows for regression: Yao et al., C-Mixup: improving generalization in regression, 2022 (after Zhang et al., mixup, 2018).

Two rows are mixed, inputs and target alike, with a share drawn from Beta(alpha, alpha); the partner is drawn among
rows of like target, with probability exp(-(difference / bandwidth)² / 2), bandwidth in standard deviations of the target.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_values
from .smote import between

CARD = Card(
    name="mixup",
    family="augmentation",
    slot="rows",
    modality=("tabular",),
    kinds=("regression",),
    summary="rows mixed out of two with like targets are added",
    paper="Yao et al.: C-Mixup: improving generalization in regression",
    year=2022,
    link="https://arxiv.org/abs/2210.05775",
    implementation="provender.methods.mixup:Mixup",
    choices={"share": (1.0,), "bandwidth": (0.3, 3.0)},
    helps="the learner is flexible and rows are few",
    hurts="the learner is linear: nothing new between two rows",
    cost="n d",
    seconds=0.3,
    random=True,
    one_target=True,
    prior=-0.3,
    signals={"linear": -0.2},
)


class Mixup(BaseEstimator):
    """share: new rows as a share of the old; alpha: of the Beta distribution; bandwidth: in deviations of y."""

    def __init__(self, share: float = 0.5, alpha: float = 2.0, bandwidth: float = 1.0, random_state: int = 0) -> None:
        self.share = share
        self.alpha = alpha
        self.bandwidth = bandwidth
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_values(rows.y, CARD)
        m, n = round(self.share * len(rows)), len(rows)
        if m < 1 or n < 2:
            return rows
        rng = np.random.default_rng(self.random_state)
        first = rng.integers(0, n, m)
        # Of 16 random candidates the one that the paper's kernel favours, by the Gumbel trick: no n² matrix.
        candidates = rng.integers(0, n, (m, 16))
        far = (y[candidates] - y[first, None]) / max(self.bandwidth * y.std(), 1e-12)
        second = candidates[np.arange(m), (rng.gumbel(size=far.shape) - far**2 / 2).argmax(axis=1)]
        share = rng.beta(self.alpha, self.alpha, m)
        target = (y[first] + share * (y[second] - y[first])).reshape(m, *rows.y.shape[1:])
        parents = list(zip(rows.ids[first].tolist(), rows.ids[second].tolist(), strict=True))
        return rows.synthesise(between(rows.frame, first, second, share), target, "mixed out of two rows", parents)
