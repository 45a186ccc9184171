"""`provender gc`: free what nobody needs."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from ..keep.housekeeping import Clearing, clear, size_of
from ..pipeline.cache import QUOTA
from .console import console, print_json, volume
from .run import workspace_at


def gc(*, keep: str | None, dry: bool, workspace: Path | None, json: bool) -> None:
    """Say what the workspace holds, free what can go, and say what that was."""
    place = workspace_at(workspace)
    found = clear(place, keep=QUOTA if keep is None else size_of(keep), dry=dry)
    if json:
        print_json(found.to_json() | {"dry_run": dry})
    else:
        _print(found, dry=dry)


def _print(found: Clearing, *, dry: bool) -> None:
    out = console()
    told = found.to_json()
    table = Table(box=None, pad_edge=False)
    for column in ("", "holds", "would be freed" if dry else "freed"):
        table.add_column(column, justify="left" if not column else "right")
    for kind, size in found.held.items():
        table.add_row(kind, volume(size), volume(told["freed"][kind]))
    table.add_row("together", volume(sum(found.held.values())), volume(found.size))
    out.print(table)
    for item in told["removed"]:
        out.print(Text(f"{item['path']}  {item['why']}", style="dim"))
    if told["cache_entries"]:
        out.print(f"{told['cache_entries']} cached evaluations {'are' if dry else 'were'} beyond the quota, those not used for longest.")
    if found.resumable:
        out.print(Text(f"{found.resumable} of them may be asked for by a run that is not finished, which would evaluate them again.", style="yellow"))
    if found.alive:
        out.print(Text("A run is alive here, so pools, folders and indexes were left alone.", style="yellow"))
