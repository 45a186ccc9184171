"""Real runs as a user starts them: the command line in a process of its own, on a small real table, with loaders by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from sklearn.datasets import load_wine

from provender.journal.events import Event, NodeScored, RunFinished, StateProposed, to_json
from provender.journal.store import Journal

LOADER = '''"""{title}"""

import time

import numpy as np
from sklearn.preprocessing import {scaler}


class DataLoader:
    ASSETS = ()

    def __init__(self, task, pool):
        self.task = task

    def rows(self):
        time.sleep({least} + {spread} * (time.time_ns() % 1000) / 1000)
        return self.task.train

    def fit(self, rows):
        self.scaler = {scaler}().fit(rows.frame[{columns!r}])
        return self.scaler.transform(rows.frame[{columns!r}])

    def inputs(self, raw):
        return self.scaler.transform(raw[{columns!r}])
'''
TIMES = ("seconds", "training_seconds", "evaluations", "cached", "created", "environment", "isolation", "findings")


def wine_task(folder: Path, *, extra: str = "") -> Path:
    """The 178 wines of scikit-learn, three growers, logistic regression; D0 sees two of its measurements."""
    folder.mkdir(parents=True, exist_ok=True)
    wines = load_wine(as_frame=True)
    table = wines.data.rename(columns=lambda name: name.replace("/", "_"))
    table.assign(grower=[("Rossi", "Bruno", "Conti")[k] for k in wines.target]).to_csv(folder / "wine.csv", index=False)
    (folder / "task.toml").write_text(
        '[task]\nname = "wine"\n[data]\ntrain = "wine.csv"\ntarget = "grower"\n[metric]\nname = "log_loss"\n'
        f'[evaluation]\nfolds = 2\n{extra}\n[learner]\npreset = "logistic"\n'
    )
    (folder / "loader.py").write_text(LOADER.format(title="Two columns", scaler="StandardScaler", columns=["ash", "magnesium"], least=0, spread=0))
    return folder


def wine_loaders(folder: Path, *, least: float = 0.0, spread: float = 0.0) -> Path:
    """Six loaders that take between `least` and `least + spread` seconds a fold, drawn anew each time; one of them fails."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = [["ash", "alcohol"], ["ash", "hue"], ["proline", "hue"], ["flavanoids", "proline"], ["ash", "nothing"], ["flavanoids", "hue", "proline"]]
    for k, columns in enumerate(sets):
        scaler = ("StandardScaler", "RobustScaler")[k % 2]
        text = LOADER.format(title=f"Columns {', '.join(columns)}", scaler=scaler, columns=columns, least=least, spread=spread)
        (folder / f"{k}.py").write_text(text)
    return folder


def start(*arguments: object, workspace: Path) -> subprocess.Popen:
    """`provender ARGUMENTS --workspace …` in a process group of its own, as a terminal would start it."""
    command = [sys.executable, "-c", "from provender.cli import main; main()", *map(str, arguments), "--workspace", str(workspace)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)


def finish(process: subprocess.Popen, code: int = 0) -> tuple[str, str]:
    """Wait for the end, which must have this exit code; what was printed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    assert "Traceback" not in err
    return out, err


def provender(*arguments: object, workspace: Path, code: int = 0) -> tuple[str, str]:
    return finish(start(*arguments, workspace=workspace), code)


def report(*arguments: object, workspace: Path) -> dict:
    """The one JSON object that a command with --json prints."""
    return json.loads(provender(*arguments, "--json", workspace=workspace)[0])


def events(workspace: Path) -> list[Event]:
    """The events of the workspace's latest run; none when nothing was journaled yet."""
    if not (workspace / "journal.db").exists():
        return []
    with Journal(workspace / "journal.db") as journal:
        runs = journal.runs()
        return [stored.event for stored in journal.read(runs[-1].id)] if runs else []


def await_events(process: subprocess.Popen, workspace: Path, count: int) -> bool:
    """Wait until the journal holds so many events; False when the run ended before."""
    while process.poll() is None:
        if len(events(workspace)) >= count:
            return True
        time.sleep(0.005)
    return False


def outcome(story: list[Event]) -> dict:
    """What must not depend on interruptions: tree, states, scores, confirmation, winner."""
    kept = [e for e in story if type(e).__name__ not in ("RunStarted", "RunResumed", "RunInterrupted", "Spent", "NodeStarted")]
    facts = [{k: v for k, v in to_json(e).items() if k not in TIMES} for e in kept]
    # An interrupted append of D0 may be followed by another one of the same words.
    return {
        "events": facts,
        "states": {e.node: e.state for e in story if isinstance(e, StateProposed)},
        "scores": {e.node: e.dev for e in story if isinstance(e, NodeScored)},
        "best": [e.best for e in story if isinstance(e, RunFinished)],
    }


def fits(workspace: Path) -> dict[str, int]:
    """{name: time of writing in ns} of every finished evaluation in the cache: a repeated one would be written again."""
    return {str(path.relative_to(workspace)): path.stat().st_mtime_ns for path in (workspace / "cache").rglob("*.wire")}


def survivors(mark: str) -> list[int]:
    """Pids of processes whose environment or command line holds this text."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in text:
            found.append(int(pid))
    return found


def descendants(pid: int) -> set[int]:
    """Pids of everything below a process."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = set()
    grown = True
    while grown:
        more = {child for child, parent in parents.items() if parent in found | {pid}} - found
        grown = bool(more)
        found |= more
    return found


def await_death(pids: set[int], seconds: float = 10.0) -> set[int]:
    """Those of the processes that still live after so long; zombies are dead."""
    deadline = time.monotonic() + seconds
    while True:
        living = {pid for pid in pids if _lives(pid)}
        if not living or time.monotonic() > deadline:
            return living
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
