"""Runs from the command line to the proof, over the kinds of tasks and budgets that there are."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_run import events, provender, report, wine_loaders, wine_task

from provender.journal.events import NodeStarted

pytestmark = pytest.mark.slow


def run(task: Path, place: Path, *more: object) -> dict:
    loaders = wine_loaders(place / "loaders")
    return report("run", task, "--agent", loaders, "--no-red", "--workers", 2, *more, workspace=place / "w")


def rewritten(task: Path, **columns: object) -> Path:
    """The same task with more columns in its table."""
    table = pd.read_csv(task / "wine.csv").assign(**columns)
    table.to_csv(task / "wine.csv", index=False)
    return task


def test_a_run_is_reproducible_from_process_to_process(tmp_path: Path) -> None:
    task, loaders = wine_task(tmp_path / "wine"), wine_loaders(tmp_path / "loaders", spread=0.1)
    one, two = (
        report("run", task, "--agent", loaders, "--no-red", "--workers", 2, "--nodes", 5, workspace=tmp_path / name) for name in "ab"
    )
    for key in ("initial", "confirm", "gain", "noise", "candidate"):
        assert one[key] == two[key]
    assert [(n["id"], n["parent"], n["status"], n["dev"]) for n in one["nodes"]] == [(n["id"], n["parent"], n["status"], n["dev"]) for n in two["nodes"]]
    assert (one["status"], one["gain"]["proven"], one["isolation"]) == ("finished", True, "sealed")


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_node_budget_is_spent_to_the_node(tmp_path: Path, nodes: int) -> None:
    found = run(wine_task(tmp_path / "wine"), tmp_path, "--nodes", nodes)
    story = events(tmp_path / "w")
    assert len({e.node for e in story if isinstance(e, NodeStarted)} - {0}) == nodes
    assert sum(n["status"] in ("scored", "failed") for n in found["nodes"]) == nodes + 1


def test_groups_are_never_parted(tmp_path: Path) -> None:
    cellar = np.arange(178) % 30
    task = rewritten(wine_task(tmp_path / "wine", extra='group = "cellar"'), cellar=[f"c{k}" for k in cellar])
    found = run(task, tmp_path, "--nodes", 3)
    assert found["status"] == "finished"
    assert found["confirm"]["foldings"] == 5


def test_time_goes_forward(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-01", periods=178).strftime("%Y-%m-%d")
    order = np.random.default_rng(3).permutation(178)
    task = rewritten(wine_task(tmp_path / "wine", extra='time = "day"'), day=days.to_numpy()[order])
    found = run(task, tmp_path, "--nodes", 3)
    assert found["status"] == "finished"
    assert found["confirm"]["foldings"] == 1, "one window of the future is confirmed on"


def test_trusted_labels_judge_and_are_never_trained_on(tmp_path: Path) -> None:
    task = wine_task(tmp_path / "wine")
    table = pd.read_csv(task / "wine.csv").sample(frac=1, random_state=0)
    table.iloc[:120].to_csv(task / "wine.csv", index=False)
    table.iloc[120:].to_csv(task / "trusted.csv", index=False)
    text = (task / "task.toml").read_text()
    (task / "task.toml").write_text(text.replace('train = "wine.csv"', 'train = "wine.csv"\nvalidation = "trusted.csv"'))
    found = run(task, tmp_path, "--nodes", 3)
    assert found["status"] == "finished"
    assert found["confirm"]["rows"] <= 58, "only trusted rows are scored"


def test_a_test_file_without_answers_gets_predictions(tmp_path: Path) -> None:
    task = wine_task(tmp_path / "wine")
    table = pd.read_csv(task / "wine.csv").sample(frac=1, random_state=0)
    table.insert(0, "bottle", [f"b{k:03}" for k in range(178)])
    table.iloc[:140].to_csv(task / "wine.csv", index=False)
    table.iloc[140:].drop(columns="grower").to_csv(task / "unknown.csv", index=False)
    text = (task / "task.toml").read_text()
    (task / "task.toml").write_text(text.replace('train = "wine.csv"', 'train = "wine.csv"\ntest = "unknown.csv"\nid = "bottle"'))
    found = run(task, tmp_path, "--nodes", 3)
    predictions = pd.read_csv(Path(found["best"]["loader"]).parents[1] / "predictions.csv")
    assert list(predictions.columns) == ["bottle", "Bruno", "Conti", "Rossi"]
    assert list(predictions["bottle"]) == list(table["bottle"].iloc[140:])
    assert np.allclose(predictions[["Bruno", "Conti", "Rossi"]].sum(axis=1), 1)
    hits = predictions.set_index("bottle").idxmax(axis=1) == table.set_index("bottle")["grower"].iloc[140:]
    assert hits.mean() > 0.6
    assert found["initial"]["test"] is None


def test_the_demo_ends_in_its_time_with_its_proof(tmp_path: Path) -> None:
    began = time.monotonic()
    found = report("demo", "--into", tmp_path / "demo", "--budget", "60s", workspace=tmp_path / "w")
    assert time.monotonic() - began < 60 + 15
    assert found["status"] == "finished"
    assert found["initial"]["test"] is not None


def test_one_line_an_event_where_there_is_no_terminal(tmp_path: Path) -> None:
    task, loaders = wine_task(tmp_path / "wine"), wine_loaders(tmp_path / "loaders")
    _, said = provender("run", task, "--agent", loaders, "--no-red", "--nodes", 2, workspace=tmp_path / "w")
    assert "\x1b" not in said
    for words in ("rows to search on", "measuring the noise", "a gain below", "confirming the finalist"):
        assert words in " ".join(said.split())
