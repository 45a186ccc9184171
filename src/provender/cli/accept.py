"""`provender accept`: a person takes a state as the run's result."""

from __future__ import annotations

import sys
from pathlib import Path

from ..keep.accept import accept as take
from ..report.summary import summarise
from .console import print_json
from .report import redraw
from .run import workspace_at
from .show import print_summary


def accept(name: str, *, node: int | None, workspace: Path | None, json: bool) -> None:
    """Accept a node and print the run's summary, as it stands now."""
    place = workspace_at(workspace)
    run = place.find(name).id
    try:
        take(place, run, node, tell=lambda said: None if json else print(said, file=sys.stderr))
    finally:  # an acceptance whose predictions failed stands all the same
        summary = summarise(run, list(place.journal.read(run)), place.run_folder(run))
        if summary["accepted"]:
            place.write_json(run, "summary.json", summary)
            redraw(place, run)
    if json:
        print_json(summary)
    else:
        print_summary(summary)
