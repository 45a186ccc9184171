"""What a workspace holds, and how to get rid of what nobody needs: whole runs, and what runs leave behind."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import RunError, UserError
from ..journal.events import RunStarted
from ..journal.store import RunLine
from ..search.workspace import Workspace

STALE = 3600.0
"""Seconds after which a file that was never renamed into place is nobody's any more: writing one takes moments."""

SLACK = 1_000_000
"""Bytes of free pages in the journal from which writing it anew is worth it."""

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
_INDEXES = ("lake-index", "bundled-index")
_KINDS = ("journal", "pool", "cache", "runs", "indexes")


def size_of(text: str) -> int:
    """Bytes of a size such as 5GB, 500MB, 1.5GiB or 0. Raises UserError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise UserError(f"--keep is {text!r}, which is no size: write 5GB, 500MB or 0")
    return int(float(match[1]) * _UNITS[match[2]])


def find_all(place: Workspace, names: Sequence[str]) -> list[RunLine]:
    """The runs of these names, each once. Raises RunError for one that does not exist or is being written."""
    lines = list({line.id: line for line in map(place.find, names)}.values())
    for line in lines:
        if place.journal.leased(line.id):
            raise RunError(f"run {line.id} is running: stop it with Ctrl-C where it runs, then remove it")
    return lines


def remove(place: Workspace, run: str) -> int:
    """Delete a run's events and its folder; bytes freed in the folder. How often it opened sealed and test rows stays counted.

    Raises RunError when a process is writing it.
    """
    place.journal.remove(run)
    folder = place.run_folder(run)
    freed = _size(folder)
    if folder.exists():
        shutil.rmtree(folder)
    return freed


@dataclass(frozen=True, slots=True)
class Freed:
    """One thing that goes. kind: journal, pool, cache, runs or indexes;  why: half a sentence."""

    path: Path
    kind: str
    size: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """What a workspace holds and what goes of it.

    held       {kind: bytes} before
    freed      what goes, or would go
    alive      a run is alive, so that only the cache and stale files were looked at
    resumable  cache entries that go although a run that was interrupted may need them: resume would evaluate them again
    """

    held: dict[str, int]
    freed: tuple[Freed, ...]
    alive: bool
    resumable: int

    @property
    def size(self) -> int:
        """Bytes that go."""
        return sum(item.size for item in self.freed)

    def to_json(self) -> dict:
        by_kind = {kind: sum(item.size for item in self.freed if item.kind == kind) for kind in _KINDS}
        things = [{"path": str(item.path), "kind": item.kind, "bytes": item.size, "why": item.why} for item in self.freed if item.kind != "cache"]
        return {
            "held": self.held, "freed": {**by_kind, "total": self.size}, "cache_entries": sum(item.kind == "cache" for item in self.freed),
            "needed_by_resume": self.resumable, "a_run_is_alive": self.alive, "removed": things,
        }  # fmt: skip


def clear(place: Workspace, *, keep: int, dry: bool = False, now: float | None = None) -> Clearing:
    """Free what nobody needs; with `dry` only say what that is.

    keep  bytes that the cache may hold: the least recently used entries beyond it go, those that an interrupted run may
          need after the others. Entries are named by content, so that a run that misses one makes it again
    now   seconds since the epoch

    Pools of tasks that no run uses, folders without a run and unused indexes go only while no run of the workspace is
    alive. Raises RunError when there is no workspace.
    """
    if not (place.folder / "journal.db").exists():
        raise RunError(f"there is no workspace in {place.folder}: name one with --workspace")
    runs, alive = place.journal.runs(), _is_alive(place)
    awaited = place.awaited()
    beyond = place.cache.beyond(keep, awaited)
    freed = [Freed(entry.path, "cache", entry.size, "least recently used") for entry in beyond]
    freed += _stale(place, time.time() if now is None else now)
    freed += [] if alive else [*_pools(place, runs), *_folders(place, runs), *_indexes(place, runs)]
    slack = 0 if alive else place.journal.slack()
    freed += [Freed(place.journal.path, "journal", slack, "pages of removed runs")] if slack > SLACK else []
    held = what_it_holds(place)
    if not dry:
        freed = [item for item in freed if _let_go(place, item)]
    return Clearing(held=held, freed=tuple(freed), alive=alive, resumable=sum(map(awaited, beyond)))


def what_it_holds(place: Workspace) -> dict[str, int]:
    """{kind: bytes} of a workspace."""
    held = {
        "journal": sum(_size(path) for path in place.folder.glob("journal.db*")),
        "pool": _size(place.folder / "pool"),
        "cache": _size(place.cache.folder),
        "runs": _size(place.folder / "runs"),
        "indexes": sum(_size(place.folder / name) for name in _INDEXES),
    }
    return {kind: held[kind] for kind in _KINDS}


def _is_alive(place: Workspace) -> bool:
    """Whether any process holds a run, one that has not journaled anything yet included."""
    leases = place.folder / "leases"
    return leases.is_dir() and any(place.journal.leased(file.name) for file in leases.iterdir() if not file.name.startswith("."))


def _pools(place: Workspace, runs: Sequence[RunLine]) -> list[Freed]:
    used = {place.pool(line.task_digest).folder.name for line in runs}
    return [
        Freed(folder, "pool", _size(folder), "of a task that no run uses any more")
        for folder in _children(place.folder / "pool") if folder.is_dir() and folder.name not in used
    ]  # fmt: skip


def _folders(place: Workspace, runs: Sequence[RunLine]) -> list[Freed]:
    known = {line.id for line in runs}
    return [
        Freed(folder, "runs", _size(folder), "of no run of the journal")
        for folder in _children(place.folder / "runs") if folder.is_dir() and folder.name not in known
    ]  # fmt: skip


def _indexes(place: Workspace, runs: Sequence[RunLine]) -> list[Freed]:
    """Sketches of a lake's or of installed tables when no run may look into any."""
    settings = [stored.event.settings for _, stored in place.journal.milestones() if isinstance(stored.event, RunStarted)]
    used = {"lake-index": any(s.get("lake") for s in settings), "bundled-index": any(s.get("bundled") for s in settings)}
    return [
        Freed(place.folder / name, "indexes", _size(place.folder / name), "of sources that no run uses any more")
        for name in _INDEXES if (place.folder / name).exists() and not used[name]
    ]  # fmt: skip


def _stale(place: Workspace, now: float) -> list[Freed]:
    """Files that were being written when their process died: `.part` of the cache, of pools and of runs."""
    patterns = {"cache": "*/.part-*", "pool": "*/*.part*", "runs": "**/.*.part"}
    found = []
    for kind, pattern in patterns.items():
        for path in (place.folder / kind).glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # it has just been renamed into place
                told = path.lstat()
                if now - told.st_mtime > STALE and path.is_file():
                    found.append(Freed(path, kind, told.st_size, "left half-written by a process that died"))
    return found


def _let_go(place: Workspace, item: Freed) -> bool:
    """Delete it; whether it is gone.

    A folder is moved out of sight and only deleted when no run has come alive meanwhile, else put back. A run holds its
    lease before it looks at anything: one that comes later finds the folder gone and makes its own.
    """
    if item.kind == "journal":
        place.journal.compact()
    elif item.path.is_dir():
        aside = item.path.with_name(f".{item.path.name}.removed")
        item.path.rename(aside)
        if _is_alive(place) and not item.path.exists():
            aside.rename(item.path)
            return False
        shutil.rmtree(aside)
    else:
        item.path.unlink(missing_ok=True)
    return True


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; what vanishes meanwhile counts nothing."""
    files = [path] if path.is_file() else path.rglob("*") if path.is_dir() else []
    total = 0
    for file in files:
        try:
            total += 0 if file.is_dir() else file.lstat().st_size
        except FileNotFoundError:
            continue
    return total
