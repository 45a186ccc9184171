"""What differs between two data states of one task, counted on their rows: for each record, and for each cell."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UserError
from ..pipeline.materialise import Materialised
from ..profile.digests import value_digests

EXAMPLES = 5  # of each kind
_NOBODY = 0  # records count down from -1, and no asset row has this id


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row of both states that differs. what: a column's name, "label" or "weight"."""

    row: int
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDiff:
    """From state a to state b.

    shared, removed, added   rows in both, in a alone, in b alone, by their origin; rows made up or of unknown origin are nobody's
    sources                  {source: (rows in a, rows in b)}: "task", assets, "made up", "unknown"
    cells                    {column: rows of both whose cell differs}
    relabelled, reweighted   rows of both with another label or weight
    columns_added, columns_removed   of the raw rows
    features                 shapes of a and b; None where programs train on the rows
    reasons                  what b's loader says it did: (kind, reason, rows)
    loader                   unified diff of the two texts
    """

    rows: tuple[int, int]
    shared: int
    removed: int
    added: int
    sources: Mapping[str, tuple[int, int]]
    cells: Mapping[str, int]
    relabelled: int
    reweighted: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    features: tuple[tuple[int, int] | None, tuple[int, int] | None]
    reasons: tuple[tuple[str, str, int], ...]
    examples: tuple[Example, ...]
    loader: str

    @property
    def equal(self) -> bool:
        """Whether the rows are the same ones with the same content; features may differ all the same."""
        same = self.removed == self.added == self.relabelled == self.reweighted == 0
        return same and not self.cells and not self.columns_added and not self.columns_removed

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": list(self.rows), "shared": self.shared, "removed": self.removed, "added": self.added,
            "sources": {name: list(counts) for name, counts in self.sources.items()}, "cells": dict(self.cells),
            "relabelled": self.relabelled, "reweighted": self.reweighted, "columns_added": list(self.columns_added),
            "columns_removed": list(self.columns_removed), "features": [list(shape) if shape else None for shape in self.features],
            "reasons": [{"kind": kind, "reason": reason, "rows": count} for kind, reason, count in self.reasons],
            "examples": [{"row": e.row, "what": e.what, "before": e.before, "after": e.after} for e in self.examples], "loader": self.loader,
        }  # fmt: skip


def compare(a: Materialised, b: Materialised, *, classes: Sequence[str] = ()) -> DataDiff:
    """From a to b, which must stand on the same records. `classes` names the labels. Raises UserError for states of two tasks."""
    if a.state.task != b.state.task:
        raise UserError("the two states belong to different tasks, so no row of one is a row of the other: compare two states of one task")
    left, right = a.rows.frame, b.rows.frame
    assert left is not None and right is not None
    origin = _origin(a), _origin(b)
    place = _numbered(origin[0]).get_indexer(_numbered(origin[1]))
    at_b = np.flatnonzero((place >= 0) & (origin[1] != _NOBODY))
    at_a = place[at_b]
    shared_columns = [name for name in left.columns if name in right.columns]
    changed = {name: value_digests(left[name].iloc[at_a]) != value_digests(right[name].iloc[at_b]) for name in shared_columns}
    relabelled = _differ(a.rows.y[at_a], b.rows.y[at_b])
    reweighted = a.rows.weight[at_a] != b.rows.weight[at_b]
    return DataDiff(
        rows=(len(left), len(right)), shared=len(at_b), removed=len(left) - len(at_a), added=len(right) - len(at_b),
        sources=_sources(a, b), cells={str(name): int(hit.sum()) for name, hit in changed.items() if hit.any()},
        relabelled=int(relabelled.sum()), reweighted=int(reweighted.sum()),
        columns_added=tuple(str(c) for c in right.columns if c not in left.columns),
        columns_removed=tuple(str(c) for c in left.columns if c not in right.columns),
        features=(_shape(a), _shape(b)), reasons=tuple((t.kind, t.reason, len(t.rows)) for t in b.touches),
        examples=_examples(a, b, (at_a, at_b), changed, relabelled, classes), loader=_text_diff(a.state.loader, b.state.loader),
    )  # fmt: skip


def _origin(made: Materialised) -> np.ndarray:
    """(n,) which record or asset row each row is, also where the loader lost its id and lineage found it by its content."""
    ids, place = made.rows.ids, made.lineage.place
    return np.where(place >= 0, -1 - place, np.where(made.lineage.source >= 0, ids, _NOBODY))


def _numbered(ids: np.ndarray) -> pd.MultiIndex:
    """(id, how often it came before): a row that stands twice is met twice."""
    series = pd.Series(ids)
    return pd.MultiIndex.from_arrays([series, series.groupby(series).cumcount()])


def _differ(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    if before.shape[1:] != after.shape[1:]:  # soft labels on one side: the likeliest class counts
        before, after = (y.argmax(axis=1) if y.ndim == 2 else y for y in (before, after))
    moved = before != after
    return moved if moved.ndim == 1 else moved.any(axis=1)


def _sources(a: Materialised, b: Materialised) -> dict[str, tuple[int, int]]:
    counts = [_by_source(made) for made in (a, b)]
    names = dict.fromkeys([*counts[0], *counts[1]])
    return {name: (counts[0].get(name, 0), counts[1].get(name, 0)) for name in names}


def _by_source(made: Materialised) -> dict[str, int]:
    lineage = made.lineage
    found = {"task": int((lineage.place >= 0).sum()), **lineage.appended, "made up": lineage.synthesised, "unknown": lineage.unknown}
    return {name: count for name, count in found.items() if count or name == "task"}


def _shape(made: Materialised) -> tuple[int, int] | None:
    return None if made.features is None else (int(made.features.x.shape[0]), int(made.features.x.shape[1]))


def _examples(
    a: Materialised, b: Materialised, at: tuple[np.ndarray, np.ndarray], changed: Mapping[str, np.ndarray], relabelled: np.ndarray, classes: Sequence[str]
) -> tuple[Example, ...]:
    at_a, at_b = at
    found = []
    for i in np.flatnonzero(relabelled)[:EXAMPLES]:
        before, after = (_label(y, classes) for y in (a.rows.y[at_a[i]], b.rows.y[at_b[i]]))
        found.append(Example(row=int(b.rows.ids[at_b[i]]), what="label", before=before, after=after))
    for name, hit in changed.items():
        for i in np.flatnonzero(hit)[:EXAMPLES]:
            before, after = (_short(made.rows.frame[name].iloc[k]) for made, k in ((a, at_a[i]), (b, at_b[i])))  # type: ignore[index]
            found.append(Example(row=int(b.rows.ids[at_b[i]]), what=str(name), before=before, after=after))
    return tuple(found)


def _label(y: Any, classes: Sequence[str]) -> str:
    if np.ndim(y):
        return ", ".join(f"{value:.4g}" for value in y)
    return classes[int(y)] if classes else f"{y:.6g}"


def _short(value: object) -> str:
    text = "" if value is None or value is pd.NA or value != value else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text_diff(before: str, after: str) -> str:
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "a/loader.py", "b/loader.py", lineterm=""))
