"""What a run leaves in its folder for a person to open: report.html and summary.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UserError
from ..search.workspace import Workspace
from .page import report as page
from .summary import summarise


def write_report(place: Workspace, run: str, to: Path | None = None) -> Path:
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


def write_summary(place: Workspace, run: str) -> dict[str, Any]:
    """The run's summary, which is written as summary.json too."""
    summary = summarise(run, list(place.journal.read(run)), place.run_folder(run))
    place.write_json(run, "summary.json", summary)
    return summary
