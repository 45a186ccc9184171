"""Candidate joins between the task's columns and an offered table: which keys, how much they cover, what they would add."""

from __future__ import annotations

from collections.abc import Sequence

from ..profile.sketch import ColumnSketch, containment
from .matching import looks_counted, looks_whole, name_similarity, number_similarity, same_values, words_of

LEAST_COVERAGE = 0.2
LEAST_VALUES = 8  # keys with fewer values say nothing that one-hot columns do not say already
MOST_COLUMNS = 20
UNIQUE = 0.97  # distinct values over present cells from which a key is unique
_KEYS = frozenset(("category", "id", "date", "text"))
_CODES = frozenset(("year", "zip", "iso2", "iso3"))
_EMPTY_WORDS = frozenset(("id", "key", "code", "no", "nr", "number", "index", "row"))
_MOST_WORDS = 8  # longer texts are no keys


def find_joins(task: Sequence[ColumnSketch], target: Sequence[ColumnSketch], asset: Sequence[ColumnSketch]) -> list[dict]:
    """Candidate joins, the best first, at most three: see `Lead.uses` for their fields.

    task    sketches of the task's input columns (no row id, no target);  target  of its targets
    asset   sketches of the offered table's columns
    """
    found = []
    for ours in task:
        for theirs in asset:
            coverage = key_coverage(ours, theirs)
            if coverage >= LEAST_COVERAGE:
                on = [(ours, theirs)]
                if not is_unique(theirs):
                    on += _second_key(ours, theirs, task, asset)
                found.append((coverage, on))
    uses = [_use(coverage, on, task, target, asset) for coverage, on in found]
    uses = [use for use in uses if use["columns"]]
    uses.sort(key=lambda use: (-join_worth(use), str(use["on"])))
    different = {frozenset(map(tuple, use["on"])): use for use in reversed(uses)}  # (country, year) is (year, country)
    return [use for use in uses if different[frozenset(map(tuple, use["on"]))] is use][:3]


def join_worth(use: dict) -> float:
    """0 to 1: what is covered, a little more for unique keys and several columns, less for a mere year."""
    several = min(1.0, 0.7 + 0.1 * len(use["columns"]))
    worth = use["coverage"] * several * (0.85 if use["one_to_many"] else 1.0)
    return worth * 0.5 if len(use["on"]) == 1 and "year" in words_of(use["on"][0][1]) else worth


def key_coverage(ours: ColumnSketch, theirs: ColumnSketch) -> float:
    """Share of the task column's values that the asset's column holds; 0 where the two are no keys of each other."""
    if ours.cardinality < LEAST_VALUES:
        return 0.0
    named = _named_alike(ours, theirs)
    codes = named and is_unique(theirs) and all(looks_whole(c) and not _dense(c) for c in (ours, theirs))  # such as FIPS
    if not codes and not (_may_be_key(ours) and _may_be_key(theirs)):
        return 0.0
    if not named and (looks_counted(ours) or looks_counted(theirs)):
        return 0.0
    if {ours.semantic, theirs.semantic} & _CODES and ours.semantic != theirs.semantic and not named:
        return 0.0
    return round(containment(ours, theirs), 4)


def _dense(column: ColumnSketch) -> bool:
    """Nearly every number between the smallest and the largest, as ranks and row numbers are."""
    return column.low is not None and column.high is not None and column.high - column.low < 2 * column.cardinality


def _named_alike(ours: ColumnSketch, theirs: ColumnSketch) -> bool:
    """Names that mean one thing: "airport_id" and "Airport", not "id" and "id" nor "review" and "tweet_id"."""
    if ours.semantic and ours.semantic == theirs.semantic:
        return True
    left, right = (set(words_of(column.name)) - _EMPTY_WORDS for column in (ours, theirs))
    return 2 * len(left & right) >= max(len(left), len(right), 1)


def _may_be_key(column: ColumnSketch) -> bool:
    if column.kind == "numeric":
        return column.semantic in _CODES
    return column.kind in _KEYS and column.words <= _MOST_WORDS and column.semantic not in ("percent", "currency", "coordinates")


def is_unique(column: ColumnSketch) -> bool:
    """The column names each of its rows but for a few."""
    return column.cardinality >= UNIQUE * column.rows * (1 - column.missing)


def _second_key(
    ours: ColumnSketch, theirs: ColumnSketch, task: Sequence[ColumnSketch], asset: Sequence[ColumnSketch]
) -> list[tuple[ColumnSketch, ColumnSketch]]:
    """The pair that makes the key unique, such as the year beside the country; [] when there is none."""
    best: tuple[float, list] = (0.0, [])
    for left in task:
        for right in asset:
            if left is ours or right is theirs or right.kind in ("text", "constant", "id") or left.kind in ("text", "constant", "id"):
                continue
            named = name_similarity(left.name, right.name) >= 0.8 or (left.semantic != "" and left.semantic == right.semantic)
            enough = theirs.cardinality * right.cardinality >= UNIQUE * theirs.rows
            whole = right.low is None or right.semantic in _CODES
            same_thing = 0.8 <= theirs.cardinality / max(right.cardinality, 1) <= 1.25  # code and name of a country
            if named and enough and whole and not same_thing and (share := containment(left, right)) >= 0.5 and share > best[0]:
                best = (share, [(left, right)])
    return best[1]


def _use(coverage: float, on: list, task: Sequence[ColumnSketch], target: Sequence[ColumnSketch], asset: Sequence[ColumnSketch]) -> dict:
    keys = {theirs.name for _, theirs in on}
    return {
        "use": "join",
        "on": [[ours.name, theirs.name] for ours, theirs in on],
        "columns": _worth_adding(keys, on, task, target, asset),
        "coverage": round(min([coverage, *(containment(a, b) for a, b in on[1:])]), 4),
        "one_to_many": len(on) == 1 and not is_unique(on[0][1]),
    }


def _worth_adding(
    keys: set[str], on: list, task: Sequence[ColumnSketch], target: Sequence[ColumnSketch], asset: Sequence[ColumnSketch]
) -> list[str]:
    """Columns that could teach the learner something: numbers first, then dates, prose and categories that repeat."""
    added = []
    for column in asset:
        if column.name in keys or column.kind in ("constant", "id", "image") or column.missing > 0.7 or column.cardinality < 2:
            continue
        if column.kind == "category" and column.cardinality > 0.5 * column.rows:
            continue  # one more name of the key
        if any(is_target(column, answer) for answer in target):
            continue
        if any(column.cardinality >= LEAST_VALUES and same_values(column, ours) for ours in task):
            continue  # the task has it already
        added.append(column)
    order = ("numeric", "date", "text", "category")
    added.sort(key=lambda column: order.index(column.kind))
    return [column.name for column in added[:MOST_COLUMNS]]


def is_target(column: ColumnSketch, target: ColumnSketch) -> bool:
    """The column gives the target away: it has its name, or (for a target of many values) its values."""
    if name_similarity(column.name, target.name) == 1.0:
        return True
    if target.cardinality < 20:
        return target.kind != "numeric" and target.cardinality >= 3 and same_values(column, target)
    if looks_counted(column) and looks_counted(target):
        return same_values(column, target, 0.98) and number_similarity(column, target) >= 0.98
    return containment(target, column) >= 0.9
