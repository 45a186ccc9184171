"""`provender report`, and the report that every run leaves behind: one HTML file."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import RunError, UserError
from ..report.page import report as page
from ..search.workspace import Workspace


def report(name: str, *, to: Path | None, show: bool, workspace: Path | None) -> None:
    """Draw a run's report, print where it lies, and open it where that is asked for."""
    place = Workspace((workspace or Path(".provender")).resolve())
    path = draw(place, place.find(name).id, to)
    print(path)
    if show:
        import webbrowser

        if not webbrowser.open(path.as_uri()):
            raise RunError(f"no browser could be started: open {path} yourself")


def redraw(place: Workspace, run: str) -> None:
    """The report in the run's folder. What was found stands in the journal, so a report that cannot be drawn is no failure of the run."""
    try:
        draw(place, run)
    except Exception as error:
        print(f"provender: the report could not be drawn ({type(error).__name__}: {error}); provender report {run} tries again", file=sys.stderr)


def draw(place: Workspace, run: str, to: Path | None = None) -> Path:
    """Write the report of a run, whole or not at all: to its folder, or to the file `to`. Raises UserError."""
    path = (to or place.run_folder(run) / "report.html").resolve()
    if path.is_dir():
        raise UserError(f"--to is {str(path)!r}, which is a folder: give a file, such as {path / 'report.html'}")
    text = page(run, list(place.journal.read(run)))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return path
