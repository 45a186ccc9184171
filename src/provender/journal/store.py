"""The store: one SQLite file a workspace, one row an event. Two methods matter: `append` and `read`.

Covered: an append that returned survives kill -9 and power loss (write-ahead log, synchronous=FULL); a torn
transaction is rolled back by SQLite; several threads and processes may read and write; one process at a time holds
the lease of a run. Not covered: a file system that lies about fsync, or one without locks (NFS).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import JournalError, RunError
from .events import Event, RunStarted, build, to_json

Status = Literal["running", "interrupted", "finished", "void"]

APPLICATION = 0x50564A4C  # "PVJL": tells our file from any other SQLite file
MILESTONES = (
    "run_started", "run_resumed", "budget_extended", "finalist_frozen", "confirmed", "test_scored",
    "run_finished", "run_interrupted", "run_voided",
)  # fmt: skip
"""Kinds that tell about a run as a whole. The index `milestones` serves them, so keep the two alike by a migration."""

_PAGE = 2_000  # events read at once: the lock is not held while the caller folds
_BUSY_SECONDS = 30.0
_LEASE_SECONDS = 0.3  # `leased` holds the lock for microseconds; a lease outwaits that
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE events(run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL,
                        body TEXT NOT NULL, PRIMARY KEY(run, seq)) WITHOUT ROWID;
    CREATE TABLE removed(run TEXT NOT NULL, time REAL NOT NULL, task_digest TEXT NOT NULL,
                         confirmations INTEGER NOT NULL, tests INTEGER NOT NULL);
    CREATE INDEX milestones ON events(run, seq) WHERE kind IN ('run_started', 'run_resumed', 'budget_extended',
        'finalist_frozen', 'confirmed', 'test_scored', 'run_finished', 'run_interrupted', 'run_voided');
    """,
)
"""Migration k takes a file from version k to k + 1. Append to the list; never edit what was shipped."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as the journal keeps it. seq counts from 1 within its run; time: seconds since the epoch."""

    seq: int
    time: float
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run, at a glance. created, changed: seconds since the epoch of its first and its last event."""

    id: str
    task: str
    folder: str
    task_digest: str
    created: float
    changed: float
    events: int
    status: Status


class Journal:
    """The journal of a workspace.

    path   the SQLite file; made, with its folder, when absent
    clock  gives the time of an event, in seconds since the epoch

    Raises JournalError when the file is damaged, is not a journal or was written by a newer Provender.
    """

    def __init__(self, path: Path | str, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self.clock = clock
        self._lock = threading.RLock()
        self._connection = self._open()

    def append(self, run: str, events: Sequence[Event]) -> None:
        """Write these events at the end of the run, all or none; they are on disk when this returns."""
        bodies = [to_json(event) for event in events]
        now = self.clock()
        _check_run_id(run)
        with self._transaction() as db:
            (last,) = db.execute("SELECT max(seq) FROM events WHERE run = ?", (run,)).fetchone()
            rows = [
                (run, seq, now, body.pop("kind"), json.dumps(body, separators=(",", ":"), ensure_ascii=False))
                for seq, body in enumerate(bodies, start=(last or 0) + 1)
            ]
            db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)

    def read(self, run: str, since: int = 0) -> Iterator[Stored]:
        """The run's events with seq > since, in order; nothing for an unknown run. Safe while others append."""
        while True:
            rows = self._rows("SELECT seq, time, kind, body FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
                              (run, since, _PAGE))  # fmt: skip
            for (seq, at, kind, _), body in zip(rows, self._bodies(run, [row[3] for row in rows]), strict=True):
                if seq != since + 1:
                    raise self._damaged(f"run {run} jumps from event {since} to {seq}")
                since = seq
                yield Stored(seq, at, build(kind, body))
            if len(rows) < _PAGE:
                return

    def runs(self) -> list[RunLine]:
        """All runs, the oldest first."""
        found: dict[str, list[tuple[float, str, Event]]] = {}
        for run, stored, kind in self._milestones():
            found.setdefault(run, []).append((stored.time, kind, stored.event))
        return sorted(
            (self._line(run, story) for run, story in found.items()), key=lambda line: (line.created, line.id)
        )

    def milestones(self) -> Iterator[tuple[str, Stored]]:
        """(run, event) for the events of all runs that tell about a run as a whole, run by run, in order."""
        for run, stored, _ in self._milestones():
            yield run, stored

    def removed(self) -> list[tuple[str, int, int]]:
        """(task digest, confirmations, tests) of each removed run: what was opened stays opened."""
        return [tuple(row) for row in self._rows("SELECT task_digest, confirmations, tests FROM removed", ())]

    def remove(self, run: str) -> None:
        """Delete a run's events. Raises RunError when it does not exist or a process is writing it."""
        if not self._rows("SELECT 1 FROM events WHERE run = ? LIMIT 1", (run,)):
            raise RunError(f"there is no run {run!r} in {self.path}: provender runs lists them")
        with self.lease(run), self._transaction() as db:
            counts = dict(
                db.execute("SELECT kind, count(*) FROM events WHERE run = ? GROUP BY kind", (run,)).fetchall()
            )
            first = db.execute(
                "SELECT body FROM events WHERE run = ? AND kind = 'run_started' LIMIT 1", (run,)
            ).fetchone()
            task = json.loads(first[0])["task_digest"] if first else ""
            opened = (run, self.clock(), task, counts.get("confirmed", 0), counts.get("test_scored", 0))
            db.execute("INSERT INTO removed VALUES (?, ?, ?, ?, ?)", opened)
            db.execute("DELETE FROM events WHERE run = ?", (run,))

    def slack(self) -> int:
        """Bytes of the file that removed runs have left free; new events fill them again."""
        ((pages,),), ((size,),) = self._rows("PRAGMA freelist_count", ()), self._rows("PRAGMA page_size", ())
        return pages * size

    def compact(self) -> None:
        """Write the file anew without what is free in it. Nothing is lost when it is killed: SQLite does it in a transaction."""
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            self._rows(statement, ())

    @contextmanager
    def lease(self, run: str) -> Iterator[None]:
        """Hold the run: only one process writes it. Raises RunError naming the process that holds it.

        The lock is the kernel's, so it goes with its process, however that dies.
        """
        file = self._lease_file(run)
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if not _lock(descriptor, _LEASE_SECONDS):
                pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise RunError(f"run {run!r} is being written by process {pid}: wait for it or stop it, then try again")
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(
                descriptor
            )  # gives the lock back; the file stays, since deleting it would race with the next holder

    def leased(self, run: str) -> bool:
        """Whether some process holds the run."""
        try:
            descriptor = os.open(self._lease_file(run), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _lock(descriptor, 0.0)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Close the file. The journal cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(
                f"the journal {self.path} cannot be opened ({error}): check its folder's permissions"
            ) from None
        try:
            self._prepare(db)
        except sqlite3.Error as error:
            db.close()
            raise self._explained(error) from None
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Check whose file this is, bring it to today's version, and set it to be durable."""
        # In this order: another process may be making the file, and it sets its mark in the transaction that makes tables.
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        if tables and application != APPLICATION:
            raise JournalError(f"{self.path} is an SQLite file, but not a journal of Provender: choose another path")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if self._version(db) < len(MIGRATIONS):
            with _begin(db):
                for migration in MIGRATIONS[self._version(db) :]:
                    for statement in filter(str.strip, migration.split(";")):
                        db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION}")
                db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _version(self, db: sqlite3.Connection) -> int:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise JournalError(
                f"the journal {self.path} has version {version}, and this Provender reads up to {len(MIGRATIONS)}: "
                "run pip install -U provender"
            )
        return version

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with _begin(self._connection) as db:
                    yield db
            except sqlite3.Error as error:
                raise self._explained(error) from None

    def _rows(self, query: str, values: Sequence[Any]) -> list[tuple]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._explained(error) from None

    def _milestones(self) -> Iterator[tuple[str, Stored, str]]:
        kinds = ", ".join(f"'{kind}'" for kind in MILESTONES)
        rows = self._rows(
            f"SELECT run, seq, time, kind, body FROM events WHERE kind IN ({kinds}) ORDER BY run, seq", ()
        )
        for run, seq, at, kind, body in rows:
            yield run, Stored(seq, at, build(kind, self._bodies(run, [body])[0])), kind

    def _line(self, run: str, story: list[tuple[float, str, Event]]) -> RunLine:
        started = next((event for _, _, event in story if isinstance(event, RunStarted)), None)
        if started is None:
            raise self._damaged(f"run {run} has no run_started")
        ((events, changed),) = self._rows(
            "SELECT seq, time FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1", (run,)
        ) or [(0, started.created)]
        return RunLine(
            id=run, task=started.task, folder=started.folder, task_digest=started.task_digest, created=started.created,
            changed=changed, events=events, status=self._status(run, [kind for _, kind, _ in story]),
        )  # fmt: skip

    def _status(self, run: str, kinds: list[str]) -> Status:
        if "run_voided" in kinds:
            return "void"
        last = [kind for kind in kinds if kind in ("run_started", "run_resumed", "budget_extended", "run_finished")][-1]
        if last == "run_finished":
            return "finished"
        return "running" if self.leased(run) else "interrupted"

    def _bodies(self, run: str, texts: list[str]) -> list[dict]:
        """The fields of these events; parsed as one JSON array, which is twice as fast as one by one."""
        try:
            bodies = json.loads(f"[{','.join(texts)}]")
        except ValueError:
            bodies = []
        if len(bodies) != len(texts) or not all(isinstance(body, dict) for body in bodies):
            raise self._damaged(f"an event of run {run} is not JSON")
        return bodies

    def _lease_file(self, run: str) -> Path:
        return self.path.parent / "leases" / _check_run_id(run)

    def _explained(self, error: sqlite3.Error) -> JournalError:
        """The same failure in words that say what to do."""
        text = str(error)
        if "full" in text:
            return JournalError(
                f"no space is left to write the journal {self.path}: free some and resume; nothing is lost"
            )
        if "locked" in text or "busy" in text:
            return JournalError(
                f"the journal {self.path} was locked for {_BUSY_SECONDS:.0f} s: stop the process that holds it"
            )
        if "readonly" in text or "unable to open" in text or "closed" in text:
            return JournalError(
                f"the journal {self.path} cannot be written ({text}): check that it is open and its permissions"
            )
        return self._damaged(text)

    def _damaged(self, where: str) -> JournalError:
        return JournalError(
            f"the journal {self.path} is damaged ({where}): put back a copy and its -wal file, or move it away"
        )


@contextmanager
def _begin(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction; the write lock is taken at its start, so that it cannot fail half-way for being late."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _lock(descriptor: int, patience: float) -> bool:
    """Take the file's lock within `patience` seconds; False when another holds it."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)


def _check_run_id(run: str) -> str:
    if not _RUN_ID.fullmatch(run):
        raise RunError(f"{run!r} is no run id: letters, digits, dots, dashes and underscores, at most 128 of them")
    return run
