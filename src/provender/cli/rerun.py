"""`provender rerun`: one node's loader again, with everything it says."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from ..keep.rerun import FoldTold, Rerun
from ..keep.rerun import rerun as again
from .console import console, duration, number, print_json
from .run import workspace_at


def rerun(name: str, *, node: int, fold: int | None, loader: Path | None, workspace: Path | None, json: bool) -> None:
    """Run it and print, fold by fold, the score or the failure. A state that fails is no failure of the command."""
    place = workspace_at(workspace)
    run = place.find(name).id
    found = again(place, run, node, fold=fold, loader=loader, tell=lambda told: None if json else _print_fold(told))
    if json:
        print_json(found.to_json() | {"loader": str(loader or place.run_folder(run) / "nodes" / str(node) / "loader.py")})
    else:
        _print_end(found, place.run_folder(run) / "nodes" / str(node) / "loader.py", loader)


def _print_fold(told: FoldTold) -> None:
    out = console()
    cost = f"{duration(told.seconds)}, {duration(told.training_seconds)} of it training, {told.peak_memory >> 20} MiB"
    if told.failure is None:
        out.print(Text(f"fold {told.fold}: {number(told.score)}  ({cost})", style="bold green"))
    else:
        out.print(Text(f"fold {told.fold}: {told.failure.kind}: {told.failure.message}  ({cost})", style="bold red"))
        if detail := told.failure.detail.strip():
            out.print(Text(detail))
    printed = told.printed.strip()
    if printed and (told.failure is None or printed not in told.failure.detail):
        out.print(Text("it printed:", style="dim"))
        out.print(Text(printed))


def _print_end(found: Rerun, own: Path, loader: Path | None) -> None:
    out = console()
    before = found.journaled_failure or (None if found.journaled_dev is None else f"{number(found.journaled_dev)} on the development folds")
    if found.dev is not None:
        out.print(f"mean of {len(found.folds)} fold{'s' if len(found.folds) != 1 else ''}: {number(found.dev)}")
    out.print(Text(f"in the run, node {found.node} had: {before or 'no result yet'}", style="dim"))
    if loader is None:
        out.print(Text(f"its loader is {own}; mend a copy and try it with  provender rerun {found.run} --node {found.node} --loader FILE", style="dim"))
    else:
        out.print(Text(f"nothing was kept; to try it in a search, under its proof:  provender run TASK --agent {loader.resolve().parent}", style="dim"))
