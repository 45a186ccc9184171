"""Open a finished or stopped run to take something out of it: its task's records, one node's state, and a sandbox to run it in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..contract.state import DataState
from ..contract.task import Task, read_task
from ..errors import RunError
from ..execute.executor import Executor
from ..journal.events import Event, RunStarted
from ..journal.returned import Returned, returned
from ..journal.tree import Tree
from ..pipeline.materialise import Ground
from ..pipeline.plan import Plan
from ..pipeline.pool_store import PoolStore
from ..pipeline.records import Records, load_records
from ..pipeline.state import make_state
from ..search.settings import Settings
from ..search.setup import loader_preload, open_sandbox
from ..search.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OpenedRun:
    """One node of a run, with all that its state stands on.

    returned  what the run stands for as a whole; None while it is not finished and nothing was accepted
    """

    run: str
    node: int
    task: Task
    settings: Settings
    state: DataState
    records: Records
    plan: Plan
    pool: PoolStore
    tree: Tree
    events: tuple[Event, ...]
    returned: Returned | None

    @property
    def ground(self) -> Ground:
        """All labelled records of the training file."""
        return Ground.of(self.plan)


def open_run(place: Workspace, name: str, node: int | None = None) -> OpenedRun:
    """The run of this name at this node; without one, at the node that it returned or that a person accepted.

    Raises RunError for an unknown run or node, a node without a loader, a run that has returned nothing yet, and a task
    that has changed since.
    """
    line = place.find(name)
    events = tuple(stored.event for stored in place.journal.read(line.id))
    started = next(event for event in events if isinstance(event, RunStarted))
    tree, result = Tree.of(events), returned(events)
    if node is None:
        if result is None:
            raise RunError(f"run {line.id} has returned nothing yet: finish it with  provender resume {line.id}, or name a node with --node")
        node = result.node
    if node not in tree or tree[node].loader is None:
        raise RunError(f"run {line.id} has no node {node} with a loader: provender tree {line.id} shows its nodes")
    task = read_task(Path(started.folder))
    if task.digest != started.task_digest:
        raise RunError(f"the task in {task.folder} has changed since run {line.id}, so its rows are no longer those of the run: put it back, or start a new run")
    settings = Settings.from_json(started.settings)
    records = load_records(task, sealed=settings.seals)
    return OpenedRun(
        run=line.id, node=node, task=task, settings=settings, state=make_state(tree[node].loader or "", task), records=records,
        plan=Plan(task, records), pool=place.pool(task.digest), tree=tree, events=events, returned=result,
    )  # fmt: skip


@contextmanager
def loader_sandbox(settings: Settings) -> Iterator[Executor]:
    """A sandbox for loaders, at the level that the run's settings ask for. Raises UserError where only an unsealed one is to be had."""
    executor = open_sandbox(settings, loader_preload(), ())
    try:
        yield executor
    finally:
        executor.close()
