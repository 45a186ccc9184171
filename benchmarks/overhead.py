"""What the harness costs: the same loaders, fits and predicts through submit and in a plain script, side by side.

    python benchmarks/overhead.py [--rounds 5] [--workers 2]

Each round evaluates the same states on the same folds in both ways, one after the other, so that a busy machine slows
both alike; the table gives medians over rounds. The plain script has as many warm worker processes as the harness has
workers, and is given the folds' rows by fork, for nothing. Targets: ratio <= 1.3 for learners of 0.5 s and more,
<= 60 ms of harness a state and fold for tiny ones.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
import types
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, make_classification

from provender.contract.loader import PoolView, TaskView
from provender.contract.outcome import Failure
from provender.contract.rows import Rows
from provender.contract.split import Fold
from provender.contract.task import read_task
from provender.pipeline.state import make_state
from provender.search.settings import Settings
from provender.search.setup import Setup, open_setup
from provender.search.workspace import Workspace

LOADER = '''"""Columns scaled, and by {factor} once more, so that no fit is found in the cache."""

from sklearn.preprocessing import StandardScaler


class DataLoader:
    ASSETS = ()

    def __init__(self, task, pool):
        self.task = task

    def rows(self):
        return self.task.train

    def fit(self, rows):
        self.scaler = StandardScaler().fit(rows.frame)
        return self.scaler.transform(rows.frame) * {factor}

    def inputs(self, raw):
        return self.scaler.transform(raw) * {factor}
'''

LEARNER = '''from sklearn.{module} import {name}


class Learner:
    def fit(self, features, y, weight, seed):
        self.model = {name}({arguments}, random_state=seed).fit(features, y, weight)

    def predict(self, features):
        return self.model.predict_proba(features)
'''

LEARNERS = {
    "logistic, 20 steps": ("linear_model", "LogisticRegression", "max_iter=20, tol=1.0"),
    "boosted trees, 25": ("ensemble", "GradientBoostingClassifier", "n_estimators=25"),
    "boosted trees, 100": ("ensemble", "GradientBoostingClassifier", "n_estimators=100"),
}

_plain: dict[str, object] = {}  # what the plain workers inherit by fork


def task_folder(folder: Path, frame: pd.DataFrame, y: np.ndarray, learner: tuple[str, str, str]) -> Path:
    folder.mkdir()
    frame.assign(target=np.where(y, "yes", "no")).to_csv(folder / "train.csv", index=False)
    (folder / "learner.py").write_text(LEARNER.format(module=learner[0], name=learner[1], arguments=learner[2]))
    (folder / "task.toml").write_text(
        '[task]\nname = "overhead"\n[data]\ntrain = "train.csv"\ntarget = "target"\n[metric]\nname = "log_loss"\n[learner]\npath = "learner.py"\n'
    )
    return folder


def plainly(job: tuple[str, int]) -> tuple[float, np.ndarray]:
    """One state on one fold, as a script would do it: seconds of fit and predict, and the predictions."""
    text, k = job
    fold, seed = _plain["folds"][k]
    views = _plain["setup"]
    records = views.records
    module = types.ModuleType("loader")
    exec(compile(text, "loader.py", "exec"), module.__dict__)
    train = Rows(records.frame.iloc[fold.train], records.y[fold.train], records.weight[fold.train])
    view = TaskView(train=train, schema=records.schema, kind="classification", classes=records.classes, targets=("target",),
                    modality="tabular", metric="log_loss", seed=seed)  # fmt: skip
    loader = module.DataLoader(view, PoolView({}))
    rows = loader.rows()
    features, inputs = loader.fit(rows), loader.inputs(records.frame.iloc[fold.evaluation].reset_index(drop=True))
    learner_module = types.ModuleType("learner")
    exec(compile(views.task.learner.source, "learner.py", "exec"), learner_module.__dict__)
    started = time.perf_counter()
    learner = learner_module.Learner()
    learner.fit(features, rows.y, rows.weight, seed)
    prediction = learner.predict(inputs)
    return time.perf_counter() - started, prediction


def through_submit(setup: Setup, texts: list[str], folds: list[Fold]) -> tuple[float, list[np.ndarray]]:
    """Wall seconds of these states on these folds, and the predictions."""
    started = time.perf_counter()
    jobs = [(make_state(text, setup.task), fold) for text in texts for fold in folds]
    results = list(setup.workers.map(lambda job: setup.submit.run(*job, strongest=1.0), jobs))
    wall = time.perf_counter() - started
    failed = [result for result in results if isinstance(result, Failure)]
    if failed:
        raise RuntimeError(f"a state failed: {failed[0]}")
    return wall, [result.prediction for result in results]


def compare(name: str, frame: pd.DataFrame, y: np.ndarray, rounds: int, workers: int) -> dict[str, float | str]:
    """One line of the table. The predictions of both ways must agree."""
    with tempfile.TemporaryDirectory() as place:
        task = read_task(task_folder(Path(place, "task"), frame, y, LEARNERS[name]))
        setup = open_setup(task, Settings(workers=workers, no_red=True, bundled=False), Workspace(Path(place, "w")))
        try:
            folds = setup.plan.development()
            _plain.update(setup=setup, folds=[(fold, setup.plan.seed(fold)) for fold in folds])
            plain_s, harness_s, training = [], [], []
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                for number in range(rounds + 1):  # the first warms both
                    texts = [LOADER.format(factor=1 + (2 * number + k) * 1e-7) for k in range(2)]
                    jobs = [(text, k) for text in texts for k in range(len(folds))]
                    started = time.perf_counter()
                    plain = pool.map(plainly, jobs, chunksize=1)
                    plain_s.append(time.perf_counter() - started)
                    wall, predictions = through_submit(setup, texts, folds)
                    harness_s.append(wall)
                    training += [seconds for seconds, _ in plain]
                    for (_, expected), found in zip(plain, predictions, strict=True):
                        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
        finally:
            setup.close()
    pairs = list(zip(plain_s[1:], harness_s[1:], strict=True))
    return {
        "learner": name, "train_s": statistics.median(training),
        "plain_s": statistics.median(p for p, _ in pairs), "harness_s": statistics.median(h for _, h in pairs),
        "ratio": statistics.median(h / p for p, h in pairs),
        "ms_a_fold": statistics.median(1000 * workers * (h - p) / len(jobs) for p, h in pairs),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", help="part of a learner's name")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    cancer = load_breast_cancer(as_frame=True)
    large, y = make_classification(4000, 40, n_informative=12, random_state=0)
    data = {"569 x 30": (cancer.data, cancer.target.to_numpy()), "4000 x 40": (pd.DataFrame(large).add_prefix("c"), y)}
    print("| data | learner | training, s | plain, s | harness, s | ratio | harness ms a state and fold |\n|---|---|---|---|---|---|---|")
    for label, (frame, target) in data.items():
        for name in LEARNERS:
            if not given.only or given.only in name:
                line = compare(name, frame, target, given.rounds, given.workers)
                print(f"| {label} | {name} | {line['train_s']:.3f} | {line['plain_s']:.2f} | {line['harness_s']:.2f} | "
                      f"{line['ratio']:.2f} | {line['ms_a_fold']:.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
