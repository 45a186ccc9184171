"""The playbook agent: published methods, composed by rule and by what the tree has taught. No LLM, no key, no network."""

from __future__ import annotations

from dataclasses import replace

from ...contract.outcome import Failure
from ...methods.registry import find_method
from ..agent import Brief, Proposal, RedDesk, TaskFacts
from .curation import first_choice, next_choice, nothing_to_try, unchanged
from .discovery import discover
from .initial import initial_recipe, left_out
from .offers import offers
from .policy import Choice, choose, first_recipe
from .recipe import Recipe
from .render import render


class Playbook:
    """An `Agent` whose answers are pure functions of its arguments."""

    def initial(self, facts: TaskFacts) -> Proposal:
        """D0 of the schema; says in its docstring what it leaves out. Raises TaskError when no column is usable.

        Where rows are chosen from a pool it is a random choice, where a program alone reads the records they stay as they are.
        """
        if facts.choose:
            return first_choice(facts)
        if facts.kind == "program":
            return unchanged(facts)
        recipe = initial_recipe(facts.schema)
        omitted = left_out(facts.schema, recipe)
        why = [
            "The starting point that every other state is compared with: each column in its plainest form.",
            *([f"Left out: {_shortened(omitted)}."] if omitted else []),
        ]
        title = f"D0 of {facts.name}: {_plainly([branch.name for branch in recipe.branches])}"
        proposal = _proposal(recipe, title, why, "the plain starting point")
        return replace(proposal, author="initial")

    def discover(self, brief: Brief, desk: RedDesk) -> str:
        """Search by name, schema and description; fetch at most three leads that offer a use."""
        return discover(brief, desk)

    def refine(self, brief: Brief) -> Proposal | Failure:
        """One move, or a pair of moves, from the parent's recipe: see `policy`, and `curation` where rows are chosen."""
        if brief.task.choose:
            return next_choice(brief)
        if brief.task.kind == "program":
            return nothing_to_try()
        choice = choose(brief)
        gain = "" if brief.parent.gain is None else f", which gained {brief.parent.gain:+.4g} over D0"
        start = "D0" if brief.parent.node == 0 else f"node {brief.parent.node}{gain}"
        return _proposal(choice.recipe, choice.summary, [f"Builds on {start}.{_reasons(choice)}"], choice.summary)

    def passthrough(self, brief: Brief) -> Proposal:
        """D0 and, of each fresh asset, the best use as it came."""
        recipe, done = first_recipe(brief), []
        manifests = {manifest["id"]: manifest for manifest in brief.pool}
        for asset in brief.fresh:
            best = next(iter(offers(manifests[asset], brief.task)), None) if asset in manifests else None
            if best is not None:
                recipe = best.apply(recipe) or recipe
                done.append(best.summary)
        summary = "; ".join(done) if done else "D0 again: nothing that could be used was admitted"
        return _proposal(recipe, summary, ["D0 with what the red node admitted, as it came, and nothing else."], summary)


def _proposal(recipe: Recipe, title: str, why: list[str], summary: str) -> Proposal:
    return Proposal(
        loader=render(recipe, title=title, why=why),
        assets=recipe.assets,
        methods=recipe.methods,
        recipe=recipe.to_json(),
        summary=summary,
        author="playbook",
    )


def _reasons(choice: Choice) -> str:
    """When each new method helps, from its card."""
    names = dict.fromkeys(move.method for move in choice.moves if move.method and not move.name.startswith("-"))
    return "".join(f" {name} helps when {find_method(name).helps}." for name in names)


def _shortened(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _plainly(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
