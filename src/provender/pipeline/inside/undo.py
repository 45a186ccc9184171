"""Undo one part of a state on the data itself, between its `rows` and its `fit`: what the learner then loses is the part's credit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ...contract.part import Part
from ...contract.rows import ROW, Rows


def without(rows: Rows, train: Rows, part: Part, k: int) -> Rows:
    """The rows with this part undone. `train` holds the records as the loader got them, `k` counts classes.

    A source is undone where its asset is handed out, a step where the loader is written: both leave the rows as they are.
    """
    if part.kind in ("source", "step"):
        return rows
    place = pd.Index(train.ids).get_indexer(pd.Index(rows.ids))
    own = place >= 0
    if part.kind == "drop":
        lost = np.setdiff1d(np.arange(len(train)), place)
        return rows.append(train.frame.iloc[lost], _like(train.y[lost], rows.y, k), "undone: dropped", train.weight[lost])
    if part.kind == "edit":
        return replace(rows, frame=_unedited(rows.frame, train.frame, place, own))
    if part.kind == "relabel":
        y = rows.y.copy()
        y[own] = _like(train.y[place[own]], y, k)
        return replace(rows, y=y)
    if part.kind == "weight":
        return replace(rows, weight=np.where(own, train.weight[place], 1.0))
    return rows.take(rows.ids >= 0, reason="undone: made up")


def _unedited(now: pd.DataFrame, before: pd.DataFrame, place: np.ndarray, own: np.ndarray) -> pd.DataFrame:
    """The table with the own rows' cells as they were; columns that were added stay."""
    frame = now.copy(deep=False)
    for name in (column for column in before.columns if column in frame.columns):
        originals = before[name].iloc[np.where(own, place, 0)].set_axis(pd.Index(frame.index, name=ROW))
        frame[name] = originals if own.all() else originals.where(own, frame[name])
    return frame


def _like(y: np.ndarray, other: np.ndarray, k: int) -> np.ndarray:
    """Labels in the form of the others: class positions become certain distributions where those are soft."""
    return np.eye(k)[y.astype(int)] if other.ndim == 2 and y.ndim == 1 else y
