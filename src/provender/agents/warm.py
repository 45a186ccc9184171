"""An earlier run as the agent: its best states are proposed first, then another agent goes on from what they taught."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..contract.outcome import Failure
from ..journal.events import Confirmed, Event
from ..journal.returned import returned
from ..journal.tree import ROOT, Node, Tree
from .agent import Agent, Brief, Proposal, RedDesk, TaskFacts

MOST = 5
"""States that are taken over: as many as a search grows from its initial state before it looks at any result."""


class Warm:
    """Proposes what is known, in its order, and after that whatever `then` proposes.

    known  proposals;  then  the agent that makes D0, works on red nodes and goes on

    The k-th black node of a run gets the k-th proposal, so that a run that goes on after a kill neither repeats nor skips
    one. It counts them in its briefs: under --no-memory, where briefs hold no records, it cannot.
    """

    def __init__(self, known: Sequence[Proposal], then: Agent) -> None:
        self.known, self.then = tuple(known), then

    def initial(self, facts: TaskFacts) -> Proposal:
        return self.then.initial(facts)

    def discover(self, brief: Brief, desk: RedDesk) -> str:
        return self.then.discover(brief, desk)

    def refine(self, brief: Brief) -> Proposal | Failure:
        place = sum(record.color == "black" and record.node != ROOT for record in brief.record)
        return self.known[place] if place < len(self.known) else self.then.refine(brief)

    def passthrough(self, brief: Brief) -> Proposal:
        return self.then.passthrough(brief)


def best_nodes(events: Iterable[Event], most: int = MOST) -> tuple[int, ...]:
    """The nodes of a run that are worth trying again, the best first; each state once.

    What was proven comes first, then what a person accepted, then the highest development gains; none without a gain.
    """
    story = tuple(events)
    tree, result = Tree.of(story), returned(story)
    proven = {event.node for event in story if isinstance(event, Confirmed) and event.proven}

    def rank(node: Node) -> tuple[bool, bool, float, int]:
        return (node.id not in proven, result is None or node.id != result.node, -(node.gain or 0.0), node.id)

    distinct: dict[str | None, int] = {}
    for node in sorted((n for n in tree if n.id != ROOT and (n.gain or 0.0) > 0), key=rank):
        distinct.setdefault(node.state, node.id)
    return tuple(distinct.values())[:most]


def proposals(run: str, tree: Tree, nodes: Iterable[int]) -> tuple[Proposal, ...]:
    """The states of these nodes, as proposals that say where they come from and keep their author."""
    return tuple(_again(run, tree[node]) for node in nodes)


def _again(run: str, node: Node) -> Proposal:
    told = node.proposal
    assert told is not None, f"node {node.id} of run {run} has a gain, so it was proposed"
    return Proposal(
        loader=told.loader, assets=told.assets, methods=told.methods, recipe=told.recipe,
        summary=f"from {run} node {node.id}: {told.summary}", author=told.author,
    )  # fmt: skip
