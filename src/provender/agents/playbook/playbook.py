"""The playbook agent: published methods, composed by rule and by what the tree has taught. No LLM, no key, no network."""

from __future__ import annotations

from ..agent import Proposal, TaskFacts
from .initial import initial_recipe, left_out
from .render import render


class Playbook:
    """An `Agent` whose answers are pure functions of its arguments."""

    def initial(self, facts: TaskFacts) -> Proposal:
        """D0 of the schema; says in its docstring what it leaves out. Raises TaskError when no column is usable."""
        recipe = initial_recipe(facts.schema)
        omitted = left_out(facts.schema, recipe)
        why = [
            "The starting point that every other state is compared with: each column in its plainest form.",
            *([f"Left out: {', '.join(omitted)}."] if omitted else []),
        ]
        title = f"D0 of {facts.name}: {_plainly([branch.name for branch in recipe.branches])}"
        loader = render(recipe, title=title, why=why)
        return Proposal(
            loader=loader,
            methods=recipe.methods,
            recipe=recipe.to_json(),
            summary="the plain starting point",
            author="initial",
        )


def _plainly(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
