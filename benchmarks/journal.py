"""How fast the journal writes durably, and how fast a run is read back and folded.

    python benchmarks/journal.py [--events 100000] [--repeats 5]

Ratios are against a plain loop over sqlite3 with the same durability (write-ahead log, synchronous=FULL) and the
same rows, run side by side. Targets: at least 2,000 durable events a second; 100,000 events resumed within 2 s.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from provender.journal.events import Event, NodeScored, StateProposed, kind_of, to_json
from provender.journal.ledger import Ledger
from provender.journal.memory import Memory
from provender.journal.pool import Pool
from provender.journal.store import Journal
from provender.journal.tree import Tree
from provender.search.grow import Growth
from provender.search.schedule import PaperScheduler
from provender.search.simulation import LANDSCAPES, Simulation

LOADER = "# a line of a loader, as long as such a line usually is\n" * 30  # 1.7 kB, as the playbook writes them


def story(size: int) -> list[Event]:
    """The first `size` events of a simulated run, with loaders, folds and slices of a real one's size."""
    simulation = Simulation(LANDSCAPES["smooth"], PaperScheduler(), Growth(), seed=0).run(size / 3.5)
    slices = {f"region={k}": {"rows": 100, "gain": 0.01 * k} for k in range(3)}
    events = [
        replace(event, loader=LOADER, methods=("target_encoding",)) if isinstance(event, StateProposed)
        else replace(event, folds=(0.41, 0.42, 0.40, 0.43, 0.41), slices=slices) if isinstance(event, NodeScored)
        else event
        for event in simulation.events[:size]
    ]  # fmt: skip
    if len(events) < size:
        raise SystemExit(f"the simulated run has {len(events)} events only: lower --events")
    return events


def write_journal(path: Path, batches: list[list[Event]]) -> float:
    with Journal(path) as journal:
        begun = time.perf_counter()
        for batch in batches:
            journal.append("run", batch)
        return time.perf_counter() - begun


def write_plain(path: Path, batches: list[list[Event]]) -> float:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE events(run TEXT, seq INTEGER, time REAL, kind TEXT, body TEXT, PRIMARY KEY(run, seq))")
    begun, seq = time.perf_counter(), 0
    for batch in batches:
        db.execute("BEGIN")
        for event in batch:
            seq += 1
            row = ("run", seq, 1.0, kind_of(event), json.dumps(to_json(event)))
            db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", row)
        db.execute("COMMIT")
    seconds = time.perf_counter() - begun
    db.close()
    return seconds


def median_rate(write: Callable[[Path, list[list[Event]]], float], batches: list[list[Event]], repeats: int) -> float:
    rates = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            rates.append(sum(map(len, batches)) / write(Path(folder) / "journal.db", batches))
    return statistics.median(rates)


def writing(events: list[Event], repeats: int) -> None:
    print(f"durable events/s, median of {repeats}\n\n| batch | journal | plain sqlite3 | ratio |\n|--:|--:|--:|--:|")
    for size, count in ((1, 2_000), (10, 10_000), (100, 20_000)):
        part = events[:count]
        batches = [part[k : k + size] for k in range(0, len(part), size)]
        ours, plain = (median_rate(write, batches, repeats) for write in (write_journal, write_plain))
        print(f"| {size} | {ours:,.0f} | {plain:,.0f} | {ours / plain:.2f} |")


def resuming(events: list[Event], repeats: int) -> None:
    folds = {"tree": Tree, "pool": Pool, "ledger": Ledger}
    print(f"\nresume of {len(events):,} events, seconds, median of {repeats}\n\n| step | seconds |\n|---|--:|")
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "journal.db") as journal:
        journal.append("run", events)

        def all_of_it() -> None:
            made = [fold() for fold in folds.values()]
            for stored in journal.read("run"):
                for fold in made:
                    fold.apply(stored.event)

        def remember() -> None:
            memory = Memory()
            for event in events:
                memory.apply("run", event)

        steps = {
            "read": lambda: sum(1 for _ in journal.read("run")),
            "read, tree, pool and ledger (a resume)": all_of_it,
            "memory, from events": remember,
        }
        for name, step in steps.items():
            seconds = []
            for _ in range(repeats):
                begun = time.perf_counter()
                step()
                seconds.append(time.perf_counter() - begun)
            print(f"| {name} | {statistics.median(seconds):.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    events = story(arguments.events)
    writing(events, arguments.repeats)
    resuming(events, arguments.repeats)


if __name__ == "__main__":
    main()
