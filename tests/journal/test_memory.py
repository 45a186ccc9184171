"""Global Memory: a record for each executed node, found by its words, and never a fact of the proof."""

from __future__ import annotations

import pytest

from provender.journal.events import (
    Confirmed,
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    NoiseMeasured,
    Noted,
    RunStarted,
    StateProposed,
    TestScored,
)
from provender.journal.memory import Memory
from provender.journal.store import Journal


def run_of(task: str, summary: str, gain: float = 0.1234) -> list:
    return [
        RunStarted(
            task=task, folder="", task_digest=task, settings={}, environment={}, isolation="sealed", created=1.0
        ),
        NodeGrown(node=0, parent=None, color="black"),
        StateProposed(node=0, state="s0", loader="", summary="the initial state", author="initial"),
        NodeScored(node=0, dev=0.51234, gain=0.0, reward=0.5),
        NoiseMeasured(seed_std=0.01, paired_std=0.04, dev=0.51234, seconds=1.0),
        NodeGrown(node=1, parent=0, color="black"),
        StateProposed(
            node=1,
            state="s1",
            loader="",
            methods=("target_encoding",),
            assets=("lake:1",),
            summary=summary,
            author="playbook",
        ),
        NodeScored(node=1, dev=0.51234 - gain, gain=gain, reward=0.7),
        NodeGrown(node=2, parent=1, color="red"),
        NodeDiscovered(node=2, assets=("lake:2",), summary="a table of gazetteers"),
        NodeGrown(node=3, parent=2, color="black"),
        NodeFailed(node=3, failure={"kind": "memory", "message": "it allocated 9 GB", "detail": "MemoryError"}),
        Noted(node=1, text="the street column is misspelt in a third of the rows"),
    ]


@pytest.fixture
def memory() -> Memory:
    memory = Memory()
    for run, task, summary in (
        ("a", "houses", "encode the street by its mean price"),
        ("b", "wine", "spline of the acidity"),
    ):
        for event in run_of(task, summary):
            memory.apply(run, event)
    return memory


def test_every_executed_node_and_note_is_remembered_in_order(memory):
    assert [(r.node, r.kind, r.color) for r in memory.records("a")] == [
        (0, "scored", "black"), (1, "scored", "black"), (2, "discovered", "red"),
        (3, "failed", "black"), (1, "note", None),
    ]  # fmt: skip
    assert len(memory.records()) == len(memory) == 10
    record = memory.record("a", 1)
    assert (record.parent, record.methods, record.assets, record.state) == (0, ("target_encoding",), ("lake:1",), "s1")
    assert memory.record("a", 3).text == "memory: it allocated 9 GB" and memory.record("a", 3).gain is None
    assert memory.record("a", 9) is None


def test_scores_are_told_in_steps_of_a_quarter_of_the_noise(memory):
    assert (memory.record("a", 0).dev, memory.record("a", 1).gain) == (0.51, 0.12)


def test_search_finds_words_by_their_stems_over_runs_and_tasks(memory):
    assert next((r.run, r.node) for r in memory.search("encoded streets")) == ("a", 1)
    assert {r.run for r in memory.search("gazetteer")} == {"a", "b"}
    assert [(r.run, r.kind) for r in memory.search("misspelt", run="b")] == [("b", "note")]
    assert {r.task for r in memory.search("table", task="wine")} == {"wine"}
    assert len(memory.search("the", most=3)) == 3


def test_what_is_remembered_after_a_search_is_found_by_the_next(memory):
    assert memory.search("zebra") == ()
    memory.apply("a", Noted(node=None, text="zebras differ from horses"))
    assert [r.text for r in memory.search("zebra")] == ["zebras differ from horses"]


@pytest.mark.parametrize(
    "text", ["", "  ", '"', "a AND", "NEAR(", "street*", "col:umn", "-- ; DROP TABLE texts", "ü 😀"]
)
def test_any_text_may_be_searched_for(memory, text):
    assert isinstance(memory.search(text), tuple)
    assert memory.search("street")


def test_nothing_of_the_proof_is_remembered():
    memory = Memory()
    for event in (
        Confirmed(
            node=1,
            initial=0.4,
            best=0.31337,
            gain=0.1,
            interval=(0.0, 0.2),
            level=0.01,
            rows=9,
            foldings=5,
            proven=True,
        ),
        TestScored(node=1, initial=0.4, best=0.31337, gain=0.1, interval=(0.0, 0.2)),
    ):
        memory.apply("a", event)
    assert len(memory) == 0 and memory.search("0 31337 proven") == ()


def test_the_memory_of_a_workspace_is_made_from_its_journal(tmp_path, memory):
    with Journal(tmp_path / "journal.db") as journal:
        journal.append("a", run_of("houses", "encode the street by its mean price"))
        journal.append("b", run_of("wine", "spline of the acidity"))
        assert Memory.of(journal).records() == memory.records()
        assert Memory.of(journal, ["b"]).records() == memory.records("b")
