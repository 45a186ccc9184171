"""A person takes a state as a run's result, whatever was proven. Its loader and predictions become the run's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..contract.task import Task, read_task
from ..errors import RunError
from ..journal.events import Accepted, Event, Noted, RunFinished, RunStarted, RunVoided
from ..journal.returned import returned
from ..journal.tree import Tree
from ..profile.table import read_table
from ..search.chronicle import Silent
from ..search.phases import write_predictions
from ..search.run import Run
from ..search.settings import Settings
from ..search.setup import open_setup
from ..search.workspace import Workspace

PREDICTIONS = "predictions.csv"


def accept(place: Workspace, run: str, node: int | None, *, tell: Callable[[str], None]) -> int:
    """Make this node (by default the run's candidate; 0 takes an acceptance back) the run's result; the node.

    What the run returns already is not accepted once more, but its files are written again.

    tell  hears one sentence a step that takes time

    Raises RunError for a run that is being written or void, without a candidate to accept, or whose task has changed
    where predictions are to be made; for a node that is unknown, red or without a score.
    """
    with place.journal.lease(run):
        events = [stored.event for stored in place.journal.read(run)]
        chosen = _chosen(run, events, node)
        started = next(event for event in events if isinstance(event, RunStarted))
        task = _asked(place, run, started)
        result = returned(events)
        if result is None or result.node != chosen:
            place.journal.append(run, [Accepted(node=chosen)])
        place.write(run, "best/loader.py", Tree.of(events)[chosen].loader or "")
        if task is not None:
            tell(f"fitting node {chosen} on all labelled rows to predict the test inputs …")
            _predict(place, run, chosen, task, Settings.from_json(started.settings))
    return chosen


def _chosen(run: str, events: list[Event], node: int | None) -> int:
    if any(isinstance(event, RunVoided) for event in events):
        raise RunError(f"run {run} is void, because its task has changed since: start a new run")
    if node is None:
        candidates = [event.candidate for event in events if isinstance(event, RunFinished)]
        if not candidates or candidates[-1] is None:
            why = "found no candidate better than its initial state" if candidates else "is not finished, so it has no candidate yet"
            raise RunError(f"run {run} {why}: name a node with --node; provender tree {run} shows them")
        node = candidates[-1]
    tree = Tree.of(events)
    if node not in tree:
        raise RunError(f"run {run} has no node {node}: its nodes are 0 to {len(tree) - 1}")
    at = tree[node]
    if at.gain is None:
        what = "is a red node, which found data and is no state" if at.color == "red" else f"has no score, because it is {at.status}"
        raise RunError(f"node {node} of run {run} {what}: accept a black node with a score; provender tree {run} shows them")
    return node


def _asked(place: Workspace, run: str, started: RunStarted) -> Task | None:
    """The run's task when it has test inputs without answers, for which predictions have to be made; else None."""
    folder = Path(started.folder)
    task = read_task(folder) if (folder / "task.toml").is_file() else None
    if task is None or task.digest != started.task_digest:
        if (place.run_folder(run) / PREDICTIONS).exists():
            raise RunError(f"the task of run {run} in {folder} has changed or is gone, so the predictions of another state cannot be made: put it back first")
        return None
    if task.data.test is None or task.kind in ("selection", "program"):
        return None
    return None if set(task.data.target) & set(read_table(task.data.test).columns) else task


def _predict(place: Workspace, run: str, node: int, task: Task, settings: Settings) -> None:
    """Raises RunError when the state makes none; what another state predicted is gone by then."""
    setup = open_setup(task, settings, place)
    try:
        (place.run_folder(run) / PREDICTIONS).unlink(missing_ok=True)
        running = Run(run, setup, Silent())
        write_predictions(running, node)
    finally:
        setup.close()
    if not (place.run_folder(run) / PREDICTIONS).exists():
        said = [event.text for event in running.chronicle.events if isinstance(event, Noted)]
        raise RunError(f"node {node} is accepted, but {said[-1]}: see  provender rerun {run} --node {node}")
