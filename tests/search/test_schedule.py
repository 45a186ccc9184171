"""Schedulers: they pick pending nodes, the same ones for the same seed and journal, and by their rule."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.journal.events import NodeDiscovered, NodeGrown, NodeScored, NodeStarted, NoiseMeasured
from provender.journal.tree import Tree
from provender.search.decay import Linear
from provender.search.grow import Growth
from provender.search.schedule import BranchScheduler, PaperScheduler, RandomScheduler
from provender.search.simulation import LANDSCAPES, Simulation

SCHEDULERS = [BranchScheduler(), PaperScheduler(), RandomScheduler()]


def grown(node: int, parent: int | None, color: str = "black") -> NodeGrown:
    return NodeGrown(node=node, parent=parent, color=color)


def scored(node: int, gain: float) -> NodeScored:
    return NodeScored(node=node, dev=gain, gain=gain, reward=1 / (1 + math.exp(-gain)))


def simulated(seed: int, budget: float, workers: int = 1, landscape: str = "branchy", scheduler=None) -> Simulation:
    return Simulation(LANDSCAPES[landscape], scheduler or BranchScheduler(), Growth(), seed, workers).run(budget)


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=lambda s: type(s).__name__)
@given(seed=st.integers(0, 10**4), cut=st.floats(0.0, 1.0))
@settings(max_examples=25, deadline=None)
def test_a_pick_is_pending_and_the_same_for_the_same_seed_and_prefix(scheduler, seed, cut):
    events = simulated(seed, 12).events
    prefix = events[: round(cut * len(events))]
    one, two = Tree.of(prefix), Tree.of(prefix)
    if one.pending:
        picks = [scheduler.pick(tree, random.Random(seed)) for tree in (one, one, two)]
        assert picks[0] in one.pending
        assert picks == [picks[0]] * 3


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=lambda s: type(s).__name__)
def test_picking_from_an_empty_frontier_is_an_error_of_the_caller(scheduler):
    with pytest.raises(ValueError, match="no node is pending"):
        scheduler.pick(Tree(), random.Random(0))


def naive_scores(tree: Tree, exploration: float) -> dict[int, float]:
    """The formula of the docstring, read off the tree node by node."""
    done = [n for n in tree if n.status == "scored"]
    observed = {
        n.id: n.reward if n.gain <= 0 else 0.5 + n.gain / (4 * tree.noise * math.sqrt(2 * math.pi)) for n in done
    }
    low, high = min([0.5, *observed.values()]), max([0.5, *observed.values()])
    started = [n for n in tree if n.status != "pending"]
    scores = {}
    for node in tree.pending:
        start = tree.start_state(node)
        if start is not None:
            tries = sum(n.branch == start.id for n in started)
            bonus = exploration * math.sqrt(math.log(len(started) + 2) / (1 + tries))
            scores[node] = (observed[start.id] - low) / ((high - low) or 1.0) + bonus
    return scores


@given(st.integers(0, 10**4), st.integers(1, 4), st.floats(1, 25), st.sampled_from([0.0, 0.2, 1.4]))
@settings(max_examples=40, deadline=None)
def test_the_branch_scheduler_picks_the_highest_score_of_its_formula(seed, workers, budget, exploration):
    tree = simulated(seed, budget, workers).tree
    scores = naive_scores(tree, exploration)
    if scores:
        pick = BranchScheduler(exploration=exploration).pick(tree, random.Random(seed))
        assert scores[pick] == pytest.approx(max(scores.values()))


def test_ties_are_broken_by_the_generator_over_all_of_them():
    tree = Tree.of([grown(0, None), scored(0, 0.0), *(grown(k, 0, "red" if k == 3 else "black") for k in range(1, 6))])
    picks = [BranchScheduler().pick(tree, random.Random(seed)) for seed in range(300)]
    counts = np.bincount(picks, minlength=6)[1:]
    assert counts.min() > 30


def test_nodes_in_flight_spread_parallel_workers():
    story = [
        NoiseMeasured(seed_std=1.0, paired_std=1.0, dev=0.0, seconds=0.0),
        grown(0, None), scored(0, 0.0), grown(1, 0), grown(2, 0), scored(1, 3.0), scored(2, 2.9),
        *(grown(k, 1) for k in range(3, 13)), *(grown(k, 2) for k in range(13, 23)),
    ]  # fmt: skip
    tree, starts = Tree.of(story), []
    for k in range(8):
        pick = BranchScheduler().pick(tree, random.Random(k))
        tree.apply(NodeStarted(node=pick))
        starts.append(tree[pick].parent)
    assert set(starts) == {1, 2}


def test_a_red_node_and_its_black_children_are_as_promising_as_the_state_above():
    tree = Tree.of([
        grown(0, None), scored(0, 0.0), grown(1, 0), grown(2, 0), scored(1, 2.0), scored(2, -2.0),
        grown(3, 1, "red"), NodeDiscovered(node=3, assets=("a",)), grown(4, 3), grown(5, 2),
    ])  # fmt: skip
    assert BranchScheduler(exploration=0.0).pick(tree, random.Random(0)) == 4


def test_the_papers_rule_gives_every_pending_node_infinity_and_takes_the_oldest():
    simulation = simulated(3, 10, scheduler=PaperScheduler())
    tree = simulation.tree
    assert {PaperScheduler().score(tree, node) for node in tree.pending} == {math.inf}
    assert PaperScheduler().pick(tree, random.Random(0)) == min(tree.pending)
    starts = [event.node for event in simulation.events if isinstance(event, NodeStarted)]
    assert starts == sorted(starts)


def test_the_papers_score_of_a_visited_node_is_equation_2():
    tree = Tree.of([grown(0, None), scored(0, 0.0), grown(1, 0), scored(1, 1.0), grown(2, 1), scored(2, -1.0)])
    rewards = tree[1].reward + tree[2].reward
    c = math.sqrt(2) - 0.01 * 3
    expected = rewards / 2 + c * math.sqrt(math.log(3) / 2)
    assert PaperScheduler(budget=40, decay=Linear()).score(tree, 1) == pytest.approx(expected)


def test_under_a_time_budget_the_decay_follows_the_largest_spent_share():
    tree = Tree.of([grown(0, None), scored(0, 0.0), grown(1, 0), scored(1, 1.0)])
    early = PaperScheduler(budget=40, spent=lambda: 0.1).score(tree, 1)
    late = PaperScheduler(budget=40, spent=lambda: 0.9).score(tree, 1)
    assert early - late == pytest.approx((math.sqrt(2) - 0.5) * math.sqrt(math.log(2)))


@pytest.mark.slow
def test_the_default_gains_more_than_chance_and_than_the_rule_as_published():
    def mean(scheduler) -> float:
        runs = [simulated(seed, 60, 1, name, scheduler).gain for name in LANDSCAPES for seed in range(16)]
        return float(np.mean(runs))

    default, paper, chance = map(mean, (BranchScheduler(), PaperScheduler(), RandomScheduler()))
    assert default > 1.2 * max(paper, chance)
