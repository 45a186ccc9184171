"""Repeated rows kept once: Lee et al., Deduplicating training data makes language models better, 2022.

The paper removes exact and near-exact repetitions of training examples. Here two rows are one when all compared cells
are equal after squeezing case, white space and the seventh digit; where repeated inputs carry different labels, the
most frequent label speaks for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card

CARD = Card(
    name="dedup",
    family="cleaning",
    slot="rows",
    summary="repeated rows are kept once, with their most frequent label",
    paper="Lee et al.: Deduplicating training data makes language models better",
    year=2022,
    link="https://arxiv.org/abs/2107.06499",
    implementation="provender.methods.dedup:Dedup",
    helps="copies of rows give a few examples too much weight, or disagree about the label",
    hurts="repetition is the natural frequency of the input",
    cost="n d",
    seconds=0.1,
    columns="inputs",
    only_if=("duplicates",),
    prior=-0.1,
    signals={"duplicates": 0.6},
)


class Dedup(BaseEstimator):
    """columns: the columns compared; None compares all."""

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self.columns = columns

    def fit_resample(self, rows: Rows) -> Rows:
        frame = rows.frame if self.columns is None else rows.frame[list(self.columns)]
        group = pd.util.hash_pandas_object(frame.apply(_normalised), index=False).to_numpy()
        labels = pd.DataFrame(rows.y.reshape(len(rows), -1)).apply(tuple, axis=1).to_numpy()
        counts = pd.Series(1, index=pd.MultiIndex.from_arrays([group, labels])).groupby(level=[0, 1]).sum()
        frequency = counts.loc[list(zip(group, labels, strict=True))].to_numpy()
        # the first row with the group's most frequent label
        order = np.lexsort((np.arange(len(rows)), -frequency, group))
        first = np.r_[True, group[order][1:] != group[order][:-1]]
        return rows.take(np.sort(order[first]), reason="repeats another row")


def _normalised(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype(float).map(lambda value: f"{value:.6g}", na_action=None)
    if column.dtype.kind == "M":
        return column.astype(str)
    if column.map(lambda value: isinstance(value, bytes)).any():
        return column.map(lambda value: _digest(value) if isinstance(value, bytes) else "")
    return column.astype(object).where(column.notna(), "").astype(str).str.casefold().str.split().str.join(" ")


def _digest(value: bytes) -> str:
    return hashlib.blake2b(value, digest_size=16).hexdigest()
