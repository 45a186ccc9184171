"""What a user would do with a table: a study of it, and what its states are worth on clean test rows. Shared by the benchmarks."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from provender.contract.metric import find_metric
from provender.learners import make_learner
from provender.profile.target import class_names, encode_target
from provender.study.state import State
from provender.study.study import Study
from provender.study.task import Task


@dataclass(frozen=True, kw_only=True)
class Problem:
    """train, test  tables with the target; the test's labels are the truth
    learner      a preset's name;  metric: of metrics;  kind: classification or regression
    lake         {file name: table} of external data
    """

    name: str
    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    learner: str
    metric: str
    kind: str = "classification"
    lake: Mapping[str, pd.DataFrame] | None = None


@dataclass(frozen=True, kw_only=True)
class Solved:
    """Scores on the test rows: of the initial state, of what the run returns, and of its likeliest candidate, proven or not."""

    initial: float
    proven: float
    likely: float
    is_proven: bool
    states: int
    seconds: float


def solve(problem: Problem, *, nodes: int | None = None, budget: str | None = None, seed: int = 0, workers: int = 2, **settings: Any) -> Solved:
    """Run a study on the training rows alone, then fit learner and states on all of them and score the test rows once each."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lake = None
        if problem.lake:
            lake = folder / "lake"
            lake.mkdir()
            for name, table in problem.lake.items():
                table.to_csv(lake / name, index=False)
        task = Task.from_frame(problem.train, target=problem.target, metric=problem.metric, learner=problem.learner, test=problem.test,
                               folder=folder / "task", name=problem.name)  # fmt: skip
        study = Study(task, nodes=nodes, budget=budget, seed=seed, workers=workers, lake=lake, bundled=False, workspace=folder / "w", progress=False, **settings)
        best = study.run()
        seconds = time.perf_counter() - started
        candidate = study.candidate or best
        scores = {state.node: score(state, problem) for state in (study.state(0), best, candidate)}
        return Solved(
            initial=scores[0], proven=scores[best.node], likely=scores[candidate.node], is_proven=best.proven,
            states=study.summary["gain"]["states_tried"], seconds=seconds,
        )  # fmt: skip


def score(state: State, problem: Problem) -> float:
    """The metric on the test rows, of the learner fitted on all training rows as the state has them."""
    transformer = state.transformer()
    X, y = problem.train.drop(columns=problem.target), problem.train[problem.target]
    _, features, labels, weight = transformer._fit(X, y)
    return fitted_score(problem, features, labels, weight, transformer.transform(problem.test.drop(columns=problem.target)))


def fitted_score(problem: Problem, features: Any, labels: np.ndarray, weight: np.ndarray, inputs: Any) -> float:
    """The metric of the problem's learner, fitted on these features, on the test rows whose features are `inputs`."""
    classes = class_names(problem.train[problem.target]) if problem.kind == "classification" else ()
    truth = encode_target(problem.test, (problem.target,), problem.kind, classes)
    learner = make_learner(problem.learner, problem.kind, {})
    learner.fit(features, labels, weight, 0)
    prediction = np.asarray(learner.predict(inputs), dtype=float)
    if classes and prediction.ndim == 2 and prediction.shape[1] < len(classes):
        full = np.zeros((len(prediction), len(classes)))
        full[:, np.asarray(learner.classes_, int)] = prediction
        prediction = full
    metric = find_metric(problem.metric)
    return metric.score(truth, prediction)


def table(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, Callable[[Mapping[str, Any]], str]]) -> str:
    """Rows as aligned text."""
    lines = [list(columns), *([show(row) for show in columns.values()] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


class Notebook:
    """Finished cells of a benchmark in a JSON file, so that an interrupted one goes on where it was."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.cells: dict[str, Any] = json.loads(path.read_text()) if path is not None and path.exists() else {}

    def get(self, key: str, make: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """The cell of this key, made when it is not there yet."""
        if key not in self.cells:
            self.cells[key] = dict(make())
            if self.path is not None:
                part = self.path.with_suffix(".part")
                part.write_text(json.dumps(self.cells, indent=1))
                part.replace(self.path)
        return self.cells[key]


def parser(description: str) -> argparse.ArgumentParser:
    """What all benchmarks take: --json OUT (also what is resumed from), --seeds N, --workers N."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", type=Path, default=None, help="write finished cells here, and go on from them")
    made.add_argument("--seeds", type=int, default=5)
    made.add_argument("--workers", type=int, default=2)
    return made
