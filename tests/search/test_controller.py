"""The controller's rules, each with the situation it is for."""

from __future__ import annotations

from provender.journal.events import NodeGrown, NodeScored, NodeStarted, NoiseMeasured
from provender.journal.tree import Tree
from provender.search.controller import RuleController


def tree_of(gain: float, *, slices: dict | None = None, tries: int = 1, start_gain: float = 0.0) -> Tree:
    """D0 or a state like it, and the `tries` nodes executed from it; the last one is scored with this gain."""
    tree = Tree.of([
        NoiseMeasured(seed_std=0.1, paired_std=0.1, dev=0.0, seconds=0.0),
        NodeGrown(node=0, parent=None, color="black"),
        NodeScored(node=0, dev=0.0, gain=start_gain, reward=0.5),
    ])  # fmt: skip
    for node in range(1, tries + 1):
        tree.apply(NodeGrown(node=node, parent=0, color="black"))
        tree.apply(NodeStarted(node=node))
    tree.apply(NodeScored(node=tries, dev=gain, gain=gain, reward=0.5, slices=slices or {}))
    return tree


def decided(tree: Tree, unused: tuple[str, ...] = ()) -> tuple[str, str]:
    decision = RuleController().decide(tree, tree.last_finished, unused)
    return decision.action, decision.reason


def test_a_state_that_improved_by_more_than_the_noise_is_refined():
    action, reason = decided(tree_of(0.5, tries=50))
    assert action == "refine" and "improved on node 0 by 0.5" in reason


def test_an_improvement_within_the_noise_is_none():
    assert decided(tree_of(0.05, tries=50))[0] == "discover"


def test_assets_that_nobody_used_come_before_new_ones():
    action, reason = decided(tree_of(-1.0, tries=50), ("lake:b", "lake:a"))
    assert action == "refine" and "2 assets" in reason and "lake:a" in reason


def test_a_weak_slice_asks_for_data():
    slices = {"region=north": {"rows": 40, "gain": 0.0}, "region=south": {"rows": 60, "gain": -0.9}}
    action, reason = decided(tree_of(0.0, slices=slices))
    assert action == "discover" and "region=south" in reason


def test_slices_without_a_number_or_within_the_noise_say_nothing():
    slices = {
        "a": {"rows": 1, "gain": None},
        "b": {"rows": 9, "gain": float("nan")},
        "c": {"rows": 90, "gain": -0.1},
        "d": {},
    }
    assert decided(tree_of(0.0, slices=slices))[0] == "refine"


def test_a_start_that_was_tried_often_without_gain_asks_for_data():
    assert decided(tree_of(0.0, tries=3))[0] == "refine"
    assert decided(tree_of(0.0, tries=30))[0] == "discover"


def test_the_initial_state_itself_has_no_start_to_improve_on():
    tree = Tree.of([NodeGrown(node=0, parent=None, color="black"), NodeScored(node=0, dev=0.0, gain=0.0, reward=0.5)])
    assert decided(tree)[0] == "refine"
