"""Labels of a foreign table read as the task's: never the wrong way round, nothing when they cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.profile.sketch import sketch_column
from provender.sources.labels import map_classes, map_range


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"False": 3, "True": 1}, {"False": "0", "True": "1"}),
        ({"Not Toxic": 1, "Toxic": 1}, {"Not Toxic": "0", "Toxic": "1"}),
        ({"BAD": 2, "NOT_BAD": 2}, {"NOT_BAD": "0", "BAD": "1"}),
        ({"NOT": 3, "OFF": 1}, {"NOT": "0", "OFF": "1"}),
        ({"ham": 1, "spam": 1}, {"ham": "0", "spam": "1"}),
        ({"1": 1, "2": 1, "3": 1, "4": 1, "5": 1}, {"1": "0", "2": "0", "4": "1", "5": "1"}),
        ({"TIN": 1, "UNT": 1}, None),
        ({"red": 1, "green": 2}, None),
    ],
)
def test_two_classes_find_their_no_and_their_yes(levels, expected):
    assert map_classes(("0", "1"), levels)[0] == expected


def test_equal_names_map_whatever_their_case():
    label_map, sure = map_classes(("EAP", "HPL", "MWS"), {"eap": 10, "hpl": 10, "mws": 10})
    assert label_map == {"eap": "EAP", "hpl": "HPL", "mws": "MWS"} and sure == 1.0


def test_a_table_that_is_mostly_of_other_classes_is_less_sure():
    few = map_classes(("cat", "dog"), {"cat": 1, "dog": 1, "fish": 98})[1]
    assert few < map_classes(("cat", "dog"), {"cat": 50, "dog": 50})[1] / 10


@given(st.permutations(["1", "2", "3"]))
def test_grades_map_in_order(theirs):
    assert map_classes(("10", "20", "30"), dict.fromkeys(theirs, 1))[0] == {"1": "10", "2": "20", "3": "30"}


@settings(max_examples=25)
@given(st.floats(0.5, 50), st.floats(-100, 100))
def test_a_rescaled_rating_is_brought_back_to_the_tasks_range(a, b):
    ratings = np.random.default_rng(0).uniform(-4, 4, 200)
    target, theirs = sketch_column(pd.Series(ratings, name="y")), sketch_column(pd.Series(a * ratings + b + 20 * a, name="z"))
    scale, likeness = map_range(target, theirs)
    assert scale is not None and likeness > 0.95
    np.testing.assert_allclose(scale[0] * (a * ratings + b + 20 * a) + scale[1], ratings, atol=1e-2)


def test_the_same_range_needs_no_scale():
    rng = np.random.default_rng(0)
    target, theirs = (sketch_column(pd.Series(rng.uniform(-4, 4, n), name="y")) for n in (300, 500))
    assert map_range(target, theirs)[0] is None
