"""The three decays, value by value as the paper's Appendix C gives them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.search.decay import DECAYS, Exponential, Linear, Piecewise


@pytest.mark.parametrize(
    ("t", "value"),
    [
        (0, math.sqrt(2)),
        (11, math.sqrt(2)),
        (12, math.sqrt(2)),
        (13, math.sqrt(2) - 0.01),
        (28, math.sqrt(2) - 0.16),
        (29, 0.5),
        (40, 0.5),
    ],
)
def test_piecewise_has_the_papers_three_phases(t, value):
    assert Piecewise()(t, 40) == pytest.approx(value)


def test_piecewise_never_falls_below_its_bound():
    assert Piecewise(alpha=1.0)(20, 40) == 0.5


@pytest.mark.parametrize(("t", "value"), [(0, math.sqrt(2)), (50, math.sqrt(2) - 0.5), (100, 0.5)])
def test_linear_falls_by_alpha_a_step(t, value):
    assert Linear()(t, 40) == pytest.approx(value)


@pytest.mark.parametrize(("t", "value"), [(0, math.sqrt(2)), (10, math.sqrt(2) * 0.99**10), (200, 0.5)])
def test_exponential_falls_by_gamma_a_step(t, value):
    assert Exponential()(t, 40) == pytest.approx(value)


@given(st.sampled_from(sorted(DECAYS)), st.integers(1, 500), st.integers(0, 499))
def test_exploration_never_grows_and_stays_within_its_bounds(name, budget, t):
    decay = DECAYS[name]
    assert 0.5 <= decay(t + 1, budget) <= decay(t, budget) <= math.sqrt(2)
