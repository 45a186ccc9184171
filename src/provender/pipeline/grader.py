"""A task's own grade.py as a metric: each score is one job in a sandbox."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ..contract.metric import Metric
from ..contract.task import Task
from ..contract.wire import pack
from ..errors import TaskError
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded

_LIMITS = Limits(seconds=60.0)


def graded_metric(task: Task, executor: Executor, classes: tuple[str, ...]) -> Metric:
    """The metric that grade.py computes. Raises TaskError, when used, in the grader's own words."""
    assert task.grader is not None
    source = task.grader.read_text()

    def compute(y: np.ndarray, prediction: np.ndarray) -> float:
        tables = {"submission": _submission(task, prediction, classes), "answers": _answers(task, y, classes)}
        with Blob.of(pack(tables)) as raw:
            job = Job(entry="provender.pipeline.inside.grade:main", params={"source": source}, files=(raw,), limits=_LIMITS)
            with executor.start(job) as session:
                try:
                    message, _ = session.receive()
                except JobEnded:
                    failure = session.end().failure
                    raise TaskError(f"grade.py failed: {failure.message if failure else 'it ended without a score'}") from None
                session.end()
        value = message.get("score")
        return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else math.nan

    return Metric(task.metric.name, task.metric.direction, ("probability", "label", "score", "value"), compute=compute, whole=True)


def _submission(task: Task, prediction: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """Predictions as a submission: a column for each class, or one for each target; a row number as `id`."""
    targets = task.data.target
    if prediction.ndim == 2 and classes:
        columns = dict(zip(classes, prediction.T, strict=True))
    elif prediction.ndim == 2:
        columns = dict(zip(targets, prediction.T, strict=True))
    elif classes and task.learner.output == "label":
        columns = {targets[0]: [classes[int(k)] for k in prediction]}
    else:
        columns = {targets[0]: prediction}
    return pd.DataFrame({"id": np.arange(len(prediction)), **columns})


def _answers(task: Task, y: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    targets = task.data.target
    if classes:
        columns = {targets[0]: [classes[int(k)] for k in y]}
    else:
        columns = dict(zip(targets, y.T if y.ndim == 2 else y[None, :], strict=True))
    return pd.DataFrame({"id": np.arange(len(y)), **columns})
