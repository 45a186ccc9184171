"""What a tree has taught, as a Bayesian linear model: the gain of a state is the sum of the effects of what it is made of.

A state is a bag of traits against D0: +1 for each it adds ("splines@numbers", "splines@numbers:n_knots=8",
"append_rows:lake:9f3a"), -1 for each of D0's it has replaced. Effects have independent normal priors, whose means come
from the cards and the data's signals; every scored state is one observation of a sum. Gains are measured in units of
four deviations of the noise, as the tree's reward is. The posterior is exact (conjugate), and a policy that draws from
it and takes the best candidate is Thompson sampling (Thompson, 1933; https://doi.org/10.1093/biomet/25.3-4.285).

A failed state has no gain and says nothing about effects; it makes its untried traits suspects, whose chance to run at
all has a Beta(4, 0) prior.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...methods.registry import find_method
from .recipe import Recipe, Step

Traits = Mapping[str, int]

_OBSERVED = 0.35  # deviation of an observed gain: a quarter by the unit's definition, the rest for what is not additive
_RUNS = 4.0  # pseudo-successes of every trait


def traits(recipe: Recipe) -> set[str]:
    """What a recipe is made of, by name."""
    found: set[str] = set()
    for step in (*recipe.sources, *recipe.rows):
        found |= step_traits(step, step.asset or "")
    for step in recipe.after:
        found |= step_traits(step, "all")
    for branch in recipe.branches:
        found.add(f"reads:{branch.group}")
        for step in branch.steps:
            found |= step_traits(step, branch.group)
        if not any(find_method(step.method).stage in ("encode", "reduce") for step in branch.steps):
            found.add(f"plain:{branch.group}")
    return found


def step_traits(step: Step, place: str) -> set[str]:
    """The method at its place, and each parameter that differs from the card's default."""
    name = f"{step.method}@{place}" if place else step.method
    values = {key: value for key, value in step.params.items() if isinstance(value, (int, float, str, bool, list, tuple))}
    tuned = {f"{name}:{key}={json.dumps(value)}" for key, value in values.items() if key not in _BOUND}
    return {name} | tuned


_BOUND = frozenset(("columns", "on", "mapping", "target", "word", "score", "prefix", "scale", "classes", "label_map"))


def against(recipe: Recipe, initial: Recipe) -> Counter:
    """{trait: +1 added, -1 taken away} of a recipe against D0."""
    ours, base = traits(recipe), traits(initial)
    return Counter({**dict.fromkeys(ours - base, 1), **dict.fromkeys(base - ours, -1)})


@dataclass(frozen=True, slots=True)
class Observation:
    """One executed state: its traits against D0, and its gain in units; None when it failed."""

    traits: Traits
    gain: float | None


class Belief:
    """The posterior over effects.

    prior  trait -> (mean, deviation) of its effect, in units
    """

    def __init__(self, observations: Sequence[Observation], prior: Callable[[str], tuple[float, float]]) -> None:
        self.prior = prior
        scored = [seen for seen in observations if seen.gain is not None]
        self.names = sorted({name for seen in scored for name in seen.traits})
        place = {name: i for i, name in enumerate(self.names)}
        means, deviations = (np.array(part) for part in zip(*map(prior, self.names), strict=True)) if self.names else ([], [])
        design = np.zeros((len(scored), len(self.names)))
        for row, seen in zip(design, scored, strict=True):
            for name, count in seen.traits.items():
                row[place[name]] = count
        gains = np.array([seen.gain for seen in scored])
        self.place = place
        if self.names:
            prior_cov = np.diag(deviations**2)
            innovation = design @ prior_cov @ design.T + _OBSERVED**2 * np.eye(len(scored))
            weight = np.linalg.solve(innovation, design @ prior_cov).T
            self.mean = means + weight @ (gains - design @ means)
            self.covariance = prior_cov - weight @ design @ prior_cov
        ran = Counter(name for seen in scored for name in seen.traits)
        suspects: Counter = Counter()
        for seen in observations:
            unproven = [name for name in seen.traits if not ran[name]] or list(seen.traits)
            if seen.gain is None:
                suspects.update({name: 1 / len(unproven) for name in unproven})
        self.ran, self.suspects = ran, suspects

    def expected(self, name: str) -> float:
        """Posterior mean of a trait's effect."""
        return float(self.mean[self.place[name]]) if name in self.place else self.prior(name)[0]

    def draw(self, rng: np.random.Generator, names: Sequence[str], temperature: float) -> dict[str, float]:
        """One joint sample of the effects of these traits; `temperature` 0 gives the means, 1 the posterior."""
        known = [name for name in names if name in self.place]
        effects = {}
        if known:
            at = [self.place[name] for name in known]
            root = _root(self.covariance[np.ix_(at, at)])
            values = self.mean[at] + temperature * root @ rng.standard_normal(len(known))
            effects.update(zip(known, map(float, values), strict=True))
        for name in names:
            if name not in effects:
                mean, deviation = self.prior(name)
                effects[name] = mean + temperature * deviation * float(rng.standard_normal())
        return effects

    def runs(self, names: Traits) -> float:
        """Chance that a state with these traits runs at all."""
        chance = 1.0
        for name in names:
            good = _RUNS + self.ran[name]
            chance *= good / (good + 8 * self.suspects[name])
        return chance


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return vectors * np.sqrt(np.maximum(values, 0))
