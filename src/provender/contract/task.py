"""The task: a folder with task.toml, its data, its learner and its sealed part. Reading it checks it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import TaskError
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
    """The `[data]` table. Paths are absolute; `train` is None for tasks without training data."""

    train: Path | None
    test: Path | None = None
    validation: Path | None = None
    id: str | None = None
    target: tuple[str, ...] = ()
    weight: str | None = None
    private: tuple[str, ...] = ()
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
    folder = Path(folder).resolve()
    path = folder / "task.toml" if folder.is_dir() else folder
    folder = path.parent
    if not path.exists():
        raise TaskError(f"there is no task.toml in {folder}: make one with  provender init DATA --target COLUMN --into {folder.name}")
    try:
        raw = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise TaskError(f"{path} is not valid TOML: {error}") from None
    return _build(folder, raw)


def _build(folder: Path, raw: dict[str, Any]) -> Task:
    known = {"task", "data", "columns", "metric", "evaluation", "learner", "selection", "budget"}
    if extra := set(raw) - known:
        raise TaskError(f"task.toml has the unknown table [{sorted(extra)[0]}]: the tables are {', '.join(sorted(known))}")
    head = _table(raw, "task", {"name", "modality", "kind", "description", "classes"})
    kind = _choice("task.kind", head.get("kind", "classification"), get_args(Kind))
    modality = _choice("task.modality", head.get("modality", "tabular"), get_args(Modality))
    data = _data(folder, raw, kind)
    learner = _learner(folder, raw)
    metric, grader = _metric(folder, raw, learner)
    initial = folder / "loader.py"
    task = Task(
        folder=folder,
        name=str(head.get("name", folder.name)),
        kind=kind,
        modality=modality,
        data=data,
        metric=metric,
        learner=learner,
        evaluation=_evaluation(raw),
        selection=_selection(folder, raw, kind),
        budget=_budget(raw),
        grader=grader,
        initial=initial.read_text() if initial.exists() else None,
        description=str(head.get("description", "")),
        classes=tuple(str(c) for c in head.get("classes", ())),
        digest=_digest(folder, raw, learner, grader, data),
    )
    _check_output(task)
    return task


def _table(raw: dict, name: str, keys: set[str]) -> dict[str, Any]:
    table = raw.get(name, {})
    if not isinstance(table, dict):
        raise TaskError(f"[{name}] in task.toml must be a table, not {table!r}")
    if extra := set(table) - keys:
        raise TaskError(f"[{name}] has the unknown key {sorted(extra)[0]!r}: it knows {', '.join(sorted(keys))}")
    return table


def _choice(key: str, value: Any, options: tuple[str, ...]) -> Any:
    if value not in options:
        raise TaskError(f"{key} is {value!r}: choose one of {', '.join(options)}")
    return value


def _path(folder: Path, key: str, value: Any) -> Path | None:
    if value is None:
        return None
    path = (folder / str(value)).resolve()
    if not path.exists():
        raise TaskError(f"{key} is {value!r}, but {path} does not exist: correct the path in task.toml")
    return path


def _names(key: str, value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise TaskError(f"{key} is {value!r}: give a column name or a list of names")
    return names


def _data(folder: Path, raw: dict, kind: str) -> Data:
    table = _table(raw, "data", {"train", "test", "validation", "id", "target", "weight", "private"})
    columns = raw.get("columns", {})
    for name, meaning in columns.items():
        _choice(f"columns.{name}", meaning, COLUMN_KINDS)
    train = _path(folder, "data.train", table.get("train"))
    target = _names("data.target", table.get("target", ()))
    if kind in ("classification", "regression", "multilabel") and (train is None or not target):
        raise TaskError(f"a {kind} task needs data.train and data.target in task.toml")
    return Data(
        train=train,
        test=_path(folder, "data.test", table.get("test")),
        validation=_path(folder, "data.validation", table.get("validation")),
        id=table.get("id"),
        target=target,
        weight=table.get("weight"),
        private=_names("data.private", table.get("private", ())),
        columns={str(k): str(v) for k, v in columns.items()},
    )


def _learner(folder: Path, raw: dict) -> LearnerSpec:
    table = _table(raw, "learner", {"preset", "path", "output", "train", "predict", "evaluate", "mounts", "params", "seconds", "memory_mb"})
    path = _path(folder, "learner.path", table.get("path"))
    forms = [bool(table.get("preset")), path is not None, bool(table.get("train") or table.get("evaluate"))]
    if sum(forms) != 1:
        raise TaskError("[learner] needs exactly one of preset = \"logistic\", path = \"learner.py\", or train/evaluate = [...]")
    output = _choice("learner.output", table.get("output", "record" if forms[2] else "probability"), get_args(Output))
    return LearnerSpec(
        output=output,
        preset=table.get("preset"),
        source=path.read_text() if path else None,
        train=tuple(table.get("train", ())),
        predict=tuple(table.get("predict", ())),
        evaluate=tuple(table.get("evaluate", ())),
        mounts=tuple(str(_path(folder, "learner.mounts", m)) for m in table.get("mounts", ())),
        params=table.get("params", {}),
        seconds=float(table.get("seconds", 600.0)),
        memory_mb=int(table.get("memory_mb", 8192)),
    )


def _metric(folder: Path, raw: dict, learner: LearnerSpec) -> tuple[Metric, Path | None]:
    table = _table(raw, "metric", {"name", "direction"})
    name = str(table.get("name", ""))
    direction: Direction | None = table.get("direction")
    if direction is not None:
        _choice("metric.direction", direction, get_args(Direction))
    if name.endswith(".py") or learner.evaluate:
        if direction is None:
            raise TaskError(f"metric.direction is missing: say minimize or maximize for {name or 'the evaluating program'}")
        return program_metric(name or "score", direction), _path(folder, "metric.name", name) if name.endswith(".py") else None
    if not name:
        raise TaskError("metric.name is missing in task.toml: name a metric such as log_loss, or a grade.py")
    metric = find_metric(name)
    if direction not in (None, metric.direction):
        raise TaskError(f"metric.direction is {direction!r}, but {metric.name} is to {metric.direction}: correct or drop it")
    return metric, None


def _evaluation(raw: dict) -> Evaluation:
    table = _table(raw, "evaluation", {"protocol", "folds", "group", "time", "slices", "transductive", "test_size"})
    folds, test_size = int(table.get("folds", 5)), float(table.get("test_size", 0.2))
    if not 2 <= folds <= 50:
        raise TaskError(f"evaluation.folds is {folds}: choose 2 to 50")
    if not 0 < test_size < 1:
        raise TaskError(f"evaluation.test_size is {test_size}: choose a share between 0 and 1")
    return Evaluation(
        protocol=_choice("evaluation.protocol", table.get("protocol", "auto"), get_args(Protocol)),
        folds=folds,
        group=table.get("group"),
        time=table.get("time"),
        slices=_names("evaluation.slices", table.get("slices", ())),
        transductive=bool(table.get("transductive", False)),
        test_size=test_size,
    )


def _selection(folder: Path, raw: dict, kind: str) -> SelectionRule | None:
    if "selection" not in raw:
        if kind == "selection":
            raise TaskError("a selection task needs the table [selection] with pool, rows and id")
        return None
    table = _table(raw, "selection", {"pool", "rows", "id", "transforms"})
    pool = _path(folder, "selection.pool", table.get("pool"))
    rows = int(table.get("rows", 0))
    if pool is None or rows < 1:
        raise TaskError("[selection] needs pool = \"pool.csv\" and rows = the number of rows that may be chosen")
    return SelectionRule(pool=pool, rows=rows, id=str(table.get("id", "id")), transforms=bool(table.get("transforms", False)))


def _budget(raw: dict) -> Budget:
    table = _table(raw, "budget", {"nodes", "time"})
    nodes = table.get("nodes")
    if nodes is not None and int(nodes) < 1:
        raise TaskError(f"budget.nodes is {nodes}: give at least 1")
    return Budget(nodes=None if nodes is None else int(nodes), seconds=seconds(table["time"]) if "time" in table else None)


def seconds(text: str | float) -> float:
    """Seconds of a duration such as 90, "90s", "10m", "1h30m". Raises TaskError for anything else or nothing."""
    match = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", str(text).strip())
    value = sum(float(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60, 1), strict=True)) if match else 0
    if value <= 0:
        raise TaskError(f"a budget of {text!r} is no time: write 90s, 10m or 1h30m")
    return value


def _digest(folder: Path, raw: dict, learner: LearnerSpec, grader: Path | None, data: Data) -> str:
    """Everything but the budget: two budgets make one task, another row or another learner makes another."""
    fixed = {name: table for name, table in raw.items() if name != "budget"}
    files = [grader, data.train, data.test, data.validation]
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
    needs, output = task.metric.needs, task.learner.output
    if task.grader is not None or task.learner.evaluate or output in needs:
        return
    if output == "probability" and "label" in needs:
        return
    raise TaskError(
        f"the metric {task.metric.name} needs {' or '.join(needs)}, but learner.output is {output!r}: "
        f"choose another metric or a learner that gives {needs[0]}"
    )
