"""kill -9 at more than a hundred moments of real runs, each resumed and compared with the run that nobody disturbed.

    python benchmarks/kills.py [--kills 100] [--seed 0]

Every run is killed again and again, at instants drawn at random, until it ends. Counted: kills, runs whose tree, states,
scores or winner differ, evaluations that were done twice, processes that outlived their run. All but the first must be 0.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "search"))
from real_run import (
    await_death,
    await_events,
    descendants,
    events,
    fits,
    outcome,
    provender,
    start,
    wine_loaders,
    wine_task,
)

from provender.journal.events import RunFinished


def disturbed(arguments: list[object], place: Path, rng: random.Random) -> dict[str, int | dict]:
    """One run, killed until it ends."""
    counts = {"kills": 0, "repeated": 0, "survivors": 0}
    written: dict[str, int] = {}
    process = start("run", *arguments, workspace=place)
    aim = rng.randint(1, 3)
    while await_events(process, place, aim):
        time.sleep(rng.random() * rng.choice((0.0, 0.2, 1.0)))
        below = descendants(process.pid)
        process.kill()
        process.communicate()
        counts["kills"] += 1
        counts["survivors"] += len(await_death(below))
        now = fits(place)
        counts["repeated"] += sum(now.get(name) != at for name, at in written.items())
        written, story = now, events(place)
        if isinstance(story[-1], RunFinished):
            break
        aim = len(story) + 1 + rng.randint(1, 2)
        process = start("resume", "last", workspace=place)
    else:
        _, said = process.communicate()
        if process.returncode:
            raise RuntimeError(said)
    return {**counts, "outcome": outcome(events(place))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    total = {"runs": 0, "kills": 0, "differing": 0, "repeated": 0, "survivors": 0}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        task, loaders = wine_task(place / "wine"), wine_loaders(place / "loaders", spread=0.1)
        arguments = [task, "--agent", loaders, "--no-red", "--workers", 2, "--nodes", 6]
        provender("run", *arguments, workspace=place / "whole")
        whole = events(place / "whole")
        while total["kills"] < given.kills:
            found = disturbed(arguments, place / str(total["runs"]), rng)
            total["runs"] += 1
            total["differing"] += found["outcome"] != outcome(whole)
            for name in ("kills", "repeated", "survivors"):
                total[name] += found[name]
            print(total, file=sys.stderr, flush=True)
    print("| " + " | ".join(total) + " |\n|" + "---|" * len(total) + "\n| " + " | ".join(map(str, total.values())) + " |")
    sys.exit(any(total[name] for name in ("differing", "repeated", "survivors")))


if __name__ == "__main__":
    main()
