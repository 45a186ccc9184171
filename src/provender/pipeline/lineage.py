"""What a state did to the rows: lineage is a loader's claim, and this holds it against the originals by content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..profile.digests import row_digests
from .clerk import HandedRows


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """Counts over a state's rows, and which of them came from outside the task's training records.

    kept, edited, relabelled, dropped   of the task's own rows (a relabelled one may be edited too)
    appended      {asset: rows};  synthesised: made up by a method;  unknown: no source can be named
    brought       (n,) bool: appended, synthesised or unknown
    """

    kept: int
    edited: int
    relabelled: int
    dropped: int
    appended: Mapping[str, int]
    synthesised: int
    unknown: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    brought: np.ndarray

    def to_json(self) -> dict:
        return {
            "kept": self.kept, "edited": self.edited, "relabelled": self.relabelled, "dropped": self.dropped,
            "appended": dict(self.appended), "synthesised": self.synthesised, "unknown": self.unknown,
            "columns_added": list(self.columns_added), "columns_removed": list(self.columns_removed),
        }  # fmt: skip


def trace(rows: HandedRows, frame: pd.DataFrame, y: np.ndarray, assets: Mapping[str, np.ndarray]) -> Lineage:
    """Hold the rows against the fold's training records (`frame`, `y`) and against the assets' row ids."""
    own = frame.index.to_numpy()
    order = np.argsort(own)
    place = order[np.clip(np.searchsorted(own, rows.ids, sorter=order), 0, len(own) - 1)]
    is_own = own[place] == rows.ids
    synthetic = rows.ids < 0
    appended = {}
    known = is_own | synthetic
    for asset, ids in assets.items():
        hit = ~known & np.isin(rows.ids, ids)
        appended[asset] = int(hit.sum())
        known |= hit
    edited, added, removed = _edited(rows, frame, place, is_own)
    return Lineage(
        kept=int((is_own & ~edited).sum()),
        edited=int(edited.sum()),
        relabelled=_relabelled(rows.y, y, place, is_own),
        dropped=int(len(own) - len(np.unique(rows.ids[is_own]))),
        appended=appended,
        synthesised=int(synthetic.sum()),
        unknown=int((~known).sum()),
        columns_added=added,
        columns_removed=removed,
        brought=~is_own,
    )


def _relabelled(now: np.ndarray, before: np.ndarray, place: np.ndarray, is_own: np.ndarray) -> int:
    if now.ndim != before.ndim or now.shape[1:] != before.shape[1:]:
        return int(is_own.sum())
    changed = now[is_own] != before[place[is_own]]
    return int((changed if changed.ndim == 1 else changed.any(axis=1)).sum())


def _edited(rows: HandedRows, frame: pd.DataFrame, place: np.ndarray, is_own: np.ndarray):
    edited = np.zeros(len(rows.ids), bool)
    if rows.frame is None:
        return edited, (), ()
    shared = [c for c in frame.columns if c in rows.frame.columns]
    added = tuple(str(c) for c in rows.frame.columns if c not in frame.columns)
    removed = tuple(str(c) for c in frame.columns if c not in shared)
    if shared and is_own.any():
        before = row_digests(frame[shared])[place[is_own]]
        # The same values in another dtype (an int column that grew missing values) are the same values.
        now = row_digests(_as(rows.frame.loc[is_own, shared], frame[shared]))
        edited[is_own] = before != now
    return edited, added, removed


def _as(frame: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The frame with the original dtypes wherever a lossless cast exists."""
    cast = {}
    for name in frame.columns:
        wanted = like[name].dtype
        if frame[name].dtype != wanted and wanted.kind in "iufb" and frame[name].dtype.kind in "iufb":
            column = frame[name]
            if not column.isna().any() and bool((column.astype(wanted) == column).all()):
                cast[name] = wanted
    return frame.astype(cast)
