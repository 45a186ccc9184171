"""Candidate appends: an offered table whose rows could stand below the task's, and what its labels would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..profile.sketch import ColumnSketch
from .labels import map_classes, map_range
from .matching import column_similarity, name_similarity, number_similarity

LEAST_COLUMN = 0.35  # similarity below which two columns are not mapped onto each other
LEAST = 0.3  # similarity below which an append is not offered
_OUT = frozenset(("id", "constant", "image"))
_PROSE_WEIGHT = 6.0  # in a text task the prose is nearly everything


def find_appends(
    kind: str, classes: Sequence[str], task: Sequence[ColumnSketch], target: Sequence[ColumnSketch],
    asset: Sequence[ColumnSketch], levels: Mapping[str, Mapping[str, int]],
) -> list[dict]:  # fmt: skip
    """At most two candidate appends, the best first: see `Lead.uses` for their fields. Several targets: none.

    kind, classes   of the task;  task, target, asset  sketches of its inputs, its target, the offered table
    levels          {asset column: {value: count}} of its columns with few values
    """
    inputs = [column for column in task if column.kind not in _OUT]
    if len(target) != 1 or kind not in ("classification", "regression") or not inputs:
        return []
    answers = [answer for answer in _answers(kind, classes, target[0], asset, levels) if answer[3] >= LEAST]
    others = [column for column in asset if column.kind not in _OUT]
    similarity = likenesses(inputs, others) if answers else np.zeros((0, 0))
    found = []
    for answer, label_map, scale, sure in answers:
        left = [j for j, column in enumerate(others) if column.name != answer.name]
        mapping, alike = map_columns(inputs, [others[j] for j in left], similarity[:, left])
        if mapping and alike * sure >= LEAST:
            found.append({
                "use": "append", "mapping": mapping, "target": answer.name,
                "label_map": label_map, "scale": scale, "similarity": round(alike * sure, 4),
            })  # fmt: skip
    return sorted(found, key=lambda use: (-use["similarity"], use["target"]))[:2]


def likenesses(inputs: Sequence[ColumnSketch], others: Sequence[ColumnSketch]) -> np.ndarray:
    """(inputs, others) similarities, 0 below `LEAST_COLUMN`."""
    similarity = np.array([[_likeness(ours, theirs) for theirs in others] for ours in inputs]).reshape(len(inputs), len(others))
    return np.where(similarity < LEAST_COLUMN, 0.0, similarity)


def map_columns(
    inputs: Sequence[ColumnSketch], others: Sequence[ColumnSketch], similarity: np.ndarray
) -> tuple[dict[str, str], float]:
    """({task column: asset column}, how alike 0 to 1): the one-to-one assignment of greatest total similarity.

    A task column without a counterpart counts as 0; prose counts six times in a task that has some, and without a
    counterpart of its prose nothing is mapped.
    """
    weight = np.array([_PROSE_WEIGHT if column.kind == "text" else 1.0 for column in inputs])
    rows, columns = linear_sum_assignment(similarity * weight[:, None], maximize=True)
    chosen = [(i, j) for i, j in zip(rows, columns, strict=True) if similarity[i, j] > 0]
    prose = {i for i, column in enumerate(inputs) if column.kind == "text"}
    if prose and not prose & {i for i, _ in chosen}:
        return {}, 0.0
    alike = sum(weight[i] * similarity[i, j] for i, j in chosen) / weight.sum()
    return {inputs[i].name: others[j].name for i, j in chosen}, float(alike)


def _likeness(ours: ColumnSketch, theirs: ColumnSketch) -> float:
    """Prose is prose, whatever its column is called; other columns must agree in name or values."""
    if ours.kind == "text" and theirs.kind == "text":
        return 0.6 + 0.4 * column_similarity(ours, theirs)
    return column_similarity(ours, theirs)


def _answers(
    kind: str, classes: Sequence[str], target: ColumnSketch, asset: Sequence[ColumnSketch], levels: Mapping[str, Mapping[str, int]]
) -> list[tuple[ColumnSketch, dict[str, str] | None, list[float] | None, float]]:
    """(column, label map, scale, how sure) of the columns that could hold the label."""
    found = []
    for column in asset:
        if column.kind in ("text", "date", *_OUT):
            continue
        named = name_similarity(target.name, column.name)
        if kind == "classification":
            label_map, sure = map_classes(classes, levels.get(column.name, {}))
            if label_map:
                found.append((column, label_map, None, sure * (0.5 + 0.5 * named)))
        elif column.kind == "numeric" and column.cardinality >= 5:
            scale, shape = map_range(target, column)
            shape = max(shape, number_similarity(target, column) if scale is None else 0.0)
            found.append((column, None, scale, 0.4 * shape + 0.6 * named if shape > 0.3 else 0.0))
    return found
