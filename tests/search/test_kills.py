"""kill -9 and Ctrl-C at any moment of a real run: nothing is lost, nothing is evaluated twice, nothing survives."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from real_run import (
    await_death,
    await_events,
    descendants,
    events,
    finish,
    fits,
    outcome,
    provender,
    report,
    start,
    wine_loaders,
    wine_task,
)

from provender.journal.events import NodeStarted, RunFinished, RunInterrupted, RunVoided

pytestmark = pytest.mark.slow
NODES = 6


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> tuple[list[object], dict, Path, int]:
    """Arguments of a run, what it comes to undisturbed, its workspace, and its number of events."""
    place = tmp_path_factory.mktemp("given")
    arguments = [wine_task(place / "wine"), "--agent", wine_loaders(place / "loaders", spread=0.1), "--no-red", "--workers", 2]
    provender("run", *arguments, "--nodes", NODES, workspace=place / "whole")
    story = events(place / "whole")
    return arguments, outcome(story), place / "whole", len(story)


def killed(process, workspace: Path) -> None:
    """kill -9 the process alone: its sandboxes have to notice by themselves."""
    below = descendants(process.pid)
    process.kill()
    process.communicate()
    assert await_death(below) == set(), "processes of a sandbox survived their run"


def kept(before: dict[str, int], workspace: Path) -> bool:
    after = fits(workspace)
    return all(after.get(name) == written for name, written in before.items())


def killed_until_it_ends(arguments: list[object], workspace: Path, rng: random.Random) -> int:
    """Kill a run as soon as one or two more events are on disk, or at some moment after that, and resume it; the number of kills."""
    process = start("run", *arguments, "--nodes", NODES, workspace=workspace)
    kills, aim, written = 0, 1, {}
    while await_events(process, workspace, aim):
        time.sleep(rng.choice((0.0, 0.0, rng.random() * 0.8)))
        killed(process, workspace)
        kills += 1
        assert kept(written, workspace)
        written, story = fits(workspace), events(workspace)
        if isinstance(story[-1], RunFinished):
            return kills
        aim = len(story) + 1 + rng.randint(1, 2)  # a resume adds one event of its own
        process = start("resume", "last", workspace=workspace)
    finish(process)
    return kills


def test_runs_killed_again_and_again_come_to_the_same_end(given, tmp_path: Path) -> None:
    """Five kills and more, over as many runs as that takes; `benchmarks/kills.py` takes as many as it is told."""
    arguments, whole, undisturbed, _ = given
    rng = random.Random(20)
    kills, runs = 0, 0
    while kills < 5:
        workspace = tmp_path / str(runs)
        kills += killed_until_it_ends(arguments, workspace, rng)
        runs += 1
        assert outcome(events(workspace)) == whole
        assert len(fits(workspace)) == len(fits(undisturbed))
        assert runs < 12, f"only {kills} kills hit a run"


@pytest.mark.parametrize("seed", range(2))
def test_a_run_killed_at_a_random_instant_resumes_to_the_same_end(given, tmp_path: Path, seed: int) -> None:
    arguments, whole, _, size = given
    process = start("run", *arguments, "--nodes", NODES, workspace=tmp_path)
    rng = random.Random(seed)
    assert await_events(process, tmp_path, rng.randint(1, size - 4))
    time.sleep(rng.random() * 0.5)
    killed(process, tmp_path)
    before = fits(tmp_path)
    found = report("resume", "last", workspace=tmp_path)
    assert kept(before, tmp_path)
    assert outcome(events(tmp_path)) == whole
    assert found["status"] == "finished"


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_with_130_and_the_run_can_be_resumed(given, tmp_path: Path, times: int) -> None:
    arguments, whole, _, _ = given
    process = start("run", *arguments, "--nodes", NODES, workspace=tmp_path)
    assert await_events(process, tmp_path, 9)
    below = descendants(process.pid)
    for _ in range(times):  # the terminal sends it to the whole group
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), "a shell reports both as 130"
    assert "Traceback" not in said
    assert await_death(below) == set()
    if times == 1:
        assert events(tmp_path)[-1] == RunInterrupted(reason="interrupted by the user")
        assert "provender resume" in said
    provender("resume", "last", workspace=tmp_path)
    assert outcome(events(tmp_path)) == whole


def test_a_second_process_is_refused_by_the_pid_of_the_first(given, tmp_path: Path) -> None:
    arguments, whole, _, _ = given
    process = start("run", *arguments, "--nodes", NODES, workspace=tmp_path)
    assert await_events(process, tmp_path, 2)
    _, said = provender("resume", "last", workspace=tmp_path, code=2)
    assert f"process {process.pid}" in said
    finish(process)
    assert outcome(events(tmp_path)) == whole


def test_a_finished_run_is_resumed_only_with_more_budget(given, tmp_path: Path) -> None:
    _, _, done, _ = given
    shutil.copytree(done, tmp_path / "copy")
    before = events(tmp_path / "copy")
    _, said = provender("resume", "last", workspace=tmp_path / "copy", code=2)
    assert "is finished" in said
    assert events(tmp_path / "copy") == before
    found = report("resume", "last", "--nodes", 3, workspace=tmp_path / "copy")
    after = events(tmp_path / "copy")
    assert after[: len(before)] == before
    assert len({e.node for e in after if isinstance(e, NodeStarted)} - {0}) == NODES + 3
    assert (found["status"], found["gain"]["proven"]) == ("finished", True)


def test_a_changed_task_voids_its_run(given, tmp_path: Path) -> None:
    task, loaders = wine_task(tmp_path / "wine"), wine_loaders(tmp_path / "loaders")
    process = start("run", task, "--agent", loaders, "--no-red", "--nodes", NODES, workspace=tmp_path / "w")
    assert await_events(process, tmp_path / "w", 4)
    killed(process, tmp_path / "w")
    table = (task / "wine.csv").read_text().splitlines()
    (task / "wine.csv").write_text("\n".join(table[:-1]) + "\n")
    for _ in range(2):
        _, said = provender("resume", "last", workspace=tmp_path / "w", code=2)
        assert "changed" in said
    story = events(tmp_path / "w")
    assert isinstance(story[-1], RunVoided)
    assert sum(isinstance(e, RunVoided) for e in story) == 1
