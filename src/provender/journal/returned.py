"""Which node a run stands for: what it returned, or what a person accepted since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .events import Accepted, Confirmed, Event, RunFinished


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """node      0 is D0
    proven    its confirmation proved it
    accepted  a person took it; an acceptance proves nothing
    """

    node: int
    proven: bool
    accepted: bool


def returned(events: Iterable[Event]) -> Returned | None:
    """The later of the run's own result and a person's acceptance; None while there is neither."""
    node: int | None = None
    accepted = False
    proven: set[int] = set()
    for event in events:
        if isinstance(event, RunFinished):
            node, accepted = event.best, False
        elif isinstance(event, Accepted):
            node, accepted = event.node, True
        elif isinstance(event, Confirmed) and event.proven:
            proven.add(event.node)
    return None if node is None else Returned(node=node, proven=node in proven, accepted=accepted)
