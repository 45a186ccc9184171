"""`provender diff`: what differs between two data states."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ..contract.outcome import Failure
from ..errors import RunError, UserError
from ..execute.executor import Executor
from ..keep.difference import DataDiff, compare
from ..keep.ground_files import read_ground
from ..keep.opening import OpenedRun, loader_sandbox, open_run
from ..keep.rebuild import open_export
from ..pipeline.materialise import Materialised, materialise
from ..search.settings import Settings
from ..search.workspace import Workspace
from .console import console, print_json
from .run import workspace_at

_LINES = 120  # of the loaders' diff


def diff(a: str, b: str | None, *, workspace: Path | None, unsealed: bool, json: bool) -> None:
    """Materialise both states and print what differs. Without b: from D0 to a."""
    place = workspace_at(workspace)
    if b is None:
        if _is_export(a):
            raise UserError(f"{a} is an export: name what to compare it with, such as  provender diff {a} last:0")
        a, b = f"{re.sub(r':[0-9]+$', '', a)}:0", a
    if not json:
        print("running both loaders …", file=sys.stderr)
    with ExitStack() as held:
        executor = held.enter_context(loader_sandbox(Settings(unsealed=unsealed)))
        before, _ = _state(a, place, executor)
        after, classes = _state(b, place, executor)
        found = compare(before, after, classes=classes)
    print_json({"a": a, "b": b, "equal": found.equal, **found.to_json()}) if json else _print(found, a, b)


def _is_export(name: str) -> bool:
    return (Path(name) / "export.json").is_file()


def _state(name: str, place: Workspace, executor: Executor) -> tuple[Materialised, Sequence[str]]:
    """The state that `RUN`, `RUN:NODE` or an export's folder names, and its task's classes."""
    if _is_export(name):
        return open_export(Path(name), executor, places=[place.folder]), read_ground(Path(name) / "original").facts["classes"]
    run, _, node = name.rpartition(":") if re.search(r":\d+$", name) else (name, "", "")
    opened: OpenedRun = open_run(place, run, int(node) if node else None)
    made = materialise(executor, opened.ground, opened.state, opened.pool)
    if isinstance(made, Failure):
        raise RunError(f"node {opened.node} of run {opened.run} has no rows to compare ({made.kind}): {made.message}")
    return made, opened.records.classes


def _print(found: DataDiff, a: str, b: str) -> None:
    out = console()
    shapes = [f"{shape[0]:,} x {shape[1]:,}" if shape else "none" for shape in found.features]
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="dim")
    facts.add_column()
    facts.add_row("rows", f"{found.rows[0]:,} → {found.rows[1]:,}   {found.shared:,} in both, −{found.removed:,} +{found.added:,}")
    for source, (before, after) in found.sources.items():
        if before != after:
            facts.add_row("", f"{source}: {before:,} → {after:,}")
    facts.add_row("labels changed", f"{found.relabelled:,}")
    facts.add_row("cells changed", ", ".join(f"{name} {count:,}" for name, count in found.cells.items()) or "none")
    facts.add_row("weights changed", f"{found.reweighted:,}")
    if found.columns_added or found.columns_removed:
        facts.add_row("columns", " ".join([*(f"+{c}" for c in found.columns_added), *(f"−{c}" for c in found.columns_removed)]))
    facts.add_row("features", " → ".join(shapes))
    out.print(Text(f"{a} → {b}" + ("   the same rows" if found.equal else ""), style="bold"))
    out.print(facts)
    for kind, reason, count in found.reasons:
        out.print(Text(f"  {kind}, {count:,} rows: {reason}"))
    for example in found.examples:
        out.print(Text(f"  row {example.row} {example.what}: {example.before} → {example.after}", style="dim"))
    lines = found.loader.splitlines()
    if lines:
        more = [f"… {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
        out.print(Syntax("\n".join([*lines[:_LINES], *more]), "diff", background_color="default"))
