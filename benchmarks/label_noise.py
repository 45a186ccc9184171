"""Label noise: how much of the gap between noisy and oracle-cleaned training labels is won back, by the data alone.

    python -m benchmarks.label_noise [--json OUT] [--seeds 5] [--budget 40s]

Five sets that ship in packages, at most 1,800 rows, 30 % held out with clean labels. 20 % and 30 % of the training labels are flipped
to another class, evenly (symmetric) or to the next one (pair). Learners: logistic regression and random forest. Beside it: confident
learning alone and edited nearest neighbours alone, on the same rows; and the oracle, which drops exactly the wrong rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from provender.contract.rows import ROW, Rows, row_ids
from provender.methods.registry import make_method
from provender.profile.target import class_names, encode_target

from .solve import Notebook, Problem, fitted_score, parser, solve, table

ROWS = 1_800
LEARNERS = ("logistic", "random_forest")
NOISES = (("symmetric", 0.2), ("symmetric", 0.3), ("pair", 0.2), ("pair", 0.3))
METHODS = ("confident_learning", "edited_neighbours")


def sets() -> Iterator[tuple[str, pd.DataFrame]]:
    """Five tables with their target in `target`."""
    for name in ("breast_cancer", "digits", "wine"):
        found = getattr(datasets, f"load_{name}")(as_frame=True)
        yield name, found.frame.set_axis([str(c).replace(" ", "_") for c in found.frame.columns], axis=1)
    import statsmodels.api as sm

    fair = sm.datasets.fair.load_pandas().data
    yield "fair", fair.assign(target=(fair["affairs"] > 0).astype(int)).drop(columns="affairs")
    votes = sm.datasets.anes96.load_pandas().data
    yield "anes96", votes.assign(target=votes["vote"].astype(int)).drop(columns="vote")


def noisy(labels: pd.Series, kind: str, share: float, rng: np.random.Generator) -> tuple[pd.Series, np.ndarray]:
    """Labels of which this share is wrong, and which ones are."""
    classes = np.unique(labels)
    place = np.searchsorted(classes, labels)
    wrong = rng.random(len(labels)) < share
    step = rng.integers(1, len(classes), len(labels)) if kind == "symmetric" else np.ones(len(labels), int)
    return pd.Series(classes[np.where(wrong, (place + step) % len(classes), place)], index=labels.index, name=labels.name), wrong


def problem(name: str, frame: pd.DataFrame, learner: str, noise: tuple[str, float], seed: int) -> tuple[Problem, np.ndarray]:
    """The noisy task, and which training labels are wrong."""
    frame = frame.sample(min(ROWS, len(frame)), random_state=seed).reset_index(drop=True)
    train, test = train_test_split(frame, test_size=0.3, random_state=seed, stratify=frame["target"])
    rng = np.random.default_rng([seed, int(100 * noise[1]), len(noise[0])])
    labels, wrong = noisy(train["target"], *noise, rng)
    made = Problem(name=name, train=train.assign(target=labels).reset_index(drop=True), test=test.reset_index(drop=True), target="target", learner=learner, metric="accuracy")
    return made, wrong


def anchors(made: Problem, wrong: np.ndarray) -> dict[str, float]:
    """Accuracies of the plain features with noisy labels, with the oracle's rows, and with each method alone."""
    X, test = (frame.drop(columns="target").fillna(frame.median(numeric_only=True)) for frame in (made.train, made.test))
    classes = class_names(made.train["target"])
    y = encode_target(made.train, "target", "classification", classes)

    def accuracy(kept: Rows) -> float:
        return fitted_score(made, kept.frame.to_numpy(float), kept.y, kept.weight, test.to_numpy(float))

    rows = Rows(X.set_axis(pd.Index(row_ids("noise", len(X)), name=ROW)), y)
    found = {"noisy": accuracy(rows), "oracle": accuracy(rows.take(~wrong, reason="right"))}
    for method in METHODS:
        found[method] = accuracy(make_method(method).fit_resample(rows))
    return found


def cell(made: Problem, wrong: np.ndarray, budget: str, seed: int, workers: int) -> dict[str, Any]:
    solved = solve(made, budget=budget, seed=seed, workers=workers)
    return {**anchors(made, wrong), "initial": solved.initial, "proven": solved.proven, "likely": solved.likely, "states": solved.states, "seconds": solved.seconds}


def recovered(cells: list[Mapping[str, Any]], name: str) -> float:
    """Share of the summed gap from noisy to oracle that is won back; D0 of the run is its own noisy start."""
    gap = sum(c["oracle"] - c["noisy"] for c in cells)
    start = "initial" if name in ("proven", "likely") else "noisy"
    return sum(c[name] - c[start] for c in cells) / gap if gap else float("nan")


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--budget", default="40s")
    arguments.add_argument("--only", default="", help="sets to run, by commas")
    given = arguments.parse_args()
    notebook = Notebook(given.json)
    rows = []
    for learner in LEARNERS:
        for noise in NOISES:
            cells = []
            for name, frame in sets():
                if given.only and name not in given.only.split(","):
                    continue
                for seed in range(given.seeds):
                    made, wrong = problem(name, frame, learner, noise, seed)
                    key = f"{learner} {noise[0]} {noise[1]} {name} {seed} {given.budget}"
                    cells.append(notebook.get(key, lambda made=made, wrong=wrong, seed=seed: cell(made, wrong, given.budget, seed, given.workers)))
                    print(key, {k: round(v, 4) for k, v in cells[-1].items()}, flush=True)
            rows.append({"learner": learner, "noise": f"{noise[0]} {noise[1]:.0%}", **{n: recovered(cells, n) for n in (*METHODS, "proven", "likely")},
                         "median states": statistics.median(c["states"] for c in cells)})  # fmt: skip
    print(table(rows, {name: (lambda row, name=name: f"{row[name]:.0%}" if isinstance(row[name], float) and name != "median states" else str(row[name])) for name in rows[0]}))


if __name__ == "__main__":
    main()
