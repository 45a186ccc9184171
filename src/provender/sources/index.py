"""The index of a folder's tables: sketches made once a content, kept in one SQLite file, brought up to date by looking.

A file whose path, size and time of change are known is not opened; one whose bytes are known is not parsed again. What
could not be read is kept as well, with the reason, so that it is not tried at every run.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..errors import SandboxError
from .sketching import VERSION

Sketch = Callable[[Path], Mapping[str, object]]
"""Gives `sketching.sketch_file` of a path; in the product it runs in a sandbox. Whatever it raises becomes a note."""

_SCHEMA = """
create table if not exists files (path text primary key, size integer, changed integer, digest text);
create table if not exists sketches (digest text, version integer, sketch text, note text, primary key (digest, version));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of the index. `table` is its sketch, None when it could not be read; then `note` says why."""

    path: str  # relative to the root, with forward slashes
    size: int
    digest: str  # blake2b, 32 hex digits
    table: Mapping | None
    note: str = ""


class Index:
    """Sketches of files under one root. One process at a time; a thread opens its own connection."""

    def __init__(self, file: Path, root: Path, sketch: Sketch) -> None:
        self.file, self.root, self.sketch = Path(file), Path(root), sketch

    def refresh(self, paths: Iterable[str]) -> list[Entry]:
        """The entries of these paths (relative to the root), in order. Reads and sketches what is new or changed."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.file, timeout=60)) as store:
            store.executescript(_SCHEMA)
            entries = [self._entry(store, path) for path in paths]
            store.commit()
        return [entry for entry in entries if entry is not None]

    def _entry(self, store: sqlite3.Connection, path: str) -> Entry | None:
        file = self.root / path
        try:
            seen = file.stat(follow_symlinks=False)
            known = store.execute("select digest from files where path=? and size=? and changed=?", (path, seen.st_size, seen.st_mtime_ns)).fetchone()
            digest = known[0] if known else digest_of(file)
        except OSError as error:
            return Entry(path=path, size=0, digest="", table=None, note=f"it cannot be opened: {error.strerror}")
        if not known:
            store.execute("insert or replace into files values (?, ?, ?, ?)", (path, seen.st_size, seen.st_mtime_ns, digest))
        row = store.execute("select sketch, note from sketches where digest=? and version=?", (digest, VERSION)).fetchone()
        if row is None:
            row = self._sketched(file)
            store.execute("insert into sketches values (?, ?, ?, ?)", (digest, VERSION, *row))
            store.commit()  # an interrupted index keeps what it has
        table = None if row[0] is None else json.loads(row[0])
        return Entry(path=path, size=seen.st_size, digest=digest, table=table, note=row[1])

    def _sketched(self, file: Path) -> tuple[str | None, str]:
        try:
            return json.dumps(self.sketch(file)), ""
        except SandboxError:
            raise  # ours, not the file's fault
        except Exception as error:  # any parser may fail in any way on foreign bytes; the reason is kept
            return None, f"{type(error).__name__}: {error}"[:400]


def digest_of(file: Path) -> str:
    """blake2b of the file's bytes, 32 hex digits. Raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
