"""Does the proof keep its word? False proofs, power and the least provable gain, measured on populations we know.

    nulls    a search of 40 meaningless states (random 90 % subsets, noise columns, jitter; or a hill climb over the
             rows to drop), its finalist chosen as in a run: five development folds of the search rows, the three best
             on two more foldings, the best frozen and confirmed on all rows. Whatever is proven is a false proof.
    power    one candidate that truly helps: it brings a column that D0 lacks. True gains are taken on 4,000 fresh rows.
    least    the gain that is proven every second time, against what `least_provable_gain` says from D0 alone.

Two procedures are compared: the pooled delete-block jackknife (`pipeline/proof.py`), and 5 x 5 cross-validation with
the corrected resampled t-test of Nadeau and Bengio (2003, https://doi.org/10.1023/A:1024068626366), Holm over three
finalists at one-sided 5 %. Beside them the two habits they replace: the best development score, and a t-test on it.

    python benchmarks/calibration.py --trials 200          all tables on one core
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta, norm, t

from provender.contract.metric import Metric, find_metric
from provender.contract.split import Fold, bundles, folding, make_split
from provender.pipeline import proof

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
WIDTH = 10  # columns that D0 sees


def ridge(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Least squares with a unit ridge; a score for classes, a value for numbers."""
    a = np.column_stack([np.ones(len(x)), x])
    w = np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T @ y)
    return w[0] + new @ w[1:]


def ridge_label(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    return (ridge_score(x, y, new) > 0).astype(np.int64)


def ridge_score(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    return ridge(x, 2.0 * y - 1, new)


def tree_label(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(min_samples_leaf=5, random_state=0).fit(x, y).predict(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A latent value u·sqrt(known) + z·sqrt(hidden) + noise of variance one, u a direction of the columns D0 sees.

    Classes are its sign (accuracy with the best linear rule is 1 - arccos(sqrt(share))/π), numbers the value itself.
    `hidden` is what the helpful candidate brings. `group` rows at a time share most of their columns and their noise.
    """

    name: str
    metric: str
    fit: Fit
    known: float
    hidden: float = 0.1
    group: int = 1

    def sample(self, n: int, rng: np.random.Generator) -> Sample:
        number = np.arange(n) // self.group
        shared = 0.0 if self.group == 1 else 0.8

        def draw(*width: int) -> np.ndarray:
            own, common = rng.normal(size=(n, *width)), rng.normal(size=(n, *width))[number]
            return math.sqrt(1 - shared) * own + math.sqrt(shared) * common

        x, z, e = draw(WIDTH), draw(), draw()
        rest = 1 - self.known - self.hidden
        seen = x.sum(axis=1) / math.sqrt(WIDTH)
        value = math.sqrt(self.known) * seen + math.sqrt(self.hidden) * z + math.sqrt(rest) * e
        y = value if self.fit is ridge else (value > 0).astype(np.int64)
        return Sample(x=x, z=z, y=y, bundle=bundles(n, number if self.group > 1 else None, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    x: np.ndarray
    z: np.ndarray
    y: np.ndarray
    bundle: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a data state does to the rows: drop some, append columns, shake the training ones."""

    keep: np.ndarray | None = None
    columns: np.ndarray | None = None
    shake: np.ndarray | None = None


D0 = State()


def meaningless(n: int, rng: np.random.Generator) -> State:
    match rng.integers(3):
        case 0:
            return State(keep=rng.random(n) < 0.9)
        case 1:
            return State(columns=rng.normal(size=(n, 2)))
    return State(shake=0.1 * rng.normal(size=(n, WIDTH)))


def predict(world: World, sample: Sample, state: State, train: np.ndarray, rows: np.ndarray) -> np.ndarray:
    x = sample.x if state.columns is None else np.column_stack([sample.x, state.columns])
    if state.keep is not None:
        train = train[state.keep[train]]
    fed = x[train] if state.shake is None else x[train] + state.shake[train]
    return world.fit(fed, sample.y[train], x[rows])


Folding = list[Fold]
Pooled = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows, their out-of-fold predictions, the fold of each


def cut(sample: Sample, rows: np.ndarray, seeds: range) -> list[Folding]:
    return [folding(rows, sample.bundle, strata(sample), None, folds=5, seed=seed) for seed in seeds]


def strata(sample: Sample) -> np.ndarray | None:
    return sample.y if sample.y.dtype.kind == "i" else None


def out_of_fold(world: World, sample: Sample, state: State, folds: Folding) -> Pooled:
    parts = [predict(world, sample, state, fold.train, fold.evaluation) for fold in folds]
    number = np.repeat(np.arange(len(folds)), [len(fold.evaluation) for fold in folds])
    return np.concatenate([fold.evaluation for fold in folds]), np.concatenate(parts), number


def fold_scores(metric: Metric, y: np.ndarray, found: Pooled) -> np.ndarray:
    """(folds,) signed scores: higher is better."""
    rows, prediction, number = found
    return metric.sign * np.array(
        [metric.score(y[rows[number == k]], prediction[number == k]) for k in range(number.max() + 1)]
    )


def dev(world: World, sample: Sample, state: State, foldings: list[Folding]) -> np.ndarray:
    metric = find_metric(world.metric)
    return np.concatenate(
        [fold_scores(metric, sample.y, out_of_fold(world, sample, state, folds)) for folds in foldings]
    )


Found = list[tuple[State, np.ndarray]]  # states and their development gains by fold, the best first


def scatter(world: World, sample: Sample, foldings: list[Folding], rng: np.random.Generator) -> Found:
    """Forty meaningless states."""
    base = dev(world, sample, D0, foldings)
    found = [
        (state, dev(world, sample, state, foldings) - base)
        for state in (meaningless(len(sample.y), rng) for _ in range(40))
    ]
    return sorted(found, key=lambda each: -each[1].mean())


def climb(world: World, sample: Sample, foldings: list[Folding], rng: np.random.Generator) -> Found:
    """A hill climb of 100 steps over which rows to drop: it keeps whatever the folds of those very rows like best."""
    base = dev(world, sample, D0, foldings)
    keep, found = np.ones(len(sample.y), bool), [(D0, 0 * base)]
    for _ in range(100):
        tried = keep ^ (rng.random(len(keep)) < 0.05)
        gain = dev(world, sample, State(keep=tried), foldings) - base
        if gain.mean() > found[0][1].mean():
            keep = tried
            found.insert(0, (State(keep=tried), gain))
    return found


def paired(world: World, sample: Sample, state: State, foldings: list[Folding]) -> tuple[list[proof.Paired], float]:
    """D0 and one state on the same foldings, and the corrected t-test's one-sided p-value of their fold scores."""
    metric, pairs, differences = find_metric(world.metric), [], []
    for folds in foldings:
        first, second = (out_of_fold(world, sample, each, folds) for each in (D0, state))
        pairs.append(proof.Paired(rows=first[0], initial=first[1], candidate=second[1]))
        differences.append(fold_scores(metric, sample.y, second) - fold_scores(metric, sample.y, first))
    return pairs, p_value(np.concatenate(differences), 1 / 4)


def p_value(differences: np.ndarray, overlap: float) -> float:
    """One-sided t-test of J fold differences, their variance times 1/J + overlap.

    Nadeau and Bengio correct for training sets that overlap by the share of scored over trained rows (1/4 for five
    folds); 0 is the plain t-test.
    """
    count, spread = len(differences), float(differences.std(ddof=1))
    if spread == 0:
        return 0.0 if differences.mean() > 0 else 1.0
    return float(t.sf(differences.mean() / (spread * math.sqrt(1 / count + overlap)), count - 1))


def null_run(world: World, n: int, search: Callable, rng: np.random.Generator) -> dict[str, float]:
    sample = world.sample(n, rng)
    digest = f"{rng.integers(1 << 60):016x}"
    split = make_split(sample.bundle, strata(sample), None, digest=digest, test_size=None, seal=True)
    found = search(world, sample, cut(sample, split.search, range(1)), rng)
    again = cut(sample, split.search, range(1, 3))
    finalists = sorted((state for state, _ in found[:3]), key=lambda state: -dev(world, sample, state, again).mean())
    rows = np.arange(n)
    fresh = cut(sample, rows, range(100, 105))
    pairs, p = paired(world, sample, finalists[0], fresh)
    others = [paired(world, sample, state, fresh)[1] for state in finalists[1:]]
    metric, block = find_metric(world.metric), proof.blocks(rows, groups=sample.bundle, seed=0)
    verdict = proof.confirm(metric, sample.y, pairs, block)
    best = found[0][1]
    return {
        "best dev": float(best.mean() > 0),
        "dev t-test": float(p_value(best, 0) < 0.05),
        "corrected t": float(min(p, *others, 1.0) < 0.05 / len(finalists)),
        "jackknife": float(verdict.proven),
        "optimism": best.mean() - verdict.gain,
        "true": true_gain(world, sample, finalists[0], world.sample(4000, rng), rows, rng),
    }


def true_gain(
    world: World, sample: Sample, state: State, fresh: Sample, train: np.ndarray, rng: np.random.Generator
) -> float:
    """The gain on fresh rows of models trained on `train`; noise columns are noise on fresh rows too."""
    metric = find_metric(world.metric)
    width = 0 if state.columns is None else np.atleast_2d(state.columns.T).shape[0]
    brought = None if not width else (fresh.z if state.columns is sample.z else rng.normal(size=(len(fresh.y), width)))
    pooled = Sample(**{k: np.concatenate([getattr(sample, k), getattr(fresh, k)]) for k in ("x", "z", "y", "bundle")})
    columns = None if brought is None else np.concatenate([state.columns, brought])
    rows = np.arange(len(sample.y), len(pooled.y))
    initial = metric.score(fresh.y, predict(world, pooled, D0, train, rows))
    changed = predict(world, pooled, replace(state, columns=columns), train, rows)
    return metric.gain(metric.score(fresh.y, changed), initial)


def helpful_run(world: World, n: int, rng: np.random.Generator) -> dict[str, float]:
    sample, rows = world.sample(n, rng), np.arange(n)
    state = State(columns=sample.z)
    metric, block = find_metric(world.metric), proof.blocks(rows, groups=sample.bundle, seed=0)
    pairs, p = paired(world, sample, state, cut(sample, rows, range(100, 105)))
    verdict = proof.confirm(metric, sample.y, pairs, block)
    first = pairs[0]
    return {
        "true": true_gain(world, sample, state, world.sample(4000, rng), rng.permutation(n)[: round(0.8 * n)], rng),
        "gain": verdict.gain,
        "se": verdict.se,
        "lower": verdict.interval[0],
        "upper": verdict.interval[1],
        "jackknife": float(verdict.proven),
        "corrected t": float(p < 0.05 / 3),
        "least": proof.least_provable_gain(metric, sample.y[first.rows], first.initial, block=block[first.rows]),
    }


def gather(trials: int, run: Callable[..., dict[str, float]], *settings: object) -> dict[str, np.ndarray]:
    runs = [run(*settings, np.random.default_rng([2026, trial])) for trial in range(trials)]
    return {name: np.array([each[name] for each in runs]) for name in runs[0]}


def rate(hits: np.ndarray) -> str:
    """A rate in percent with its 95 % Clopper-Pearson interval."""
    k, n = int(hits.sum()), len(hits)
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return f"{100 * k / n:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def affordable(world: World, trials: int) -> int:
    """Half the trials where a metric that is no mean is computed anew 500 times a confirmation."""
    return trials // 2 if world.metric == "roc_auc" else trials


def line(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title: str, cells: str) -> None:
    print(f"\n### {title}\n")
    line(*cells.split(", "))
    line(*["---"] * len(cells.split(", ")))


def linear(accuracy: float) -> float:
    """The share of the value that a linear rule of this accuracy explains."""
    return math.cos(math.pi * (1 - accuracy)) ** 2


def classes(name: str, fit: Fit, accuracy: float, gain: float, metric: str = "accuracy", group: int = 1) -> World:
    """Two classes: the best rule of D0's columns has this accuracy, the hidden column adds `gain` to it."""
    known = linear(accuracy)
    return World(name=name, metric=metric, fit=fit, known=known, hidden=linear(accuracy + gain) - known, group=group)


def numbers(name: str, metric: str, hidden: float) -> World:
    return World(name=name, metric=metric, fit=ridge, known=0.5, hidden=hidden)


NULLS = (
    (classes("accuracy, ridge", ridge_label, 0.75, 0.0), scatter, (150, 300, 1000)),
    (classes("accuracy, ridge, hill climb", ridge_label, 0.75, 0.0), climb, (150, 300, 1000)),
    (classes("accuracy, groups of 5", ridge_label, 0.75, 0.0, group=5), scatter, (150, 300, 1000)),
    (numbers("rmse, ridge", "root_mean_squared_error", 0.0), scatter, (150, 300, 1000)),
    (classes("accuracy, tree", tree_label, 0.75, 0.0), scatter, (300,)),
    (classes("ROC AUC, ridge", ridge_score, 0.75, 0.0, "roc_auc"), scatter, (150,)),
)
HELPFUL = (  # the nominal gain is a little above the one that finite training sets reach, which the table shows
    (classes("accuracy .75", ridge_label, 0.75, 0.066), (150, 300, 1000)),
    (classes("accuracy .86", ridge_label, 0.86, 0.073), (150, 300, 1000)),
    (classes("accuracy .75, groups of 5", ridge_label, 0.75, 0.066, group=5), (300,)),
    (classes("ROC AUC", ridge_score, 0.75, 0.062, "roc_auc"), (150,)),
)


def false_proofs(trials: int) -> None:
    head(
        "False proofs, % [95 % interval]",
        "world, n, best dev > D0, t-test on dev folds, corrected t (Holm), jackknife, dev - confirmed, true, s",
    )
    for world, search, sizes in NULLS:
        for n in sizes:
            started = time.perf_counter()
            found = gather(affordable(world, trials), null_run, world, n, search)
            rates = [rate(found[name]) for name in ("best dev", "dev t-test", "corrected t", "jackknife")]
            means = [f"{found[name].mean():+.4f}" for name in ("optimism", "true")]
            line(world.name, n, *rates, *means, round(time.perf_counter() - started))


def power(trials: int) -> None:
    head(
        "Power, % [95 % interval]",
        "world, n, true gain, corrected t (Holm), jackknife, true gain in interval, SE / spread",
    )
    for world, sizes in HELPFUL:
        for n in sizes:
            found = gather(affordable(world, trials), helpful_run, world, n)
            true = found["true"].mean()
            covered = rate((found["lower"] <= true) & (true <= found["upper"]))
            ratio = f"{found['se'].mean() / found['gain'].std(ddof=1):.2f}"
            line(world.name, n, f"{true:+.4f}", rate(found["corrected t"]), rate(found["jackknife"]), covered, ratio)


LEAST = (  # worlds by the strength of the hidden column; the last entry is how the strength of even power falls with n
    ("accuracy .65", lambda s: classes("", ridge_label, 0.65, 0.06 * s), 0.65),
    ("accuracy .75", lambda s: classes("", ridge_label, 0.75, 0.06 * s), 0.65),
    ("accuracy .86", lambda s: classes("", ridge_label, 0.86, 0.05 * s), 0.65),
    ("accuracy .75, tree", lambda s: classes("", tree_label, 0.75, 0.09 * s), 0.65),
    ("rmse", lambda s: numbers("", "root_mean_squared_error", 0.045 * s), 1.0),
    ("mae", lambda s: numbers("", "mean_absolute_error", 0.06 * s), 1.0),
    ("r2", lambda s: numbers("", "r2", 0.045 * s), 1.0),
)


def least(trials: int) -> None:
    head("The gain proven every second time", "world, n, measured, told from D0 alone, told / measured")
    for name, make, fall in LEAST:
        for n in (150, 300, 1000) if "tree" not in name else (300,):
            told, measured = halfway(make, n, (300 / n) ** fall, max(10, trials // 8))
            line(name, n, f"{measured:.4f}", f"{told:.4f}", f"{told / measured:.2f}")


def halfway(make: Callable[[float], World], n: int, scale: float, trials: int) -> tuple[float, float]:
    """What `least_provable_gain` says (mean), and where power crosses one half: a probit line over true gains."""
    true, proven, told = [], [], []
    for strength in (0.4, 0.7, 1.0, 1.4, 1.8):
        found = gather(trials, helpful_run, make(strength * scale), n)
        true.append(found["true"].mean())
        proven.append((found["jackknife"].sum() + 0.5) / (trials + 1))
        told.append(found["least"].mean())
    slope, start = np.polyfit(true, norm.ppf(proven), 1)
    return float(np.mean(told)), float(-start / slope)


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibrate the proof on populations we know.")
    parser.add_argument("--trials", type=int, default=200, help="runs of a table row (an eighth for the least gain)")
    trials = parser.parse_args().trials
    started = time.perf_counter()
    for table in (power, least, false_proofs):
        table(trials)
    print(f"\n{trials} trials a row (half for ROC AUC), {(time.perf_counter() - started) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
