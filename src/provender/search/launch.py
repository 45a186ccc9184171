"""Start a run or take one up again: what the command line and the Python API have in common."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from ..contract.task import Task, read_task
from ..errors import RunError
from ..journal.events import RunStarted
from .chronicle import Listener
from .run import Run
from .settings import Settings
from .setup import Setup, open_setup
from .workspace import Workspace

_WORKERS_AT_MOST = 8


def run_name(task: Task) -> str:
    """A name for a new run: the task's, the time, and what nobody else has."""
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in task.name.lower()).strip("-")[:30] or "run"
    return f"{slug}-{time.strftime('%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def default_workers() -> int:
    """As many as there are cores for this process, 8 at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_WORKERS_AT_MOST, cores)


def state_seconds(budget: float | None) -> float:
    """How long one loader may take on one fold: a quarter of the time there is, 300 s at most."""
    return 300.0 if budget is None else min(300.0, max(5.0, budget / 4))


def launch(
    name: str, task: Task, settings: Settings, place: Workspace, listener: Listener, *,
    more: tuple[int | None, float | None] = (None, None), opened: Callable[[Setup, Run], None] = lambda setup, run: None,
) -> None:  # fmt: skip
    """Run it to its end, or to an interruption, under the run's lease. `more`: nodes and seconds that are added to its budget.

    opened   hears once when everything is open and the search is about to begin

    Raises KeyboardInterrupt when it was interrupted and can be resumed, RunError when another process writes the run.
    """
    began = time.monotonic()
    with place.journal.lease(name):
        setup = open_setup(task, settings, place)
        try:
            run = Run(name, setup, listener)
            run.open(more_nodes=more[0], more_seconds=more[1], began=began)
            opened(setup, run)
            run.go()
        finally:
            setup.close()


def resumable(place: Workspace, name: str, *, extended: bool) -> tuple[str, Task, Settings]:
    """The run of this name, its task and its settings. Raises RunError for one that is finished and not `extended`, or void."""
    line = place.find(name)
    started = next(s.event for s in place.journal.read(line.id) if isinstance(s.event, RunStarted))
    if line.status == "finished" and not extended:
        raise RunError(f"run {line.id} is finished: give it more with  provender resume {line.id} --budget +10m, or look at it with  provender show {line.id}")
    if line.status == "void":
        raise RunError(f"run {line.id} is void, because its task has changed since: start a new run")
    return line.id, read_task(Path(started.folder)), Settings.from_json(started.settings)
