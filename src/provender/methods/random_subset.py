"""A random share of the rows, the baseline that every choice of rows must beat: Guo, Zhao & Bai, DeepCore: a comprehensive library for coreset selection in deep learning, 2022."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .strata import share_of, strata

CARD = Card(
    name="random_subset",
    family="selection",
    slot="rows",
    summary="a random share of the rows is kept",
    paper="Guo, Zhao & Bai: DeepCore: a comprehensive library for coreset selection in deep learning",
    year=2022,
    link="https://arxiv.org/abs/2204.08499",
    implementation="provender.methods.random_subset:RandomSubset",
    choices={"share": (0.5, 0.95)},
    helps="training is dear and the rows are many; it is the baseline of every other choice",
    hurts="rows are few",
    cost="n",
    seconds=0.02,
    random=True,
    only_if=("duplicates",),
    prior=-0.6,
)


class RandomSubset(BaseEstimator):
    """share: part of the rows that is kept, 0..1; a class of which none was drawn keeps one row."""

    def __init__(self, share: float = 0.8, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        order = np.random.default_rng(self.random_state).permutation(len(rows))
        drawn = order[: share_of(order, self.share)]
        lost = [group[:1] for group in strata(rows.y) if not np.isin(group, drawn).any()]
        return rows.take(np.sort(np.concatenate([drawn, *lost])), reason="not drawn")
