"""What the shell offers when TAB is pressed: names of runs, numbers of nodes. Quick, and silent whatever is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..journal.store import Journal

_MOST = 200


def run_names(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of the workspace's runs that begin so, the newest first, and `last`."""

    def names(journal: Journal) -> list[str]:
        found = [line.id for line in reversed(journal.runs())][:_MOST]
        return [*found, "last"] if found else []

    return [name for name in _asked(context, names) if name.startswith(incomplete)]


def node_numbers(context: typer.Context, incomplete: str) -> list[str]:
    """Numbers of the run's black nodes, the latest first. Without a run on the line it is the last one."""
    # An option that waits for its value ends the parser's work before it has given arguments to their parameters.
    wanted = Path(str(next(iter(context.args), None) or context.params.get("run") or "last")).name

    def numbers(journal: Journal) -> list[str]:
        from ..journal.events import NodeGrown

        runs = [line.id for line in journal.runs()]
        hits = [run for run in runs if run.startswith(wanted)] or runs[-1:]
        story = journal.read(hits[-1]) if hits else ()
        return [str(s.event.node) for s in story if isinstance(s.event, NodeGrown) and s.event.color == "black"]

    return [number for number in reversed(_asked(context, numbers)) if number.startswith(incomplete)][:_MOST]


def _asked(context: typer.Context, ask: Callable[[Journal], list[str]]) -> list[str]:
    """The answer of the workspace's journal; nothing where there is none. TAB never makes one, and never says a word."""
    from ..errors import ProvenderError
    from ..journal.store import Journal

    path = Path(context.params.get("workspace") or os.environ.get("PROVENDER_HOME") or ".provender") / "journal.db"
    try:
        if not path.is_file():
            return []
        with Journal(path) as journal:
            return ask(journal)
    except (ProvenderError, OSError):
        return []
