"""A recipe: what a loader is made of, as a value. The policy changes recipes; the renderer writes them out.

    sources   bring rows or columns of pool assets           (before everything else)
    rows      act on training rows only, in this order
    branches  columns -> features, side by side
    after     all features -> other features, in this order

Everything is JSON, so that a recipe can be journaled, compared and built upon.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...methods.card import STAGES
from ...methods.registry import find_method


@dataclass(frozen=True, slots=True)
class Step:
    """One method with the parameters in which it differs from its card's defaults; sources name their asset."""

    method: str
    params: Mapping[str, object] = field(default_factory=dict)
    asset: str | None = None

    def to_json(self) -> dict:
        asset = {"asset": self.asset} if self.asset else {}
        return {"method": self.method, **asset, "params": dict(self.params)}

    @staticmethod
    def from_json(value: Mapping) -> Step:
        return Step(value["method"], dict(value.get("params", {})), value.get("asset"))


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of the features: the columns of `group` go through `steps`, beside the other branches."""

    name: str
    group: str
    steps: tuple[Step, ...]

    def to_json(self) -> dict:
        return {"name": self.name, "group": self.group, "steps": [step.to_json() for step in self.steps]}

    @staticmethod
    def from_json(value: Mapping) -> Branch:
        return Branch(value["name"], value["group"], tuple(map(Step.from_json, value["steps"])))

    def step_at(self, stage: str) -> Step | None:
        """The step of this stage, if the branch has one."""
        return next((step for step in self.steps if find_method(step.method).stage == stage), None)

    def with_step(self, step: Step) -> Branch:
        """This branch with `step` at its stage, in the place of what stood there."""
        stage = find_method(step.method).stage
        kept = [s for s in self.steps if find_method(s.method).stage != stage]
        return replace(self, steps=tuple(sorted([*kept, step], key=_stage_order)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """groups      {group: its columns}: numbers, categories, many_valued, dates, text_1 …, pictures, joined ones
    foundation  text of a loader that somebody else wrote, on which this one builds; None when the recipe is whole
    """

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: tuple[Step, ...] = ()
    rows: tuple[Step, ...] = ()
    branches: tuple[Branch, ...] = ()
    after: tuple[Step, ...] = ()
    foundation: str | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order in which a loader runs them."""
        return (*self.sources, *self.rows, *(s for branch in self.branches for s in branch.steps), *self.after)

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, each once, in order of first use."""
        return tuple(dict.fromkeys(step.method for step in self.steps))

    @property
    def assets(self) -> tuple[str, ...]:
        """Ids of the assets, each once, in order of first use."""
        return tuple(dict.fromkeys(step.asset for step in self.sources if step.asset))

    def branch(self, name: str) -> Branch | None:
        return next((branch for branch in self.branches if branch.name == name), None)

    def with_branch(self, branch: Branch) -> Recipe:
        """This recipe with `branch` in the place of the one of its name, or as the last one; its group must exist."""
        if self.branch(branch.name) is None:
            return replace(self, branches=(*self.branches, branch))
        return replace(self, branches=tuple(branch if b.name == branch.name else b for b in self.branches))

    def to_json(self) -> dict:
        return {
            "groups": {name: list(columns) for name, columns in self.groups.items()},
            "sources": [step.to_json() for step in self.sources],
            "rows": [step.to_json() for step in self.rows],
            "branches": [branch.to_json() for branch in self.branches],
            "after": [step.to_json() for step in self.after],
            "foundation": self.foundation,
        }

    @staticmethod
    def from_json(value: Mapping) -> Recipe:
        return Recipe(
            groups={name: tuple(columns) for name, columns in value["groups"].items()},
            sources=tuple(map(Step.from_json, value["sources"])),
            rows=tuple(map(Step.from_json, value["rows"])),
            branches=tuple(map(Branch.from_json, value["branches"])),
            after=tuple(map(Step.from_json, value["after"])),
            foundation=value.get("foundation"),
        )

    @property
    def key(self) -> str:
        """Canonical JSON: two recipes with one key are one data state. Unused groups and branch order do not count."""
        value = self.to_json()
        used = {branch.group for branch in self.branches}
        value["groups"] = {name: columns for name, columns in value["groups"].items() if name in used}
        value["branches"].sort(key=lambda branch: branch["name"])
        return json.dumps(value, sort_keys=True)


def _stage_order(step: Step) -> int:
    return STAGES.index(find_method(step.method).stage or "encode")
