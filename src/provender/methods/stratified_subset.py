"""A random share of each stratum: Neyman, On the two different aspects of the representative method, 1934.

Strata are the classes, or tenths of a numeric target; each gives the same share (proportional allocation), so that
the target is distributed in the sample as in the whole.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .strata import share_of, strata

CARD = Card(
    name="stratified_subset",
    family="selection",
    slot="rows",
    summary="a random share of each class, or of each tenth of the target, is kept",
    paper="Neyman: On the two different aspects of the representative method",
    year=1934,
    link="https://doi.org/10.2307/2342192",
    implementation="provender.methods.stratified_subset:StratifiedSubset",
    choices={"share": (0.5, 0.95)},
    helps="training is dear, the rows are many and classes are unequal",
    hurts="rows are few",
    cost="n log n",
    seconds=0.02,
    random=True,
    only_if=("duplicates",),
    prior=-0.6,
)

_TENTHS = 10


class StratifiedSubset(BaseEstimator):
    """share: part of each stratum that is kept, 0..1."""

    def __init__(self, share: float = 0.8, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        rng = np.random.default_rng(self.random_state)
        groups = strata(rows.y)
        if rows.y.ndim == 1 and len(groups) == 1:
            groups = [part for part in np.array_split(np.argsort(rows.y, kind="stable"), _TENTHS) if len(part)]
        kept = [rng.permutation(group)[: share_of(group, self.share)] for group in groups]
        return rows.take(np.sort(np.concatenate(kept)), reason="not drawn from its stratum")
