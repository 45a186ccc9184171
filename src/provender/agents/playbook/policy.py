"""Which move to make: Thompson sampling over what cards, data and the tree say of every move and pair of moves.

1. Every move from the parent's recipe, the union with each state that gained, and pairs of the most promising moves.
2. One draw of all effects from the posterior (`belief`); late in the budget the draw narrows towards its mean, so that
   a search first explores and then refines.
3. A candidate is worth the sum of its traits' drawn effects, times its chance to run, less what it costs.
4. Assets that the red node above has just admitted and nobody has used come first.
5. The best candidate whose recipe nobody has tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...methods.registry import find_method
from ..agent import Brief, Record
from .belief import Belief, Observation, against, traits
from .initial import initial_recipe
from .moves import Move, moves, union
from .offers import offers
from .recipe import Recipe
from .signals import signals

_FRESH = 2.0  # units that an unused fresh asset is ahead
_LOSS = 0.7  # units that a failed state costs
_SECOND = 0.05  # units that a second of a method's time costs
_LENGTH = 0.1  # units that a move must be worth
_PAIRED = 8  # moves that are paired with each other
_KEPT = 0.25  # effect of a part of D0, so that replacing it must pay


@dataclass(frozen=True, slots=True)
class Choice:
    """The recipe to try, what is new against the parent, and the methods and assets that the new parts name."""

    recipe: Recipe
    summary: str
    moves: tuple[Move, ...]


def choose(brief: Brief) -> Choice:
    """The next state of a brief. Deterministic in the brief."""
    rng = np.random.default_rng(brief.seed)
    parent, initial = parent_recipe(brief), first_recipe(brief)
    seen = {record.node: record for record in (*brief.record, *brief.siblings, brief.parent)}
    recipes = {node: Recipe.from_json(record.recipe) for node, record in seen.items() if record.recipe is not None}
    tried = {recipe.key for recipe in recipes.values()} | {parent.key, initial.key}
    belief = Belief(_observations(brief, seen, recipes, initial), _Prior(brief, initial))
    temperature = 0.25 + 0.75 * brief.left

    singles = [(move, move.apply(parent)) for move in _all_moves(brief, parent, seen, recipes)]
    candidates = [((move,), recipe) for move, recipe in singles if recipe is not None]
    draws = _Draws(belief, rng, temperature)
    fresh = _unused(brief, seen)
    worth = {move.name: _worth(recipe, (move,), parent, initial, draws, fresh) for (move,), recipe in candidates}
    best = sorted(candidates, key=lambda pair: -worth[pair[0][0].name])[:_PAIRED]
    for i, ((first,), recipe) in enumerate(best):
        for (second,), _ in best[i + 1 :]:
            both = second.apply(recipe)
            if both is not None and both.key != recipe.key:
                candidates.append(((first, second), both))
    ranked = sorted(
        ((_worth(recipe, made, parent, initial, draws, fresh), i) for i, (made, recipe) in enumerate(candidates)),
        key=lambda pair: (-pair[0], pair[1]),
    )
    for _, i in ranked:
        made, recipe = candidates[i]
        if recipe.key not in tried:
            return Choice(recipe, "; ".join(move.summary for move in made), made)
    return Choice(parent, "keeps the parent as it is: every move from it was tried", ())


def parent_recipe(brief: Brief) -> Recipe:
    """The recipe that the brief's parent was made from; a loader that somebody else wrote is a foundation."""
    if brief.parent.recipe is not None:
        return Recipe.from_json(brief.parent.recipe)
    return founded(brief, brief.parent.loader or brief.initial)


def first_recipe(brief: Brief) -> Recipe:
    """D0's recipe: from its record, from the schema, or the task's own loader as a foundation."""
    for record in (*brief.record, brief.parent):
        if record.node == 0 and record.recipe is not None:
            return Recipe.from_json(record.recipe)
    if brief.parent.recipe is None or Recipe.from_json(brief.parent.recipe).foundation is not None:
        return founded(brief, brief.initial)
    return initial_recipe(brief.task.schema)


def founded(brief: Brief, loader: str) -> Recipe:
    """Nothing but this loader, with the schema's groups at hand for more."""
    return Recipe(groups=initial_recipe(brief.task.schema).groups, foundation=loader)


def _all_moves(brief: Brief, parent: Recipe, seen: Mapping[int, Record], recipes: Mapping[int, Recipe]) -> list[Move]:
    made = moves(parent, brief.task, brief.pool)
    for node, recipe in sorted(recipes.items()):
        gain = seen[node].gain
        if gain is not None and gain > brief.noise and node != brief.parent.node:
            made += _crossing(node, recipe, parent)
    return made


def _crossing(node: int, other: Recipe, parent: Recipe) -> list[Move]:
    """The move that takes over what another state has and the parent has not."""
    both = union(parent, other)
    if both is None or both.key == parent.key:
        return []
    new = [method for method in both.methods if method not in parent.methods]
    summary = f"takes {', '.join(new) if new else 'the settings'} from node {node}"
    return [Move(f"with {node}", summary, lambda recipe: union(recipe, other))]


def _observations(
    brief: Brief, seen: Mapping[int, Record], recipes: Mapping[int, Recipe], initial: Recipe
) -> list[Observation]:
    unit = gain_unit(brief, list(seen.values()))
    made = []
    for node, recipe in sorted(recipes.items()):
        record = seen[node]
        if node and (record.gain is not None or record.failure is not None):
            gain = None if record.gain is None else record.gain / unit
            made.append(Observation(against(recipe, initial), gain))
    return made


def gain_unit(brief: Brief, seen: Sequence[Record]) -> float:
    """Four deviations of the noise; larger where gains are far larger, so that priors keep their say."""
    largest = max((abs(record.gain) for record in seen if record.gain is not None), default=0.0)
    return max(4 * brief.noise, 0.2 * largest, 1e-9)


def _unused(brief: Brief, seen: Mapping[int, Record]) -> set[str]:
    """Fresh assets that no black node has tried yet."""
    used = {asset for record in seen.values() if record.color == "black" for asset in record.assets}
    return set(brief.fresh) - used


class _Prior:
    """Mean and deviation of every trait's effect before anything is observed, in units."""

    def __init__(self, brief: Brief, initial: Recipe) -> None:
        self.signals = signals(brief.task)
        self.initial = traits(initial)
        best = [offers(manifest, brief.task)[:1] for manifest in brief.pool]
        self.worth = {offer.asset: offer.worth for found in best for offer in found}

    def __call__(self, trait: str) -> tuple[float, float]:
        method, _, place = trait.partition("@")
        if method.startswith("reads:"):
            return (0.3, 0.4)  # columns that D0 leaves out
        if trait in self.initial:
            return (_KEPT, 0.2)
        if method.startswith("plain:"):
            return (0.0, 0.2)
        if place in self.worth:
            return (1.2 * self.worth[place] - 0.2, 0.6)
        if "=" in trait:
            return (-0.02, 0.25)  # a parameter off its default
        card = find_method(method)
        mean = card.prior + sum(weight * self.signals.get(signal, 0.0) for signal, weight in card.signals.items())
        return (mean - _SECOND * card.seconds, 0.5)


class _Draws:
    """One effect for each trait, drawn once and kept, so that candidates are compared on the same draw."""

    def __init__(self, belief: Belief, rng: np.random.Generator, temperature: float) -> None:
        self.belief = belief
        self.rng = rng
        self.temperature = temperature
        self.known = belief.draw(rng, belief.names, temperature)

    def __getitem__(self, name: str) -> float:
        if name not in self.known:
            self.known.update(self.belief.draw(self.rng, [name], self.temperature))
        return self.known[name]


def _worth(
    recipe: Recipe, made: tuple[Move, ...], parent: Recipe, initial: Recipe, draws: _Draws, fresh: set[str]
) -> float:
    changed = against(recipe, initial)
    value = sum(count * draws[name] for name, count in sorted(changed.items()))
    runs = draws.belief.runs({name: 1 for name, count in changed.items() if count > 0})
    value -= _LENGTH * len(made)
    ahead = _FRESH * len(fresh & set(recipe.assets) - set(parent.assets))
    return runs * value - (1 - runs) * _LOSS + ahead
