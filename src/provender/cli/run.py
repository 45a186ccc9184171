"""`provender run`, `provender resume` and the dry run."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..contract.task import Task, read_task, seconds
from ..pipeline.cache import QUOTA
from ..report.files import write_summary
from ..search.forecast import forecast
from ..search.launch import launch, resolve, resumable, run_name
from ..search.run import Run
from ..search.settings import Settings
from ..search.setup import Setup, open_setup
from ..search.workspace import Workspace
from .console import print_json, volume
from .live import Live
from .report import redraw
from .show import print_summary

_DISK_WANTED = 1_000_000_000  # bytes
_OPTIONS = {name: f"--{name.replace('_', '-')}" for name in ("schedule", "decay", "nodes", "workers", "no_red", "no_black", "no_memory", "lake", "agent")}
_OPTIONS |= {"level": "--isolation", "start_from": "--from"}


def workspace_at(folder: Path | None) -> Workspace:
    return Workspace((folder or Path(".provender")).resolve())


def options(task: Path, *, lake: Path | None, earlier: str | None = None, workspace: Path | None = None, **rest: Any) -> Settings:
    """Settings from the command line. `earlier`: the run to start from. Raises UserError, which calls options as the user does."""
    return resolve(read_task(task), workspace_at(workspace), lake=lake, start_from=earlier, called=_OPTIONS.get, **rest)


def start(folder: Path, settings: Settings, *, workspace: Path | None, json: bool) -> None:
    """Start a new run and print what it found."""
    task = read_task(folder)
    _go(run_name(task), task, settings, workspace_at(workspace), json=json)


def resume(name: str, *, budget: str | None, nodes: int | None, workspace: Path | None, json: bool) -> None:
    """Take a run up again; `budget` and `nodes` add to what it had."""
    place = workspace_at(workspace)
    more = seconds(budget.lstrip("+")) if budget is not None else None
    run, task, settings = resumable(place, name, extended=more is not None or nodes is not None)
    _go(run, task, settings, place, json=json, more=(nodes, more))


def dry(folder: Path, settings: Settings, *, workspace: Path | None, json: bool) -> None:
    """Evaluate D0 once and print what a run would be."""
    task = read_task(folder)
    setup = open_setup(task, settings, workspace_at(workspace))
    try:
        found = forecast(setup, nodes=settings.nodes, seconds=settings.seconds, tell=lambda done, total: None)
    finally:
        setup.close()
    if json:
        print_json(found.to_json())
        return
    from .dry import print_forecast

    print_forecast(task, found, settings)


@contextmanager
def patient_interrupts() -> Iterator[None]:
    """The first Ctrl-C stops in good order; the second leaves at once, which costs nothing that is on disk."""
    before = signal.getsignal(signal.SIGINT)

    def leave(*_: object) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h\n")  # the live view had hidden the cursor
        os._exit(130)

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, leave)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is stop:  # after an interruption the second Ctrl-C counts until we are gone
            signal.signal(signal.SIGINT, before)


def _trim(place: Workspace) -> None:
    """Keep the cache within its quota. What was found stands in the journal, so a cache that cannot be trimmed is no failure of the run."""
    try:
        place.cache.trim(QUOTA, place.awaited())
    except OSError as error:
        print(f"provender: the cache in {place.cache.folder} could not be trimmed ({error}): provender gc tries again", file=sys.stderr)


def _warn(place: Workspace, live: Live) -> None:
    free = shutil.disk_usage(place.folder).free
    if free < _DISK_WANTED:
        live.note(f"Only {volume(free)} of disk are free in {place.folder}: a full disk stops a run, and nothing is lost; provender gc frees some")


def _go(name: str, task: Task, settings: Settings, place: Workspace, *, json: bool, more: tuple[int | None, float | None] = (None, None)) -> None:
    live = Live(name, task, settings, quiet=json)

    def opened(setup: Setup, run: Run) -> None:
        live.opened(setup)
        _warn(place, live)
        for said in run.remarks:
            live.note(said)
        live.follow(run)

    with live, patient_interrupts():
        try:
            launch(name, task, settings, place, live, more=more, opened=opened)
        except KeyboardInterrupt:
            live.note(f"Interrupted. Nothing is lost: provender resume {name}")
            raise SystemExit(130) from None
    summary = write_summary(place, name)
    redraw(place, name)
    _trim(place)
    print_json(summary) if json else print_summary(summary)
