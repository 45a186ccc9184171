"""The task: a folder with task.toml, its data, its learner and its sealed part. Reading it checks it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import TaskError
from . import keys
from .learner import LearnerSpec
from .metric import Direction, Metric, Output, find_metric, program_metric
from .schema import COLUMN_KINDS
from .state import digest

Kind = Literal["classification", "regression", "multilabel", "selection", "program"]
"""classification  one target, class labels          regression  one or more numeric targets
multilabel      several 0/1 targets               selection   choose pool rows by id for a program that trains on them
program         training and evaluation are programs; there may be no training data at all"""
Modality = Literal["tabular", "text", "image", "audio", "timeseries", "instruction"]
Protocol = Literal["auto", "holdout", "kfold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """The `[data]` table. Paths are absolute; `train` is None for tasks without training data.

    sample_submission  a table whose columns and order predictions are to be written in
    """

    train: Path | None
    test: Path | None = None
    validation: Path | None = None
    id: str | None = None
    target: tuple[str, ...] = ()
    weight: str | None = None
    private: tuple[str, ...] = ()
    sample_submission: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The `[evaluation]` table. `folds` counts development folds; `test_size` is used when no test file is given."""

    protocol: Protocol = "auto"
    folds: int = 5
    group: str | None = None
    time: str | None = None
    slices: tuple[str, ...] = ()
    transductive: bool = False
    test_size: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRule:
    """The `[selection]` table of a curation task: choose at most `rows` rows of the table `pool` by the ids in `id`."""

    pool: Path
    rows: int
    id: str
    transforms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of a run: nodes of the tree and/or wall-clock seconds."""

    nodes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as read from its folder. `digest` names everything that must not change while a run lives."""

    folder: Path
    name: str
    kind: Kind
    modality: Modality
    data: Data
    metric: Metric
    learner: LearnerSpec
    evaluation: Evaluation = Evaluation()
    selection: SelectionRule | None = None
    budget: Budget = Budget()
    grader: Path | None = None
    initial: str | None = None
    description: str = ""
    classes: tuple[str, ...] = ()
    digest: str = ""


def read_task(folder: Path) -> Task:
    """Read and check `folder/task.toml`. Raises TaskError naming the key, its value and the mend."""
    given = Path(folder).resolve()
    path = given / "task.toml" if given.suffix != ".toml" else given
    if not path.is_file():
        raise TaskError(
            f"there is no task.toml in {path.parent}: make one with  provender init DATA --target COLUMN --into {path.parent.name}"
        )
    try:
        raw = tomllib.loads(keys.read("task.toml", path))
    except tomllib.TOMLDecodeError as error:
        raise TaskError(f"{path} is not valid TOML: {error}; correct that line") from None
    return _build(path.parent, raw)


def _build(folder: Path, raw: dict[str, Any]) -> Task:
    known = {"task", "data", "columns", "metric", "evaluation", "learner", "selection", "budget"}
    if extra := set(raw) - known:
        raise TaskError(
            f"task.toml has the unknown table [{sorted(extra)[0]}]: the tables are {', '.join(sorted(known))}"
        )
    head = keys.table(raw, "task", {"name", "modality", "kind", "description", "classes"})
    classes = keys.names("task.classes", head.get("classes", ()))
    kind = keys.choice("task.kind", head.get("kind", "classification"), get_args(Kind))
    modality = keys.choice("task.modality", head.get("modality", "tabular"), get_args(Modality))
    data = _data(folder, raw, kind)
    learner = _learner(folder, raw)
    metric, grader = _metric(folder, raw, learner)
    selection = _selection(folder, raw, kind)
    words = (*learner.train, *learner.predict, *learner.evaluate)
    programs = [folder / word for word in words if (folder / word).is_file()]
    initial = folder / "loader.py"
    task = Task(
        folder=folder,
        name=keys.string("task.name", head.get("name", folder.name)),
        kind=kind,
        modality=modality,
        data=data,
        metric=metric,
        learner=learner,
        evaluation=_evaluation(raw),
        selection=selection,
        budget=_budget(raw),
        grader=grader,
        initial=keys.read("loader.py", initial) if initial.exists() else None,
        description=keys.string("task.description", head.get("description", "")),
        classes=classes,
        digest=_digest(
            raw, learner, [grader, data.train, data.test, data.validation, selection.pool if selection else None, *programs]
        ),
    )
    _check_roles(data)
    _check_output(task)
    return task


def _data(folder: Path, raw: dict, kind: str) -> Data:
    table = keys.table(raw, "data", {"train", "test", "validation", "id", "target", "weight", "private", "sample_submission"})
    columns = keys.table(raw, "columns", None)
    for name, meaning in columns.items():
        keys.choice(f"columns.{name}", meaning, COLUMN_KINDS)
    train = keys.path(folder, "data.train", table.get("train"))
    target = keys.names("data.target", table.get("target", ()))
    if kind in ("classification", "regression", "multilabel") and (train is None or not target):
        lacking = "data.train" if train is None else "data.target"
        raise TaskError(f"{lacking} is missing: a {kind} task needs data.train and data.target in task.toml")
    if kind == "classification" and len(target) > 1:
        raise TaskError(
            f"data.target is {list(target)}, but task.kind is 'classification': name one target, or set task.kind to multilabel or regression"
        )
    return Data(
        train=train,
        test=keys.path(folder, "data.test", table.get("test")),
        validation=keys.path(folder, "data.validation", table.get("validation")),
        id=keys.optional(table, "data.id"),
        target=target,
        weight=keys.optional(table, "data.weight"),
        private=keys.names("data.private", table.get("private", ())),
        sample_submission=keys.path(folder, "data.sample_submission", table.get("sample_submission")),
        columns=dict(columns),
    )


def _check_roles(data: Data) -> None:
    """A column is either the target, the row id, the weight or an input."""
    roles = [(name, "data.target") for name in data.target] + [(data.id, "data.id"), (data.weight, "data.weight")]
    roles += [(name, "columns") for name in data.columns]
    seen: dict[str, str] = {}
    for name, role in roles:
        if name is not None and seen.setdefault(name, role) != role:
            raise TaskError(f"{role} names the column {name!r}, which is {seen[name]} already: drop one of the two")


def _learner(folder: Path, raw: dict) -> LearnerSpec:
    table = keys.table(
        raw,
        "learner",
        {"preset", "path", "output", "train", "predict", "evaluate", "mounts", "params", "seconds", "memory_mb"},
    )
    path = keys.path(folder, "learner.path", table.get("path"))
    programs = {name: keys.command(f"learner.{name}", table.get(name, ())) for name in ("train", "predict", "evaluate")}
    forms = [bool(table.get("preset")), path is not None, bool(programs["train"] or programs["evaluate"])]
    if sum(forms) != 1:
        given = ", ".join(sorted(set(table) & {"preset", "path", "train", "predict", "evaluate"})) or "none"
        raise TaskError(
            f'[learner] needs exactly one of preset = "logistic", path = "learner.py", or train/evaluate = [...], but has {given}: choose one'
        )
    if programs["train"] and not (programs["predict"] or programs["evaluate"]):
        raise TaskError(
            "learner.predict is missing: a learner.train program needs learner.predict or learner.evaluate beside it"
        )
    output = keys.choice("learner.output", table.get("output", "record" if forms[2] else "probability"), get_args(Output))
    return LearnerSpec(
        output=output,
        preset=keys.optional(table, "learner.preset"),
        source=keys.read("learner.path", path) if path else None,
        **programs,
        mounts=tuple(
            str(keys.path(folder, "learner.mounts", m)) for m in keys.command("learner.mounts", table.get("mounts", ()))
        ),
        params=keys.table(table, "params", None),
        seconds=float(keys.number("learner.seconds", table.get("seconds", 600.0), 0.1, 1e15)),
        memory_mb=int(keys.number("learner.memory_mb", table.get("memory_mb", 8192), 64, 1e15, whole=True)),
    )


def _metric(folder: Path, raw: dict, learner: LearnerSpec) -> tuple[Metric, Path | None]:
    table = keys.table(raw, "metric", {"name", "direction"})
    name = keys.optional(table, "metric.name") or ""
    direction: Direction | None = table.get("direction")
    if direction is not None:
        keys.choice("metric.direction", direction, get_args(Direction))
    if name.endswith(".py") or learner.evaluate:
        if direction is None:
            raise TaskError(
                f"metric.direction is missing: say minimize or maximize for {name or 'the evaluating program'}"
            )
        return program_metric(name or "score", direction), keys.path(folder, "metric.name", name) if name.endswith(
            ".py"
        ) else None
    if not name:
        raise TaskError("metric.name is missing in task.toml: name a metric such as log_loss, or a grade.py")
    metric = find_metric(name)
    if direction not in (None, metric.direction):
        raise TaskError(
            f"metric.direction is {direction!r}, but {metric.name} is to {metric.direction}: correct or drop it"
        )
    return metric, None


def _evaluation(raw: dict) -> Evaluation:
    table = keys.table(raw, "evaluation", {"protocol", "folds", "group", "time", "slices", "transductive", "test_size"})
    return Evaluation(
        protocol=keys.choice("evaluation.protocol", table.get("protocol", "auto"), get_args(Protocol)),
        folds=int(keys.number("evaluation.folds", table.get("folds", 5), 2, 50, whole=True)),
        group=keys.optional(table, "evaluation.group"),
        time=keys.optional(table, "evaluation.time"),
        slices=keys.names("evaluation.slices", table.get("slices", ())),
        transductive=keys.flag("evaluation.transductive", table.get("transductive", False)),
        test_size=float(keys.number("evaluation.test_size", table.get("test_size", 0.2), 0.01, 0.9)),
    )


def _selection(folder: Path, raw: dict, kind: str) -> SelectionRule | None:
    if "selection" not in raw:
        if kind == "selection":
            raise TaskError("a selection task needs the table [selection] with pool, rows and id")
        return None
    table = keys.table(raw, "selection", {"pool", "rows", "id", "transforms"})
    pool = keys.path(folder, "selection.pool", table.get("pool"))
    if pool is None:
        raise TaskError('selection.pool is missing: name the table to choose from, such as pool = "pool.csv"')
    if "rows" not in table:
        raise TaskError("selection.rows is missing: say how many rows may be chosen, such as rows = 1000")
    return SelectionRule(
        pool=pool,
        rows=int(keys.number("selection.rows", table["rows"], 1, 1e15, whole=True)),
        id=keys.string("selection.id", table.get("id", "id")),
        transforms=keys.flag("selection.transforms", table.get("transforms", False)),
    )


def _budget(raw: dict) -> Budget:
    table = keys.table(raw, "budget", {"nodes", "time"})
    return Budget(
        nodes=int(keys.number("budget.nodes", table["nodes"], 1, 1e15, whole=True)) if "nodes" in table else None,
        seconds=seconds(table["time"], "budget.time") if "time" in table else None,
    )


def seconds(text: str | float, key: str = "the budget") -> float:
    """Seconds of a duration such as 90, "90s", "10m", "1h30m". Raises TaskError, naming `key`, for anything else or nothing."""
    match = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", str(text).strip())
    value = (
        sum(float(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60, 1), strict=True)) if match else 0
    )
    if value <= 0:
        raise TaskError(f"{key} is {text!r}, which is no time: write 90s, 10m or 1h30m")
    return value


def _digest(raw: dict, learner: LearnerSpec, files: list[Path | None]) -> str:
    """Everything but the budget: two budgets make one task, another row or another learner makes another."""
    fixed = {name: table for name, table in raw.items() if name != "budget"}
    return digest(fixed, learner.to_json(), *[_file_digest(path) for path in files])


def _file_digest(path: Path | None) -> str:
    import hashlib

    if path is None:
        return ""
    h = hashlib.blake2b(digest_size=16)
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        h.update(str(file.relative_to(path) if path.is_dir() else "").encode())
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                h.update(chunk)
    return h.hexdigest()


def _check_output(task: Task) -> None:
    output = task.learner.output
    if task.grader is not None or task.learner.evaluate:
        return
    if not task.metric.accepts(output):
        needs = task.metric.needs
        raise TaskError(
            f"metric.name is {task.metric.name!r}, which needs {' or '.join(needs)}, but learner.output is {output!r}: "
            f"choose another metric or a learner that gives {needs[0]}"
        )
    if (task.kind == "regression" and output in ("label", "probability")) or (
        task.kind in ("classification", "multilabel") and output == "value"
    ):
        mend = "value" if task.kind == "regression" else "probability"
        raise TaskError(
            f'learner.output is {output!r}, but task.kind is {task.kind!r}: write output = "{mend}", or correct the kind'
        )
