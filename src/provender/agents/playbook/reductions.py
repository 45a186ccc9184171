"""A recipe with one thing less, for every thing that it has beyond D0's: what the state is without it tells what it is worth.

Sources are not among them: they are undone on the data itself (`contract/part.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ...methods.registry import find_method
from .recipe import Branch, Recipe, Step
from .render import render


@dataclass(frozen=True, slots=True)
class Reduction:
    """subject  what is left out, as "char_ngrams of text";  loader  the state without it"""

    subject: str
    loader: str


def reductions(recipe: Mapping, initial: Mapping | None) -> list[Reduction]:
    """Both recipes as JSON; without D0's, everything counts as added, but for what a feature cannot do without."""
    mine = Recipe.from_json(recipe)
    theirs = Recipe.from_json(initial) if initial is not None else Recipe(foundation=mine.foundation)
    found: dict[str, Reduction] = {}
    for subject, less in _less(mine, theirs):
        if less.key != mine.key:
            found.setdefault(less.key, Reduction(subject, render(less, title=f"The same without {subject}")))
    return list(found.values())


def _less(mine: Recipe, theirs: Recipe) -> Iterator[tuple[str, Recipe]]:
    if len(mine.rows) > 1:  # a single one is undone on the data
        for step in (s for s in mine.rows if s not in theirs.rows):
            yield step.method, replace(mine, rows=tuple(s for s in mine.rows if s is not step))
    for step in (s for s in mine.after if s not in theirs.after):
        yield f"{step.method} of all features", replace(mine, after=tuple(s for s in mine.after if s is not step))
    for branch in mine.branches:
        before = theirs.branch(branch.name)
        if before is None:
            kept = tuple(b for b in mine.branches if b is not branch)
            if kept:
                yield _named(branch), replace(mine, branches=kept)
        else:
            yield from _steps(mine, branch, before)


def _steps(mine: Recipe, branch: Branch, before: Branch) -> Iterator[tuple[str, Recipe]]:
    """Each stage of the branch as D0 has it: without the step that D0 lacks, with D0's where it differs."""
    for step in (s for s in branch.steps if s not in before.steps):
        stage = find_method(step.method).stage
        original = next((s for s in before.steps if find_method(s.method).stage == stage), None)
        if original is not None:
            yield f"{_changed(step, original)} of {branch.group}", mine.with_branch(branch.with_step(original))
        elif stage in ("clean", "shape", "reduce") and len(branch.steps) > 1:
            less = replace(branch, steps=tuple(s for s in branch.steps if s is not step))
            yield f"{step.method} of {branch.group}", mine.with_branch(less)


def _named(branch: Branch) -> str:
    methods = " and ".join(step.method for step in branch.steps if find_method(step.method).stage in ("encode", "reduce"))
    return f"{methods or branch.name} of {branch.group}"


def _changed(step: Step, original: Step) -> str:
    """The method, or only the parameters in which it differs from D0's."""
    if step.method != original.method:
        return step.method
    names = [name for name in {**step.params, **original.params} if step.params.get(name) != original.params.get(name)]
    return f"{', '.join(sorted(names))} of {step.method}"
