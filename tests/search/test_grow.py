"""The growth policy: batches, quotas, repairs, ablations that are really off, and always something to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.errors import RunError
from provender.journal.events import NodeDiscovered, NodeFailed, NodeGrown, NodeScored, NodeStarted
from provender.journal.tree import ROOT, Tree
from provender.search.controller import Decision
from provender.search.grow import Growth
from provender.search.schedule import BranchScheduler, RandomScheduler
from provender.search.simulation import LANDSCAPES, Landscape, Simulation

HARSH = Landscape(good=0.2, gain=1.0, loss=1.0, failing=0.5, barren=0.5)


class Always:
    """A controller with one answer."""

    def __init__(self, action: str) -> None:
        self.action = action

    def decide(self, tree, node, unused) -> Decision:
        return Decision(self.action, f"always {self.action}")


def scored(node: int, gain: float = 0.0) -> NodeScored:
    return NodeScored(node=node, dev=gain, gain=gain, reward=0.5)


def failed(node: int) -> NodeFailed:
    return NodeFailed(node=node, failure={"kind": "crashed", "message": ""})


def found(node: int, *assets: str) -> NodeDiscovered:
    return NodeDiscovered(node=node, assets=assets)


def played(growth: Growth, *outcomes) -> tuple[Tree, tuple[NodeGrown, ...]]:
    """The tree after these outcomes, each answered by growth, and the last answer."""
    tree, grown = Tree(), growth.grow(Tree())
    for outcome in outcomes:
        for event in grown:
            tree.apply(event)
        tree.apply(outcome)
        grown = growth.grow(tree)
    return tree, grown


def colors(grown) -> list[tuple[str, int | None]]:
    return [(event.color, event.parent) for event in grown]


def test_a_run_begins_with_the_initial_state():
    assert colors(Growth().grow(Tree())) == [("black", None)]


def test_the_initial_state_is_followed_by_a_red_node_and_a_batch_of_black_ones():
    _, grown = played(Growth(), scored(0))
    assert colors(grown) == [("red", 0)] + [("black", 0)] * 5
    assert [event.node for event in grown] == [1, 2, 3, 4, 5, 6]


def test_a_red_node_that_admitted_something_is_followed_by_a_batch():
    _, grown = played(Growth(), scored(0), found(1, "lake:a"))
    assert colors(grown) == [("black", 1)] * 5


def test_a_red_node_that_admitted_nothing_or_failed_is_followed_by_none():
    assert played(Growth(), scored(0), found(1))[1] == ()
    assert played(Growth(), scored(0), failed(1))[1] == ()


def test_after_a_black_node_the_controller_decides_and_its_reason_is_kept():
    _, grown = played(Growth(controller=Always("refine")), scored(0), scored(2, 1.0))
    assert colors(grown) == [("black", 2)] and grown[0].reason == "always refine"
    _, grown = played(Growth(controller=Always("discover")), scored(0), scored(2, 1.0))
    assert colors(grown) == [("red", 2)]


def test_after_a_state_that_is_worse_the_search_goes_on_from_where_it_started():
    story = scored(0), found(1, "a"), scored(7, -1.0)
    assert colors(played(Growth(controller=Always("refine")), *story)[1]) == [
        ("black", 1)
    ]  # another try on the same finds
    assert colors(played(Growth(controller=Always("discover")), *story)[1]) == [("red", 0)]
    assert colors(played(Growth(controller=Always("refine"), retreat=False), *story)[1]) == [("black", 7)]


def test_a_failed_black_node_is_repaired_by_one_sibling_and_no_more():
    _, grown = played(Growth(), scored(0), failed(2))
    assert colors(grown) == [("black", 0)] and grown[0].after == 2
    repair = grown[0].node
    assert played(Growth(), scored(0), failed(2), failed(repair))[1] == ()


def test_the_quota_sends_the_search_to_new_data():
    growth = Growth(num_black=3, max_black_per_red=4, controller=Always("refine"))
    _, grown = played(growth, scored(0), scored(2, 1.0), scored(3, 1.0))
    assert colors(grown) == [("red", 3)]  # 3 + the refinement of node 2 make 4 below D0


def test_the_papers_quotas_leave_no_room_to_refine():
    growth = Growth.paper()
    _, grown = played(growth, scored(0), scored(2, 1.0))
    assert colors(grown) == [("red", 2)]


def test_dry_sources_are_not_asked_again_and_the_quota_does_not_bind():
    growth = Growth(dry_after=2, max_black_per_red=5, controller=Always("discover"))
    tree, grown = played(growth, scored(0), found(1), scored(2, 1.0), found(7), scored(3, 1.0))
    assert not growth.can_discover(tree)
    assert colors(grown) == [("black", 3)]


def test_a_find_makes_sources_worth_asking_again():
    growth = Growth(dry_after=2, controller=Always("discover"))
    tree, _ = played(growth, scored(0), found(1), scored(2, 1.0), found(7, "a"))
    assert growth.can_discover(tree)


def test_without_red_nodes_nothing_is_discovered_and_refinement_goes_on():
    growth = Growth(red=False, max_black_per_red=5, controller=Always("discover"))
    assert colors(played(growth, scored(0))[1]) == [("black", 0)] * 5
    assert colors(played(growth, scored(0), scored(1, 1.0))[1]) == [("black", 1)]


def test_without_black_nodes_a_find_is_passed_through_once():
    growth = Growth(black=False)
    assert colors(played(growth, scored(0))[1]) == [("red", 0)]
    assert colors(played(growth, scored(0), found(1, "a"))[1]) == [("black", 1)]
    assert colors(played(growth, scored(0), found(1, "a"), scored(2, 1.0))[1]) == [("red", 2)]
    assert colors(played(growth, scored(0), found(1, "a"), failed(2))[1]) == [("red", 0)]
    assert colors(played(growth, scored(0), found(1))[1]) == [("red", 0)]


def test_both_ablations_together_are_refused():
    with pytest.raises(RunError, match="drop one"):
        Growth(red=False, black=False)


def test_a_failed_initial_state_ends_the_growth():
    assert played(Growth(), failed(0))[1] == ()


def test_asking_again_after_a_kill_grows_nothing_twice():
    growth = Growth()
    tree, grown = played(growth, scored(0), found(1, "a"))
    for event in grown:
        tree.apply(event)
    assert growth.grow(tree) == ()
    assert growth.grow(tree, node=0) == ()


def test_a_kill_before_the_growth_was_written_is_made_up_for():
    growth = Growth()
    tree, grown = played(growth, scored(0), found(1, "a"))
    assert growth.grow(tree) == grown  # the outcome was journaled, its growth was not


@st.composite
def growths(draw) -> Growth:
    switch = draw(st.sampled_from(["", "red", "black"]))
    return Growth(
        num_red=draw(st.integers(1, 2)), num_black=draw(st.integers(1, 6)), max_black_per_red=draw(st.integers(6, 12)),
        dry_after=draw(st.sampled_from([None, 1, 3])), retreat=draw(st.booleans()),
        red=switch != "red", black=switch != "black",
    )  # fmt: skip


@given(growths(), st.integers(0, 10**4), st.integers(1, 3), st.sampled_from([HARSH, *LANDSCAPES.values()]))
@settings(max_examples=60, deadline=None)
def test_laws_of_growth(growth, seed, workers, landscape):
    """Step by step: something is always pending, switched-off colors never are, and quotas hold while they bind."""
    simulation = Simulation(landscape, RandomScheduler(), growth, seed, workers).run(30)
    tree, fills = Tree(), 0
    for event in simulation.events:
        if isinstance(event, NodeGrown) and event.node != ROOT:
            assert event.color == "black" or growth.red
            base = tree.base(event.parent).id
            if event.color == "black":
                fills += event.after is None
                if not growth.black:
                    assert tree[event.parent].color == "red" and tree.built(base) == 0 and tree[event.parent].admitted
                elif growth.can_discover(tree) and event.after is not None:
                    assert tree.built(base) < growth.max_black_per_red
        if isinstance(event, NodeStarted):
            assert event.node in tree.pending
        tree.apply(event)
    assert tree.pending
    for node in tree:
        repairs = [answer for answer in tree.answers(node.id) if node.status == "failed"]
        assert len(repairs) <= 1
        assert not (repairs and node.after is not None and tree[node.after].status == "failed")


@given(st.integers(0, 10**4), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_search_cut_anywhere_and_taken_up_again_grows_the_same_tree(seed, share):
    whole = Simulation(LANDSCAPES["noisy"], BranchScheduler(), Growth(), seed).run(15)
    cut = round(share * len(whole.events))
    while 0 < cut < len(whole.events) and isinstance(whole.events[cut], NodeGrown):
        cut -= 1  # what growth answers at once is one append, whole or not there
    resumed = Simulation(LANDSCAPES["noisy"], BranchScheduler(), Growth(), seed)
    resumed.resume(whole.events[:cut])
    resumed.run(15)
    assert list(resumed.tree) == list(whole.tree)
    assert resumed.tree.finished == whole.tree.finished
    assert (resumed.gain, resumed.spent) == (whole.gain, pytest.approx(whole.spent))
