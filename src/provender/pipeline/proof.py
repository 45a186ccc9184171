"""The proof: is a finalist better than D0, by how much, and how sure is that? Pure statistics of predictions.

A development score is the best of many and says little: best-by-development "proves" 99 of 100 searches among
meaningless states. One finalist, frozen before, is paired with D0 on fresh foldings; the metric's difference θ gets a
delete-block jackknife interval over the blocks of examples (`jackknife.py`).

    estimand   θ is the expected gain in the task's own metric and label distribution, at (1 - 1/k)·n training rows.
               Label noise shrinks it.
    interval   θ ± t_{blocks-1}(1 - level/2)·SE with level .01. A jackknife over examples does not see that another
               training set would give another model, so the nominal 99 % interval is the honest 95 % one
               (measured coverage 96-98 %; benchmarks/calibration.py).
    proven     its lower end is above zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ..contract.metric import Metric
from .jackknife import Estimate, estimate, leave_out, standard_error

LEVEL = 0.01
SECOND_KEY_LEVEL = 0.05
BLOCKS = 50
ROWS_LEAST = 100
CHANGED_LEAST = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paired:
    """One folding's pooled out-of-fold predictions of both states on the same rows.

    rows       (m,) positions into y, each once
    initial    (m,), (m, k) or (m, t) predictions of D0;  candidate  the same of the other state
    """

    rows: np.ndarray
    initial: np.ndarray
    candidate: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a confirmation found.

    initial, candidate  the metric of each state (mean over foldings), in the metric's own units and direction
    gain       θ, positive = better whatever the direction;  interval  its two ends;  level  nominal error, two-sided
    se         standard error of θ; inf, with the interval (-inf, inf), where the metric is undefined without some block
    rows, foldings, blocks   what it rests on
    reason     why it is not proven, in one sentence with the mend; "" when proven
    """

    initial: float
    candidate: float
    gain: float
    interval: tuple[float, float]
    level: float
    se: float
    rows: int
    foldings: int
    blocks: int
    proven: bool
    reason: str

    def to_json(self) -> dict:
        """A JSON object; numbers that are undefined or unbounded become null, which JSON has no other word for."""
        return {
            "initial": _finite(self.initial),
            "candidate": _finite(self.candidate),
            "gain": _finite(self.gain),
            "interval": [_finite(end) for end in self.interval],
            "level": self.level,
            "se": _finite(self.se),
            "rows": self.rows,
            "foldings": self.foldings,
            "blocks": self.blocks,
            "proven": self.proven,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """seed_std    how the development score of D0 varies with the learner's seed (0 for a deterministic one)
    paired_std  > 0: how the gain of D0 on a random 95 % of its training rows varies over D0 itself
    """

    seed_std: float
    paired_std: float

    def to_json(self) -> dict:
        return {"seed_std": self.seed_std, "paired_std": self.paired_std}


def blocks(
    rows: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    time: np.ndarray | None = None,
    seed: int,
    count: int = BLOCKS,
) -> np.ndarray:
    """Cut rows into at most `count` blocks for the jackknife: random ones of equal size, whole groups, windows of time.

    rows          (m,) positions, those of Paired.rows
    groups, time  (n,) codes and sortable times of *all* rows, or None; `bundles` of contract/split.py are groups

    Returns (n,) int blocks, indexed by position like y, -1 for a row that is not in `rows`; without groups and time
    n is the largest position + 1. Groups are never parted. With time, rows of one instant share a block, unless some
    group spans several instants: then whole groups are windowed by their first instant.
    """
    rows = np.asarray(rows)
    rng = np.random.default_rng(seed)
    given = groups if groups is not None else time
    out = np.full(len(given) if given is not None else int(rows.max(initial=-1)) + 1, -1)
    unit = np.arange(len(rows)) if groups is None else np.unique(np.asarray(groups)[rows], return_inverse=True)[1]
    if time is None:
        out[rows] = _balanced(unit, count, rng)
        return out
    instant = np.unique(np.asarray(time)[rows], return_inverse=True)[1]
    first, last = np.full(unit.max(initial=-1) + 1, len(rows)), np.full(unit.max(initial=-1) + 1, -1)
    np.minimum.at(first, unit, instant)
    np.maximum.at(last, unit, instant)
    out[rows] = _windows(
        instant if (first == last).all() else np.lexsort((rng.random(len(first)), first)).argsort()[unit], count
    )
    return out


def _balanced(unit: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(m,) block of each row: whole units, in random order, the largest first, each to the emptiest block."""
    size = np.bincount(unit)
    count = min(count, len(size))
    order = np.lexsort((rng.random(len(size)), -size))
    block = np.empty(len(size), int)
    if (size == 1).all():
        block[order] = np.arange(len(size)) % max(count, 1)
        return block[unit]
    load = np.zeros(count, int)
    for i in order:
        block[i] = load.argmin()
        load[block[i]] += size[i]
    return block[unit]


def _windows(rank: np.ndarray, count: int) -> np.ndarray:
    """(m,) block of each row: successive windows of about equal size; rows of equal rank share one."""
    before = np.concatenate([[0], np.cumsum(np.bincount(rank))])[rank]  # rows of lower rank
    return np.unique(before * count // max(len(rank), 1), return_inverse=True)[1]


def confirm(
    metric: Metric, y: np.ndarray, foldings: Sequence[Paired], block: np.ndarray, *, confirmations: int = 1
) -> Verdict:
    """Confirm one finalist against D0.

    y              (n,) or (n, t) truth
    foldings       one `Paired` a folding, or one a seed when costly learners are scored on the sealed rows
    block          (n,) from `blocks`
    confirmations  k, counting from 1: the k-th confirmation on one task has level .01/2^(k-1), so that however often
                   a task is searched anew, all its false proofs together keep to .02

    Below 100 rows, or 10 examples on which the two states differ, nothing is proven. Where the metric is undefined
    without some block (it held all of a class) the interval is unbounded and nothing is proven.
    Raises ValueError where predictions and rows do not match.
    """
    if confirmations < 1:
        raise ValueError(f"confirmations counts from 1, this one included, but is {confirmations}")
    found = estimate(metric, y, [(p.rows, p.initial, p.candidate) for p in foldings], block)
    level = LEVEL / 2 ** (confirmations - 1)
    half = _quantile(found.blocks, 1 - level / 2) * found.se if math.isfinite(found.se) else math.inf
    interval = (found.gain - half, found.gain + half) if math.isfinite(half) else (-math.inf, math.inf)
    reason = _refusal(metric, found) or _shortfall(found, interval)
    return Verdict(
        initial=found.initial,
        candidate=found.candidate,
        gain=found.gain,
        interval=interval,
        level=level,
        se=found.se,
        rows=found.rows,
        foldings=len(foldings),
        blocks=found.blocks,
        proven=not reason,
        reason=reason,
    )


def second_key(
    metric: Metric, y: np.ndarray, foldings: Sequence[Paired], block: np.ndarray, sealed_rows: np.ndarray
) -> bool:
    """Do the differences on the sealed rows alone pass one-sided 5 %?

    Asked when an LLM, an outside agent or a person wrote any line of the loader: it may have written labels that it
    saw into its code, but nobody saw those of the sealed rows ((s,) positions). False when there are none, when fewer
    than 10 of them differ, or when the metric is undefined on them without some block.
    """
    kept = []
    for pair in foldings:
        inside = np.isin(pair.rows, sealed_rows)
        if inside.any():
            kept.append((pair.rows[inside], pair.initial[inside], pair.candidate[inside]))
    if not kept:
        return False
    found = estimate(metric, y, kept, block)
    if found.changed < CHANGED_LEAST or not math.isfinite(found.se):
        return False
    return found.gain > _quantile(found.blocks, 1 - SECOND_KEY_LEVEL) * found.se


def test_verdict(
    metric: Metric, y: np.ndarray, initial: np.ndarray, candidate: np.ndarray, block: np.ndarray
) -> Verdict:
    """The gain on the test rows, scored once: one pair of predictions, each (n, …) beside y. As `confirm`."""
    return confirm(metric, y, [Paired(rows=np.arange(len(y)), initial=initial, candidate=candidate)], block)


def _refusal(metric: Metric, found: Estimate) -> str:
    """Why this much evidence can prove nothing, whatever it shows; "" when it can."""
    if found.rows < ROWS_LEAST:
        return f"{found.rows} rows were scored, and below {ROWS_LEAST} nothing is proven: bring more labelled rows"
    if found.changed < CHANGED_LEAST:
        return (
            f"the two states differ on {found.changed} examples, and below {CHANGED_LEAST} nothing is proven: "
            "search for a state that changes more, or bring more labelled rows"
        )
    if found.blocks < 2:
        return (
            "all scored rows are one group or one instant, so there is nothing to compare: bring rows of other groups"
        )
    if not math.isfinite(found.se):
        return (
            f"{metric.name} is undefined without some of the {found.blocks} blocks, which hold all of a class: "
            "bring more rows of the rare class or choose a metric that is a mean over examples"
        )
    return ""


def _shortfall(found: Estimate, interval: tuple[float, float]) -> str:
    lower, upper = interval
    if lower > 0:
        return ""
    if upper < 0:
        return f"the candidate is worse than D0: the interval [{lower:.3g}, {upper:.3g}] lies below zero; keep D0"
    if found.gain <= 0:
        return f"the gain of {found.gain:.3g} did not last on fresh foldings: keep D0 or search on with another seed"
    needed = math.ceil(found.rows * ((found.gain - lower) / found.gain) ** 2)
    return (
        f"the interval [{lower:.3g}, {upper:.3g}] reaches zero: a gain of {found.gain:.3g} would need "
        f"about {needed:,} labelled rows, and there are {found.rows:,}"
    )


def _quantile(count: int, probability: float) -> float:
    from scipy.stats import t

    return float(t.ppf(probability, count - 1))


def noise_floor(seed_scores: Sequence[float], paired_gains: Sequence[float]) -> Noise:
    """The noise of development scores, from a handful of trainings of D0.

    seed_scores   development scores of D0 over seeds (at least one)
    paired_gains  gains over D0 of D0 itself on random 95 % subsets of its training rows (usually 3)

    The mean of the gains is known to be zero, so paired_std is sqrt(Σ g²/k) / c_k, where
    c_k = sqrt(2/k)·Γ((k + 1)/2)/Γ(k/2) makes it unbiased for normal gains (c_3 = .921). Three values leave a factor of
    two of uncertainty, enough for a unit of reward and of rounding; no proof rests on it. Without gains it is
    seed_std·√2, the spread of a difference of two scores. It is at least a thousandth of the score, as a learner that
    does not feel 5 % of its rows would give zero.
    Values that are not finite (failed trainings) are left out; ValueError when no score is left.
    """
    scores = np.asarray(seed_scores, float)
    gains = np.asarray(paired_gains, float)
    scores, gains = scores[np.isfinite(scores)], gains[np.isfinite(gains)]
    if len(scores) == 0:
        raise ValueError("the noise floor needs at least one finite development score of D0, and there is none")
    seed_std = float(scores.std(ddof=1)) if len(scores) > 1 else 0.0
    k = len(gains)
    if k:
        unbias = math.sqrt(2 / k) * math.exp(math.lgamma((k + 1) / 2) - math.lgamma(k / 2))
        paired_std = float(np.sqrt(np.mean(gains**2))) / unbias
    else:
        paired_std = seed_std * math.sqrt(2)
    floor = 1e-3 * abs(float(scores.mean())) or 1e-3
    return Noise(seed_std=seed_std, paired_std=max(paired_std, floor))


def reward(gain: float, noise: Noise) -> float:
    """Φ(gain / 4 paired_std): the reward of a state in (0, 1), .5 at no gain over D0, monotone in the gain."""
    return NormalDist().cdf(min(max(gain / (4 * noise.paired_std), -8.0), 8.0))  # beyond 8 a float would say 1


def rounded(dev: float, noise: Noise) -> float:
    """The development score as agents may read it: to the nearest paired_std/4, which tells them little of rows.

    Rounded scores are the ladder against overfitting by feedback: Blum and Hardt, 2015, https://arxiv.org/abs/1502.04585.
    """
    step = noise.paired_std / 4
    digits = max(0, 2 - math.floor(math.log10(step)))
    return round(round(dev / step) * step, digits)


def least_provable_gain(
    metric: Metric, y: np.ndarray, prediction: np.ndarray, *, block: np.ndarray | None = None, foldings: int = 5
) -> float:
    """The gain that is proven every second time, told from D0's own out-of-fold predictions; inf when none can be.

    y (n,) or (n, t) and prediction (n, …) of the rows that will confirm;  block (n,) of them from `blocks`

    Such a gain g equals t·SE of the difference, and that SE depends on how many examples a candidate changes, which
    nobody knows before there is one. Assumed is a candidate that brings new information, worth g. It moves the
    predictions by as much as g is worth: with s the spread of D0's examples (SE(D0)·sqrt(n), for any metric by the
    jackknife) the losses of the two states correlate by 1 - c·(g/s)^p. Where predictions move smoothly (probabilities,
    scores, values) p = 1 and c = sqrt(2), exact for squared error; where labels flip p = 1/2 and c = .9 + .5/foldings,
    1.4 by theory for one folding, less for a mean over several. Then g = t·SE(D0)·sqrt(2c·(g/s)^p) is solved for g.
    Measured where a candidate brings a column: .7 to 1.3 of the true gain of even power (benchmarks/calibration.py).
    A candidate that also shuffles predictions for nothing needs more.
    """
    n = len(y)
    if n < ROWS_LEAST:
        return math.inf
    scattered = blocks(np.arange(n), seed=0)
    alone = _own_error(metric, y, prediction, scattered)
    clustered = alone if block is None else _own_error(metric, y, prediction, block)
    if not 0 < alone < math.inf or not clustered < math.inf:
        return math.inf
    spread = alone * math.sqrt(n)
    quantile = _quantile(len(np.unique(scattered if block is None else block)), 1 - LEVEL / 2)
    power, change = (0.5, 0.9 + 0.5 / foldings) if metric.needs[0] == "label" else (1.0, math.sqrt(2))
    return spread * (2 * change * (quantile * clustered / spread) ** 2) ** (1 / (2 - power))


def _own_error(metric: Metric, y: np.ndarray, prediction: np.ndarray, block: np.ndarray) -> float:
    named, code = np.unique(block, return_inverse=True)
    return standard_error(*leave_out(metric, y, prediction, code, len(named)))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
