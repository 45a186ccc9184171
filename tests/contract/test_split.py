"""Laws of splitting: a partition, bundles whole, balanced classes, time forward, and a function of the digest alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.contract.split import bundles, folding, holdout, make_split
from provender.contract.state import digest
from provender.errors import TaskError


@st.composite
def tables(draw):
    """n rows with groups of uneven size, exact duplicates and unbalanced classes."""
    n = draw(st.integers(30, 300))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    groups = rng.integers(0, draw(st.integers(8, n)), n) if draw(st.booleans()) else None
    duplicates = rng.integers(0, n * 3, n) if draw(st.booleans()) else None
    strata = rng.choice(3, n, p=(0.7, 0.2, 0.1)) if draw(st.booleans()) else None
    return n, groups, duplicates, strata, digest(draw(st.integers()))


def whole(codes, parts):
    """No code occurs in two parts."""
    return all(not set(codes[a]) & set(codes[b]) for i, a in enumerate(parts) for b in parts[:i])


@given(tables(), st.booleans())
def test_split_is_a_partition_that_parts_no_group_and_no_duplicates(table, seal):
    n, groups, duplicates, strata, name = table
    bundle = bundles(n, groups, duplicates)
    split = make_split(bundle, strata, None, digest=name, test_size=0.2, seal=seal)
    parts = [split.test, split.sealed, split.search]
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(n))
    assert (len(split.sealed) > 0) == seal and len(split.search) > 0 and len(split.test) > 0
    assert groups is None or whole(groups, parts)
    assert duplicates is None or whole(duplicates, parts) or np.array_equal(bundle, bundles(n, groups, None))


@given(tables())
def test_split_is_a_function_of_the_digest(table):
    n, groups, duplicates, strata, name = table
    bundle = bundles(n, groups, duplicates)
    one, two = (make_split(bundle, strata, None, digest=name, test_size=0.3, seal=True) for _ in range(2))
    assert np.array_equal(one.test, two.test) and np.array_equal(one.sealed, two.sealed)


def test_another_digest_gives_another_split():
    bundle = np.arange(200)
    one, two = (make_split(bundle, None, None, digest=digest(i), test_size=0.2, seal=True) for i in range(2))
    assert not np.array_equal(one.test, two.test)


@given(st.integers(0, 2**32), st.booleans())
def test_split_is_stratified_even_beside_a_few_duplicates(seed, duplicated):
    rng = np.random.default_rng(seed)
    strata = np.sort(rng.choice(4, 400, p=(0.6, 0.25, 0.1, 0.05)))
    duplicates = np.arange(400) // 2 * 2 if duplicated else None  # neighbours: nearly all of one class
    split = make_split(bundles(400, None, duplicates), strata, None, digest=digest(seed), test_size=0.25, seal=True)
    for part, share in ((split.test, 0.25), (split.sealed, 0.15)):
        assert np.abs(np.bincount(strata[part], minlength=4) - share * np.bincount(strata, minlength=4)).max() <= 5


@given(tables(), st.floats(0.1, 0.4))
def test_sizes_are_about_what_was_asked(table, share):
    n, groups, duplicates, strata, name = table
    bundle = bundles(n, groups, duplicates)
    split = make_split(bundle, strata, None, digest=name, test_size=share, seal=False)
    wanted, sizes = round(n * share), np.bincount(bundle)
    if (sizes <= wanted).all():
        assert wanted <= len(split.test) <= wanted + sizes.max() - 1


def test_a_huge_group_is_not_set_aside():
    groups = np.where(np.arange(200) < 150, 0, np.arange(200))
    for i in range(20):
        split = make_split(bundles(200, groups, None), None, None, digest=digest(i), test_size=0.2, seal=True)
        assert set(range(150)) <= set(split.search) and len(split.test) == 40


def test_rows_of_one_single_group_cannot_be_split():
    with pytest.raises(TaskError, match=r"one group.*evaluation\.group"):
        make_split(np.zeros(50, int), None, None, digest=digest(0), test_size=0.2, seal=False)
    with pytest.raises(TaskError, match=r"one group.*evaluation\.group"):
        folding(np.arange(50), np.zeros(50, int), None, None, folds=5, seed=0)


def test_time_puts_the_latest_rows_into_the_test_and_the_next_into_the_sealed_part():
    rng = np.random.default_rng(0)
    time = rng.permutation(300).astype(float)
    split = make_split(np.arange(300), None, time, digest=digest(1), test_size=0.2, seal=True)
    assert time[split.test].min() > time[split.sealed].max() and time[split.sealed].min() > time[split.search].max()


def test_sealed_part_is_a_fifth_of_the_rest_and_at_most_5000():
    small = make_split(np.arange(1000), None, None, digest=digest(1), test_size=0.2, seal=True)
    large = make_split(np.arange(50_000), None, None, digest=digest(1), test_size=None, seal=True)
    assert (len(small.test), len(small.sealed)) == (200, 160)
    assert (len(large.test), len(large.sealed)) == (0, 5000)


@given(tables(), st.integers(2, 6), st.integers(0, 2**32))
def test_folds_partition_their_rows_and_part_no_bundle(table, folds, seed):
    n, groups, duplicates, strata, _ = table
    bundle = bundles(n, groups, duplicates)
    rows = np.flatnonzero(np.arange(n) % 7 != 0)
    made = folding(rows, bundle, strata, None, folds=folds, seed=seed)
    assert np.array_equal(np.sort(np.concatenate([fold.evaluation for fold in made])), rows)
    for fold in made:
        assert len(fold.train) and len(fold.evaluation)
        assert np.array_equal(np.sort(np.concatenate([fold.train, fold.evaluation])), rows)
        assert not set(bundle[fold.train]) & set(bundle[fold.evaluation])


@given(st.integers(0, 2**32), st.integers(2, 8), st.booleans())
def test_folds_balance_classes_and_sizes(seed, folds, duplicated):
    rng = np.random.default_rng(seed)
    n = 400
    strata = np.sort(rng.choice(3, n, p=(0.6, 0.3, 0.1)))
    duplicates = np.where(np.arange(n) < 60, np.arange(n) // 3, np.arange(n) + n) if duplicated else None
    made = folding(np.arange(n), bundles(n, None, duplicates), strata, None, folds=folds, seed=seed)
    counts = np.array([np.bincount(strata[fold.evaluation], minlength=3) for fold in made])
    assert np.ptp(counts, axis=0).max() <= 3
    assert np.ptp(counts.sum(axis=1)) <= 6


def test_folds_repeat_with_their_seed_and_differ_without():
    args = (np.arange(100), np.arange(100), np.arange(100) % 2, None)
    one, two, other = (folding(*args, folds=5, seed=seed) for seed in (3, 3, 4))
    assert all(np.array_equal(a.evaluation, b.evaluation) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0].evaluation, other[0].evaluation)


def test_fewer_groups_than_folds_give_fewer_folds():
    made = folding(np.arange(90), np.arange(90) // 30, None, None, folds=5, seed=0)
    assert len(made) == 3 and all(len(fold.evaluation) == 30 for fold in made)


@given(st.integers(0, 2**32), st.integers(2, 6))
def test_time_folds_train_on_the_past_only(seed, folds):
    time = np.random.default_rng(seed).integers(0, 1000, 120).astype(float)
    made = folding(np.arange(120), np.arange(120), None, time, folds=folds, seed=seed)
    assert len(made) == folds
    for fold in made:
        assert time[fold.train].max() <= time[fold.evaluation].min()
    assert all(len(a.train) < len(b.train) for a, b in pairwise(made))


@given(tables(), st.floats(0.1, 0.8), st.integers(0, 2**32))
def test_holdout_scores_about_the_asked_share_and_parts_no_bundle(table, share, seed):
    n, groups, duplicates, strata, _ = table
    bundle = bundles(n, groups, duplicates)
    (fold,) = holdout(np.arange(n), bundle, strata, None, share=share, seed=seed)
    assert not set(bundle[fold.train]) & set(bundle[fold.evaluation])
    assert len(fold.train) + len(fold.evaluation) == n and len(fold.train) and len(fold.evaluation)
    if (np.bincount(bundle) == 1).all():
        assert len(fold.evaluation) == max(1, round(n * share))


def test_holdout_with_time_scores_the_latest_rows():
    time = np.random.default_rng(0).permutation(100).astype(float)
    (fold,) = holdout(np.arange(100), np.arange(100), None, time, share=0.2, seed=0)
    assert time[fold.train].max() < time[fold.evaluation].min() and len(fold.evaluation) == 20


def test_bundles_join_groups_and_duplicates_into_chains():
    groups, duplicates = np.arange(80) // 2, np.r_[0, 1, 1, np.arange(3, 80)]
    bundle = bundles(80, groups, duplicates)
    assert len(set(bundle[:4])) == 1 and len(set(bundle)) == 39


@given(st.integers(0, 2**32))
def test_copies_of_a_whole_table_are_never_parted(seed):
    codes = np.random.default_rng(seed).permutation(np.tile(np.arange(100), 2))
    made = folding(np.arange(200), bundles(200, None, codes), None, None, folds=5, seed=seed)
    assert all(not set(codes[fold.train]) & set(codes[fold.evaluation]) for fold in made)


def test_equal_rows_of_a_table_with_few_categories_are_natural():
    few = np.random.default_rng(0).integers(0, 20, 400)
    assert len(set(bundles(400, None, few))) == 400
    one_big = np.where(np.arange(400) < 60, 0, np.arange(400))
    assert len(set(bundles(400, None, one_big))) == 400


def test_duplicates_that_chain_all_groups_together_leave_the_groups_alone():
    rng = np.random.default_rng(0)
    groups, duplicates = rng.integers(0, 8, 100), rng.integers(0, 300, 100)
    assert len(set(bundles(100, groups, duplicates))) == 8


@pytest.mark.parametrize(
    "groups",
    [np.array(["a", None, None, "a"], dtype=object), np.array([1.0, np.nan, np.nan, 1.0]), np.array([0, -1, -1, 0])],
)
def test_rows_without_a_group_are_free(groups):
    bundle = bundles(4, groups, None)
    assert bundle[0] == bundle[3] and len(set(bundle)) == 3


@settings(max_examples=20)
@given(st.integers(0, 100))
def test_ten_thousand_rows_with_a_few_duplicates_keep_balanced_folds(seed):
    duplicates = np.where(np.arange(10_000) < 40, np.arange(10_000) // 2, np.arange(10_000) + 10_000)
    made = folding(
        np.arange(10_000), bundles(10_000, None, duplicates), np.arange(10_000) % 2, None, folds=5, seed=seed
    )
    assert {len(fold.evaluation) for fold in made} <= set(range(1996, 2005))
