"""Budgets: what is set aside for the proof, when no state is started any more, and when the proof takes its cheap way."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from scripted import ScriptedSubmit, scripted_run, scripted_setup, scripted_task

from provender.journal.events import Confirmed, NodeScored, RunFinished, TestScored
from provender.pipeline.records import load_records
from provender.search.budget import Budget, ProofCost
from provender.search.settings import Settings
from provender.search.workspace import Workspace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_time_that_a_run_used_in_other_processes_counts() -> None:
    clock = Clock()
    budget = Budget(nodes=None, seconds=60.0, before=20.0, clock=clock)
    clock.now += 15
    assert (budget.used, budget.left) == (35.0, 25.0)
    assert budget.spent(3) == 35 / 60


def test_a_state_is_started_while_a_slot_is_left_and_time_for_it_and_the_proof() -> None:
    clock = Clock()
    budget = Budget(nodes=5, seconds=60.0, before=0.0, clock=clock)
    assert budget.allows(4, 59.0)
    assert not budget.allows(5, 1.0)
    clock.now += 10
    assert not budget.allows(0, 50.0)
    unlimited = Budget(nodes=None, seconds=None, before=1e9, clock=clock)
    assert unlimited.left == math.inf
    assert unlimited.allows(10**6, 1e6)


def test_the_largest_share_of_all_budgets_is_what_is_spent() -> None:
    clock = Clock()
    budget = Budget(nodes=10, seconds=100.0, before=0.0, clock=clock)
    clock.now += 30
    assert budget.spent(2) == 0.3
    assert budget.spent(7) == 0.7
    assert budget.spent(70) == 1.0


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_proof_costs_both_states_on_every_folding_shared_by_the_workers(workers: int) -> None:
    cost = ProofCost(fold_seconds=(1.0, 2.0), workers=workers, confirm_folds=25, finalist_folds=10)
    assert cost.confirm == 3.0 * math.ceil(25 / workers)
    assert cost.finalists == 2.0 * math.ceil(30 / workers)
    assert cost.total(None) > cost.confirm + cost.finalists
    assert cost.total(cost.finalists) < cost.total(100 * cost.finalists) == cost.total(None), "a choice that takes too much of the time is left out"


def test_a_confirmation_that_takes_a_fifth_of_the_time_is_costly() -> None:
    cost = ProofCost(fold_seconds=(1.0, 1.0), workers=1, confirm_folds=25, finalist_folds=10)
    assert Budget(nodes=None, seconds=240.0, before=0.0, clock=Clock()).is_costly(cost)
    assert not Budget(nodes=None, seconds=260.0, before=0.0, clock=Clock()).is_costly(cost)
    assert not Budget(nodes=40, seconds=None, before=0.0, clock=Clock()).is_costly(cost)


def test_a_time_budget_ends_in_its_time_with_the_test_scored(tmp_path: Path) -> None:
    task = scripted_task(tmp_path / "task")
    began = time.monotonic()
    events = scripted_run(scripted_setup(task, Workspace(tmp_path / "w"), Settings(seconds=3.0, workers=2), jitter=0.04))
    assert time.monotonic() - began < 3.0 + 5.0
    assert sum(isinstance(e, NodeScored) for e in events) > 3
    assert any(isinstance(e, TestScored) for e in events)
    assert isinstance(events[-1], RunFinished)


@pytest.mark.slow
def test_a_slow_learner_is_confirmed_in_the_cheap_way(tmp_path: Path) -> None:
    """Two foldings of two states would take over a fifth of the time: the sealed rows are scored under three seeds."""
    task = scripted_task(tmp_path / "task", rows=700)
    slow = ScriptedSubmit(load_records(task), failing=0.0, seconds=0.3, sizes=(0.5, 0.7))
    began = time.monotonic()
    events = scripted_run(scripted_setup(task, Workspace(tmp_path / "w"), Settings(seconds=15.0, workers=1), submit=slow))
    assert time.monotonic() - began < 15.0 + 3.0
    (confirmed,) = (e for e in events if isinstance(e, Confirmed))
    assert (confirmed.foldings, confirmed.rows) == (3, len(slow.records.split.sealed))
    assert confirmed.proven
