"""With a node budget a run is a function of task and settings, however long anything takes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import scripted_run, scripted_setup, scripted_task, timeless

from provender.journal.events import Confirmed, NodeScored, NodeStarted, RunFinished, StateProposed
from provender.search.settings import Settings
from provender.search.workspace import Workspace


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return scripted_task(tmp_path_factory.mktemp("task"))


def events_of(task, wanted: Settings, *, jitter: float = 0.0):
    with tempfile.TemporaryDirectory() as folder:
        return scripted_run(scripted_setup(task, Workspace(Path(folder)), wanted, jitter=jitter))


@pytest.mark.parametrize(("workers", "schedule"), [(1, "branch"), (2, "branch"), (4, "branch"), (2, "paper")])
def test_the_same_settings_give_the_same_run_under_jittered_times(task, workers: int, schedule: str) -> None:
    wanted = Settings(nodes=14, workers=workers, schedule=schedule)
    assert timeless(events_of(task, wanted, jitter=0.008)) == timeless(events_of(task, wanted))


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), workers=st.integers(1, 4), nodes=st.integers(1, 16))
def test_any_run_is_a_function_of_its_settings(task, seed: int, workers: int, nodes: int) -> None:
    wanted = Settings(nodes=nodes, seed=seed, workers=workers)
    assert timeless(events_of(task, wanted, jitter=0.004)) == timeless(events_of(task, wanted))


def test_another_seed_gives_another_tree(task) -> None:
    one, two = (timeless(events_of(task, Settings(nodes=12, seed=seed))) for seed in (0, 1))
    assert one != two


@settings(max_examples=5, deadline=None)
@given(nodes=st.integers(1, 12), workers=st.integers(1, 3))
def test_a_node_budget_is_spent_to_the_node(task, nodes: int, workers: int) -> None:
    events = events_of(task, Settings(nodes=nodes, workers=workers))
    assert len({e.node for e in events if isinstance(e, NodeStarted)} - {0}) == nodes


def test_only_the_proven_state_is_returned(task) -> None:
    events = events_of(task, Settings(nodes=14))
    confirmed = [e for e in events if isinstance(e, Confirmed)]
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.best == next((c.node for c in confirmed if c.proven), 0)


def test_a_node_is_proposed_once_and_every_score_has_its_proposal(task) -> None:
    events = events_of(task, Settings(nodes=14, workers=3))
    proposed = [e.node for e in events if isinstance(e, StateProposed)]
    assert len(proposed) == len(set(proposed))
    assert {e.node for e in events if isinstance(e, NodeScored)} <= set(proposed)
