"""`provender report`, and the report that every run leaves behind: one HTML file."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import RunError
from ..report.files import write_report
from ..search.workspace import Workspace


def report(name: str, *, to: Path | None, show: bool, workspace: Path | None) -> None:
    """Draw a run's report, print where it lies, and open it where that is asked for."""
    place = Workspace((workspace or Path(".provender")).resolve())
    path = write_report(place, place.find(name).id, to)
    print(path)
    if show:
        import webbrowser

        if not webbrowser.open(path.as_uri()):
            raise RunError(f"no browser could be started: open {path} yourself")


def redraw(place: Workspace, run: str) -> None:
    """The report in the run's folder. What was found stands in the journal, so a report that cannot be drawn is no failure of the run."""
    try:
        write_report(place, run)
    except Exception as error:
        print(f"provender: the report could not be drawn ({type(error).__name__}: {error}); provender report {run} tries again", file=sys.stderr)
