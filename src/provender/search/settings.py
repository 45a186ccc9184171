"""Every setting of a run, resolved. The first event of a run holds them, so that resume needs no flags."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Schedule = Literal["branch", "paper"]
DecayName = Literal["piecewise", "linear", "exponential"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmStart:
    """run          folder of the earlier run: WORKSPACE/runs/RUN
    task_digest  of the task that it ran on
    nodes        its nodes whose states are tried first, in this order
    foreign      somebody else than the playbook wrote one of them
    """

    run: str
    task_digest: str
    nodes: tuple[int, ...]
    foreign: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """nodes, seconds     the budget; with nodes alone a run is reproducible to the node, whatever the machine's speed
    seed               drives scheduling and agents; never the split
    workers            states evaluated at once
    schedule, decay    scheduling policy, and the decay of the paper's exploration coefficient
    no_red, no_black, no_memory, algorithm_only   ablations: really off
    lake               folder of tables and corpora that red nodes may search; None for none
    bundled            search data sets that ship inside installed packages
    level              isolation level demanded; None for the strongest that this machine offers
    unsealed           the user accepts a run without isolation; nothing is called proven then
    agent              who thinks for a node
    warm               the earlier run whose best states are tried first; None for none
    state_seconds      time limit of one loader on one fold
    """

    nodes: int | None = None
    seconds: float | None = None
    seed: int = 0
    workers: int = 2
    schedule: Schedule = "branch"
    decay: DecayName = "piecewise"
    no_red: bool = False
    no_black: bool = False
    no_memory: bool = False
    algorithm_only: bool = False
    lake: str | None = None
    bundled: bool = True
    level: str | None = None
    unsealed: bool = False
    agent: str = "playbook"
    state_seconds: float = 300.0
    warm: WarmStart | None = None

    @property
    def seals(self) -> bool:
        """Whether rows are sealed however few there are: a state that the playbook did not write needs them for its proof."""
        return self.agent != "playbook" or (self.warm is not None and self.warm.foreign)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(settings: Mapping[str, Any]) -> Settings:
        """Settings of a journal; names that this version does not know are left out."""
        known = {field.name for field in dataclasses.fields(Settings)}
        given = {name: value for name, value in settings.items() if name in known}
        if (warm := given.get("warm")) is not None:
            given["warm"] = WarmStart(**{**warm, "nodes": tuple(warm["nodes"])})
        return Settings(**given)
