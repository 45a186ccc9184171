"""Laws that every method in the registry keeps, whatever it is."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixed_rows import dense, mixed_frame, needs_before, rows_for, same_rows
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from provender.methods.registry import METHODS, all_cards, find_method, make_method

COLUMN_METHODS = [card.name for card in all_cards() if card.slot == "columns"]
ROW_METHODS = [card.name for card in all_cards() if card.slot == "rows"]


def pipeline(name: str):
    """The method behind what its card says it needs."""
    return make_pipeline(*(make_method(before) for before in needs_before(find_method(name))), make_method(name))


def columns_of(name: str, frame: pd.DataFrame):
    takes = find_method(name).takes
    if "text" in takes:
        return frame["text"]
    if takes[0] == "image":
        return frame[["image"]]
    return frame[[c for c in frame if c.startswith({"numeric": "n", "category": "c", "date": "d"}[takes[0]])]]


def fit(name: str, n: int, seed: int):
    frame, y = mixed_frame(n, seed)
    return pipeline(name), columns_of(name, frame), y


@pytest.mark.parametrize("name", METHODS)
def test_card_names_a_class_whose_parameters_it_sets(name):
    card = find_method(name)
    instance = make_method(name) if card.slot != "source" else None
    if instance is not None:
        assert set(card.defaults) | set(card.choices) <= set(instance.get_params())
        assert not card.random or "random_state" in instance.get_params()
        clone(instance)
    assert card.paper and card.year and card.link.startswith("https://") and card.helps and card.hurts


@pytest.mark.parametrize("name", COLUMN_METHODS)
def test_a_row_keeps_its_features_whoever_its_neighbours_are(name):
    method, columns, y = fit(name, 220, 0)
    method.fit_transform(columns, y)
    whole = dense(method.transform(columns))
    picked = np.random.default_rng(3).permutation(220)[:40]
    np.testing.assert_allclose(dense(method.transform(columns.iloc[picked])), whole[picked], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(dense(method.transform(columns.iloc[[7]])), whole[[7]], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", COLUMN_METHODS)
def test_training_features_are_finite_and_the_same_twice(name):
    first, columns, y = fit(name, 220, 1)
    second, *_ = fit(name, 220, 1)
    a, b = dense(first.fit_transform(columns, y)), dense(second.fit_transform(columns, y))
    if name not in ("winsorise", "merge_spellings"):  # these two only clean: what is missing stays missing
        assert np.isfinite(a).all()
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", COLUMN_METHODS)
def test_never_seen_and_missing_values_are_features_too(name):
    method, columns, y = fit(name, 220, 2)
    width = dense(method.fit_transform(columns, y)).shape[1]
    strange, _ = mixed_frame(3, 99, strange=True)
    features = dense(method.transform(columns_of(name, strange)))
    assert features.shape == (3, width)


@pytest.mark.parametrize("name", ROW_METHODS)
@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_row_method_is_deterministic_and_keeps_its_books(name, kind):
    card = find_method(name)
    if kind not in card.kinds:
        pytest.skip(f"{name} is for {card.kinds}")
    rows = rows_for(name, 160, 4, kind)
    before = rows.frame.copy()
    a, b = make_method(name).fit_resample(rows), make_method(name).fit_resample(rows)
    assert same_rows(a, b)
    pd.testing.assert_frame_equal(rows.frame, before)  # what came in was not touched
    assert len(a) == len(a.y) == len(a.weight) and a.frame.index.is_unique and len(a) > 0
    new = a.ids[a.ids < 0]
    assert set(a.ids) - set(new) <= set(rows.ids)
    assert all(set(a.parents[int(i)]) <= set(rows.ids) for i in new)
    touched = len(a) != len(rows) or (a.weight != rows.weight).any() or not np.array_equal(a.y, rows.y)
    assert not touched or a.changes, "every change has its reason"


@pytest.mark.parametrize("name", ROW_METHODS)
@settings(max_examples=8, deadline=None)
@given(n=st.integers(2, 40), seed=st.integers(0, 10_000))
def test_row_method_survives_few_rows(name, n, seed):
    card = find_method(name)
    rows = rows_for(name, n, seed, card.kinds[0])
    out = make_method(name).fit_resample(rows)
    assert len(out) > 0 and np.isfinite(out.weight).all()
    if card.kinds[0] == "classification":
        assert set(out.y) == set(rows.y), "no class may vanish"


@pytest.mark.slow
@pytest.mark.parametrize("name", COLUMN_METHODS + ROW_METHODS)
def test_method_is_as_fast_as_its_card_says(name):
    card = find_method(name)
    start = time.process_time()
    if card.slot == "rows":
        rows = rows_for(name, 2000, 0, card.kinds[0])
        start = time.process_time()
        make_method(name).fit_resample(rows)
    else:
        method, columns, y = fit(name, 2000, 0)
        start = time.process_time()
        method.fit_transform(columns, y)
        method.transform(columns)
    assert time.process_time() - start < 3 * card.seconds + 0.5
