"""Each ablation takes away what it names, and nothing is left of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from scripted import scripted_run, scripted_setup, scripted_task

from provender.journal.events import NodeDiscovered, NodeGrown, NodeScored, StateProposed
from provender.search.settings import Settings
from provender.search.setup import _sources
from provender.search.workspace import Workspace


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return scripted_task(tmp_path_factory.mktemp("task"))


def ablated(task, place: Path, **switches: object):
    setup = scripted_setup(task, Workspace(place), Settings(nodes=12, **switches))
    return setup, scripted_run(setup)


def test_whole_runs_discover_remember_and_build(task, tmp_path: Path) -> None:
    """What the ablations below take away is there without them."""
    runs = [ablated(task, tmp_path / str(seed), seed=seed) for seed in range(6)]
    setup, events = next(run for run in runs if any(isinstance(e, NodeDiscovered) and e.assets for e in run[1]))
    briefs = setup.agent.briefs
    assert any(brief.record for brief in briefs) and any(brief.siblings for brief in briefs)
    assert any(isinstance(e, StateProposed) and e.summary.startswith("node") for e in events)
    assert setup.sources[0].opened


def test_without_memory_no_brief_holds_a_record(task, tmp_path: Path) -> None:
    setup, _ = ablated(task, tmp_path, no_memory=True)
    assert setup.agent.briefs
    assert all(brief.record == () and brief.siblings == () for brief in setup.agent.briefs)


def test_without_red_no_red_node_is_grown_and_no_source_opened(task, tmp_path: Path) -> None:
    setup, events = ablated(task, tmp_path / "w", no_red=True)
    assert {e.color for e in events if isinstance(e, NodeGrown)} == {"black"}
    assert setup.sources == ()
    lake = tmp_path / "lake"
    lake.mkdir()
    opened = _sources(Settings(no_red=True, lake=str(lake), bundled=True), setup.workspace, task)(setup.loaders)
    assert opened == ()
    assert not (setup.workspace.folder / "lake-index").exists()


def test_without_black_every_state_is_a_pass_through(task, tmp_path: Path) -> None:
    _, events = ablated(task, tmp_path, no_black=True)
    proposed = [e for e in events if isinstance(e, StateProposed) and e.node != 0]
    assert proposed
    assert all(e.summary.startswith("pass-through") for e in proposed)
    grown = {e.node: e for e in events if isinstance(e, NodeGrown)}
    assert all(grown[grown[e.node].parent].color == "red" for e in proposed), "each answers a discovery"


@pytest.mark.parametrize("only", [False, True])
def test_algorithm_only_ignores_the_tasks_loader(task, tmp_path: Path, only: bool) -> None:
    own = '"""D0 by hand"""\n\n\nclass DataLoader:\n    ASSETS = ()\n'
    _, events = ablated(dataclasses.replace(task, initial=own), tmp_path, algorithm_only=only)
    first = next(e for e in events if isinstance(e, StateProposed))
    assert (first.loader == own) is not only
    assert any(isinstance(e, NodeScored) and e.node == 0 for e in events)
