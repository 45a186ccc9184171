"""A workspace: one journal, one pool, one cache, and a folder for each run."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from ..errors import RunError
from ..journal.store import Journal, RunLine
from ..pipeline.cache import Cache, Entry
from ..pipeline.pool_store import PoolStore

_LATE = 600.0  # seconds after its last event in which a run that was killed may still have finished evaluations


class Workspace:
    """The folder `.provender`.

        journal.db      every event of every run
        pool/TASK/      bytes of admitted assets
        cache/          finished fits and predictions, by content
        runs/RUN/       what a person opens: nodes/N/loader.py, best/loader.py, predictions.csv, report.html
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @cached_property
    def journal(self) -> Journal:
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        return Journal(self.folder / "journal.db")

    def pool(self, task_digest: str) -> PoolStore:
        """Assets as admitted for one task: which rows are quarantined depends on the task's own rows."""
        return PoolStore(self.folder / "pool" / task_digest[:16])

    @property
    def cache(self) -> Cache:
        return Cache(self.folder / "cache")

    def awaited(self) -> Callable[[Entry], bool]:
        """Tells whether a cache entry may be one that a run which is not finished will ask for again.

        Whose an entry is does not stand on it: those last used while such a run was at work count.
        """
        spans = [(line.created, line.changed + _LATE) for line in self.journal.runs() if line.status in ("running", "interrupted")]
        return lambda entry: any(begin <= entry.used <= end for begin, end in spans)

    def run_folder(self, run: str) -> Path:
        return self.folder / "runs" / run

    def find(self, name: str) -> RunLine:
        """The run of this id, unique beginning of an id, path of its folder, or `last`. Raises RunError."""
        if not (self.folder / "journal.db").exists():
            raise RunError(f"there are no runs in {self.folder}: start one with  provender run TASK, or name the workspace with --workspace")
        runs = self.journal.runs()
        if name == "last" and runs:
            return runs[-1]
        wanted = Path(name).name
        hits = [line for line in runs if line.id == wanted] or [line for line in runs if line.id.startswith(wanted)]
        if len(hits) == 1:
            return hits[0]
        what = f"{len(hits)} runs begin with {name!r}" if hits else f"there is no run {name!r} in {self.folder}"
        raise RunError(f"{what}: provender runs lists them")

    def write(self, run: str, name: str, text: str) -> Path:
        """Write a file of the run's folder, whole or not at all."""
        path = self.run_folder(run) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text)
        part.replace(path)
        return path

    def write_json(self, run: str, name: str, value: object) -> Path:
        return self.write(run, name, json.dumps(value, indent=2))
