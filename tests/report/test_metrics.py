"""Numbers of a search, against values worked out by hand, and laws that hold for every run."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import SIGMA, all_failed, black, credited, initial, large, opening, proven, red, stored, unproven

from provender.journal.events import AssetAdmitted, Confirmed
from provender.journal.tree import ROOT, Tree
from provender.report.credits import credits
from provender.report.figures import Axis
from provender.report.metrics import account, concentration, data_diff, failures, methods, overcome, steps
from provender.report.picture import NODES_AT_MOST, layout
from provender.report.summary import summarise
from provender.report.tools import node_ratio, tool_mix
from provender.report.words import MINUS, decimals_for, number, signed

DASH = "\u2013"


def test_optimism_is_development_minus_confirmation() -> None:
    told = account("r", stored(proven()))
    assert told.optimism == pytest.approx(0.1 - 0.08)
    assert (told.subject, told.returned, told.proven) == (3, 3, True)


def test_a_confirmation_that_failed_tells_no_optimism() -> None:
    failed = Confirmed(node=1, initial=0.9, best=0.9, gain=0.0, interval=(0.0, 0.0), level=0.01, rows=0, foldings=5, proven=False, reason="failed")
    story = [failed if isinstance(event, Confirmed) else event for event in unproven()]
    assert account("r", stored(story)).optimism is None


def test_overcome_counts_failures_and_is_held_against_luck() -> None:
    story = [*opening(), *initial(), *black(1, 0, 5 * SIGMA), *black(2, 1, 0.5 * SIGMA), *black(3, 0, -SIGMA), *black(4, 0, 0.0), *black(5, 0, None)]
    rate = overcome(Tree.of(story))
    assert (rate.states, rate.failed) == (5, 1)
    assert rate.better == pytest.approx(2 / 5)
    assert rate.null == pytest.approx(0.5 * 3 / 5)  # a state that scores exactly as D0 does has no chance of luck
    assert rate.beyond == pytest.approx(1 / 5)
    assert rate.beyond_null == pytest.approx(0.02275 * 3 / 5, abs=1e-4)
    assert rate.improved == pytest.approx(2 / 5 - 1 / 5)  # node 2 is worse than node 1, where it started


def test_overcome_of_a_run_without_states_is_unknown() -> None:
    assert overcome(Tree.of(opening())).better is None


def test_concentration_follows_the_papers_formula() -> None:
    story = [*opening(), *initial(), *black(1, 0, 0.1), *black(2, 0, 0.1), *black(3, 1, 0.1), *red(4, 1)]
    # after 1: one branch; after 2: 1/2, 1/2; after 3: 2/3, 1/3; after 4: 3/4, 1/4
    assert concentration(story) == pytest.approx((1.0, 0.0, 2 * (5 / 9 - 1 / 2), 2 * (10 / 16 - 1 / 2)))


@given(st.integers(2, 120), st.integers(0, 50))
def test_concentration_and_best_so_far_keep_their_laws(nodes: int, seed: int) -> None:
    story = large(nodes + 6, seed)
    told = account("r", stored(story))
    done = steps(told)
    assert all(-1e-12 <= value <= 1 + 1e-12 for value in concentration(story))
    assert len(done) == told.tree.executions - 1 == len(concentration(story))
    assert [step.number for step in done] == list(range(1, len(done) + 1))
    assert all(b.best >= a.best for a, b in pairwise(done))
    assert done[-1].best == max(0.0, told.tree.best.gain)


def test_methods_are_averaged_over_scored_states_only() -> None:
    story = [*opening(), *initial(), *black(1, 0, 0.1, methods=("lsa",)), *black(2, 0, 0.3, methods=("lsa", "smote")), *black(3, 0, None, methods=("smote",))]
    lsa, smote = sorted(methods(Tree.of(story)), key=lambda use: use.name)
    assert (lsa.states, lsa.failed, lsa.mean, lsa.best) == (2, 0, pytest.approx(0.2), 0.3)
    assert (smote.states, smote.failed, smote.mean) == (2, 1, 0.3)


def test_failures_alike_are_one_group() -> None:
    (group,) = failures(Tree.of(all_failed()))
    assert [node.id for node in group.nodes] == [1, 2, 3, 4, 5]


def test_the_parts_of_a_diff_add_up() -> None:
    story = proven()
    diff = data_diff(Tree.of(story)[3])
    assert diff.own == 100 == diff.kept + diff.edited + diff.dropped
    assert diff.trained == 70 + 20 + 50 + 5 + 2
    assert not diff.untouched
    assert data_diff(Tree.of(story)[ROOT]) is None


@pytest.mark.parametrize("nodes", [1, 40, 400])
def test_every_node_is_drawn_or_counted_once(nodes: int) -> None:
    tree = Tree.of(large(nodes) if nodes > 5 else [*opening(), *initial()])
    marks = layout(tree, None)
    drawn = [mark.node for mark in marks if not mark.stack]
    stacked = [node for mark in marks for node in mark.stack]
    assert sorted([*drawn, *stacked]) == list(range(len(tree)))
    assert len(drawn) <= NODES_AT_MOST or len(tree) <= NODES_AT_MOST


@given(st.integers(6, 150), st.integers(0, 30))
def test_no_two_marks_of_a_tree_share_a_place(nodes: int, seed: int) -> None:
    tree = Tree.of(large(nodes + 4, seed))
    marks = layout(tree, tree.best.id)
    assert tree.best.id in {mark.node for mark in marks if not mark.stack}
    by_level: dict[int, list[float]] = {}
    for mark in marks:
        by_level.setdefault(mark.y, []).append(mark.x)
        if mark.above is not None:
            assert marks[mark.above].y == mark.y - 1
    for places in by_level.values():
        places.sort()
        assert all(b - a > 0.49 for a, b in pairwise(places))


def test_a_chain_of_thousands_is_drawn_without_recursion() -> None:
    story = [*opening(), *initial(), *(event for node in range(1, 3000) for event in black(node, node - 1, 1e-4 * node))]
    assert len(layout(Tree.of(story), 2999)) >= 1


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_an_axis_shows_its_values_and_about_five_round_ticks(low: float, width: float) -> None:
    axis = Axis.around([low, low + width])
    assert 0 <= axis.at(low) <= axis.at(low + width) <= 100
    assert 1 <= len(axis.ticks()) <= 6
    assert axis.at(1e300) <= 100


@given(st.floats(1e-8, 1e4))
def test_numbers_show_what_the_noise_leaves_meaningful(sigma: float) -> None:
    shown = float(number(sigma, decimals_for(sigma)).replace(",", ""))
    assert shown == pytest.approx(sigma, rel=0.06) or decimals_for(sigma) in (0, 6)


def test_what_is_no_number_is_a_dash_and_what_is_unbounded_says_so() -> None:
    assert [number(None), number(float("nan")), number(-1e300), signed(0.25, 2), signed(-0.25, 2)] == [DASH, DASH, f"{MINUS}∞", "+0.25", f"{MINUS}0.25"]


def test_credits_are_the_last_of_each_part_the_most_helpful_first() -> None:
    told = [(c.part.kind, c.credit) for c in credits(credited(), 3)]
    assert told == [("source", 0.06), ("step", 0.03), ("drop", -0.004), ("edit", None)]


def test_a_summary_holds_every_nodes_credits_and_why_one_is_unknown() -> None:
    told = summarise("r", stored(credited()), Path("somewhere"))["credits"]
    assert [c["node"] for c in told] == [2, 3, 3, 3, 3]
    assert told[1] == {"node": 3, "part": {"kind": "source", "subject": "lake:a", "count": 5}, "credit": 0.06, "reason": None}
    assert (told[-1]["credit"], told[-1]["reason"]) == (None, "the loader crashed without it")


def test_ratios_and_mix_follow_the_papers_formulas() -> None:
    story = [*opening(), *initial(), *red(1, 0, ("lake:a",), "web: a page"), *black(2, 0, 0.1, methods=("tfidf", "lsa", "dedup")), *red(3, 0), *black(4, 0, None, methods=("dedup",)),
             AssetAdmitted(node=2, asset="lake:b", manifest={"source": "lake"})]  # a warm start's: node 2 searched nothing
    assert node_ratio(story) == pytest.approx((1.0, 2.0, 1.0))
    mix = tool_mix(story)
    assert dict(mix.red) == {"lake": 1, "web": 1, "an unnamed source": 1}
    assert dict(mix.black)["cleaning"] == 2
    uses = sum(n for _, n in mix.black)
    assert mix.intensity == pytest.approx((3 / 2) / (uses / 2))
