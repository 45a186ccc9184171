"""`provender fit` and `provender predict`: a model that is kept, and what it says of new inputs."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from pathlib import Path

import pandas as pd

from ..errors import UserError
from ..keep.model import Model
from ..keep.model import fit as keep
from ..keep.opening import open_run
from ..profile.table import read_table
from .console import print_json
from .run import workspace_at


def fit(name: str, *, node: int | None, to: Path, workspace: Path | None, json: bool) -> None:
    """Fit and keep a model, and say what it is."""
    opened = open_run(workspace_at(workspace), name, node)
    found = keep(opened, to, tell=lambda said: None if json else print(f"{said} …", file=sys.stderr))
    if json:
        print_json(found.to_json())
        return
    state = "the initial state" if found.node == 0 else f"node {found.node} ({'proven' if found.proven else 'not proven'})"
    print(f"{found.folder}: {state} of run {found.run}, fitted on {found.rows:,} rows and {found.features[1]:,} features")
    if found.whole:
        print("- it holds the training records, because its loader asks for them when it predicts")
    print(f"Use it with:  provender predict {found.folder} --inputs new.csv --out predictions.csv")


def predict(folder: Path, *, inputs: Path, out: Path, unsealed: bool, json: bool) -> None:
    """Predict a file's rows and write them to another."""
    if out.suffix not in (".csv", ".parquet", "") or (out.suffix == "" and str(out) != "-"):
        raise UserError(f"--out is {str(out)!r}: name a .csv or .parquet file, or - for standard output")
    frame = _read(inputs)
    with Model.open(folder, unsealed=unsealed) as model:
        notes = [*model.notes]
        if known := [name for name in model.outline.targets if name in frame.columns]:
            notes.append(f"the target {', '.join(known)} is passed over")
        if extra := [str(c) for c in frame.columns if c not in (*model.schema.names, *model.outline.targets, model.outline.id)]:
            notes.append(f"columns that the model does not know are passed over: {', '.join(extra[:8])}{' …' if len(extra) > 8 else ''}")
        table = model.predict(frame, tell=notes.append)
    if not json:
        for note in notes:
            print(f"- {note}", file=sys.stderr)
    _save(table, out)
    if json:
        print_json({"model": str(folder), "rows": len(table), "columns": list(map(str, table.columns)), "out": str(out), "notes": notes})
    elif str(out) != "-":
        print(f"{out}: {len(table):,} predictions, {', '.join(map(str, table.columns[:8]))}{' …' if table.shape[1] > 8 else ''}")


def _read(inputs: Path) -> pd.DataFrame:
    """The table of new records; `-` is CSV on standard input."""
    said = str(inputs) if str(inputs) != "-" else "standard input"
    try:
        frame = read_table(inputs) if str(inputs) != "-" else pd.read_csv(io.StringIO(sys.stdin.read()))
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise UserError(f"{said} holds no table ({error}): give CSV with a header") from None
    if not len(frame):
        raise UserError(f"{said} holds no rows: give at least one")
    return frame


def _save(table: pd.DataFrame, out: Path) -> None:
    """Write whole or not at all."""
    if str(out) == "-":
        table.to_csv(sys.stdout, index=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as part:
        table.to_parquet(part.name, index=False) if out.suffix == ".parquet" else table.to_csv(part.name, index=False)
    os.chmod(part.name, 0o644)
    os.replace(part.name, out)
