"""Events: a tagged union that survives JSON, refuses what it does not know, and reads old journals forever."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.errors import JournalError
from provender.journal import events as module
from provender.journal.events import KINDS, NodeScored, RunResumed, build, from_json, kind_of, to_json
from provender.journal.ledger import Ledger
from provender.journal.memory import Memory
from provender.journal.pool import Pool
from provender.journal.tree import Tree

GOLDENS = sorted((Path(__file__).parent / "goldens").glob("*.jsonl"))

finite = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(codec="utf-8"), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
mappings = st.dictionaries(text, json_values, max_size=3)


def of_type(hint: Any) -> st.SearchStrategy:
    """Values of a field's type."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if origin is tuple:
        return (
            st.tuples(*map(of_type, inner))
            if inner[-1] is not ...
            else st.lists(of_type(inner[0]), max_size=3).map(tuple)
        )
    if origin is Mapping:
        return st.dictionaries(text, finite, max_size=3) if inner[1] is float else mappings
    if inner:
        return st.one_of(*map(of_type, inner))
    return {int: st.integers(0, 10**6), float: finite, str: text, bool: st.booleans(), type(None): st.none()}[hint]


def any_event(kind: type) -> st.SearchStrategy:
    hints = typing.get_type_hints(kind, vars(module))
    return st.builds(kind, **{f.name: of_type(hints[f.name]) for f in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_a_frozen_record(kind):
    event = KINDS[kind]
    assert dataclasses.is_dataclass(event) and event.__dataclass_params__.frozen and "__slots__" in vars(event)


@given(st.sampled_from(sorted(KINDS.values(), key=str)).flatmap(any_event))
def test_events_survive_json(event):
    text = json.dumps(to_json(event), allow_nan=False)
    assert from_json(json.loads(text)) == event


def test_an_unknown_kind_names_the_version_and_the_mend():
    with pytest.raises(JournalError, match=r"'node_pruned'.*version 1.*pip install -U provender"):
        from_json({"kind": "node_pruned", "node": 1})


def test_an_unknown_field_names_the_fields():
    with pytest.raises(JournalError, match=r"\['mood', 'node'\].*\['node'\]"):
        from_json({"kind": "node_started", "node": 1, "mood": "good"})


def test_a_missing_field_is_refused():
    with pytest.raises(JournalError, match="node_scored"):
        build("node_scored", {"node": 1, "dev": 0.3})


def test_fields_added_later_have_defaults_in_an_old_journal():
    old = {"kind": "node_grown", "node": 1, "parent": 0, "color": "red"}
    assert from_json(old).after is None


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_refused(value):
    with pytest.raises(JournalError, match=r"NodeScored.gain is (nan|inf).*NodeFailed"):
        to_json(NodeScored(node=1, dev=0.5, gain=value, reward=0.5))


def test_undefined_details_become_none_and_numpy_values_plain():
    event = NodeScored(
        node=np.int64(1), dev=np.float64(0.5), gain=0.1, reward=0.5, folds=(np.float32(0.5),),
        slices={"rare": {"rows": np.int64(3), "gain": float("nan")}},
    )  # fmt: skip
    body = json.loads(json.dumps(to_json(event), allow_nan=False))
    assert body["slices"] == {"rare": {"rows": 3, "gain": None}}
    assert body["node"] == 1 and body["dev"] == 0.5 and body["folds"] == [0.5]


def test_values_that_json_cannot_hold_are_refused_by_name():
    with pytest.raises(JournalError, match="Path"):
        to_json(RunResumed(environment={"python": Path("x")}, isolation="sealed"))


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.name)
def test_old_journals_are_read_forever(golden):
    lines = [json.loads(line) for line in golden.read_text(encoding="utf-8").splitlines()]
    events = [from_json(line) for line in lines]
    for line, event in zip(lines, events, strict=True):
        assert {name: value for name, value in to_json(event).items() if name in line} == line
    assert {kind_of(event) for event in events} <= set(KINDS)
    Tree.of(events), Pool.of(events), Ledger.of(events)


def test_the_golden_journal_of_version_1_tells_the_same_story():
    golden = Path(__file__).parent / "goldens" / "journal_v1.jsonl"
    events = [from_json(json.loads(line)) for line in golden.read_text(encoding="utf-8").splitlines()]
    assert {type(event) for event in events} == {KINDS[kind] for kind in KINDS_OF_VERSION_1}

    tree = Tree.of(events)
    assert (len(tree), tree.best.id, tree.executions, tree.visits(0)) == (33, 21, 21, 21)
    assert list(tree.pending) == [9, 15, 16, 20, 24, 25, 26, 27, 28, 29, 31, 32]
    assert [node.id for node in tree if node.status == "failed"] == [2, 6]
    assert tree.reward_sum(0) == pytest.approx(7.280956572812933)
    assert Pool.of(events).unused() == ("simulated:00000016",)
    ledger = Ledger.of(events)
    assert (ledger.phases["noise"].evaluations, ledger.total.tokens, ledger.total.dollars) == (25, 1200, 0.02)

    memory = Memory()
    for event in events:
        memory.apply("golden", event)
    assert [record.node for record in memory.search("rare words")] == [3]


KINDS_OF_VERSION_1 = (
    "run_started", "run_resumed", "noise_measured", "node_grown", "node_started", "state_proposed", "asset_admitted",
    "asset_refused", "node_discovered", "node_scored", "node_failed", "noted", "spent", "finalist_frozen", "confirmed",
    "test_scored", "run_finished", "run_interrupted", "budget_extended", "run_voided",
)  # fmt: skip
