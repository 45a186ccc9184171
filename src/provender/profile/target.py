"""The target: what task it makes, whether it can be learnt, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..contract.metric import Metric
from ..errors import TaskError
from .cells import is_missing_marker, plain_numbers, written_numbers
from .infer import require_column

MOST_INTEGER_CLASSES = 20
_FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGuess:
    """kind      classification | regression | multilabel
    classes   class names in the task's order (numbers by value, else by text); () for regression
    metric    name in contract/metric.py;  learner  name of a preset that predicts what the metric needs
    notes     what was ambiguous, for the user
    """

    kind: str
    classes: tuple[str, ...]
    metric: str
    learner: str
    notes: tuple[str, ...] = ()


def infer_task(frame: pd.DataFrame, target: str | Sequence[str], kind: str | None = None) -> TaskGuess:
    """Guess the task from its target columns; `kind` = "classification" or "regression" settles what could be either.

    Raises TaskError for a target that cannot be learnt (see `check_target`).
    """
    targets = [target] if isinstance(target, str) else list(target)
    for name in targets:
        require_column(frame, name, "target")
    notes: tuple[str, ...] = ()
    if len(targets) > 1:
        binary = all(set(plain_numbers(frame[name]).dropna().unique()) <= {0.0, 1.0} for name in targets)
        kind = "multilabel" if binary and kind != "regression" else "regression"
    elif kind is None:
        kind, distinct = _kind(frame[targets[0]])
        if kind == "classification" and distinct > 2 and pd.api.types.is_numeric_dtype(frame[targets[0]].dtype):
            mend = "if their distance matters, set task.kind to regression and choose a metric and learner for numbers"
            notes = (f"{targets[0]} holds {distinct} whole numbers, taken as classes: {mend}",)
    check_target(frame, targets, kind)
    if kind == "regression":
        return TaskGuess(kind=kind, classes=(), metric="root_mean_squared_error", learner="ridge", notes=notes)
    classes = class_names(frame[targets[0]]) if kind == "classification" else ()
    return TaskGuess(kind=kind, classes=classes, metric="log_loss", learner="logistic", notes=notes)


def _kind(values: pd.Series) -> tuple[str, int]:
    distinct = values.nunique()
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return "classification", distinct
    whole = bool((values.dropna() % 1 == 0).all())
    few = distinct <= min(MOST_INTEGER_CLASSES, max(2, len(values) // 10))
    return "classification" if whole and few else "regression", distinct


def check_target(frame: pd.DataFrame, target: str | Sequence[str], kind: str, *, varied: bool = True) -> None:
    """Raise TaskError, naming the column and the mend, unless every row has a target that fits the task's kind.

    `varied` also asks for at least two different values and, of classes, for fewer than half as many as rows.
    """
    targets = [target] if isinstance(target, str) else list(target)
    for name in targets:
        require_column(frame, name, "data.target")
        values = frame[name]
        if missing := int(values.isna().sum()):
            raise TaskError(
                f"the target {name!r} is missing in {missing} of {len(values)} rows: drop those rows (provender init --drop-missing-targets does)"
            )
        if kind in ("regression", "multilabel"):
            _check_numbers(name, values, kind)
        else:
            _check_classes(name, values, varied)
        if varied and values.nunique() < 2:
            raise TaskError(
                f"the target {name!r} holds the one value {values.tolist()[0]!r} only: there is nothing to learn, choose another target"
            )


def _check_numbers(name: str, values: pd.Series, kind: str) -> None:
    numbers = plain_numbers(values)
    if numbers.isna().any():
        bad = values[numbers.isna()].iloc[0]
        mend = (
            "write plain numbers"
            if written_numbers(values).notna().any()
            else "set task.kind to classification or choose another target"
        )
        raise TaskError(f"the target {name!r} of a {kind} task holds {bad!r}, which is not a number: {mend}")
    if not np.isfinite(numbers).all():
        raise TaskError(
            f"the target {name!r} holds {numbers[~np.isfinite(numbers)].iloc[0]}: drop or correct those rows"
        )
    if kind == "multilabel" and (odd := sorted(set(numbers.unique()) - {0.0, 1.0})):
        raise TaskError(f"the target {name!r} of a multilabel task holds {odd[0]:g}: give 0 or 1")


def _check_classes(name: str, values: pd.Series, varied: bool) -> None:
    distinct = values.nunique()
    if varied and distinct > max(MOST_INTEGER_CLASSES, len(values) // 2):
        raise TaskError(
            f"the target {name!r} holds {distinct} different values in {len(values)} rows, too many for classes: "
            "choose another target, or set task.kind to regression"
        )
    markers = is_missing_marker(values)
    if markers.any() and distinct > 2:
        bad = values[markers].iloc[0]
        raise TaskError(
            f"the target {name!r} holds {bad!r} in {int(markers.sum())} rows, which looks like a missing value: drop those rows"
        )


def check_classes_metric(metric: Metric, kind: str, classes: Sequence[str]) -> None:
    """Raise TaskError when a metric for two classes meets another number of them."""
    if kind == "classification" and metric.classes == "binary" and len(classes) != 2:
        mend = "f1_macro" if metric.name == "f1" else "roc_auc"
        raise TaskError(
            f"metric.name is {metric.name!r}, which is for 2 classes, but the target has {len(classes)}: choose {mend}, for one"
        )


def check_size(frame: pd.DataFrame, name: str) -> None:
    """Raise TaskError for a table too small to split and score."""
    if len(frame) < _FEWEST_ROWS:
        raise TaskError(
            f"{name} holds {len(frame)} rows: at least {_FEWEST_ROWS} are needed to train and score anything"
        )


def class_labels(values: pd.Series) -> np.ndarray:
    """(n,) object array of class names: whole numbers without a decimal point, so that 3, 3.0 and "3" are one class."""
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        numbers = values.to_numpy(dtype=float)
        return np.array([f"{v:.0f}" if v == np.floor(v) else repr(float(v)) for v in numbers], dtype=object)
    return values.astype("str").str.strip().to_numpy(dtype=object)


def class_names(*columns: pd.Series) -> tuple[str, ...]:
    """Distinct class names of these columns: by value when all are numbers (so that ordinal metrics see their order), else by text."""
    names = sorted({name for column in columns for name in class_labels(column.dropna())})
    numbers = plain_numbers(pd.Series(names, dtype="str"))
    return (
        tuple(names) if numbers.isna().any() else tuple(names[i] for i in np.argsort(numbers.to_numpy(), kind="stable"))
    )


def encode_target(frame: pd.DataFrame, target: str | Sequence[str], kind: str, classes: Sequence[str]) -> np.ndarray:
    """y as the contract has it: (n,) int64 positions in `classes`, (n,) float64, or (n, t) float64 for several targets.

    Raises TaskError for a label that `classes` lacks.
    """
    targets = [target] if isinstance(target, str) else list(target)
    if kind != "classification":
        y = np.column_stack([plain_numbers(frame[name]).to_numpy() for name in targets])
        return y[:, 0] if len(targets) == 1 and kind == "regression" else y
    position = {name: i for i, name in enumerate(classes)}
    labels = class_labels(frame[targets[0]])
    unknown = sorted(set(labels) - set(position))
    if unknown:
        raise TaskError(
            f"the target {targets[0]!r} holds the class {unknown[0]!r}, which is not among {', '.join(list(classes)[:20])}: correct it or add it to task.classes"
        )
    return np.array([position[label] for label in labels], dtype=np.int64)
