"""What a state did to the rows: lineage is a loader's claim, and this holds it against the originals by content.

An id that names one of the task's rows is believed only as far as the row still looks like it; a row whose id was lost
(`merge`, `groupby`, `ignore_index`) is known again by its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..profile.digests import row_digests, value_digests
from .clerk import HandedRows


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """What became of the task's own rows, and where the others came from; (n,) arrays follow the state's rows.

    kept, edited, relabelled, dropped   of the task's own rows (a relabelled one may be edited too)
    appended      {asset: rows};  synthesised: made up by a method;  unknown: no source can be named
    invented      rows that only `fit` added, as features
    brought       (n,) bool: appended, synthesised, unknown, or under an own id but with most of its cells changed
    place         (n,) position of the own record it is; -1 for others
    source        (n,) number of the asset it is from, in the order of `appended`; -1 for others
    changed       (n,) bool: an own row with other cells;  renamed  (n,) bool: an own row with another label
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
    place: np.ndarray
    source: np.ndarray
    changed: np.ndarray
    renamed: np.ndarray

    def to_json(self, invented: int = 0) -> dict:
        return {
            "kept": self.kept, "edited": self.edited, "relabelled": self.relabelled, "dropped": self.dropped,
            "appended": dict(self.appended), "synthesised": self.synthesised, "unknown": self.unknown, "invented": invented,
            "columns_added": list(self.columns_added), "columns_removed": list(self.columns_removed),
        }  # fmt: skip


def trace(rows: HandedRows, frame: pd.DataFrame, y: np.ndarray, assets: Mapping[str, np.ndarray]) -> Lineage:
    """Hold the rows against the fold's training records (`frame`, `y`) and against the assets' row ids."""
    own = frame.index.to_numpy()
    if rows.frame is None:
        shared, added, removed = [], (), ()
    else:
        shared = [c for c in frame.columns if c in rows.frame.columns]
        added = tuple(str(c) for c in rows.frame.columns if c not in frame.columns)
        removed = tuple(str(c) for c in frame.columns if c not in shared)
    place, is_own = np.zeros(len(rows.ids), int), np.zeros(len(rows.ids), bool)
    if len(own):
        order = np.argsort(own)
        place = order[np.clip(np.searchsorted(own, rows.ids, sorter=order), 0, len(own) - 1)]
        is_own = own[place] == rows.ids
    synthetic = rows.ids < 0
    known, source = is_own | synthetic, np.full(len(rows.ids), -1)
    for number, ids in enumerate(assets.values()):
        source[~known & np.isin(rows.ids, ids)] = number
        known |= source == number
    if shared and len(own) and not removed and not known.all():
        found = _recover(rows.frame, frame, np.flatnonzero(~known), place)
        is_own[found] = known[found] = True
    edited, replaced = _edited(rows, frame[shared], place, is_own)
    renamed = _renamed(rows.y, y, place, is_own)
    return Lineage(
        kept=int((is_own & ~edited).sum()),
        edited=int(edited.sum()),
        relabelled=int(renamed.sum()),
        dropped=int(len(own) - len(np.unique(place[is_own]))),
        appended={asset: int((source == number).sum()) for number, asset in enumerate(assets)},
        synthesised=int(synthetic.sum()),
        unknown=int((~known).sum()),
        columns_added=added,
        columns_removed=removed,
        brought=~is_own | replaced,
        place=np.where(is_own, place, -1),
        source=source,
        changed=edited,
        renamed=renamed,
    )


def _recover(now: pd.DataFrame, before: pd.DataFrame, lost: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Positions among `lost` whose content equals an original's; their `place` is set. Equal originals are met in turn."""
    columns = list(before.columns)
    originals = row_digests(before)
    strays = row_digests(now.iloc[lost], columns)
    keys, wanted = _numbered(originals), _numbered(strays)
    order = np.argsort(keys)
    at = order[np.clip(np.searchsorted(keys, wanted, sorter=order), 0, len(keys) - 1)]
    hit = keys[at] == wanted
    place[lost[hit]] = at[hit]
    return lost[hit]


def _numbered(digests: np.ndarray) -> np.ndarray:
    """The first of equal digests stays as it is, the second is moved by one step, and so on."""
    turn = pd.Series(digests).groupby(digests).cumcount().to_numpy().astype(np.uint64)
    with np.errstate(over="ignore"):
        return digests + turn * np.uint64(0x9E3779B97F4A7C15)


def _renamed(now: np.ndarray, before: np.ndarray, place: np.ndarray, is_own: np.ndarray) -> np.ndarray:
    """(n,) bool: own rows with another label. Where labels became soft ones, all of them."""
    if now.shape[1:] != before.shape[1:] or not is_own.any():
        return is_own.copy()
    changed = now != before[place]
    return is_own & (changed if changed.ndim == 1 else changed.any(axis=1))


def _edited(rows: HandedRows, frame: pd.DataFrame, place: np.ndarray, is_own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) bool twice: own rows with another cell in the shared columns (`frame`), and with more than half of them other."""
    edited, replaced = np.zeros(len(rows.ids), bool), np.zeros(len(rows.ids), bool)
    if rows.frame is None or not len(frame.columns) or not is_own.any():
        return edited, replaced
    columns = list(frame.columns)
    edited[is_own] = row_digests(frame)[place[is_own]] != row_digests(rows.frame.loc[is_own], columns)
    at = np.flatnonzero(edited)
    if len(at):
        now, before = rows.frame.iloc[at], frame.iloc[place[at]]
        cells = sum((value_digests(now[c]) != value_digests(before[c])).astype(int) for c in columns)
        replaced[at] = cells > len(columns) / 2
    return edited, replaced
