"""How the labels of an offered table could be read as the task's: classes by name or order, numbers by their range."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..profile.sketch import ColumnSketch

_YES = frozenset(("1", "true", "t", "yes", "y", "on", "pos", "positive", "good"))
_NO = frozenset(("0", "-1", "false", "f", "no", "n", "neg", "negative", "bad", "not", "none", "neutral", "non", "clean", "ham"))
_NEGATED = re.compile(r"(not|non|no|un)\b.|(not|non)[-_ ]")
_PLAIN = re.compile(r"[^a-z0-9.+-]+")


def map_classes(classes: Sequence[str], levels: Mapping[str, int]) -> tuple[dict[str, str] | None, float]:
    """({asset value: class}, how sure 0 to 1), or (None, 0) when the values cannot be read as the classes.

    By equal names (sure as the share of asset rows that a class is found for), else by yes and no of two values,
    else by the order of as many numbers, else from a graded scale to no and yes, its middle third left out.
    """
    ours = {_plain(name): name for name in classes}
    named = {value: ours[_plain(value)] for value in levels if _plain(value) in ours}
    if len(set(named.values())) >= min(2, len(classes)):
        share = sum(levels[value] for value in named) / sum(levels.values())
        return named, round(share * len(set(named.values())) / len(classes), 4)
    if len(classes) == 2 and (split := _yes_no(classes)):
        return _to_yes_no(split, levels)
    numbers = _in_order(levels)
    if len(classes) > 2 and numbers and len(numbers) == len(classes) and (order := _in_order(classes)):
        return dict(zip(numbers, order, strict=True)), 0.5
    return None, 0.0


def _to_yes_no(split: tuple[str, str], levels: Mapping[str, int]) -> tuple[dict[str, str] | None, float]:
    no, yes = split
    if len(levels) == 2:
        theirs = _yes_no(list(levels))
        return ({theirs[0]: no, theirs[1]: yes}, 0.8) if theirs else (None, 0.0)
    numbers = _in_order(levels)
    if len(numbers) < 3:
        return None, 0.0
    low, high = float(numbers[0]), float(numbers[-1])
    third = (high - low) / 3
    return {v: no for v in numbers if float(v) <= low + third} | {v: yes for v in numbers if float(v) >= high - third}, 0.5


def _yes_no(values: Sequence[str]) -> tuple[str, str] | None:
    """(the no, the yes) of two values: (NOT_BAD, BAD), (0, 1), (NOT, OFFENSIVE), (ham, spam); None when neither tells."""
    for no, yes in (tuple(values), tuple(reversed(values))):
        if _NEGATED.match(_plain(no)) and not _NEGATED.match(_plain(yes)):
            return no, yes
    for no, yes in (tuple(values), tuple(reversed(values))):
        if (_plain(no) in _NO and _plain(yes) not in _NO) or (_plain(yes) in _YES and _plain(no) not in _YES):
            return no, yes
    return None


def _in_order(values: Sequence[str] | Mapping[str, int]) -> list[str]:
    """The values by size when all are numbers, else []."""
    try:
        return sorted(values, key=float)
    except ValueError:
        return []


def _plain(value: str) -> str:
    text = _PLAIN.sub(" ", value.casefold()).strip()
    return text[:-2] if re.fullmatch(r"-?\d+\.0", text) else text


def map_range(target: ColumnSketch, values: ColumnSketch) -> tuple[list[float] | None, float]:
    """(scale [a, b] so that a * value + b is on the target's scale, likeness of the two shapes 0 to 1).

    Two ratings of the same range (ends within a tenth of it) need no scale. The likeness compares mean and deviation as
    shares of the range: people's ratings spread over their scale, incomes and counts crowd at its low end.
    """
    width, theirs = _width(target), _width(values)
    if width <= 0 or theirs <= 0:
        return None, 0.0
    place = abs((target.mean - target.low) / width - (values.mean - values.low) / theirs)
    spread = min(target.std / width, values.std / theirs) / max(target.std / width, values.std / theirs, 1e-12)
    likeness = round(max(0.0, 1 - 2 * place) * spread**0.5, 4)
    overlap = (min(target.high, values.high) - max(target.low, values.low)) / max(width, theirs)
    if overlap >= 0.6:  # the same scale, of which a sample need not reach the ends
        return None, likeness
    a = width / theirs
    return [float(f"{a:.6g}"), float(f"{target.low - a * values.low:.6g}")], likeness


def _width(column: ColumnSketch) -> float:
    return 0.0 if column.low is None or column.high is None else column.high - column.low
