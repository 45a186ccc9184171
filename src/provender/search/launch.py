"""Start a run or take one up again: what the command line and the Python API have in common."""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from ..contract.task import Task, read_task, seconds
from ..errors import RunError, UserError
from ..journal.events import RunStarted
from .chronicle import Listener
from .run import Run
from .settings import DecayName, Schedule, Settings
from .setup import Setup, open_setup
from .warm import choose_start
from .workspace import Workspace

_WORKERS_AT_MOST = 8


def run_name(task: Task) -> str:
    """A name for a new run: the task's, the time, and what nobody else has."""
    slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in task.name.lower()).strip("-")[:30] or "run"
    return f"{slug}-{time.strftime('%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def _default_workers() -> int:
    """As many as there are cores for this process, 8 at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_WORKERS_AT_MOST, cores)


def _state_seconds(budget: float | None) -> float:
    """How long one loader may take on one fold: a quarter of the time there is, 300 s at most."""
    return 300.0 if budget is None else min(300.0, max(5.0, budget / 4))


def resolve(
    task: Task, place: Workspace, *, budget: str | float | None = None, nodes: int | None = None, lake: str | Path | None = None,
    start_from: str | None = None, called: Callable[[str], str] = str, **rest: Any,
) -> Settings:  # fmt: skip
    """Settings of a new run out of what a user says; a budget that is not given is the task's own.

    start_from  an earlier run, whose best states are tried first
    called      how the user calls a setting, for errors
    rest        other fields of Settings; workers None: as many as there are cores

    Raises UserError naming the setting, its value and the mend.
    """
    if unknown := set(rest) - {field.name for field in dataclasses.fields(Settings)}:
        raise UserError(f"there is no setting {min(unknown)!r}: the settings are {', '.join(sorted(f.name for f in dataclasses.fields(Settings)))}")
    workers = rest.pop("workers", None)
    for name, value, choices in (
        ("schedule", rest.get("schedule", "branch"), get_args(Schedule)), ("decay", rest.get("decay", "piecewise"), get_args(DecayName)),
        ("level", rest.get("level") or "sealed", ("sealed", "partial", "unsealed")),
    ):  # fmt: skip
        if value not in choices:
            raise UserError(f"{called(name)} is {value!r}: choose one of {', '.join(choices)}")
    if nodes is not None and nodes < 1:
        raise UserError(f"{called('nodes')} is {nodes}: give at least 1")
    if workers is not None and not 1 <= workers <= 64:
        raise UserError(f"{called('workers')} is {workers}: give 1 to 64")
    _check_together(start_from, called, rest)
    if lake is not None and not Path(lake).is_dir():
        raise UserError(f"{called('lake')} is {str(lake)!r}, which is no folder: give a folder of tables")
    if (agent := rest.get("agent", "playbook")) != "playbook":
        rest["agent"] = str(Path(agent).resolve())
    given = budget is not None or nodes is not None
    limit = seconds(budget) if budget is not None else None if given else task.budget.seconds
    return Settings(
        nodes=nodes if given else task.budget.nodes, seconds=limit, lake=None if lake is None else str(Path(lake).resolve()),
        workers=workers or _default_workers(), state_seconds=_state_seconds(limit),
        warm=None if start_from is None else choose_start(place, start_from), **rest,
    )  # fmt: skip


def _check_together(start_from: str | None, called: Callable[[str], str], rest: Mapping[str, Any]) -> None:
    if rest.get("no_red") and rest.get("no_black"):
        raise UserError(f"{called('no_red')} and {called('no_black')} together leave nothing to do: drop one of them")
    if start_from is not None and (off := next((name for name in ("no_memory", "no_black") if rest.get(name)), None)):
        raise UserError(
            f"{called('start_from')} and {called(off)} contradict each other, since {called('start_from')} is a memory of states: drop one of them"
        )


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
