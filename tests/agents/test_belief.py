"""The belief: exact on what it has seen, humble on what it has not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.agents.playbook.belief import Belief, Observation, against, traits
from provender.agents.playbook.recipe import Branch, Recipe, Step

START = Recipe(groups={"numbers": ("a", "b")}, branches=(Branch("numbers", "numbers", (Step("median"),)),))


def flat(trait: str) -> tuple[float, float]:
    return 0.0, 1.0


def test_one_effect_is_the_conjugate_posterior_mean():
    seen = [Observation({"splines": 1}, gain) for gain in (1.0, 2.0, 3.0)]
    assert Belief(seen, flat).expected("splines") == pytest.approx(6.0 / (3 + 0.35**2))


def test_effects_that_come_together_are_told_apart():
    seen = [Observation({"a": 1, "b": 1}, 2.0), Observation({"a": 1}, 2.0), Observation({"b": 1}, 0.0)]
    belief = Belief(seen * 5, flat)
    assert belief.expected("a") == pytest.approx(2, abs=0.1) and belief.expected("b") == pytest.approx(0, abs=0.1)


def test_the_unseen_keeps_its_prior():
    belief = Belief([Observation({"a": 1}, 2.0)], lambda trait: (0.7, 1.0))
    assert belief.expected("never seen") == 0.7


def test_a_failure_is_no_gain_and_blames_what_never_ran():
    seen = [Observation({"good": 1}, 1.0), Observation({"good": 1, "bad": 1}, None)]
    belief = Belief(seen, flat)
    assert belief.expected("bad") == 0.0
    assert belief.runs({"bad": 1}) < 0.5 < belief.runs({"good": 1}) == 1.0


@given(st.lists(st.tuples(st.sets(st.sampled_from("abcd"), min_size=1), st.floats(-3, 3)), max_size=12), st.randoms())
def test_order_of_observations_does_not_matter(seen, random):
    observations = [Observation(dict.fromkeys(names, 1), gain) for names, gain in seen]
    shuffled = random.sample(observations, len(observations))
    first, second = Belief(observations, flat), Belief(shuffled, flat)
    assert all(first.expected(name) == pytest.approx(second.expected(name), abs=1e-9) for name in "abcd")


def test_at_temperature_zero_a_draw_is_the_mean():
    belief = Belief([Observation({"a": 1}, 2.0), Observation({"b": 1}, 1.0)], flat)
    drawn = belief.draw(np.random.default_rng(0), ["a", "b", "c"], 0.0)
    assert drawn == pytest.approx({"a": belief.expected("a"), "b": belief.expected("b"), "c": 0.0})


def test_traits_tell_additions_replacements_and_settings():
    grown = START.with_branch(Branch("numbers", "numbers", (Step("median"), Step("splines", {"n_knots": 8}))))
    assert "splines@numbers:n_knots=8" in traits(grown)
    changed = against(grown, START)
    assert changed["splines@numbers"] == 1 and changed["plain:numbers"] == -1 and "median@numbers" not in changed


def test_a_recipe_survives_json_and_its_key_ignores_unused_groups():
    more = Recipe.from_json({**START.to_json(), "groups": {"numbers": ["a", "b"], "dates": ["d"]}})
    assert Recipe.from_json(START.to_json()) == START and more.key == START.key
