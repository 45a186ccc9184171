"""What each part of a state is worth, as the run found out by leaving it out: an estimate that explains, never a claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..contract.part import Part
from ..journal.events import Credited, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """credit   development score lost without the part, in the metric's units; positive: it helps; None: unknown, and `reason` says why"""

    node: int
    part: Part
    credit: float | None
    reason: str = ""


def credits(events: Iterable[Event], node: int | None = None) -> tuple[Credit, ...]:
    """The last credit of every part, of one node or of all, the most helpful part first and the unknown ones last."""
    found: dict[tuple[int, str, str], Credit] = {}
    for event in events:
        if isinstance(event, Credited) and node in (None, event.node):
            part = Part.from_json(event.part)
            found[event.node, part.kind, part.subject] = Credit(node=event.node, part=part, credit=event.credit, reason=event.reason)
    return tuple(sorted(found.values(), key=lambda c: (c.node, c.credit is None, -(c.credit or 0.0), c.part.kind, c.part.subject)))


def named(part: Part, title: str = "") -> str:
    """The part in a few words. title: of a source's asset, where the reader knows one."""
    says = {"drop": "dropped rows", "edit": "edited cells", "relabel": "changed labels", "weight": "weights", "synthesise": "rows made up"}
    return says.get(part.kind) or title or part.subject or part.kind
