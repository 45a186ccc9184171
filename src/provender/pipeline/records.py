"""The task's records, read once: inputs, targets, and who may see which rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..contract.rows import ROW, row_ids
from ..contract.schema import Schema
from ..contract.split import SEALED_FROM, Split, bundles, make_split
from ..contract.task import Task
from ..errors import TaskError
from ..profile.conform import conform
from ..profile.digests import normalised_digests, row_digests
from ..profile.infer import infer_schema
from ..profile.table import read_table
from ..profile.target import check_classes_metric, check_size, check_target, class_names, encode_target

LEAST_EXAMPLES = 30  # of a benchmark that a program judges
_ASKED = 3  # origin of test inputs without answers; 0 training, 1 validation, 2 test file


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Records:
    """All rows of a task, training and test file below each other; positions index every array here.

    frame       (n, d) inputs only; the index holds row ids. Never handed out whole: folds take what they may see
    y           (n,) class positions or values | (n, t); NaN targets do not occur
    weight      (n,) the user's own example weights, or ones
    bundle      (n,) rows with the same number are never parted
    asked       positions of test inputs without answers (their y means nothing): predictions are written for them
    asked_ids   the values of the task's id column for them, when it has one
    labelled    positions of the training file's rows, whatever part of the split they fell into
    trusted     positions of the validation file's rows: scored on, never trained on
    normalised  (n,) uint64 digests of the inputs after normalising
    benchmark   so many leading rows are the examples that a program judges, known by position only; 0 for other tasks
    """

    schema: Schema
    classes: tuple[str, ...]
    frame: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray
    split: Split
    bundle: np.ndarray
    strata: np.ndarray | None
    time: np.ndarray | None
    asked: np.ndarray
    asked_ids: pd.Series | None
    labelled: np.ndarray
    trusted: np.ndarray
    normalised: np.ndarray
    benchmark: int = 0

    def __len__(self) -> int:
        return len(self.y)

    @property
    def training(self) -> np.ndarray:
        """Positions of the rows that a search may train on and know: S, or the rows beside a benchmark (there may be none)."""
        return np.arange(self.benchmark, len(self)) if self.benchmark else self.split.search


def load_records(task: Task, *, sealed: bool = True) -> Records:
    """Read the task's files and split them. `sealed=False` leaves C empty below 500 rows (playbook only).

    Raises TaskError for missing columns, absent targets, one class only, too few rows.
    """
    if task.kind in ("selection", "program"):
        return _benchmark(task)
    train = read_table(task.data.train)
    _require(train, task, "data.train")
    check_size(train, "data.train")
    check_target(train, task.data.target, task.kind)
    parts, origin = [train], [np.zeros(len(train), int)]
    for number, (key, path) in enumerate((("data.validation", task.data.validation), ("data.test", task.data.test)), start=1):
        if path is None:
            continue
        extra = read_table(path)
        if number == 2 and not set(task.data.target) & set(extra.columns):
            number = _ASKED
            extra = extra.assign(**{name: train[name].iloc[0] for name in task.data.target})
        _require(extra, task, key)
        if task.data.weight and task.data.weight not in extra:
            extra = extra.assign(**{task.data.weight: 1.0})  # how much a row counts matters in training
        _same_columns(extra, train, task, key)
        if missing := int(extra[list(task.data.target)].isna().any(axis=1).sum()):
            raise TaskError(f"{key} lacks the target in {missing} of {len(extra)} rows: drop those rows")
        parts.append(extra)
        origin.append(np.full(len(extra), number))
    table = pd.concat(parts, ignore_index=True)[list(train.columns)]  # what only test rows have, nobody can learn from
    return _assemble(task, table, np.concatenate(origin), sealed)


def _assemble(task: Task, table: pd.DataFrame, origin: np.ndarray, sealed: bool) -> Records:
    data = task.data
    schema = infer_schema(table[origin == 0], target=list(data.target), id=data.id, overrides=dict(data.columns))
    schema = Schema(tuple(c for c in schema if c.name != data.weight))
    classes = ()
    if task.kind == "classification":
        classes = task.classes or class_names(table[data.target[0]])
        check_classes_metric(task.metric, task.kind, classes)
    y = encode_target(table, data.target, task.kind, classes)
    _check_names(task, schema)
    frame = conform(table, schema).set_axis(pd.Index(row_ids(task.digest, len(table)), name=ROW))
    groups = None if task.evaluation.group is None else pd.factorize(table[task.evaluation.group])[0]
    time = None if task.evaluation.time is None else _time(table[task.evaluation.time])
    strata = y if task.kind == "classification" else None
    bundle = bundles(len(table), groups, row_digests(frame))
    own = np.flatnonzero(origin == 0)
    size = None if (origin >= 2).any() else task.evaluation.test_size
    seal = sealed or len(own) * (1 - (size or 0)) >= SEALED_FROM
    inner = make_split(
        bundle[own], None if strata is None else strata[own], None if time is None else time[own],
        digest=task.digest, test_size=size, seal=seal,
    )
    trusted = np.flatnonzero(origin == 1)
    split = Split(
        test=np.concatenate([own[inner.test], np.flatnonzero(origin == 2)]),
        sealed=own[inner.sealed],
        search=own[inner.search],
    )
    if len(split.search) < 20:
        raise TaskError(f"only {len(split.search)} rows are left to search on: bring at least 30 training rows")
    return Records(
        schema=schema,
        classes=tuple(classes),
        frame=frame,
        y=y,
        weight=_weights(table[data.weight]) if data.weight else np.ones(len(table)),
        split=split,
        bundle=bundle,
        strata=strata,
        time=time,
        asked=np.flatnonzero(origin == _ASKED),
        asked_ids=table.loc[origin == _ASKED, data.id] if data.id in table else None,
        labelled=own,
        trusted=trusted,
        normalised=normalised_digests(frame),
    )


def _require(table: pd.DataFrame, task: Task, key: str) -> None:
    named = {"data.id": task.data.id, "data.weight": task.data.weight, "evaluation.group": task.evaluation.group,
             "evaluation.time": task.evaluation.time, **{f"data.target ({t})": t for t in task.data.target}}
    for where, column in named.items():
        if column is not None and column not in table.columns:
            if key == "data.test" and where.startswith(("data.id", "data.weight")):
                continue
            raise TaskError(f"{where} names the column {column!r}, which {key} does not have: it has {', '.join(map(str, table.columns[:12]))}")


def _same_columns(extra: pd.DataFrame, train: pd.DataFrame, task: Task, key: str) -> None:
    known = {*task.data.target, task.data.id, task.data.weight}
    if lacking := [str(name) for name in train.columns if name not in extra.columns and name not in known]:
        raise TaskError(f"{key} lacks the column {lacking[0]!r}, which data.train has: add it, or drop it from data.train")


def _check_names(task: Task, schema: Schema) -> None:
    for key, names in (("evaluation.slices", task.evaluation.slices), ("data.private", task.data.private)):
        if unknown := [name for name in names if name not in (*schema.names, *task.data.target, task.data.id)]:
            raise TaskError(f"{key} names the column {unknown[0]!r}, which data.train does not have: it has {', '.join(schema.names[:12])}")


def _weights(column: pd.Series) -> np.ndarray:
    weight = pd.to_numeric(column, errors="coerce").to_numpy(float)
    bad = ~np.isfinite(weight) | (weight < 0)
    if bad.any() or not weight.any():
        told = f"holds {column[bad].iloc[0]!r}" if bad.any() else "is zero everywhere"
        raise TaskError(f"the weight column {column.name!r} {told}: give each row a number that is not negative, and some more than 0")
    return weight


def _time(column: pd.Series) -> np.ndarray:
    """(n,) sortable times; NaT and what is no time are refused, because rows without a time have no place in it."""
    if column.dtype.kind in "iuf":
        time = column.to_numpy(float)
        bad = np.isnan(time)
    else:
        parsed = pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
        bad = parsed.isna().to_numpy()
        time = parsed.dt.tz_localize(None).to_numpy("M8[us]").view(np.int64)
    if bad.any():
        raise TaskError(f"evaluation.time names {column.name!r}, which holds no time in {int(bad.sum())} rows, such as {column[bad].iloc[0]!r}: drop or correct them")
    return time


def _benchmark(task: Task) -> Records:
    """Records of a task whose program judges: its benchmark's examples, known by position only, and below them what there is to train on."""
    if task.data.test is None:
        raise TaskError("data.test is missing: a task whose program judges needs its sealed benchmark there, which learner.evaluate reads")
    n = len(read_table(task.data.test))
    if n < LEAST_EXAMPLES:
        raise TaskError(f"data.test holds {n} examples: bring at least {LEAST_EXAMPLES}, to search on some and to confirm on others")
    schema, frame = Schema(()), pd.DataFrame(index=range(n))
    if task.data.train is not None:
        train = read_table(task.data.train)
        schema = infer_schema(train, target=[], id=task.data.id, overrides=dict(task.data.columns))
        own = conform(train, schema)
        frame = pd.concat([own.iloc[np.zeros(n, int)], own])  # the benchmark's cells stand for nothing; so integers stay integers
    ids = row_ids(task.digest, len(frame))
    bundle, none = np.arange(n), np.zeros(0, int)
    return Records(
        schema=schema,
        classes=(),
        frame=frame.set_axis(pd.Index(ids, name=ROW)),
        y=np.zeros(len(frame)),
        weight=np.ones(len(frame)),
        split=make_split(bundle, None, None, digest=task.digest, test_size=task.evaluation.test_size, seal=True),
        bundle=np.arange(len(frame)),
        strata=None,
        time=None,
        asked=none,
        asked_ids=None,
        labelled=np.arange(n, len(frame)),
        trusted=none,
        normalised=np.zeros(len(frame), np.uint64),
        benchmark=n,
    )
