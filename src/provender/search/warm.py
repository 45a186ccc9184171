"""A warm start: what an earlier run found is tried before anything else, on this run's task and under this run's proof.

Only texts and pool tables are taken over, never a score: every state is evaluated again, every table passes the customs
of this task, whose rows it may hold.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..agents.agent import Proposal
from ..agents.warm import best_nodes, proposals
from ..contract.task import Task
from ..errors import RunError
from ..journal.events import AssetAdmitted, AssetRefused, Event
from ..journal.ledger import openings
from ..journal.tree import ROOT, Node, Tree
from ..pipeline.admit import Customs
from ..pipeline.pool_store import TASK_POOL
from .schedule import Scheduler
from .settings import WarmStart
from .workspace import Workspace


def choose_start(place: Workspace, name: str) -> WarmStart:
    """The best states of this run, for a new one to start from. `name`: as `Workspace.find` takes it, or a run's folder elsewhere.

    Raises RunError for an unknown run, and for one that found nothing better than its initial state.
    """
    folder = Path(name).resolve()
    if folder.parent.name == "runs" and _has_journal(Workspace(folder.parents[1])):
        place = Workspace(folder.parents[1])
    line = place.find(name)
    run, story = line.id, [stored.event for stored in place.journal.read(line.id)]
    nodes = best_nodes(story)
    if not nodes:
        raise RunError(f"run {run} found no state better than its initial one, so there is nothing to start from: leave --from out")
    tree = Tree.of(story)
    foreign = any(tree[node].author != "playbook" for node in nodes)
    return WarmStart(run=str(place.run_folder(run).resolve()), task_digest=line.task_digest, nodes=nodes, foreign=foreign)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Earlier:
    """The earlier run, opened.

    known   its states, the best first; () when the run is there no more
    nodes   how many they were when this run started
    place   its workspace;  task_digest: of its task
    """

    run: str
    known: tuple[Proposal, ...]
    nodes: int
    place: Workspace
    task_digest: str

    def confirmations(self, place: Workspace, task: Task) -> int:
        """How often the rows that chose its states were opened, beyond what the journal of `place` tells about `task` itself.

        A state that won a confirmation was chosen by those rows too, so the next one on them has to be the stricter for it.
        """
        if (self.place.folder, self.task_digest) == (place.folder.resolve(), task.digest) or not _has_journal(self.place):
            return 0
        return openings(self.place.journal, self.task_digest).confirmations

    def bring(self, customs: Customs, node: int, assets: Iterable[str]) -> list[Event]:
        """Admit these assets of the earlier run for this run's task; what became of each, under the node that names them."""
        events: list[Event] = []
        for asset in assets:
            if asset == TASK_POOL:
                continue
            admission = customs.readmit(asset, self.place.pool(self.task_digest))
            if admission.asset is None:
                events.append(AssetRefused(node=node, lead=asset, reason=admission.reason))
            else:
                events.append(AssetAdmitted(node=node, asset=asset, manifest=admission.manifest))
        return events

    def remarks(self, task: Task, tried: int) -> list[str]:
        """What a reader must know of this start; `tried`: how many of its states this run has proposed so far."""
        if not self.known:
            missed = self.nodes - tried
            return [f"run {self.run}, from which this one starts, was removed, so {missed} of its {self.nodes} states are not tried"] if missed > 0 else []
        if self.task_digest != task.digest:
            return [f"the states taken from run {self.run} were found on another version of this task: rows that are sealed or set aside "
                    "for the test now may have been searched on then, so the proof of such a state leans on rows that helped to choose it"]  # fmt: skip
        return []


def open_earlier(start: WarmStart | None) -> Earlier | None:
    """The run that this start names, as much of it as is left; None without a start."""
    if start is None:
        return None
    folder = Path(start.run)
    place, run = Workspace(folder.parents[1]), folder.name
    story = [stored.event for stored in place.journal.read(run)] if _has_journal(place) else []
    known = proposals(run, Tree.of(story), start.nodes) if story else ()
    return Earlier(run=run, known=known, nodes=len(start.nodes), place=place, task_digest=start.task_digest)


def _has_journal(place: Workspace) -> bool:
    return (place.folder / "journal.db").is_file()


def own_nodes(tree: Tree, count: int) -> list[Node]:
    """The first `count` black children of D0: those that get the earlier run's states."""
    return [] if ROOT not in tree else [child for child in tree.children(ROOT) if child.color == "black"][:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstThings:
    """A scheduler that begins with the first `count` black children of D0, in their order, and then leaves the choice to `then`."""

    count: int
    then: Scheduler

    def pick(self, tree: Tree, rng: random.Random) -> int:
        """A pending node. Raises ValueError when none is pending."""
        waiting = [node.id for node in own_nodes(tree, self.count) if node.status == "pending"]
        return waiting[0] if waiting else self.then.pick(tree, rng)
