"""Rows far out in the tails are left out: Li et al., ECOD: unsupervised outlier detection using empirical cumulative
distribution functions, 2022.

    from the paper   value
    tail             -log of the empirical share at or beyond a value, on the left, the right, or the side of the skew
    score            the largest of the three sums over columns

The paper scores and leaves the cut to its user: `share` is ours. Missing cells and columns without numbers add nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card

CARD = Card(
    name="ecod",
    family="cleaning",
    slot="rows",
    modality=("tabular",),
    summary="rows whose numbers lie far out in the tails are left out",
    paper="Li et al.: ECOD: unsupervised outlier detection using empirical cumulative distribution functions",
    year=2022,
    link="https://arxiv.org/abs/2201.00382",
    implementation="provender.methods.ecod:Ecod",
    choices={"share": (0.01, 0.05)},
    helps="some rows are broken records, and the learner is linear",
    hurts="rare rows are what the task is about",
    cost="n d log n",
    seconds=0.1,
    only_if=("outliers",),
    prior=-0.3,
    signals={"outliers": 0.4, "linear": 0.1},
)


class Ecod(BaseEstimator):
    """share: rows left out, 0..1; the last row of a class stays."""

    def __init__(self, share: float = 0.02) -> None:
        self.share = share

    def fit_resample(self, rows: Rows) -> Rows:
        numbers = rows.frame.select_dtypes("number").to_numpy(dtype=float, na_value=np.nan)
        count = int(self.share * len(rows))
        if count < 1 or numbers.shape[1] == 0:
            return rows
        far = np.zeros(len(rows), bool)
        far[np.argsort(-outlyingness(numbers), kind="stable")[:count]] = True
        if rows.y.ndim == 1 and rows.y.dtype.kind in "iu":
            far &= np.isin(rows.y, rows.y[~far])
        return rows.take(~far, "its numbers lie far out in the tails")


def outlyingness(numbers: np.ndarray) -> np.ndarray:
    """(n, d) numbers with gaps -> (n,) the paper's score."""
    sides = np.zeros((3, len(numbers)))
    for column in numbers.T:
        known = np.isfinite(column)
        if not known.any():
            continue
        values = pd.Series(column[known])
        left, right = (-np.log(values.rank(method="max", ascending=up, pct=True).to_numpy()) for up in (True, False))
        centred = values.to_numpy() - values.mean()
        sides[:, known] += [left, right, left if (centred**3).mean() < 0 else right]
    return sides.max(axis=0)
