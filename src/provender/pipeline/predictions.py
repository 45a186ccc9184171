"""Predictions as the table that a user hands on: in the task's own terms, or in the form of its sample submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..contract.metric import Output
from ..contract.task import Task
from ..errors import TaskError
from ..profile.table import read_table

Cell = Literal["class", "label", "positive", "value"]
"""What a column of a submission holds: the probability of one class, the name of the likeliest, the probability of the
second class of two (the one that metrics call positive), or the target's value (of several labels: the probability of 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of a sample submission.

    columns  (name, what it holds, number of the class or target) in order; the id column is not among them
    id       name and place of the id column; None without one
    order    ids of its rows: predictions for these very ids are written in this order
    """

    columns: tuple[tuple[str, Cell, int], ...]
    id: str | None = None
    order: tuple[object, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"columns": [list(column) for column in self.columns], "id": self.id, "order": list(self.order)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Form:
        return Form(columns=tuple((c[0], c[1], c[2]) for c in value["columns"]), id=value["id"], order=tuple(value["order"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What predictions mean: the row id's name, the targets', the classes', what the learner gives, and the form asked for, if any."""

    id: str | None
    targets: tuple[str, ...]
    classes: tuple[str, ...]
    output: Output
    form: Form | None = None

    @classmethod
    def of(cls, task: Task, classes: tuple[str, ...]) -> Outline:
        """The task's outline. Raises TaskError for a sample submission that the task's predictions cannot fill."""
        path = task.data.sample_submission
        outline = cls(id=task.data.id, targets=task.data.target, classes=classes, output=task.learner.output)
        return outline if path is None else replace(outline, form=_form(read_table(path), task, outline))


def prediction_table(outline: Outline, ids: pd.Series | None, prediction: np.ndarray) -> pd.DataFrame:
    """(n, …) predictions as a table of n rows, beside their ids where there are any.

    Without a form probabilities get a column a class and everything else a column a target, under the task's own names.
    Raises TaskError where the form wants ids and there are none.
    """
    form = outline.form
    if form is not None:
        return _formed(form, outline, ids, prediction)
    table = pd.DataFrame(index=pd.RangeIndex(len(prediction)))
    if ids is not None:
        table[outline.id] = ids.to_numpy()
    if outline.classes and prediction.ndim == 2:
        for j, name in enumerate(outline.classes):
            table[name] = prediction[:, j]
    elif outline.classes and outline.output != "score":
        table[outline.targets[0]] = [outline.classes[int(k)] for k in prediction]
    else:
        columns = prediction if prediction.ndim == 2 else prediction[:, None]
        for j, name in enumerate(outline.targets):
            table[name] = columns[:, j]
    return table


def _form(sample: pd.DataFrame, task: Task, outline: Outline) -> Form:
    names = [str(name) for name in sample.columns]
    row = task.data.id if task.data.id in names else None
    asked = [name for name in names if name != row]
    if not asked:
        raise TaskError(f"data.sample_submission has no column to predict: it has only {', '.join(names)}")
    columns = tuple((name, *_cell(name, sample[name], task, outline)) for name in asked)
    order = tuple(sample[row].tolist()) if row is not None and not sample[row].duplicated().any() else ()
    if row is not None and names.index(row):
        raise TaskError(f"data.sample_submission has the row id {row!r} as its column {names.index(row) + 1}: make it the first")
    return Form(columns=columns, id=row, order=order)


def _cell(name: str, sample: pd.Series, task: Task, outline: Outline) -> tuple[Cell, int]:
    if name in outline.classes and task.learner.output == "probability":
        return "class", outline.classes.index(name)
    if name in outline.targets:
        if not outline.classes or task.learner.output == "score":
            return "value", outline.targets.index(name)
        named = not pd.api.types.is_numeric_dtype(sample.dtype) and sample.astype("str").str.strip().isin(outline.classes).all()
        if len(outline.classes) == 2 and task.learner.output == "probability" and "label" not in task.metric.needs and not named:
            return "positive", 1
        return "label", 0
    known = [*outline.targets, *(outline.classes if task.learner.output == "probability" else ())]
    raise TaskError(
        f"data.sample_submission asks for the column {name!r}, which is neither the row id (data.id is {task.data.id!r}) nor a target or class: "
        f"these are {', '.join(known[:12])}"
    )


def _formed(form: Form, outline: Outline, ids: pd.Series | None, prediction: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(index=pd.RangeIndex(len(prediction)))
    if form.id is not None:
        if ids is None:
            raise TaskError(f"the sample submission names rows by {form.id!r}, which the inputs do not have: add that column to them")
        table[form.id] = ids.to_numpy()
    columns = prediction if prediction.ndim == 2 else prediction[:, None]
    for name, cell, number in form.columns:
        if cell == "label":
            best = columns.argmax(axis=1) if columns.shape[1] > 1 else columns[:, 0].astype(int)
            table[name] = np.asarray(outline.classes, dtype=object)[best]
        else:
            table[name] = columns[:, number]
    if form.id is not None and form.order and len(form.order) == len(table) and table[form.id].is_unique:
        place = pd.Index(table[form.id]).get_indexer(pd.Index(form.order))
        if (place >= 0).all():
            table = table.iloc[place].reset_index(drop=True)
    return table
