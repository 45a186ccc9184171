"""Sketches find what two columns share, without the columns."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.profile.sketch import ColumnSketch, containment, sketch_column, sketch_frame


@settings(max_examples=30)
@given(st.sets(st.integers(0, 500), min_size=1), st.sets(st.integers(0, 500), min_size=1))
def test_containment_of_small_columns_is_exact(a, b):
    one, two = (sketch_column(pd.Series([f"key {i}" for i in sorted(s)])) for s in (a, b))
    assert containment(one, two) == pytest.approx(len(a & b) / len(a))


def test_few_keys_inside_a_large_table_are_found():
    few, many = (pd.Series([f"town {i}" for i in range(n)]) for n in (50, 30_000))
    assert containment(sketch_column(few), sketch_column(many)) == 1.0
    assert containment(sketch_column(many), sketch_column(few)) == pytest.approx(50 / 30_000)


@pytest.mark.parametrize("shared", [0.2, 0.5, 0.9])
def test_containment_of_huge_columns_is_estimated(shared):
    size = 40_000
    one = pd.Series([f"k{i}" for i in range(size)])
    two = pd.Series([f"k{i}" for i in range(int(size * (1 - shared)), int(size * (2 - shared)))])
    a, b = sketch_column(one), sketch_column(two)
    assert a.values == "" and containment(a, b) == pytest.approx(shared, abs=0.12)


def test_keys_agree_across_types_and_spellings():
    numbers, texts = pd.Series([1, 2, 3], name="k"), pd.Series(["1", "2", "3"], name="k")
    assert containment(sketch_column(numbers), sketch_column(texts)) == 1.0
    assert containment(sketch_column(numbers.astype(float)), sketch_column(texts)) == 1.0
    assert (
        containment(sketch_column(pd.Series(["New York", "Ulm"])), sketch_column(pd.Series(["NEW-YORK", "ulm "])))
        == 1.0
    )


def test_empty_columns_hold_nothing():
    empty, full = sketch_column(pd.Series([None, None], dtype="str")), sketch_column(pd.Series(["a", "b"]))
    assert containment(empty, full) == containment(full, empty) == 0.0
    assert empty.cardinality == 0 and empty.missing == 1.0


def test_sketch_survives_json():
    for values in (["a", None, "b"], [1.5, 2.5, np.nan], pd.to_datetime(["2020-01-01", "2020-01-02", None])):
        sketch = sketch_column(pd.Series(values, name="x"))
        assert ColumnSketch.from_json(json.loads(json.dumps(sketch.to_json(), allow_nan=False))) == sketch


def test_numbers_have_their_range_and_texts_their_words():
    sketches = sketch_frame(
        pd.DataFrame(
            {
                "n": [1.0, 3.0, 2.5] * 9,
                "t": [f"word {i} again" for i in range(27)],
                "i": [b"\x89PNG\r\n\x1a\n"] * 26 + [b"\xff\xd8\xff"],
            }
        )
    )
    assert set(sketches) == {"n", "t"}
    assert (sketches["n"].low, sketches["n"].high, sketches["t"].words) == (1.0, 3.0, 3.0)
    assert len(sketches["t"].samples) == 8


SEMANTICS = {
    "country": ("where", ["France", "Germany", "Peru", "Japan"]),
    "iso2": ("where", ["FR", "DE", "PE", "JP"]),
    "iso3": ("where", ["FRA", "DEU", "PER", "JPN"]),
    "email": ("contact", ["a@b.org", "c.d@e.com"]),
    "url": ("link", ["https://a.org/x", "http://b.com"]),
    "currency": ("cost", ["$1,000", "$20"]),
    "percent": ("share", ["3 %", "4.5%"]),
    "coordinates": ("place", ["48.1, 11.5", "40.71, -74.0"]),
    "latitude": ("lat", [48.1, -33.9]),
    "longitude": ("lng", [151.2, -74.0]),
    "year": ("birth_year", [1950, 1999, 2010]),
    "date": ("when", ["2020-01-01", "2020-02-03"]),
    "zip": ("zip_code", ["02139", "94110"]),
    "city": ("city", ["Ulm", "New York"]),
    "": ("colour", ["red", "green", "blue"]),
}


@pytest.mark.parametrize("semantic", SEMANTICS)
def test_semantic_type_is_recognised(semantic):
    name, values = SEMANTICS[semantic]
    assert sketch_column(pd.Series(values, name=name)).semantic == semantic
