"""How long a user waits: `provender --help` over bare Python, and a run's way to its first score.

    python benchmarks/startup.py [--rounds 7]

Rounds alternate what is compared, so that a busy machine slows both alike; medians. Target: --help <= 150 ms over bare Python.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from provender.contract.task import read_task
from provender.pipeline.state import make_state
from provender.search.settings import Settings
from provender.search.setup import open_setup
from provender.search.workspace import Workspace

HELP = "import sys; sys.argv = ['provender', '--help']; from provender.cli import main; main()"
DEMO = Path(__file__).parents[1] / "src" / "provender" / "demo"


def seconds(code: str) -> tuple[float, float]:
    """Wall and processor seconds of a Python process that runs this code."""
    before, started = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return time.perf_counter() - started, after.children_user + after.children_system - before.children_user - before.children_system


def opening() -> dict[str, float]:
    """Wall seconds from nothing to D0's first fold, on the demo task."""
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        task = read_task(DEMO)
        read = time.perf_counter()
        setup = open_setup(task, Settings(no_red=True, bundled=False), Workspace(Path(place)))
        opened = time.perf_counter()
        try:
            state = make_state(setup.agent.initial(setup.facts).loader, task)
            setup.submit.run(state, setup.plan.development()[0], strongest=1.0)
            first = time.perf_counter()
            setup.submit.run(state, setup.plan.development()[1], strongest=1.0)
            second = time.perf_counter()
        finally:
            setup.close()
    return {"reading the task": read - started, "opening records and both sandboxes": opened - read,
            "the first fold": first - opened, "a later fold": second - first}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    bare, asked = zip(*((seconds("pass"), seconds(HELP)) for _ in range(rounds)), strict=True)
    print("| | wall, ms | CPU, ms |\n|---|---|---|")
    for name, times in (("bare Python", bare), ("provender --help", asked)):
        print(f"| {name} | {1000 * statistics.median(w for w, _ in times):.0f} | {1000 * statistics.median(c for _, c in times):.0f} |")
    over = [(1000 * (a[0] - b[0]), 1000 * (a[1] - b[1])) for a, b in zip(asked, bare, strict=True)]
    print(f"| over bare Python | {statistics.median(w for w, _ in over):.0f} | {statistics.median(c for _, c in over):.0f} |\n")
    opened = [opening() for _ in range(max(3, rounds // 2))]
    print("| a run's start | wall, s |\n|---|---|")
    for name in opened[0]:
        print(f"| {name} | {statistics.median(o[name] for o in opened):.2f} |")


if __name__ == "__main__":
    main()
