"""The live view of a run: what it is doing, the tree as it grows, the best so far. On standard error, so that output stays clean."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live as RichLive
from rich.table import Table
from rich.text import Text

from ..contract.task import Task
from ..journal.events import (
    Confirmed,
    Event,
    FinalistFrozen,
    NodeDiscovered,
    NodeFailed,
    NodeScored,
    NoiseMeasured,
    TestScored,
)
from ..journal.tree import ROOT
from ..search.settings import Settings
from .console import console, duration, number, signed
from .draw import node_line, tree_lines

if TYPE_CHECKING:
    from ..search.run import Run
    from ..search.setup import Setup

_TREE_LINES = 22
_PHASES = {
    "start": "evaluating the initial data state",
    "noise": "measuring the noise",
    "search": "searching",
    "finalists": "comparing the best states on fresh foldings",
    "confirm": "confirming the finalist against the initial state",
    "credit": "finding out what each part is worth",
    "test": "scoring the test rows, once",
}


class Live:
    """A listener with a screen. Where there is no terminal it prints one line an event instead; quiet, it prints nothing."""

    def __init__(self, name: str, task: Task, settings: Settings, *, quiet: bool) -> None:
        self.name, self.task, self.settings, self.quiet = name, task, settings, quiet
        self.console = console(stderr=True)
        self.moving = not quiet and self.console.is_terminal
        self.phase, self.done, self.total = "opening sandboxes and reading data", 0, 0
        self.run: Run | None = None
        self.started = time.monotonic()
        self.verdict: list[Text] = []
        self._screen: RichLive | None = None

    def __enter__(self) -> Live:
        if self.moving:
            self._screen = RichLive(self, console=self.console, refresh_per_second=6, transient=False)
            self._screen.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        if self._screen is not None:
            self._screen.__exit__(*failure)  # type: ignore[arg-type]

    def opened(self, setup: Setup) -> None:
        """The run's parts are open."""
        split = setup.records.split
        self.note(
            f"{self.task.name}: {len(split.search)} rows to search on, {len(split.sealed)} sealed, {len(split.test)} test; "
            f"{self.task.metric.name} ({self.task.metric.direction}); isolation {setup.isolation}"
        )

    def follow(self, run: Run) -> None:
        self.run = run

    def note(self, text: str) -> None:
        """One line above the view."""
        if not self.quiet:
            (self._screen.console if self._screen else self.console).print(text, style="dim")

    def progress(self, phase: str, done: int, total: int) -> None:
        if not self.moving and not self.quiet and phase != self.phase:
            self.note(f"{_PHASES.get(phase, phase)} …")
        self.phase, self.done, self.total = phase, done, total

    def event(self, event: Event) -> None:
        """Follow the run; the words of the verdict stay on the screen."""
        if isinstance(event, NodeScored | NodeFailed | NodeDiscovered):
            if event.node != ROOT:
                self.phase, self.done, self.total = "search", 0, 0
            if not self.moving and self.run is not None:
                self.note(node_line(self.run.chronicle.tree[event.node]).plain)
        elif isinstance(event, NoiseMeasured):
            self.note(f"initial {self.task.metric.name} {number(event.dev)}; a gain below {number(event.paired_std, 2)} is noise")
        elif isinstance(event, FinalistFrozen | Confirmed | TestScored):
            self.done, self.total = 0, 0

    def __rich__(self) -> Group:
        parts: list[Text | Table] = [self._head()]
        if self.run is not None and len(self.run.chronicle.tree):
            parts += tree_lines(self.run.chronicle.tree, most=max(6, min(_TREE_LINES, self.console.height - 6)))
        return Group(*parts)

    def _head(self) -> Text:
        elapsed = time.monotonic() - self.started if self.run is None else self.run.budget.used
        line = Text()
        line.append(f" {self.name} ", style="bold reverse")
        line.append(f"  {_PHASES.get(self.phase, self.phase)}", style="bold")
        if self.total:
            line.append(f" {self.done}/{self.total}")
        line.append(f"  {duration(elapsed)}")
        if self.settings.seconds and self.run is not None:
            line.append(f" of {duration(self.run.budget.seconds or 0)}", style="dim")
        if self.run is not None and (best := self.run.chronicle.tree.best) is not None and best.id != ROOT:
            line.append("  best ", style="dim")
            line.append(f"{number(best.dev)} ({signed(best.gain)})", style="green" if (best.gain or 0) > 0 else "")
            line.append(" on development folds", style="dim")
        return line


def interactive() -> bool:
    """Whether a person is watching."""
    return sys.stderr.isatty()
