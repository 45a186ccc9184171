"""The DataTree: a fold that contradictions cannot enter, with statistics equal to their naive recomputation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.errors import JournalError
from provender.journal.events import (
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    NodeStarted,
    NoiseMeasured,
    StateProposed,
)
from provender.journal.tree import NO_BRANCH, RED_REWARD, Tree, observation


def scored(node: int, gain: float, reward: float | None = None) -> NodeScored:
    return NodeScored(node=node, dev=gain, gain=gain, reward=0.5 + gain / 10 if reward is None else reward)


def failed(node: int) -> NodeFailed:
    return NodeFailed(node=node, failure={"kind": "crashed", "message": "it divided by zero"})


def red(node: int, parent: int) -> NodeGrown:
    return NodeGrown(node=node, parent=parent, color="red", after=parent)


def black(node: int, parent: int | None) -> NodeGrown:
    return NodeGrown(node=node, parent=parent, color="black", after=parent)


SMALL = (
    NoiseMeasured(seed_std=0.1, paired_std=0.1, dev=0.0, seconds=1.0),
    black(0, None), scored(0, 0.0),
    red(1, 0), black(2, 0), black(3, 0),
    scored(2, 1.0), black(4, 2), NodeDiscovered(node=1, assets=("lake:1",), summary="a table"),
    black(5, 1), black(6, 1), scored(5, 3.0), failed(6), red(7, 5), black(8, 5),
)  # fmt: skip


@st.composite
def stories(draw) -> list:
    """Any legal run: nodes are grown under finished ones, and start and finish in any order."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    steps = draw(st.integers(0, 60))
    events = [
        NoiseMeasured(seed_std=0.5, paired_std=0.5, dev=0.0, seconds=0.0),
        black(0, None),
        NodeStarted(node=0),
        scored(0, 0.0),
    ]
    color, pending, running, finished = {0: "black"}, [], [], [0]
    for _ in range(steps):
        move = rng.random()
        if move < 0.5 or not (pending or running):
            node, parent = len(color), rng.choice(finished)
            color[node] = rng.choice(["black", "black", "red"])
            events.append(NodeGrown(node=node, parent=parent, color=color[node], after=parent))
            pending.append(node)
        elif pending and (move < 0.75 or not running):
            node = pending.pop(rng.randrange(len(pending)))
            running.append(node)
            events.append(NodeStarted(node=node))
            if color[node] == "black":
                events.append(StateProposed(node=node, state="s", loader="", author="playbook"))
        else:
            node = running.pop(rng.randrange(len(running)))
            finished.append(node)
            if rng.random() < 0.2:
                events.append(failed(node))
            elif color[node] == "red":
                events.append(NodeDiscovered(node=node, assets=()))
            else:
                gain = rng.gauss(0, 3)
                events.append(scored(node, gain, reward=1 / (1 + 2**-gain)))
    return events


def facts(tree: Tree) -> tuple:
    frontier = tree.frontier
    return (
        list(tree), list(tree.pending), list(tree.running), tree.finished, tree.best,
        tree.last_finished, tree.noise, tree.barren,
        {
            n.id: (tree.visits(n.id), tree.reward_sum(n.id), tree.credit(n.id), tree.built(n.id), tree.tries(n.id))
            for n in tree
        },
        {n.id: tree.children(n.id) for n in tree}, {n.id: tree.answers(n.id) for n in tree},
        list(frontier.branches), list(frontier.observed), list(frontier.tries), frontier.state(),
        (frontier.used, frontier.lowest, frontier.highest),
    )  # fmt: skip


@given(stories(), st.data())
def test_folding_a_prefix_and_then_the_rest_equals_folding_all(story, data):
    cut = data.draw(st.integers(0, len(story)))
    tree = Tree.of(story[:cut])
    for event in story[cut:]:
        tree.apply(event)
    assert facts(tree) == facts(Tree.of(story))


@given(stories())
def test_branch_statistics_equal_their_naive_recomputation(story):
    tree = Tree.of(story)
    below = {n.id: [m for m in tree if n in tree.path(m.id)] for n in tree}
    for node in tree:
        done = [m for m in below[node.id] if m.outcome is not None]
        rewards = [m.reward if m.status == "scored" else RED_REWARD if m.status == "discovered" else 0.0 for m in done]
        assert tree.visits(node.id) == len(done)
        assert tree.reward_sum(node.id) == pytest.approx(sum(rewards))
        assert tree.tries(node.id) == sum(m.branch == node.id and m.status != "pending" for m in tree)


@given(stories())
def test_the_frontier_equals_its_naive_recomputation(story):
    tree = Tree.of(story)
    pending: dict[int, list[int]] = {}
    for node in tree:
        if node.status == "pending":
            pending.setdefault(node.branch, []).append(node.id)
    state = tree.frontier.state()
    assert {branch: list(nodes) for branch, (_, _, nodes) in state.items()} == pending
    observed = {n.id: observation(n.outcome, tree.noise) for n in tree if n.status == "scored"}
    for branch, (seen, tries, _) in state.items():
        assert (seen, tries) == (observed[branch], tree.tries(branch))
    assert (tree.frontier.lowest, tree.frontier.highest) == (min(observed.values()), max(observed.values()))


@given(stories())
def test_every_node_starts_from_the_nearest_scored_black_and_builds_on_the_nearest_red(story):
    tree = Tree.of(story)
    for node in tree:
        above = tree.path(node.id)[1:]
        assert node.depth == len(above)
        assert node.branch == next((n.id for n in above if n.status == "scored"), NO_BRANCH)
        assert node.base == next((n.id for n in above if n.color == "red" or n.id == 0), NO_BRANCH)
        assert tree.built(node.id) == sum(n.color == "black" and n.base == node.id for n in tree)


@given(stories())
@settings(max_examples=50)
def test_the_best_is_the_earliest_of_the_highest_gain(story):
    tree = Tree.of(story)
    gains = [tree[node].gain for node in tree.finished if tree[node].status == "scored"]
    first = next(node for node in tree.finished if tree[node].gain == max(gains))
    assert tree.best == tree[first]


def test_a_small_tree_reads_as_it_was_grown():
    tree = Tree.of(SMALL)
    assert [n.status for n in tree] == [
        "scored",
        "discovered",
        "scored",
        "pending",
        "pending",
        "scored",
        "failed",
        "pending",
        "pending",
    ]
    assert tree.best.id == 5
    assert [n.id for n in tree.path(8)] == [8, 5, 1, 0]
    assert tree.base(8).id == 1 and tree.base(4).id == 0 and tree.base(1).id == 1
    assert tree.start_state(5).id == 0 and tree.start_state(7).id == 5 and tree.start_state(0) is None
    assert [n.id for n in tree.siblings(2)] == [1, 3]
    assert tree.built(0) == 3 and tree.built(1) == 3
    assert tree[1].admitted == ("lake:1",) and tree[1].summary == "a table"
    assert tree[6].failure["kind"] == "crashed" and tree[6].dev is None and tree[6].reward is None


def test_a_red_node_is_credited_by_its_best_black_child():
    tree = Tree.of(SMALL)
    assert tree.credit(1) == 0.8  # node 5
    assert tree.credit(7) is None
    assert tree.credit(2) == 0.6


def test_a_failed_red_node_earns_nothing_and_a_finished_one_little():
    tree = Tree.of([*SMALL[:6], failed(1)])
    assert (tree.visits(1), tree.reward_sum(1)) == (1, 0.0)
    assert Tree.of(SMALL[:9]).reward_sum(1) == RED_REWARD


def test_a_node_in_flight_when_the_process_died_may_start_and_propose_again():
    proposed = StateProposed(node=2, state="s", loader="", author="playbook")
    tree = Tree.of([*SMALL[:6], NodeStarted(node=2), proposed, NodeStarted(node=2), proposed])
    assert list(tree.running) == [2] and tree[2].state == "s"
    assert tree.frontier.used == 2


def test_children_of_a_failed_node_start_where_it_started():
    tree = Tree.of([*SMALL[:6], failed(2), black(4, 2)])
    assert tree[4].branch == 0


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (scored(0, 1.0), "node 0 is scored"),
        (NodeStarted(node=6), "node 6 is failed"),
        (NodeStarted(node=99), "no node 99"),
        (black(5, 0), "grown as number 9"),
        (black(9, 44), "no node 44"),
        (black(9, None), "has no parent"),
        (NodeDiscovered(node=3, assets=()), "is black"),
        (scored(7, 1.0), "is red"),
        (StateProposed(node=2, state="s", loader="", author="llm"), "node 2 is scored"),
    ],
)
def test_events_that_contradict_the_journal_are_refused(event, words):
    tree = Tree.of(SMALL)
    with pytest.raises(JournalError, match=words):
        tree.apply(event)


def test_an_observation_does_not_saturate_above_d0_and_does_below():
    low, high, higher = (scored(1, gain, reward=1.0) for gain in (0.5, 50.0, 500.0))
    assert observation(low, 0.5) < observation(high, 0.5) < observation(higher, 0.5)
    assert observation(scored(1, -500.0, reward=0.0), 0.5) == 0.0
    assert observation(scored(0, 0.0, reward=0.5), 0.5) == 0.5
    assert observation(high, 0.0) == 1.0  # without a noise floor there is only the reward


def test_the_frontier_is_read_only_to_schedulers():
    tree = Tree.of(SMALL)
    with pytest.raises(ValueError, match="read-only"):
        tree.frontier.tries[0] = 5
