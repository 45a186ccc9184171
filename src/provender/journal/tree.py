"""The DataTree as a fold: what was grown, what is pending, what became of it, and what each branch has earned."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import JournalError
from .events import (
    Color,
    Event,
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    NodeStarted,
    NoiseMeasured,
    StateProposed,
)
from .frontier import Frontier

Status = Literal["pending", "running", "scored", "discovered", "failed"]

ROOT = 0
"""D0, the initial data state. It stands for a red node to its direct children: they build on the task's own data."""

RED_REWARD = 0.01
"""The paper's epsilon: what a red node that finished adds to its branch (https://arxiv.org/abs/2605.10906, C.1)."""

NO_BRANCH = -1


@dataclass(frozen=True, slots=True)
class Node:
    """One node: what was grown, what was proposed, what came of it. Everything else is derived from these.

    depth   0 for D0
    branch  the nearest scored black node above: the data state it starts from; -1 for D0
    base    the nearest red node above (D0 counts as one): whose discoveries it builds on; -1 for D0
    """

    grown: NodeGrown
    depth: int
    branch: int
    base: int
    status: Status = "pending"
    proposal: StateProposed | None = None
    outcome: NodeScored | NodeDiscovered | NodeFailed | None = None

    @property
    def id(self) -> int:
        return self.grown.node

    @property
    def parent(self) -> int | None:
        return self.grown.parent

    @property
    def color(self) -> Color:
        return self.grown.color

    @property
    def after(self) -> int | None:
        """The finished node that made the growth policy grow this one."""
        return self.grown.after

    @property
    def dev(self) -> float | None:
        """Development score; None unless scored."""
        return self.outcome.dev if isinstance(self.outcome, NodeScored) else None

    @property
    def gain(self) -> float | None:
        """Paired gain over D0, positive = better; None unless scored."""
        return self.outcome.gain if isinstance(self.outcome, NodeScored) else None

    @property
    def reward(self) -> float | None:
        """0..1; None unless scored."""
        return self.outcome.reward if isinstance(self.outcome, NodeScored) else None

    @property
    def slices(self) -> Mapping[str, Any]:
        return self.outcome.slices if isinstance(self.outcome, NodeScored) else {}

    @property
    def admitted(self) -> tuple[str, ...]:
        """Assets that a red node put into the pool."""
        return self.outcome.assets if isinstance(self.outcome, NodeDiscovered) else ()

    @property
    def failure(self) -> Mapping[str, Any] | None:
        return self.outcome.failure if isinstance(self.outcome, NodeFailed) else None

    @property
    def state(self) -> str | None:
        return self.proposal.state if self.proposal else None

    @property
    def loader(self) -> str | None:
        return self.proposal.loader if self.proposal else None

    @property
    def assets(self) -> tuple[str, ...]:
        """Assets that a black node's loader names."""
        return self.proposal.assets if self.proposal else ()

    @property
    def methods(self) -> tuple[str, ...]:
        return self.proposal.methods if self.proposal else ()

    @property
    def recipe(self) -> Mapping[str, Any] | None:
        return self.proposal.recipe if self.proposal else None

    @property
    def author(self) -> str | None:
        return self.proposal.author if self.proposal else None

    @property
    def summary(self) -> str:
        if isinstance(self.outcome, NodeDiscovered):
            return self.outcome.summary
        return self.proposal.summary if self.proposal else ""

    @property
    def seconds(self) -> float:
        return self.outcome.seconds if self.outcome else 0.0

    @property
    def training_seconds(self) -> float:
        return getattr(self.outcome, "training_seconds", 0.0)


def observation(scored: NodeScored, noise: float) -> float:
    """How good a state looks to a scheduler: its reward where it is no better than D0, beyond that linear in the gain.

    The reward Phi(gain / 4 sigma_pair) saturates: a state 15 sigma better and one 150 sigma better would be equals.
    The line is the reward's own tangent at D0, so that the two parts meet smoothly in (0, 0.5).
    """
    if noise <= 0 or scored.gain <= 0:
        return scored.reward
    return 0.5 + scored.gain / (4 * noise) / math.sqrt(2 * math.pi)


class Tree:
    """The fold. `apply` takes every event of a run in order and passes over those that are not about the tree.

    frontier       pending nodes, by branch
    noise          sigma_pair, once it was measured, else 0
    last_finished  the node that finished last, or None
    barren         red nodes in a row, up to now, that finished without admitting anything
    """

    def __init__(self) -> None:
        self.frontier = Frontier()
        self.noise = 0.0
        self.last_finished: int | None = None
        self.barren = 0
        self._nodes: dict[int, Node] = {}
        self._children: dict[int, list[int]] = {}
        self._answers: dict[int, list[int]] = {}  # finished node -> nodes grown after it
        self._built: dict[int, int] = {}  # red node (or D0) -> black nodes grown on its discoveries
        self._running: dict[int, None] = {}
        self._parent: list[int] = []  # by node, as the next two; lists, since every outcome walks up to the root
        self._visits: list[int] = []
        self._rewards: list[float] = []
        self._credit: dict[int, float] = {}
        self._observed: dict[int, float] = {}
        self._finished: list[int] = []
        self._best: Node | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> Tree:
        """The tree of a run's events. Raises JournalError when they contradict each other."""
        tree = cls()
        for event in events:
            tree.apply(event)
        return tree

    def apply(self, event: Event) -> None:
        """Fold one event in. Raises JournalError when it contradicts the events before it."""
        if isinstance(event, NodeStarted):
            self._start(event.node)
        elif isinstance(event, StateProposed):
            at = self._open(event.node)
            self._nodes[event.node] = Node(at.grown, at.depth, at.branch, at.base, at.status, event)
        elif isinstance(event, NodeScored | NodeDiscovered | NodeFailed):
            self._finish(event)
        elif isinstance(event, NodeGrown):
            self._grow(event)
        elif isinstance(event, NoiseMeasured):
            self.noise = event.paired_std

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        """Nodes, in the order in which they were grown."""
        return iter(self._nodes.values())

    def __contains__(self, node: int) -> bool:
        return node in self._nodes

    def __getitem__(self, node: int) -> Node:
        try:
            return self._nodes[node]
        except KeyError:
            raise JournalError(
                f"the tree has no node {node}; its {len(self._nodes)} nodes were grown as 0, 1, 2 …"
            ) from None

    @property
    def next_id(self) -> int:
        """The id for the next node to be grown."""
        return len(self._nodes)

    @property
    def pending(self) -> Collection[int]:
        """Nodes that were grown and not yet started, the oldest first."""
        return self.frontier.queue.keys()

    @property
    def running(self) -> Collection[int]:
        """Nodes in flight; after a kill, those to start again."""
        return self._running.keys()

    @property
    def finished(self) -> Sequence[int]:
        """Nodes with an outcome, in the order in which they finished."""
        return tuple(self._finished)

    @property
    def executions(self) -> int:
        """Nodes finished, red and failed ones included: the paper's t."""
        return len(self._finished)

    @property
    def best(self) -> Node | None:
        """The scored node with the highest gain, the earliest of equals; None before D0 is scored."""
        return self._best

    def children(self, node: int) -> tuple[Node, ...]:
        return tuple(self._nodes[child] for child in self._children.get(node, ()))

    def siblings(self, node: int) -> tuple[Node, ...]:
        """The other children of its parent."""
        parent = self[node].parent
        return () if parent is None else tuple(child for child in self.children(parent) if child.id != node)

    def answers(self, node: int) -> tuple[Node, ...]:
        """Nodes that were grown because this one finished."""
        return tuple(self._nodes[answer] for answer in self._answers.get(node, ()))

    def path(self, node: int) -> tuple[Node, ...]:
        """From the node up to D0, both included."""
        steps, at = [], self[node]
        while at.parent is not None:
            steps.append(at)
            at = self._nodes[at.parent]
        return (*steps, at)

    def base(self, node: int) -> Node:
        """The red node (or D0) whose discoveries the node builds on: itself when it is one, else the nearest above."""
        at = self[node]
        return at if at.color == "red" or at.parent is None else self._nodes[at.base]

    def built(self, base: int) -> int:
        """Black nodes grown on a red node's (or D0's) discoveries, black children of black ones included."""
        return self._built.get(base, 0)

    def start_state(self, node: int) -> Node | None:
        """The scored black node whose data state this node starts from; None for D0."""
        branch = self[node].branch
        return None if branch == NO_BRANCH else self._nodes[branch]

    def tries(self, state: int) -> int:
        """Executions begun from this node's data state, red ones and those in flight included."""
        return self.frontier.begun(state)

    def visits(self, node: int) -> int:
        """The paper's N: finished nodes in the subtree, the node included."""
        return self._visits[node]

    def reward_sum(self, node: int) -> float:
        """The paper's R over the same nodes: reward of a scored one, 0.01 of a red one, 0 of a failed one."""
        return self._rewards[node]

    def credit(self, node: int) -> float | None:
        """What a node has brought: a black one its reward, a red one the best reward of its black children; or None."""
        at = self[node]
        return at.reward if at.color == "black" else self._credit.get(node)

    def _open(self, node: int) -> Node:
        at = self[node]
        if at.outcome is not None:
            raise JournalError(
                f"node {node} is {at.status}, yet an event follows that: the journal's events contradict each other"
            )
        return at

    def _grow(self, event: NodeGrown) -> None:
        if event.node != len(self._nodes):
            raise JournalError(
                f"node {event.node} was grown as number {len(self._nodes)}: nodes are numbered 0, 1, 2 …"
            )
        if event.parent is None:
            if event.node != ROOT:
                raise JournalError(
                    f"node {event.node} has no parent; only node {ROOT}, the initial data state, has none"
                )
            node = Node(event, 0, NO_BRANCH, NO_BRANCH)
        else:
            parent = self[event.parent]
            branch = parent.id if parent.status == "scored" else parent.branch
            base = parent.id if parent.color == "red" or parent.id == ROOT else parent.base
            node = Node(event, parent.depth + 1, branch, base)
            self._children.setdefault(event.parent, []).append(event.node)
            if event.color == "black":
                self._built[base] = self._built.get(base, 0) + 1
        if event.after is not None:
            self._answers.setdefault(event.after, []).append(event.node)
        self._nodes[event.node] = node
        self._parent.append(-1 if event.parent is None else event.parent)
        self._visits.append(0)
        self._rewards.append(0.0)
        self.frontier.add(event.node, node.branch, self._observed.get(node.branch, 0.5))

    def _start(self, node: int) -> None:
        at = self._open(node)
        if at.status == "pending":
            self.frontier.start(node)
            self._running[node] = None
            self._nodes[node] = Node(at.grown, at.depth, at.branch, at.base, "running", at.proposal)

    def _finish(self, event: NodeScored | NodeDiscovered | NodeFailed) -> None:
        self._start(event.node)
        at = self._nodes[event.node]
        scored = isinstance(event, NodeScored)
        if scored != (at.color == "black") and not isinstance(event, NodeFailed):
            raise JournalError(
                f"node {event.node} is {at.color}, but the journal holds a {type(event).__name__} for it"
            )
        status: Status = "scored" if scored else "failed" if isinstance(event, NodeFailed) else "discovered"
        done = Node(at.grown, at.depth, at.branch, at.base, status, at.proposal, event)
        self._nodes[event.node] = done
        del self._running[event.node]
        self._finished.append(event.node)
        self.last_finished = event.node
        reward = event.reward if scored else 0.0 if status == "failed" else RED_REWARD
        self._backpropagate(event.node, reward)
        if at.color == "red":
            self.barren = 0 if done.admitted else self.barren + 1
        if scored:
            self._observed[event.node] = observed = observation(event, self.noise)
            self.frontier.observe(observed)
            if self._best is None or event.gain > self._best.gain:
                self._best = done
            if at.parent is not None and self._nodes[at.parent].color == "red":
                self._credit[at.parent] = max(self._credit.get(at.parent, 0.0), event.reward)

    def _backpropagate(self, node: int, reward: float) -> None:
        parent, visits, rewards = self._parent, self._visits, self._rewards
        while node >= 0:
            visits[node] += 1
            rewards[node] += reward
            node = parent[node]
