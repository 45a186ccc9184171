"""Each fact of a profile means what its docstring says."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from provender.contract.schema import Schema
from provender.profile.facts import Profile, explained, profile_rows
from provender.profile.infer import infer_schema
from provender.profile.noise import target_noise

N = 600


def profiled(frame: pd.DataFrame, y: np.ndarray, kind: str = "classification", **overrides: str) -> Profile:
    schema = infer_schema(frame, target=[], overrides=overrides)
    classes = tuple(str(c) for c in range(int(y.max()) + 1)) if kind == "classification" else ()
    return profile_rows(frame, y, schema, kind, classes)


def column(values, y=None, name="x", kind="classification", **overrides):
    y = np.arange(len(values)) % 2 if y is None else y
    return profiled(pd.DataFrame({name: values}), y, kind, **overrides).columns[0]


def test_shares_of_missing_markers_zeros_and_outliers():
    values = pd.Series([0.0] * 100 + [np.nan] * 150 + list(np.linspace(1, 2, 350)))
    facts = column(values)
    assert (facts.missing, facts.zeros) == (0.25, pytest.approx(100 / 450, abs=1e-4))
    assert column(pd.Series(["1", "?", "2", "3"] * 150)).markers == 0.25
    assert column(pd.Series(np.r_[np.random.default_rng(0).normal(size=590), np.full(10, 50.0)])).outliers >= 10 / 600


@pytest.mark.parametrize("values", [[None] * 40, [1.0] * 40, [np.inf, 1.0] * 20, ["?"] * 40])
def test_degenerate_columns_have_facts_and_no_warning(values):
    frame = pd.DataFrame({"x": values, "z": np.arange(len(values)) * 0.5})
    for kind in ("numeric", "category"):
        profile = profiled(frame, np.arange(len(values)) % 2, x=kind)
        assert np.isfinite(
            [v for c in profile.to_json()["columns"] for v in c.values() if not isinstance(v, str)]
        ).all()


def test_skew_is_the_third_standardised_moment():
    assert abs(column(np.random.default_rng(0).normal(size=5000)).skew) < 0.2
    assert column(np.random.default_rng(0).exponential(size=5000)).skew == pytest.approx(2, abs=0.4)


def test_rare_variants_and_written_numbers_of_categories():
    cities = ["New York"] * 280 + ["new york "] * 20 + ["Boston"] * 295 + ["Ulm"] * 5
    facts = column(pd.Series(cities), name="city")
    assert facts.rare == pytest.approx(5 / 600, abs=1e-4)
    assert facts.variants == 0.5
    weights = pd.Series([f"{i % 30} oz" for i in range(600)])
    assert column(weights).written == 1.0 and column(pd.Series(["1Story", "2Story"] * 300)).written == 1.0
    assert column(pd.Series(["a", "b"] * 300)).written == 0.0


def test_span_of_dates_is_in_days():
    assert column(pd.Series(pd.date_range("2020-01-01", periods=600))).span_days == 599
    assert column(pd.Series(["2020-01-01", "2020-01-11"] * 300)).span_days == 10


def test_text_is_measured_in_words_and_characters():
    facts = column(pd.Series([f"this is review number {i} of many of them" for i in range(600)]))
    assert (facts.kind, facts.words) == ("text", 9) and facts.characters > 30


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_association_is_the_explained_share_of_variance(kind):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, N) if kind == "classification" else rng.normal(size=N)
    assert column(pd.Series(y * 2.0), y, kind=kind).association > 0.9
    assert column(pd.Series(rng.normal(size=N)), y, kind=kind).association < 0.03
    hidden = pd.Series(np.where((y > 0) & (rng.random(N) < 0.9), np.nan, rng.normal(size=N)))
    assert column(hidden, y, kind=kind).missing_association > 0.2


def test_straight_and_curved_relations_are_told_apart():
    x = np.random.default_rng(0).normal(size=N)
    straight, curved = column(pd.Series(x), x * 3, kind="regression"), column(pd.Series(x), x**2, kind="regression")
    assert straight.linear > 0.99
    assert curved.linear < 0.1 and curved.association > 0.5


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(2, 60))
def test_random_groups_explain_nothing_on_average(seed, groups):
    rng = np.random.default_rng(seed)
    assert explained(rng.integers(0, groups, 2000), rng.normal(size=(2000, 1))) < 0.05
    assert explained(np.arange(2000), rng.normal(size=(2000, 1))) == 0.0


def test_duplicates_and_conflicts_are_counted_after_normalising():
    frame = pd.DataFrame(
        {"t": [f"text number {i} about things" for i in range(90)] + ["Text number 0, about THINGS"] * 10}
    )
    profile = profiled(frame, np.r_[np.zeros(95, int), np.ones(5, int)])
    assert profile.duplicate_share == 0.1
    assert profile.conflict_share == 0.11
    assert profile.class_shares == {"0": 0.95, "1": 0.05}


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("load", [load_digits, load_breast_cancer])
def test_estimated_label_noise_is_near_the_injected_one(load, noise):
    frame = load(as_frame=True).data
    y, rng = load().target.copy(), np.random.default_rng(0)
    flipped = rng.random(len(y)) < noise
    y[flipped] = (y[flipped] + rng.integers(1, y.max() + 1, flipped.sum())) % (y.max() + 1)
    assert target_noise(frame, y, infer_schema(frame, target=[]), "classification") == pytest.approx(noise, abs=0.05)


def test_gross_errors_of_a_numeric_target_are_seen():
    frame, y = load_diabetes(as_frame=True, return_X_y=True)
    schema, y = infer_schema(frame, target=[]), y.to_numpy(copy=True)
    clean = target_noise(frame, y, schema, "regression")
    y[::20] *= 30
    assert clean < 0.01 and target_noise(frame, y, schema, "regression") == pytest.approx(0.05, abs=0.02)


def test_useless_features_say_nothing_about_noise():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=1000), "z": rng.normal(size=1000)})
    assert target_noise(frame, rng.integers(0, 20, 1000), infer_schema(frame, target=[]), "classification") < 0.02


def test_profile_is_json_and_holds_no_cell():
    frame = pd.DataFrame(
        {"secret": [f"patient {i} has disease {i % 7} badly" for i in range(100)], "n": np.arange(100) * 1.5}
    )
    text = json.dumps(profiled(frame, np.arange(100) % 2).to_json(), allow_nan=False)
    assert "patient" not in text and json.loads(text)["n_rows"] == 100


def test_several_targets_have_a_profile():
    frame, y = (
        pd.DataFrame({"x": np.arange(100) * 1.0}),
        np.column_stack([np.arange(100) % 2, np.arange(100) > 50]).astype(float),
    )
    profile = profile_rows(frame, y, infer_schema(frame, target=[], overrides={"x": "numeric"}), "multilabel", ())
    assert profile.class_shares == {} and 0 < profile.columns[0].association < 1
    assert profile_rows(frame, y, Schema(()), "regression", ()).columns == ()
