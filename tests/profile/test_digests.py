"""Row digests: equal content, equal digest; another cell, another digest; and what normalising forgives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.profile.digests import normalised_digests, row_digests, value_digests

CELLS = st.one_of(st.none(), st.text(max_size=8))
TABLES = st.lists(
    st.tuples(st.floats(allow_nan=True), st.integers(-(2**63), 2**63 - 1), CELLS), min_size=1, max_size=30
)


def frame_of(rows) -> pd.DataFrame:
    a, b, c = zip(*rows, strict=True)
    return pd.DataFrame({"a": np.array(a), "b": np.array(b, dtype=np.int64), "c": pd.Series(c, dtype="str")})


def same(one, two) -> bool:
    return all((x == y) or (x is None and y is None) or (x != x and y != y) for x, y in zip(one, two, strict=True))


@given(TABLES)
def test_digests_agree_exactly_where_rows_do(rows):
    digests = row_digests(frame_of(rows))
    for i in range(len(rows)):
        for j in range(i):
            assert (digests[i] == digests[j]) == same(rows[i], rows[j])


@settings(max_examples=25)
@given(TABLES, st.randoms())
def test_digest_depends_on_the_row_alone(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    for digests in (row_digests, normalised_digests):
        assert np.array_equal(digests(frame_of(rows))[order], digests(frame_of(rows).iloc[order]))
        assert digests(frame_of(rows[:1]))[0] == digests(frame_of(rows))[0]


def test_storage_and_names_do_not_matter_but_order_of_columns_does():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    other = pd.DataFrame({"k": [1.0, 2.0], "l": pd.Categorical(["x", "y"])}, index=[7, 8])
    assert np.array_equal(row_digests(frame), row_digests(other))
    assert np.array_equal(row_digests(frame), row_digests(frame.astype({"b": object})))
    assert not np.array_equal(row_digests(frame, ["b", "a"]), row_digests(frame))
    assert np.array_equal(row_digests(frame, ["b"]), row_digests(frame[["b"]]))


def test_cells_do_not_run_into_one_another():
    frame = pd.DataFrame({"a": ["ab", "a"], "b": ["c", "bc"]})
    assert len(set(row_digests(frame))) == 2


def test_minus_zero_is_zero_and_missing_is_missing():
    assert len(set(value_digests(pd.Series([0.0, -0.0])))) == 1
    assert value_digests(pd.Series([None], dtype="str"))[0] == value_digests(pd.Series([np.nan]))[0]
    assert value_digests(pd.Series([pd.NaT]))[0] != value_digests(pd.Series([pd.Timestamp(0)]))[0]


def test_neighbouring_large_integers_differ():
    assert len(set(value_digests(pd.Series([2**60, 2**60 + 1])))) == 2


@given(st.floats(1e-100, 1e100), st.floats(-1e-9, 1e-9))
def test_six_digits_forgive_rounding_noise(value, noise):
    centre = float(f"{value:.5e}")  # noise around a number of six digits cannot cross into the next
    digests = normalised_digests(pd.DataFrame({"x": [centre, centre * (1 + noise), -centre]}))
    assert digests[0] == digests[1] != digests[2]


@given(st.integers(100_000, 999_998), st.integers(-20, 20))
def test_six_digits_tell_numbers_apart(mantissa, power):
    scale = 10.0**power
    digests = normalised_digests(pd.DataFrame({"x": [mantissa * scale, (mantissa + 1) * scale, mantissa * scale * 10]}))
    assert len(set(digests)) == 3


@pytest.mark.parametrize("other", ["NEW  YORK", " new-york ", "New York!", "\uff4e\uff45\uff57 \uff59ork"])
def test_spelling_is_forgiven(other):
    assert len(set(normalised_digests(pd.DataFrame({"x": ["New York", other]})))) == 1
    assert len(set(row_digests(pd.DataFrame({"x": ["New York", other]})))) == 2


@pytest.mark.parametrize(("one", "two"), [("new york", "newyork"), ("!", "?"), ("", "!"), ("3.5", "35"), ("é", "e")])
def test_other_texts_are_not_forgiven(one, two):
    assert len(set(normalised_digests(pd.DataFrame({"x": [one, two]})))) == 2


def test_images_and_dates_have_digests():
    frame = pd.DataFrame({"i": [b"\x89PNG1", b"\x89PNG2", b"\x89PNG1"], "d": pd.to_datetime(["2020-01-01"] * 3)})
    digests = row_digests(frame)
    assert digests[0] == digests[2] != digests[1]
    zoned = frame.assign(d=frame["d"].dt.tz_localize("UTC").astype("datetime64[s, UTC]"))
    assert np.array_equal(row_digests(zoned), digests)


def test_a_hundred_thousand_different_rows_have_different_digests():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": np.arange(100_000) // 300, "b": np.arange(100_000) % 300, "c": rng.choice(["x", "y"], 100_000)}
    )
    assert len(set(row_digests(frame))) == len(set(normalised_digests(frame))) == 100_000
