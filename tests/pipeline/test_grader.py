"""A task's own grade.py: a metric like any other, computed in a sandbox."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from provender.contract.metric import find_metric
from provender.contract.task import Task, read_task
from provender.errors import TaskError
from provender.execute.executor import open_executor
from provender.pipeline.grader import graded_metric

RMSE = """
def validate(submission, answers):
    if list(submission.columns) != ["id", "target"]:
        raise ValueError("columns id and target are expected")

def score(submission, answers):
    return ((submission["target"] - answers["target"]) ** 2).mean() ** 0.5
"""


@pytest.fixture(scope="module")
def executor():
    with open_executor(preload=["provender.pipeline.inside.grade"]) as opened:
        yield opened


def task_with(grader: str, folder: Path) -> Task:
    load_diabetes(as_frame=True).frame.to_csv(folder / "train.csv", index=False)
    (folder / "grade.py").write_text(grader)
    (folder / "task.toml").write_text(
        '[task]\nkind = "regression"\n[data]\ntrain = "train.csv"\ntarget = "target"\n'
        '[metric]\nname = "grade.py"\ndirection = "minimize"\n[learner]\npreset = "ridge"\noutput = "value"\n'
    )
    return read_task(folder)


def test_a_grader_scores_as_the_metric_that_it_computes(executor, tmp_path):
    metric = graded_metric(task_with(RMSE, tmp_path), executor, ())
    y = pd.read_csv(tmp_path / "train.csv")["target"].to_numpy(float)
    prediction = y + np.random.default_rng(0).normal(size=len(y))
    assert metric.score(y, prediction) == pytest.approx(find_metric("rmse").score(y, prediction))
    assert metric.gain(1.0, 2.0) == 1.0


def test_a_grader_that_raises_is_told_in_its_own_words(executor, tmp_path):
    metric = graded_metric(task_with(RMSE.replace('"id", "target"', '"id", "other"'), tmp_path), executor, ())
    with pytest.raises(TaskError, match="columns id and target are expected"):
        metric.score(np.arange(5.0), np.arange(5.0))


def test_a_grader_reads_no_file_of_the_task(executor, tmp_path):
    spy = f"def score(submission, answers):\n    return len(open({str(tmp_path / 'train.csv')!r}).read())\n"
    metric = graded_metric(task_with(spy, tmp_path), executor, ())
    with pytest.raises(TaskError, match=r"No such file|Permission denied"):
        metric.score(np.arange(5.0), np.arange(5.0))
