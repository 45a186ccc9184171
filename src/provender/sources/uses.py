"""What an offered table could do for a task: candidate joins and appends, and one relevance that compares leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..profile.sketch import ColumnSketch, containment
from .appends import find_appends
from .joins import find_joins, join_worth
from .matching import looks_whole, words_of
from .source import Query

OWN = "its rows are the task's own"
_ALL = 0.98
_TELLING = 20  # a column with so many values tells one data set from another


def find_uses(query: Query, table: Mapping) -> tuple[tuple[dict, ...], float, str]:
    """(uses, the best first; relevance 0 to 1; note). `table` is what `sketch_file` gives.

    A table that holds the task's own rows, target included, has no use: relevance 0, and the note says so.
    """
    asset = [ColumnSketch.from_json(column) for column in table["columns"]]
    target = [ColumnSketch.from_json(query.sketches[name]) for name in query.target if name in query.sketches]
    task = [
        ColumnSketch.from_json({**query.sketches[column.name], "kind": column.kind})
        for column in query.schema
        if column.name in query.sketches and column.kind != "constant"
    ]
    if holds_own_rows(task, target, asset):
        return (), 0.0, OWN
    joins = [(join_worth(use), use) for use in find_joins(task, target, asset)]
    appends = find_appends(query.kind, query.classes, task, target, asset, table["levels"])
    ranked = joins + [(_append_worth(use, task, int(table["rows"])), use) for use in appends]
    ranked.sort(key=lambda pair: -pair[0])
    best = ranked[0][0] if ranked else 0.0
    return tuple(use for _, use in ranked), round(min(1.0, 0.95 * best), 4), ""


def _append_worth(use: Mapping, task: Sequence[ColumnSketch], rows: int) -> float:
    """Similarity, less for a table that is small beside the task."""
    own = max((column.rows for column in task), default=1)
    return float(use["similarity"]) * min(1.0, 0.5 + rows / own)


def holds_own_rows(task: Sequence[ColumnSketch], target: Sequence[ColumnSketch], asset: Sequence[ColumnSketch]) -> bool:
    """The table has the task's inputs and target under whatever names, with the same values.

    Every target and four in five columns must find one that holds nearly all their values, and the columns of many
    values one that holds little else (a file is more than its search rows). Without such columns names must agree.
    """
    if not target or not task:
        return False
    if not all(_held(answer, asset) for answer in target):
        return False
    told = [column for column in (*task, *target) if column.kind != "image"]
    if sum(_held(column, asset) for column in told) < max(2, 0.8 * len(told)):
        return False
    telling = [column for column in told if column.cardinality >= _TELLING and not (column.kind == "numeric" and looks_whole(column))]
    both = [c for c in telling if any(containment(t, c) >= 0.4 and containment(c, t) >= _ALL for t in asset)]
    if telling:
        return len(both) >= 0.8 * len(telling)
    names = {words_of(column.name) for column in asset}
    return all(words_of(column.name) in names for column in told)


def _held(column: ColumnSketch, asset: Sequence[ColumnSketch]) -> bool:
    """Some column of the table holds nearly all its values."""
    return any(theirs.cardinality >= _ALL * column.cardinality and containment(column, theirs) >= _ALL for theirs in asset)


def text_match(text: str, title: str, columns: Sequence[str]) -> float:
    """Share of the query's words that occur in the title or the column names, 0 to 1."""
    wanted = {word for word in words_of(text) if len(word) > 2}
    told = set(words_of(title)).union(*(words_of(name) for name in columns)) if columns else set(words_of(title))
    return len(wanted & told) / len(wanted) if wanted else 0.0
