"""`provender export` and `provender rebuild`: curated data that stand on their own."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from ..errors import UserError
from ..keep.export import export as write
from ..keep.opening import loader_sandbox, open_run
from ..keep.rebuild import Rebuilt
from ..keep.rebuild import rebuild as again
from ..search.settings import Settings
from ..search.workspace import Workspace
from .console import print_json
from .run import workspace_at


def export(name: str, *, node: int | None, to: Path, with_assets: bool, workspace: Path | None, json: bool) -> None:
    """Write an export and say what is in it."""
    opened = open_run(workspace_at(workspace), name, node)
    with loader_sandbox(opened.settings) as executor:
        found = write(opened, executor, to, with_assets=with_assets, tell=_teller(json))
    if json:
        print_json(found.to_json())
        return
    shape = f", {found.features[1]:,} features" if found.features else ""
    print(f"{found.folder}: node {found.node} of run {found.run}, {found.rows:,} training rows{shape}")
    print(f"rows      {found.rows_digest}")
    print(f"features  {found.features_digest or 'none: programs train on the rows'}")
    for asset, included in found.passed_on.items():
        print(f"- {asset}: " + ("its table is in the export" if included else "its licence does not let it be passed on, so only how to find it is in the export (--with-assets takes it all the same)"))
    if found.findings:
        print(f"- the guard has {found.findings} remarks: see audit.json")
    print(f"Read {found.folder / 'README.md'}; make it again anywhere with:  provender rebuild {found.folder}")


def rebuild(folder: Path, *, to: Path | None, assets: list[Path], workspace: Path | None, unsealed: bool, json: bool) -> None:
    """Rebuild an export, say whether it is the same, and end with 1 when it is not."""
    if to is not None and to.suffix != ".parquet":
        raise UserError(f"--to is {str(to)!r}: name a .parquet file for the rebuilt training rows")
    for place in assets:
        if not place.exists():
            raise UserError(f"--assets is {str(place)!r}, which does not exist: name a folder or file that holds the external tables")
    places = [*assets, Workspace(workspace or Path(".provender")).folder.resolve()]
    with loader_sandbox(Settings(unsealed=unsealed)) as executor:
        found = again(folder, executor, places=places, tell=_teller(json))
    if to is not None:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}.", delete=False) as part:
            found.table.to_parquet(part.name)
        os.chmod(part.name, 0o644)
        os.replace(part.name, to)
    print_json(found.to_json()) if json else _told(found)
    if not found.same:
        raise SystemExit(1)


def _told(found: Rebuilt) -> None:
    print(f"{found.folder}: {found.rows:,} rows")
    print(f"rows      {found.rows_digest}  " + ("equal" if found.rows_equal else "NOT what was exported"))
    if found.features_digest:
        rounded = f"equal to rounding (a relative difference of {found.rounding:.1e}: other arithmetic)"
        print(f"features  {found.features_digest}  " + ("equal" if found.features_equal else rounded if found.same else "NOT what was exported"))
    for note in found.notes:
        print(f"- {note}")
    if not found.same and found.notes:
        print("Install what requirements.txt in the folder names, and try again.")


def _teller(json: bool):
    return lambda said: None if json else print(f"{said} …", file=sys.stderr)
