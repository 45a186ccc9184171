"""Predictions for test inputs that came without answers, as the table that a user hands on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..contract.task import Task
from ..pipeline.records import Records


def prediction_table(task: Task, records: Records, prediction: np.ndarray) -> pd.DataFrame:
    """(n, …) predictions for `records.asked` beside the id column, when the task has one.

    Probabilities get a column a class, everything else a column a target, under the task's own names.
    """
    table = pd.DataFrame(index=pd.RangeIndex(len(prediction)))
    if records.asked_ids is not None:
        table[task.data.id] = records.asked_ids.to_numpy()
    if records.classes and prediction.ndim == 2:
        for j, name in enumerate(records.classes):
            table[name] = prediction[:, j]
    elif records.classes:
        table[task.data.target[0]] = [records.classes[int(k)] for k in prediction]
    else:
        columns = prediction if prediction.ndim == 2 else prediction[:, None]
        for j, name in enumerate(task.data.target):
            table[name] = columns[:, j]
    return table
