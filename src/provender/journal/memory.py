"""The Global Memory as a fold: one record of each executed node, and notes, searchable by text over runs and tasks.

Covered: development-level facts of the search rows, rounded to a quarter of the noise so that nobody climbs on noise.
Not in it, ever: confirmations and test scores. The text index is SQLite's FTS5 in memory, made anew from the journal.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .events import (
    Color,
    Event,
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    NoiseMeasured,
    Noted,
    RunStarted,
    StateProposed,
)
from .store import Journal

RESOLUTION = 4  # scores are shown in steps of sigma_pair / 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRecord:
    """What is remembered of one node, or one note.

    run, task   the run's id and the task's name;  node: None for a note about the task
    kind        scored | discovered | failed | note
    dev, gain   development score and gain over D0 in steps of sigma_pair / 4; None unless scored
    assets      used by a black node, admitted by a red one
    text        the summary, the reason of a failure, or the note
    """

    run: str
    task: str
    node: int | None
    parent: int | None = None
    color: Color | None = None
    kind: str
    state: str | None = None
    dev: float | None = None
    gain: float | None = None
    methods: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    text: str = ""


@dataclass(slots=True)
class _Run:
    """What the fold knows of one run besides its records."""

    task: str = ""
    noise: float = 0.0
    grown: dict[int, NodeGrown] = field(default_factory=dict)
    proposed: dict[int, StateProposed] = field(default_factory=dict)


class Memory:
    """The fold, over any number of runs: `apply(run, event)` takes each run's events in order."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._records: list[MemoryRecord] = []
        self._of_node: dict[tuple[str, int], int] = {}  # place of a node's record
        self._lock = threading.Lock()
        self._indexed = 0
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "CREATE VIRTUAL TABLE texts USING fts5(task, methods, assets, text, tokenize = 'porter unicode61')"
        )

    @classmethod
    def of(cls, journal: Journal, runs: Iterable[str] | None = None) -> Memory:
        """The memory of these runs, or of all runs of the workspace."""
        memory = cls()
        for run in [line.id for line in journal.runs()] if runs is None else runs:
            for stored in journal.read(run):
                memory.apply(run, stored.event)
        return memory

    def apply(self, run: str, event: Event) -> None:
        """Fold one event in; events that are not remembered are passed over."""
        at = self._runs.setdefault(run, _Run())
        if isinstance(event, NodeGrown):
            at.grown[event.node] = event
        elif isinstance(event, StateProposed):
            at.proposed[event.node] = event
        elif isinstance(event, NodeScored | NodeDiscovered | NodeFailed):
            self._of_node[run, event.node] = len(self._records)
            self._records.append(_record(run, at, event))
        elif isinstance(event, Noted):
            self._records.append(MemoryRecord(run=run, task=at.task, node=event.node, kind="note", text=event.text))
        elif isinstance(event, RunStarted):
            at.task = event.task
        elif isinstance(event, NoiseMeasured):
            at.noise = event.paired_std

    def __len__(self) -> int:
        return len(self._records)

    def records(self, run: str | None = None) -> tuple[MemoryRecord, ...]:
        """Everything remembered, or what is of one run, in order."""
        return tuple(self._shown(record) for record in self._records if run is None or record.run == run)

    def record(self, run: str, node: int) -> MemoryRecord | None:
        """The record of a node; None while it has not finished."""
        place = self._of_node.get((run, node))
        return None if place is None else self._shown(self._records[place])

    def search(
        self, text: str, *, run: str | None = None, task: str | None = None, most: int = 10
    ) -> tuple[MemoryRecord, ...]:
        """Records that hold any word of the text, the best match first (BM25, words by their stems)."""
        words = list(dict.fromkeys(re.findall(r"\w+", text.lower())))
        if not words:
            return ()
        with self._lock:
            self._catch_up()
            query = " OR ".join(f'"{word}"' for word in words)
            rows = self._index.execute(
                "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank, rowid", (query,)
            ).fetchall()
        found = (self._records[rowid - 1] for (rowid,) in rows)
        fitting = [r for r in found if run in (None, r.run) and task in (None, r.task)]
        return tuple(self._shown(record) for record in fitting[:most])

    def _catch_up(self) -> None:
        """Index what was remembered since the last search."""
        rows = [
            (place + 1, r.task, " ".join(r.methods), " ".join(r.assets), r.text)
            for place, r in enumerate(self._records[self._indexed :], start=self._indexed)
        ]
        self._index.executemany("INSERT INTO texts(rowid, task, methods, assets, text) VALUES (?, ?, ?, ?, ?)", rows)
        self._indexed += len(rows)

    def _shown(self, record: MemoryRecord) -> MemoryRecord:
        """The record with its scores in steps of the noise, which may have been measured after the node."""
        step = self._runs[record.run].noise / RESOLUTION
        if record.dev is None or step <= 0:
            return record
        return replace(record, dev=_rounded(record.dev, step), gain=_rounded(record.gain, step))


def _record(run: str, at: _Run, event: NodeScored | NodeDiscovered | NodeFailed) -> MemoryRecord:
    grown, proposed = at.grown.get(event.node), at.proposed.get(event.node)
    common = {
        "run": run, "task": at.task, "node": event.node,
        "parent": grown.parent if grown else None, "color": grown.color if grown else None,
    }  # fmt: skip
    if isinstance(event, NodeDiscovered):
        return MemoryRecord(**common, kind="discovered", assets=event.assets, text=event.summary)
    if proposed is not None:
        common |= {"state": proposed.state, "methods": proposed.methods, "assets": proposed.assets}
    summary = proposed.summary if proposed else ""
    if isinstance(event, NodeScored):
        return MemoryRecord(**common, kind="scored", dev=event.dev, gain=event.gain, text=summary)
    reason = f"{event.failure.get('kind', '')}: {event.failure.get('message', '')}"
    return MemoryRecord(**common, kind="failed", text=f"{summary} ({reason})" if summary else reason)


def _rounded(value: float, step: float) -> float:
    """The multiple of the step that is nearest, without the digits that multiplying adds."""
    return float(f"{round(value / step) * step:.10g}")
