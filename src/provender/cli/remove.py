"""`provender rm`: delete runs."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import UserError
from ..keep.housekeeping import find_all
from ..keep.housekeeping import remove as delete
from .console import print_json, volume
from .run import workspace_at


def remove(names: list[str], *, yes: bool, workspace: Path | None, json: bool) -> None:
    """Delete these runs, all or, when one of the names is wrong, none; ask first, unless told not to."""
    place = workspace_at(workspace)
    lines = find_all(place, names)
    if not yes:
        _ask([f"{line.id}  {line.task}, {line.status}" for line in lines])
    freed = {line.id: delete(place, line.id) for line in lines}
    if json:
        print_json({"removed": list(freed), "bytes": sum(freed.values())})
        return
    for run, size in freed.items():
        print(f"removed {run} ({volume(size)} of files)")
    print("Their pools and cached evaluations stay until  provender gc.")


def _ask(lines: list[str]) -> None:
    """Raises UserError where nobody can answer, and SystemExit when the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(f"rm deletes for good, and there is no terminal to ask on: add --yes to delete {len(lines)} run{'s' if len(lines) != 1 else ''}")
    for line in lines:
        print(line, file=sys.stderr)
    print("Delete for good, with their loaders, reports and predictions? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        print("Nothing was removed.", file=sys.stderr)
        raise SystemExit(0)
