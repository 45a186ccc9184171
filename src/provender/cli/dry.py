"""What a dry run prints."""

from __future__ import annotations

import math

from rich.table import Table

from ..contract.task import Task
from ..search.forecast import Forecast
from ..search.settings import Settings
from .console import console, duration, number


def print_forecast(task: Task, found: Forecast, settings: Settings) -> None:
    out = console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    rows = found.rows
    table.add_row("rows", f"{rows['search']} to search on, {rows['sealed']} sealed for the proof, {rows['test']} for the test")
    table.add_row("initial state", f"{task.metric.name} {number(found.dev)} over {found.folds} development fold{'s' if found.folds != 1 else ''}")
    table.add_row("one state", f"{duration(found.seconds_a_state)} in one of {settings.workers} workers")
    if settings.seconds or settings.nodes:
        table.add_row("states that fit", str(found.states))
    table.add_row("set aside for proof and test", duration(found.reserve))
    table.add_row("isolation", found.isolation)
    out.print(table)
    total = rows["search"] + rows["sealed"]
    if math.isfinite(found.least_gain):
        out.print(f"With {total} rows, gains below about {number(found.least_gain, 2)} {task.metric.name} cannot be proven (half of such gains are).")
    else:
        out.print(f"With {total} rows nothing can be proven: bring at least 100 labelled rows.")
