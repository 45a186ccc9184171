"""Moves: all single changes of a recipe that the cards, the schema and the pool allow.

A move is a function from recipe to recipe, so that two moves compose. Nothing here knows a method by name: what a
method reads, needs, and where it stands is on its card.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...methods.card import Card
from ...methods.registry import available_cards, find_method
from ..agent import TaskFacts
from .offers import offers
from .recipe import Branch, Recipe, Step
from .signals import signals

_KIND_OF_GROUP = {
    "numbers": "numeric",
    "categories": "category",
    "many": "category",
    "dates": "date",
    "text": "text",
    "pictures": "image",
    "scores": "numeric",
}
_ROW_ORDER = ("cleaning", "label errors", "valuation", "selection", "semi-supervised", "augmentation", "weights")


@dataclass(frozen=True, slots=True)
class Move:
    """`apply` gives None where the move does not fit the recipe. `summary` says what it does, as "adds …"."""

    name: str
    summary: str
    apply: Callable[[Recipe], Recipe | None]
    method: str = ""
    asset: str = ""


def moves(recipe: Recipe, facts: TaskFacts, pool: Sequence[Mapping]) -> list[Move]:
    """Every move from this recipe, in a fixed order."""
    made: list[Move] = []
    appends = any(find_method(step.method).family != "join" for step in recipe.sources)
    strength = {**signals(facts), "appended": 1.0 if appends else 0.0}
    for card in available_cards():
        if facts.kind not in card.kinds or facts.modality not in card.modality:
            continue
        if card.one_target and len(facts.targets) > 1:
            continue
        if card.only_if and not any(strength[signal] > 0 for signal in card.only_if):
            continue
        if card.slot == "columns":
            made += _column_moves(card, recipe, facts)
        elif card.slot == "rows":
            made += _row_moves(card, recipe, facts)
    made += _tuning(recipe)
    made += _removals(recipe)
    used = set(recipe.assets)
    for manifest in pool:
        if manifest["id"] not in used:
            made += [
                Move(f"{offer.use}:{offer.asset}", offer.summary, offer.apply, asset=offer.asset)
                for offer in offers(manifest, facts)
            ]
    return made


def kind_of_group(group: str, facts: TaskFacts, columns: Sequence[str]) -> set[str]:
    """Kinds of column that a group holds; numbers that are the pixels of a square picture are "pixels" too."""
    kinds = {_KIND_OF_GROUP[group.split("_")[0]]}
    if group == "numbers" and facts.modality == "image" and math.isqrt(len(columns)) ** 2 == len(columns) >= 16:
        kinds.add("pixels")
    return kinds


def _column_moves(card: Card, recipe: Recipe, facts: TaskFacts) -> Iterator[Move]:
    read = {kind for group, columns in recipe.groups.items() for kind in kind_of_group(group, facts, columns)}
    if "after" in card.place and read & set(card.takes):
        yield Move(f"{card.name}>", f"runs {card.name} over all features", _after(card), card.name)
    for group, columns in recipe.groups.items():
        if not kind_of_group(group, facts, columns) & set(card.takes):
            continue
        if "several" in card.needs and len(columns) < 2 and not group.startswith("pictures"):
            continue
        where = group.replace("_", " ")
        if not any(branch.group == group for branch in recipe.branches):
            if "after" not in card.place and card.stage in ("encode", "reduce"):
                yield Move(f"{card.name}>{group}", f"adds {card.name} of {where}", _beside(card, group, where), card.name)
            continue
        if "within" in card.place:
            yield Move(f"{card.name}@{group}", f"puts {card.name} into {where}", _within(card, group), card.name)
        if "beside" in card.place:
            name = f"{card.name} of {where}"
            yield Move(f"{card.name}+{group}", f"adds {name} beside the others", _beside(card, group, name), card.name)


def _after(card: Card) -> Callable[[Recipe], Recipe | None]:
    def apply(recipe: Recipe) -> Recipe | None:
        if recipe.foundation is not None or any(step.method == card.name for step in recipe.after):
            return None
        return replace(recipe, after=(*recipe.after, Step(card.name)))

    return apply


def _within(card: Card, group: str) -> Callable[[Recipe], Recipe | None]:
    """Take the card's stage in the group's first branch that has no method of it yet."""

    def apply(recipe: Recipe) -> Recipe | None:
        branch = next((b for b in recipe.branches if b.group == group), None)
        if branch is None or any(step.method == card.name for step in branch.steps):
            return None
        for need in _prerequisites(card, branch):
            if branch.step_at(find_method(need.method).stage or "") is None:
                branch = branch.with_step(need)
        return recipe.with_branch(branch.with_step(Step(card.name)))

    return apply


def _beside(card: Card, group: str, name: str) -> Callable[[Recipe], Recipe | None]:
    """A branch of its own for the group, behind what the card needs."""

    def apply(recipe: Recipe) -> Recipe | None:
        if recipe.branch(name) is not None or group not in recipe.groups:
            return None
        if any(branch.group == group and branch.steps[-1].method == card.name for branch in recipe.branches):
            return None
        first = next((b for b in recipe.branches if b.group == group), None)
        branch = Branch(name, group, ())
        for need in _prerequisites(card, first):
            branch = branch.with_step(need)
        return recipe.with_branch(branch.with_step(Step(card.name)))

    return apply


def _prerequisites(card: Card, like: Branch | None) -> list[Step]:
    """Steps that bring what the card needs, as the branch beside it has them where it has."""
    needed: list[Step] = []
    if "tfidf" in card.needs:
        needed.append(_same_or(like, "encode", Step("tfidf")))
    if "complete" in card.needs:
        needed.append(_same_or(like, "impute", Step("median")))
    if "scaled" in card.needs:
        needed.append(Step("standardise"))
    return needed


def _same_or(like: Branch | None, stage: str, default: Step) -> Step:
    return (like.step_at(stage) if like is not None else None) or default


def _row_moves(card: Card, recipe: Recipe, facts: TaskFacts) -> Iterator[Move]:
    if any(step.method == card.name for step in recipe.rows):
        return
    params: dict[str, object] = {}
    if card.columns == "inputs":
        columns = [c.name for c in facts.schema if c.kind not in ("id", "constant")]
        params = {"columns": columns} if len(columns) < len(facts.schema) else {}
    elif card.columns == "pictures":
        pictures = _pictures(recipe, facts)
        if pictures is None:
            return
        params = {"columns": pictures} if len(pictures) < len(facts.schema) else {}

    def apply(recipe: Recipe) -> Recipe | None:
        if any(step.method == card.name for step in recipe.rows):
            return None
        rows = sorted([*recipe.rows, Step(card.name, params)], key=lambda s: _ROW_ORDER.index(find_method(s.method).family))
        return replace(recipe, rows=tuple(rows))

    yield Move(card.name, f"runs {card.name} over the training rows", apply, card.name)


def _pictures(recipe: Recipe, facts: TaskFacts) -> list[str] | None:
    for group, columns in recipe.groups.items():
        if {"image", "pixels"} & kind_of_group(group, facts, columns):
            return list(columns)
    return None


def _tuning(recipe: Recipe) -> Iterator[Move]:
    """One parameter of one step set to another of its card's choices, or back to its default."""
    for step in {step.method: step for step in recipe.steps}.values():
        card = find_method(step.method)
        current = {**card.defaults, **step.params}
        for parameter, values in card.choices.items():
            for value in values:
                if _plain(current.get(parameter)) != _plain(value):
                    name = f"{card.name}.{parameter}={value}"
                    yield Move(name, f"sets {parameter} of {card.name} to {value}", _tune(card.name, parameter, value), card.name)


def _tune(method: str, parameter: str, value: object) -> Callable[[Recipe], Recipe | None]:
    def change(step: Step) -> Step:
        return replace(step, params={**step.params, parameter: _plain(value)}) if step.method == method else step

    def apply(recipe: Recipe) -> Recipe | None:
        return _mapped(recipe, change) if method in recipe.methods else None

    return apply


def _mapped(recipe: Recipe, change: Callable[[Step], Step]) -> Recipe:
    return replace(
        recipe,
        sources=tuple(map(change, recipe.sources)),
        rows=tuple(map(change, recipe.rows)),
        branches=tuple(replace(branch, steps=tuple(map(change, branch.steps))) for branch in recipe.branches),
        after=tuple(map(change, recipe.after)),
    )


def _removals(recipe: Recipe) -> Iterator[Move]:
    """Leave out one source, one row step, one cleaning or shaping step, or one branch that stands beside another of its group."""
    for step in recipe.sources:
        yield Move(f"-{step.asset}", f"leaves out what {step.method} took from {step.asset}", _without_source(step), step.method)
    for step in recipe.after:
        yield Move(f"-{step.method}>", f"leaves out {step.method}", _without_after(step.method), step.method)
    for step in recipe.rows:
        yield Move(f"-{step.method}", f"leaves out {step.method}", _without_rows(step.method), step.method)
    for branch in recipe.branches:
        if sum(other.group == branch.group for other in recipe.branches) > 1:
            yield Move(f"-{branch.name}", f"leaves out {branch.name}", _without_branch(branch.name))
        for step in branch.steps:
            if find_method(step.method).stage in ("clean", "shape") and len(branch.steps) > 1:
                yield Move(f"-{step.method}@{branch.name}", f"leaves out {step.method}", _without_step(branch.name, step), step.method)


def _without_source(step: Step) -> Callable[[Recipe], Recipe | None]:
    """And the branches that read nothing but its columns."""
    prefix = f"{step.params.get('prefix', '')} "
    columns = step.params.get("columns", {})

    def is_its(group: Sequence[str]) -> bool:
        return bool(group) and all(name in columns or (prefix != " " and name.startswith(prefix)) for name in group)

    def apply(recipe: Recipe) -> Recipe | None:
        if step not in recipe.sources:
            return None
        branches = tuple(b for b in recipe.branches if not is_its(recipe.groups.get(b.group, ())))
        return replace(recipe, sources=tuple(s for s in recipe.sources if s != step), branches=branches) if branches else None

    return apply


def _without_rows(method: str) -> Callable[[Recipe], Recipe | None]:
    return lambda recipe: replace(recipe, rows=tuple(step for step in recipe.rows if step.method != method))


def _without_after(method: str) -> Callable[[Recipe], Recipe | None]:
    return lambda recipe: replace(recipe, after=tuple(step for step in recipe.after if step.method != method))


def _without_branch(name: str) -> Callable[[Recipe], Recipe | None]:
    def apply(recipe: Recipe) -> Recipe | None:
        kept = tuple(branch for branch in recipe.branches if branch.name != name)
        return replace(recipe, branches=kept) if kept and len(kept) < len(recipe.branches) else None

    return apply


def _without_step(name: str, step: Step) -> Callable[[Recipe], Recipe | None]:
    def apply(recipe: Recipe) -> Recipe | None:
        branch = recipe.branch(name)
        if branch is None or step not in branch.steps:
            return None
        return recipe.with_branch(replace(branch, steps=tuple(s for s in branch.steps if s is not step and s != step)))

    return apply


def union(recipe: Recipe, other: Recipe) -> Recipe | None:
    """What both are made of: the recipe, plus the other's sources, row steps and branches that it lacks.

    Where both have a branch of one name, the one of more steps stays. None where they do not build on one foundation.
    """
    if recipe.foundation != other.foundation:
        return None
    assets, methods = set(recipe.assets), {step.method for step in recipe.rows}
    rows = sorted(
        [*recipe.rows, *(step for step in other.rows if step.method not in methods)],
        key=lambda step: _ROW_ORDER.index(find_method(step.method).family),
    )
    merged = replace(
        recipe,
        groups={**other.groups, **recipe.groups},
        sources=(*recipe.sources, *(step for step in other.sources if step.asset not in assets)),
        rows=tuple(rows),
    )
    for branch in other.branches:
        mine = merged.branch(branch.name)
        if mine is None or len(mine.steps) < len(branch.steps):
            merged = merged.with_branch(branch)
    return merged


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
