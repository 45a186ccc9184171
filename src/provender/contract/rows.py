"""Rows: the raw-space training records of a data state, with their lineage.

Every record handed out carries a 52-bit integer id: it is the frame's index (named `__row__`). A side table known
only to the harness maps ids to (source, row). Ids are keyed hashes rather than 0..n-1, because an index that was lost
(`merge`, `groupby`, `ignore_index`) looks exactly like a valid 0..n-1, and because interpolation (SMOTE) of
contiguous ids forges known ones (measured: 100 % of synthetic rows; 0 % with sparse ids).

Lineage is a claim, checked by the harness: it compares each row with the named original and calls it *same*,
*edited*, *relabelled*, *synthesised* or *unknown*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..errors import LoaderError

ROW = "__row__"
_ID_BITS = 52  # below 2**53, so that ids survive a trip through float64


def row_ids(source: str, n: int, start: int = 0) -> np.ndarray:
    """Sparse ids of rows start..start+n-1 of a source: (n,) int64 in [1, 2**52). The same source gives the same ids.

    splitmix64 of (source digest + position): distinct with overwhelming probability (1e-4 for a collision
    among a million rows) and far from 0..n-1.
    """
    seed = int.from_bytes(hashlib.blake2b(source.encode(), digest_size=8).digest(), "big")
    with np.errstate(over="ignore"):
        z = np.arange(start, start + n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return np.maximum((z >> np.uint64(64 - _ID_BITS)).astype(np.int64), 1)


@dataclass(frozen=True, slots=True)
class Change:
    """Why rows changed: `kind` is what happened, `reason` one human sentence, `rows` the ids it happened to."""

    kind: str  # drop | edit | relabel | weight | append | synthesise | join
    reason: str
    rows: np.ndarray

    def to_json(self) -> dict:
        return {"kind": self.kind, "reason": self.reason, "count": len(self.rows)}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Raw-space training records.

    frame    (n, d) DataFrame; its index holds the row ids (int64, unique). Ids below zero are synthetic rows.
    y        (n,) int64 class positions in `task.classes` | (n,) float64 values | (n, t) float64 for several targets |
             (n, k) float64 on the simplex for soft labels
    weight   (n,) float64, not negative, not all zero; ones when nobody weighed
    changes  what was done to the rows so far, each with its reason
    parents  {synthetic id: (ids it was made from)}; rows made from nothing known have no entry
    """

    frame: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray | None = None
    changes: tuple[Change, ...] = ()
    parents: dict[int, tuple[int, ...]] | None = None

    def __post_init__(self) -> None:
        y = np.asarray(self.y)
        object.__setattr__(self, "y", y)
        weight = np.ones(len(y)) if self.weight is None else np.asarray(self.weight, dtype=float)
        object.__setattr__(self, "weight", weight)
        if not len(self.frame) == len(y) == len(weight):
            raise LoaderError(
                f"rows do not match: the frame has {len(self.frame)}, y has {len(y)} and weight has {len(weight)}; "
                "change them together with Rows.take, Rows.append or Rows.edit"
            )

    def __len__(self) -> int:
        return len(self.y)

    @property
    def ids(self) -> np.ndarray:
        """(n,) int64 row ids."""
        return self.frame.index.to_numpy()

    def take(self, chosen: np.ndarray | Sequence[int], reason: str) -> Rows:
        """The rows at these positions (or under this boolean mask); the others are dropped for `reason`."""
        chosen = np.asarray(chosen)
        positions = np.flatnonzero(chosen) if chosen.dtype == bool else chosen if len(chosen) else chosen.astype(np.int64)
        dropped = np.setdiff1d(self.ids, self.ids[positions])
        return replace(
            self,
            frame=self.frame.iloc[positions],
            y=self.y[positions],
            weight=self.weight[positions],
            changes=(*self.changes, Change("drop", reason, dropped)) if len(dropped) else self.changes,
        )

    def append(self, frame: pd.DataFrame, y: np.ndarray, reason: str, weight: np.ndarray | float = 1.0) -> Rows:
        """These rows and the given ones below. `frame` keeps the index its asset came with: that is its lineage.

        Columns that the frame lacks are filled with missing values; columns it has in excess are left out. Where these
        rows have no columns yet, as in a task without training data, all of the frame's are taken.
        """
        if len(frame) != len(np.asarray(y)):
            raise LoaderError(f"append got {len(frame)} rows and {len(np.asarray(y))} labels: give one label a row")
        frame = frame.reindex(columns=self.frame.columns) if len(self.frame.columns) or len(self) else frame.copy()
        for name, dtype in self.frame.dtypes.items():
            if frame[name].isna().all() and frame[name].dtype != dtype:
                frame = frame.astype({name: dtype if dtype.kind not in "iub" else float})
        frame.index.name = ROW
        weight = np.broadcast_to(np.asarray(weight, dtype=float), len(frame))
        return replace(
            self,
            frame=pd.concat([self.frame, frame]) if len(self) else frame,
            y=np.concatenate([self.y, _like(y, self.y)]),
            weight=np.concatenate([self.weight, weight]),
            changes=(*self.changes, Change("append", reason, frame.index.to_numpy())),
        )

    def edit(self, reason: str, *, frame: pd.DataFrame | None = None, y=None, weight=None) -> Rows:
        """The same rows, in the same order, with other cells, labels or weights."""
        changes = self.changes
        if frame is not None:
            if len(frame) != len(self):
                raise LoaderError(f"edit keeps the {len(self)} rows, but the new frame has {len(frame)}; use take or append")
            if not frame.index.equals(self.frame.index) and frame.index.isin(self.frame.index).all():
                raise LoaderError("edit keeps the order of the rows, but the new frame has them in another: sort them back, or use take")
            same = [c for c in frame if c in self.frame and _equal(frame[c], self.frame[c])]
            touched = frame.columns.difference(same)
            moved = np.zeros(len(self), bool)
            for name in touched:
                moved |= ~_equal_cells(frame[name], self.frame[name]) if name in self.frame else True
            changes = (*changes, Change("edit", reason, self.ids[moved]))
            frame = frame.set_axis(self.frame.index)
        if y is not None:
            y = np.asarray(y)
            moved = (y != self.y) if y.shape == self.y.shape else np.ones(len(self), bool)
            changes = (*changes, Change("relabel", reason, self.ids[moved if moved.ndim == 1 else moved.any(axis=1)]))
        if weight is not None:
            weight = np.asarray(weight, dtype=float)
            changes = (*changes, Change("weight", reason, self.ids[weight != self.weight]))
        return replace(
            self,
            frame=self.frame if frame is None else frame,
            y=self.y if y is None else y,
            weight=self.weight if weight is None else weight,
            changes=changes,
        )

    def synthesise(self, frame: pd.DataFrame, y: np.ndarray, reason: str, parents=None, weight=1.0) -> Rows:
        """These rows and new ones made up from them; `parents` is one tuple of ids for each new row."""
        taken = min(0, int(self.ids.min(initial=0)))
        ids = np.arange(taken - 1, taken - 1 - len(frame), -1, dtype=np.int64)
        grown = self.append(frame.set_axis(pd.Index(ids, name=ROW)), y, reason, weight)
        known = dict(self.parents or {})
        if parents is not None:
            known.update({int(i): tuple(int(p) for p in made_from) for i, made_from in zip(ids, parents, strict=True)})
        return replace(grown, changes=(*self.changes, Change("synthesise", reason, ids)), parents=known or None)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A choice of pool rows by id, never materialised: membership and count are checked on the ids."""

    asset: str
    ids: np.ndarray  # (m,) int64, unique
    weight: np.ndarray | None = None  # (m,) float64


def select(asset: str, ids: Sequence[int], weight: Sequence[float] | None = None) -> Selection:
    """Choose rows of a pool by id, for curation tasks (`[selection]` in task.toml)."""
    ids = np.asarray(ids, dtype=np.int64)
    if len(np.unique(ids)) != len(ids):
        raise LoaderError(f"a selection names each row once, but {len(ids) - len(np.unique(ids))} ids repeat; drop them")
    return Selection(asset, ids, None if weight is None else np.asarray(weight, dtype=float))


def _like(y: object, before: np.ndarray) -> np.ndarray:
    """Labels as the rows have theirs. Raises LoaderError where that would change them."""
    given = np.asarray(y)
    if given.dtype.kind not in "iufb" or given.shape[1:] != before.shape[1:]:
        raise LoaderError(
            f"append got labels of type {given.dtype} and shape {given.shape}: give positions in task.classes, or numbers, as rows.y holds them"
        )
    cast = given.astype(before.dtype)
    if not np.array_equal(cast, given, equal_nan=given.dtype.kind == "f"):
        raise LoaderError("append got labels that are no whole numbers, but rows.y holds positions in task.classes: round them, or soften rows.y first")
    return cast


def _equal_cells(a: pd.Series, b: pd.Series) -> np.ndarray:
    left, right = a.to_numpy(), b.to_numpy()
    with np.errstate(invalid="ignore"):
        same = np.asarray(left == right, dtype=bool)
    return same | (a.isna().to_numpy() & b.isna().to_numpy())


def _equal(a: pd.Series, b: pd.Series) -> bool:
    return a is b or (a.dtype == b.dtype and bool(_equal_cells(a, b).all()))
