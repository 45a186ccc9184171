"""A run cut after any event goes on to the same tree, scores and winner; more budget adds to what there was."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest
from scripted import ScriptedAgent, ScriptedSubmit, scripted_run, scripted_setup, scripted_task, timeless

from provender.agents.agent import Brief, Proposal
from provender.errors import JournalError, RunError
from provender.journal.events import (
    BudgetExtended,
    Confirmed,
    Event,
    FinalistFrozen,
    NodeStarted,
    Noted,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    RunVoided,
    TestScored,
)
from provender.journal.store import Stored
from provender.pipeline.records import load_records
from provender.search.budget import limits
from provender.search.settings import Settings
from provender.search.workspace import Workspace


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    return scripted_task(tmp_path_factory.mktemp("task"))


def cut(place: Path, events: list[Event], after: int) -> Workspace:
    """A workspace whose journal ends after so many events, as kill -9 would have left it."""
    workspace = Workspace(place)
    workspace.journal.append("run", events[:after])
    return workspace


def boundaries(workspace: Workspace) -> list[int]:
    """Numbers of events after which a kill can find the journal: events of one append are there together or not at all."""
    story = list(workspace.journal.read("run"))
    return [a.seq for a, b in itertools.pairwise(story) if a.time != b.time]


@pytest.mark.parametrize(
    ("workers", "nodes"), [(2, 4), *(pytest.param(w, 12, marks=pytest.mark.slow) for w in (1, 2, 3))]
)
def test_a_run_cut_after_any_event_resumes_to_the_same_run(task, tmp_path: Path, workers: int, nodes: int) -> None:
    wanted = Settings(nodes=nodes, workers=workers)
    workspace = Workspace(tmp_path / "whole")
    whole = scripted_run(scripted_setup(task, workspace, wanted))
    cuts = boundaries(workspace)
    assert len(cuts) > 3 * nodes
    for after in cuts:
        resumed = scripted_run(scripted_setup(task, cut(tmp_path / str(after), whole, after), wanted, jitter=0.002 * (after % 3)))
        assert timeless(resumed) == timeless(whole), f"cut after event {after}: {whole[after - 1]}"


def test_what_was_evaluated_before_the_cut_is_not_evaluated_again(task, tmp_path: Path) -> None:
    """A failure that was not journaled is the exception: it is tried again, so here none fails."""
    wanted = Settings(nodes=8, workers=2)
    done = ScriptedSubmit(load_records(task), failing=0.0)
    whole = scripted_run(scripted_setup(task, Workspace(tmp_path / "whole"), wanted, submit=done))
    knowing = ScriptedSubmit(done.records, failing=0.0, finished=done.finished)
    again = scripted_setup(task, cut(tmp_path / "cut", whole, len(whole) // 2), wanted, submit=knowing)
    scripted_run(again)
    assert again.submit.evaluated == []
    assert len(done.evaluated) == len(set(done.evaluated))


def test_more_nodes_extend_a_finished_run_without_changing_what_it_did(task, tmp_path: Path) -> None:
    wanted = Settings(nodes=6)
    workspace = Workspace(tmp_path)
    before = scripted_run(scripted_setup(task, workspace, wanted))
    after = scripted_run(scripted_setup(task, workspace, wanted), more_nodes=5)
    assert after[: len(before)] == before
    assert isinstance(after[len(before)], RunResumed)
    assert after[len(before) + 1] == BudgetExtended(nodes=5)
    assert len({e.node for e in after if isinstance(e, NodeStarted)} - {0}) == 11
    assert isinstance(after[-1], RunFinished)


def test_an_extended_run_searches_as_a_longer_one_would_have(task, tmp_path: Path) -> None:
    """Its proposals know how much budget is left, so the first nodes may differ; from the same prefix all is the same."""
    wanted = Settings(nodes=4)
    workspace = Workspace(tmp_path / "one")
    scripted_run(scripted_setup(task, workspace, wanted))
    one = scripted_run(scripted_setup(task, workspace, wanted), more_nodes=4)
    extended = next(i for i, e in enumerate(one) if isinstance(e, BudgetExtended))
    for after in [b for b in boundaries(workspace) if b > extended][::3]:
        two = scripted_run(scripted_setup(task, cut(tmp_path / str(after), one, after), wanted))
        assert timeless(two) == timeless(one)


def _confirmed_again(task, place: Path) -> list[Event]:
    """The events of the first seed whose extension confirms a second finalist."""
    for seed in range(40):
        workspace, wanted = Workspace(place / str(seed)), Settings(nodes=5, seed=seed)
        scripted_run(scripted_setup(task, workspace, wanted))
        events = scripted_run(scripted_setup(task, workspace, wanted), more_nodes=12)
        if len([e for e in events if isinstance(e, Confirmed)]) == 2:
            return events
    raise AssertionError("no seed confirmed twice")


def test_a_second_confirmation_is_stricter_and_a_proof_outlives_it(task, tmp_path: Path) -> None:
    events = _confirmed_again(task, tmp_path)
    first, second = (e for e in events if isinstance(e, Confirmed))
    assert second.node != first.node
    assert second.level == first.level / 2
    assert events[-1].best == (second.node if second.proven else first.node if first.proven else 0)


def test_a_second_look_at_the_test_rows_is_said_aloud(task, tmp_path: Path) -> None:
    events = _confirmed_again(task, tmp_path)
    tested = [i for i, e in enumerate(events) if isinstance(e, TestScored)]
    said = [i for i, e in enumerate(events) if isinstance(e, Noted) and "scored 1 times before" in e.text]
    returned = {events[i].node for i in tested}
    assert len(tested) == len(returned), "the same state is scored once"
    assert len(said) == len(tested) - 1


def test_the_same_finalist_is_not_confirmed_twice(task, tmp_path: Path) -> None:
    for seed in range(40):
        workspace, wanted = Workspace(tmp_path / str(seed)), Settings(nodes=9, seed=seed)
        scripted_run(scripted_setup(task, workspace, wanted))
        events = scripted_run(scripted_setup(task, workspace, wanted), more_nodes=1)
        frozen = [e.node for e in events if isinstance(e, FinalistFrozen)]
        if frozen[0] is not None and frozen[0] == frozen[1]:
            assert len([e for e in events if isinstance(e, Confirmed)]) == 1
            assert len([e for e in events if isinstance(e, TestScored)]) == 1
            return
    raise AssertionError("no seed kept its finalist")


def test_a_changed_task_voids_the_run_for_good(task, tmp_path: Path) -> None:
    wanted = Settings(nodes=3)
    workspace = Workspace(tmp_path / "w")
    scripted_run(scripted_setup(task, workspace, wanted))
    changed = dataclasses.replace(task, digest="0" * 32)
    for now in (changed, task):
        with pytest.raises(RunError, match="has changed"):
            scripted_run(scripted_setup(now, workspace, wanted), more_nodes=1)
    events = [stored.event for stored in workspace.journal.read("run")]
    assert [type(e) for e in events[-1:]] == [RunVoided]


def test_a_journal_that_cannot_be_written_is_what_the_user_hears_of(task, tmp_path: Path) -> None:
    """Not the failure to note the interruption that follows from it."""

    class Closing(ScriptedAgent):
        def refine(self, brief: Brief) -> Proposal:
            setup.workspace.journal.close()
            return super().refine(brief)

    setup = scripted_setup(task, Workspace(tmp_path), Settings(nodes=6))
    setup.agent = Closing()
    with pytest.raises(JournalError, match="cannot be written"):
        scripted_run(setup)


def _stored(*timed: tuple[float, Event]) -> list[Stored]:
    return [Stored(i, at, event) for i, (at, event) in enumerate(timed, start=1)]


START = RunStarted(task="t", folder="f", task_digest="d", settings={}, environment={}, isolation="sealed", created=0.0)
RESUME = RunResumed(environment={}, isolation="sealed")


def test_an_extension_adds_to_the_limit_of_its_kind_and_lifts_the_other() -> None:
    nodes_more = _stored((0, START), (5, NodeStarted(node=0)), (6, NodeStarted(node=1)), (900, RESUME), (900, BudgetExtended(nodes=3)))
    assert limits(10, None, nodes_more) == (13, None)
    assert limits(None, 60.0, nodes_more) == (4, None), "one node had been begun"
    assert limits(10, 60.0, nodes_more) == (13, None)
    time_more = _stored((0, START), (40, RunInterrupted(reason="")), (900, RESUME), (900, BudgetExtended(seconds=30.0)))
    assert limits(None, 60.0, time_more) == (None, 90.0)
    assert limits(10, None, time_more) == (None, 70.0), "forty seconds had been used, and none between stop and resume"
