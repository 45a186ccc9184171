"""The proof's laws: signs, invariances, refusals and levels, on predictions of known quality."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.contract.metric import METRICS, Metric, find_metric
from provender.pipeline import jackknife, proof

SEEDS = st.integers(0, 10_000)
NAMES = sorted(METRICS)
MEANS = [name for name in NAMES if METRICS[name].loss is not None]


def truth(metric: Metric, n: int) -> np.ndarray:
    return 1 + 2 * (0.618 * np.arange(n) % 1) if "value" in metric.needs else np.arange(n) % 2


def predictions(metric: Metric, n: int, rng: np.random.Generator, error: float) -> np.ndarray:
    """Predictions of `truth` that this metric can score; a larger error is a worse state."""
    y = truth(metric, n)
    if "value" in metric.needs:
        return y + error * rng.normal(size=n)
    p = 1 / (1 + np.exp(1 - 2 * y - 3 * error * rng.normal(size=n)))
    return (p > 0.5).astype(np.int64) if metric.needs[0] == "label" else np.column_stack([1 - p, p])


def foldings(metric: Metric, n: int, seed: int, initial: float = 1.0, candidate: float = 0.3, count: int = 12):
    """Truth, two foldings and blocks: what `confirm` takes."""
    rng = np.random.default_rng(seed)
    pairs = [
        proof.Paired(
            rows=np.arange(n),
            initial=predictions(metric, n, rng, initial),
            candidate=predictions(metric, n, rng, candidate),
        )
        for _ in range(2)
    ]
    return truth(metric, n), pairs, proof.blocks(np.arange(n), seed=seed, count=count)


def swapped(pairs: list[proof.Paired]) -> list[proof.Paired]:
    return [replace(p, initial=p.candidate, candidate=p.initial) for p in pairs]


@pytest.mark.parametrize("name", NAMES)
def test_better_predictions_have_a_positive_gain_in_either_direction(name):
    metric = find_metric(name)
    verdict = proof.confirm(metric, *foldings(metric, 400, 1))
    assert verdict.gain > 0 and verdict.proven and verdict.reason == ""
    assert (verdict.candidate > verdict.initial) == (metric.direction == "maximize")
    assert verdict.interval[0] < verdict.gain < verdict.interval[1]
    assert (verdict.rows, verdict.foldings, verdict.blocks) == (400, 2, 12)


@pytest.mark.parametrize("name", NAMES)
def test_swapping_the_states_turns_gain_and_interval_around(name):
    metric = find_metric(name)
    y, pairs, block = foldings(metric, 200, 3)
    there, back = proof.confirm(metric, y, pairs, block), proof.confirm(metric, y, swapped(pairs), block)
    assert back.gain == pytest.approx(-there.gain, rel=1e-12)
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]), rel=1e-9)
    assert not back.proven and "worse" in back.reason


@pytest.mark.parametrize("name", NAMES)
def test_identical_predictions_are_never_proven(name):
    metric = find_metric(name)
    y, pairs, block = foldings(metric, 200, 4)
    verdict = proof.confirm(metric, y, [replace(p, candidate=p.initial) for p in pairs], block)
    assert verdict.gain == 0 and not verdict.proven and "differ on 0 examples" in verdict.reason


@given(seed=SEEDS, name=st.sampled_from(["accuracy", "root_mean_squared_error", "r2"]))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_does_not_matter(seed, name):
    metric = find_metric(name)
    y, pairs, block = foldings(metric, 150, seed)
    order = np.random.default_rng(seed).permutation(len(y))
    place = np.argsort(order)  # where each old row went
    moved = [
        proof.Paired(rows=place[p.rows[::-1]], initial=p.initial[::-1], candidate=p.candidate[::-1]) for p in pairs
    ]
    one, other = proof.confirm(metric, y, pairs, block), proof.confirm(metric, y[order], moved, block[order])
    assert other.gain == pytest.approx(one.gain, abs=1e-12) and other.se == pytest.approx(one.se, rel=1e-9)


@given(seed=SEEDS, name=st.sampled_from(MEANS))
@settings(max_examples=60, deadline=None)
def test_block_sums_equal_computing_the_metric_anew_without_each_block(seed, name):
    metric = find_metric(name)
    rng = np.random.default_rng(seed)
    y, prediction = truth(metric, 120), predictions(metric, 120, rng, 0.3)
    code = rng.integers(0, 9, 120)
    by_sums = jackknife.leave_out(metric, y, prediction, code, 9)
    anew = jackknife.leave_out(replace(metric, loss=None, compute=metric.score), y, prediction, code, 9)
    assert by_sums[0] == pytest.approx(anew[0], rel=1e-12)
    np.testing.assert_allclose(by_sums[1], anew[1], rtol=1e-12)


@pytest.mark.parametrize("name", ["root_mean_squared_error", "mean_absolute_error", "log_loss"])
def test_several_targets_are_scored_apart_and_averaged_without_each_block(name):
    metric = find_metric(name)
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, (120, 3)).astype(float)
    prediction = np.clip(y + 0.3 * rng.normal(size=y.shape) * [1, 2, 3], 0.01, 0.99)
    code = rng.integers(0, 9, 120)
    whole, deleted = jackknife.leave_out(metric, y, prediction, code, 9)
    assert whole == pytest.approx(metric.score(y, prediction), rel=1e-12)
    expected = [metric.score(y[code != b], prediction[code != b]) for b in range(9)]
    np.testing.assert_allclose(deleted, expected, rtol=1e-12)


def test_the_standard_error_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(0).normal(size=50)
    without = (values.sum() - values) / 49
    assert jackknife.standard_error(values.mean(), without) == pytest.approx(
        values.std(ddof=1) / math.sqrt(50), rel=1e-12
    )


@pytest.mark.parametrize("name", ["accuracy", "root_mean_squared_error", "matthews_corrcoef"])
def test_the_interval_shrinks_with_the_square_root_of_the_rows(name):
    metric = find_metric(name)
    widths = [np.subtract(*proof.confirm(metric, *foldings(metric, n, 6)).interval[::-1]) for n in (200, 3200)]
    assert 2.5 < widths[0] / widths[1] < 6.4


def test_below_a_hundred_rows_nothing_is_proven():
    metric = find_metric("mean_absolute_error")
    for n, proven in ((99, False), (100, True)):
        verdict = proof.confirm(metric, *foldings(metric, n, 7, initial=2.0, candidate=0.01))
        assert verdict.proven is proven and verdict.interval[0] > 0
        assert proven or "99 rows" in verdict.reason


def test_below_ten_differing_examples_nothing_is_proven():
    metric, y = find_metric("accuracy"), np.arange(200) % 2
    initial = np.zeros(200, int)
    block = proof.blocks(np.arange(200), seed=0)
    for changed, enough in ((9, False), (10, True)):
        candidate = initial.copy()
        candidate[np.flatnonzero(y == 1)[:changed]] = 1
        verdict = proof.test_verdict(metric, y, initial, candidate, block)
        assert ("differ on 9 examples" in verdict.reason) is not enough
        assert verdict.gain == pytest.approx(changed / 200)


def test_rounding_noise_and_moves_that_the_metric_does_not_count_are_no_differences():
    y = np.arange(300) % 3
    p = np.full((300, 3), 0.2)
    p[np.arange(300), (y + 1) % 3] = 0.6  # always wrong
    other = np.roll(p, 1, axis=1)  # wrong in another way
    block = proof.blocks(np.arange(300), seed=0)
    assert "differ on 0" in proof.test_verdict(find_metric("accuracy"), y, p, other, block).reason
    assert "differ on 0" in proof.test_verdict(find_metric("log_loss"), y, p, p + 1e-15, block).reason
    assert "differ on 0" not in proof.test_verdict(find_metric("f1_macro"), y, p, other, block).reason


def test_each_further_confirmation_halves_the_level_and_widens_the_interval():
    metric = find_metric("accuracy")
    given_ = foldings(metric, 300, 8, count=50)
    verdicts = [proof.confirm(metric, *given_, confirmations=k) for k in (1, 2, 3, 4)]
    assert [v.level for v in verdicts] == [0.01, 0.005, 0.0025, 0.00125]
    assert all(a.interval[0] > b.interval[0] for a, b in itertools.pairwise(verdicts))
    half = verdicts[0].gain - verdicts[0].interval[0]
    assert half / verdicts[0].se == pytest.approx(2.67995, abs=1e-4)  # t with 49 degrees of freedom at .995
    with pytest.raises(ValueError, match="counts from 1"):
        proof.confirm(metric, *given_, confirmations=0)


def test_a_metric_that_is_undefined_without_some_block_proves_nothing_and_says_so():
    rng = np.random.default_rng(0)
    y = np.zeros(200, int)
    y[:4] = 1
    block = np.repeat(np.arange(50), 4)  # the first block holds every positive
    initial, candidate = rng.random(200), y + 0.1 * rng.random(200)
    verdict = proof.test_verdict(find_metric("roc_auc"), y, initial, candidate, block)
    assert (
        not verdict.proven and verdict.interval == (-math.inf, math.inf) and "undefined without some" in verdict.reason
    )
    assert verdict.gain > 0.2  # the estimate itself is defined and is told
    assert verdict.to_json()["interval"] == [None, None] and verdict.to_json()["se"] is None
    assert not proof.second_key(
        find_metric("roc_auc"),
        y,
        [proof.Paired(rows=np.arange(200), initial=initial, candidate=candidate)],
        block,
        np.arange(200),
    )


def test_one_class_only_leaves_the_gain_undefined_and_unproven():
    y, rng = np.zeros(200, int), np.random.default_rng(0)
    verdict = proof.test_verdict(
        find_metric("roc_auc"), y, rng.random(200), rng.random(200), proof.blocks(np.arange(200), seed=0)
    )
    assert math.isnan(verdict.gain) and not verdict.proven and verdict.to_json()["gain"] is None


def test_one_block_proves_nothing():
    metric = find_metric("accuracy")
    y, pairs, _ = foldings(metric, 200, 9)
    verdict = proof.confirm(metric, y, pairs, np.zeros(200, int))
    assert not verdict.proven and "one group" in verdict.reason


def test_an_unproven_gain_says_how_many_rows_it_would_take():
    metric = find_metric("accuracy")
    verdict = proof.confirm(metric, *foldings(metric, 120, 10, initial=0.9, candidate=0.8))
    assert not verdict.proven and verdict.gain > 0
    needed = int(verdict.reason.split("about ")[1].split(" ")[0].replace(",", ""))
    assert needed > 120


def test_the_second_key_turns_on_the_sealed_rows_alone():
    metric = find_metric("accuracy")
    y, pairs, block = foldings(metric, 600, 11, initial=0.8, candidate=0.8)
    search, sealed = np.arange(480), np.arange(480, 600)
    peeked = [replace(p, candidate=np.where(p.rows < 480, y, p.initial)) for p in pairs]  # wrote the search labels down
    honest = [replace(p, candidate=y) for p in pairs]
    assert proof.confirm(metric, y, peeked, block).proven
    assert not proof.second_key(metric, y, peeked, block, sealed)
    assert proof.second_key(metric, y, honest, block, sealed) and proof.second_key(metric, y, peeked, block, search)
    assert not proof.second_key(metric, y, honest, block, sealed[:0])


@given(seed=SEEDS, n=st.integers(1, 300), spread=st.integers(1, 80))
@settings(max_examples=60, deadline=None)
def test_blocks_hold_whole_groups_and_are_about_equal(seed, n, spread):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, spread, n)
    block = proof.blocks(np.arange(n), groups=groups, seed=seed)
    assert all(len(np.unique(block[groups == g])) == 1 for g in np.unique(groups))
    sizes = np.bincount(block)
    assert len(sizes) == min(50, len(np.unique(groups))) and sizes.min() > 0
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()


@given(seed=SEEDS, n=st.integers(1, 300), instants=st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_blocks_are_windows_of_time_that_part_no_instant(seed, n, instants):
    time = np.random.default_rng(seed).integers(0, instants, n)
    block = proof.blocks(np.arange(n), time=time, groups=np.arange(n), seed=seed)
    order = np.argsort(time, kind="stable")
    assert (np.diff(block[order]) >= 0).all() and len(np.unique(block)) <= 50
    assert all(len(np.unique(block[time == instant])) == 1 for instant in np.unique(time))


def test_groups_that_span_time_stay_whole_and_follow_their_first_instant():
    groups, time = np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20) + np.repeat(np.arange(20), 10)
    block = proof.blocks(np.arange(200), groups=groups, time=time, seed=0, count=5)
    assert (np.diff(block) >= 0).all() and np.bincount(block).tolist() == [40] * 5


def test_rows_outside_the_confirmation_have_no_block_and_cannot_be_scored():
    rows = np.arange(100, 300)
    block = proof.blocks(rows, groups=np.arange(400), seed=0)
    assert (np.flatnonzero(block >= 0) == rows).all() and len(block) == 400
    metric = find_metric("accuracy")
    y, pairs, _ = foldings(metric, 400, 12)
    with pytest.raises(ValueError, match="no block"):
        proof.confirm(metric, y, pairs, block)


def test_predictions_that_do_not_match_their_rows_are_refused():
    metric = find_metric("accuracy")
    y, (pair, _), block = foldings(metric, 200, 13)
    for wrong, words in (
        ([], "no foldings"),
        ([replace(pair, candidate=pair.candidate[1:])], "do not match"),
        ([replace(pair, rows=np.zeros(200, int))], "twice"),
        ([replace(pair, rows=pair.rows[:0], initial=pair.initial[:0], candidate=pair.candidate[:0])], "no rows"),
    ):
        with pytest.raises(ValueError, match=words):
            proof.confirm(metric, y, wrong, block)


def test_the_noise_floor_is_unbiased_from_three_values_and_never_zero():
    rng = np.random.default_rng(0)
    estimates = [proof.noise_floor([0.8, 0.8], rng.normal(0, 0.02, 3)).paired_std for _ in range(4000)]
    assert np.mean(estimates) == pytest.approx(0.02, rel=0.03)
    still = proof.noise_floor([0.8, 0.8, 0.8], [0.0, 0.0, 0.0])
    assert still.seed_std < 1e-12 and still.paired_std == pytest.approx(0.0008)
    assert proof.noise_floor([0.0], []).paired_std > 0
    assert proof.noise_floor([0.7, 0.8, 0.9, math.nan], []).paired_std == pytest.approx(0.1 * math.sqrt(2))
    with pytest.raises(ValueError, match="at least one finite"):
        proof.noise_floor([math.nan], [0.1])


@given(a=st.floats(-1e6, 1e6), b=st.floats(-1e6, 1e6), sigma=st.floats(1e-6, 1e3))
def test_a_reward_is_inside_the_unit_interval_and_rises_with_the_gain(a, b, sigma):
    noise = proof.Noise(seed_std=0.0, paired_std=sigma)
    low, high = proof.reward(min(a, b), noise), proof.reward(max(a, b), noise)
    assert 0 < low <= high < 1
    assert proof.reward(0.0, noise) == 0.5
    assert proof.reward(4 * sigma, noise) == pytest.approx(0.841345, abs=1e-5)


@given(dev=st.floats(-1e4, 1e4), sigma=st.floats(1e-5, 1e3))
def test_a_shown_score_is_within_an_eighth_of_the_noise_and_takes_few_values(dev, sigma):
    noise = proof.Noise(seed_std=0.0, paired_std=sigma)
    shown = proof.rounded(dev, noise)
    assert abs(shown - dev) <= sigma / 8 * 1.2 + 1e-9
    neighbours = {proof.rounded(dev + x * sigma, noise) for x in np.linspace(0, 1, 50)}
    assert len(neighbours) <= 6


def test_the_least_provable_gain_falls_with_the_rows_and_is_infinite_where_nothing_can_be_proven():
    metric = find_metric("accuracy")
    gains = [
        proof.least_provable_gain(metric, y, p[0].initial)
        for y, p, _ in (foldings(metric, n, 14) for n in (150, 600, 2400))
    ]
    assert 0.2 > gains[0] > 1.6 * gains[1] > 1.6**2 * gains[2] > 0
    y, pairs, _ = foldings(metric, 99, 14)
    assert proof.least_provable_gain(metric, y, pairs[0].initial) == math.inf
    assert proof.least_provable_gain(metric, np.zeros(200, int), np.zeros(200, int)) == math.inf
