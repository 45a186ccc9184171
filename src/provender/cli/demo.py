"""`provender demo`: the bundled task, laid out as a folder of the user's own, and run."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

from .run import options, start

_PARTS = ("task.toml", "README.md", "data", "sealed", "lake")


def demo(into: Path, *, budget: str, workspace: Path | None, json: bool) -> None:
    """Copy the demo task to `into` (kept when it is there already) and run it with its lake."""
    if not (into / "task.toml").exists():
        source = resources.files("provender") / "demo"
        into.mkdir(parents=True, exist_ok=True)
        with resources.as_file(source) as folder:
            for part in _PARTS:
                copy = shutil.copytree if (folder / part).is_dir() else shutil.copy
                copy(folder / part, into / part)
    settings = options(
        into, budget=budget, nodes=None, lake=into / "lake", workers=None, bundled=False, agent="playbook", seed=0, schedule="branch", decay="piecewise",
        no_red=False, no_black=False, no_memory=False, algorithm_only=False, level=None, unsealed=False,
    )  # fmt: skip
    start(into, settings, workspace=workspace, json=json)
