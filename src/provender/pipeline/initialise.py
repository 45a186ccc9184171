"""`provender init`: make a task folder from a table or a folder of images. Prints nothing; the command does."""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TaskError

if TYPE_CHECKING:
    import pandas as pd

    from ..contract.metric import Metric, Output
    from ..contract.schema import Column, Schema
    from ..profile.target import TaskGuess


@dataclass(frozen=True, slots=True, kw_only=True)
class InitReport:
    """What was inferred and written. `notes` are sentences about what the user should look at."""

    folder: Path
    kind: str
    modality: str
    target: tuple[str, ...]
    classes: tuple[str, ...]
    id: str | None
    metric: str
    learner: str
    output: str
    rows: int
    test_rows: int
    schema: Schema
    notes: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user says of the task; what is not said is inferred.

    metric   a name of contract/metric.py; decides between classes and numbers where the target could be either
    learner  a preset's name, or the path of a learner.py;  output: what that learner.py gives, the metric's first choice unless said
    test     a table with answers, which are sealed, or without, which get predictions
    sample_submission  a table in whose form predictions are to be written
    """

    target: Sequence[str] = ()
    metric: str | None = None
    learner: str | None = None
    output: Output | None = None
    test: Path | None = None
    id: str | None = None
    sample_submission: Path | None = None
    drop_missing_targets: bool = False
    description: str = ""


def initialise(source: Path, into: Path, wishes: Wishes = Wishes()) -> InitReport:
    """Write the task folder `into`: task.toml, data/train.*, sealed/test.* (or data/test.* when it has no answers), learner.py.

    source   a table, or a folder of labelled images (whose target is `label` unless named)

    The folder appears whole or not at all. Raises TaskError for a folder that exists, a target that cannot be
    learnt, a table too small, test columns that differ, and a metric, learner and target that do not fit.
    """
    from ..profile.infer import column_notes, infer_modality, infer_schema
    from ..profile.table import read_table
    from ..profile.target import check_size

    source, into = Path(source), Path(into)
    if into.exists():
        raise TaskError(f"{into} exists already: choose another folder with --into, or remove it")
    if wishes.sample_submission is not None and not wishes.sample_submission.is_file():
        raise TaskError(f"--sample-submission is {str(wishes.sample_submission)!r}, which is no file: name the table whose form predictions are to have")
    frame = read_table(source)
    targets = _targets(source, frame, wishes.target)
    train, notes = _present(source, frame, targets, "the data", wishes.drop_missing_targets)
    check_size(train.frame, source.name)
    notes += _header_notes(train.frame)
    held = None
    if wishes.test is not None:
        held, dropped = _held(Path(wishes.test), train, targets, wishes.drop_missing_targets)
        notes += dropped
    guess, found, chosen, output = _choices(train, held, targets, wishes)
    id = wishes.id
    if id is None:
        id = _row_id(train, held, targets)
        notes += [f"{id} names the rows: it is the task's id and never a feature"] if id else []
    schema = infer_schema(train.frame, target=targets, id=id)
    notes += [*guess.notes, *column_notes(train.frame, schema), *_overlap_notes(train, held, schema)]
    report = InitReport(
        folder=into, kind=guess.kind, modality=infer_modality(schema), target=tuple(targets), classes=guess.classes, id=id,
        metric=found.name, learner=chosen, output=output, rows=len(train.frame), test_rows=0 if held is None else len(held.frame),
        schema=schema, notes=tuple(notes), description=wishes.description,
    )  # fmt: skip
    _write(report, train, held, wishes.sample_submission)
    return report


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the user's: the file it came from, its rows, whether they are all of the file's, and whether it has answers."""

    source: Path
    frame: pd.DataFrame
    whole: bool
    answers: bool = True


def _targets(source: Path, train: pd.DataFrame, target: Sequence[str]) -> list[str]:
    from ..profile.infer import require_column

    if not target and source.is_dir() and "label" in train.columns:
        return ["label"]
    if not target:
        raise TaskError(
            f"no target is named: say which column to predict with --target, one of {', '.join(train.columns[:20])}"
        )
    for name in target:
        require_column(train, name, "target")
    return list(target)


def _present(source: Path, frame: pd.DataFrame, targets: list[str], what: str, drop: bool) -> tuple[_Table, list[str]]:
    """The rows that have every target, and a note when there were others."""
    absent = frame[targets].isna().any(axis=1)
    count = int(absent.sum())
    if not count:
        return _Table(source, frame, whole=source.is_file()), []
    if not drop:
        raise TaskError(
            f"the target {', '.join(map(repr, targets))} is missing in {count} of {len(frame)} rows of {what}: "
            "correct them, or leave them out with --drop-missing-targets"
        )
    note = f"{count} of {len(frame)} rows of {what} have no target and were left out"
    return _Table(source, frame[~absent].reset_index(drop=True), whole=False), [note]


def _held(path: Path, train: _Table, targets: list[str], drop: bool) -> tuple[_Table, list[str]]:
    """The test table, with answers or without; it must have every input column."""
    from ..profile.table import read_table

    frame = read_table(path)
    lacking = [column for column in train.frame.columns if column not in frame.columns and column not in targets]
    if lacking:
        raise TaskError(
            f"{path.name} lacks the column {lacking[0]!r} of the training data: add it, or drop it from both"
        )
    some = [column for column in targets if column in frame.columns]
    if 0 < len(some) < len(targets):
        raise TaskError(
            f"{path.name} has the target {some[0]!r} but not all of {', '.join(targets)}: give all of them or none"
        )
    if some:
        return _present(path, frame, targets, "the test data", drop)
    return _Table(path, frame, whole=path.is_file(), answers=False), []


def _choices(train: _Table, held: _Table | None, targets: list[str], wishes: Wishes) -> tuple[TaskGuess, Metric, str, Output]:
    """Task type, metric, learner (preset name or path) and its output, made to fit one another."""
    from dataclasses import replace

    from ..contract.metric import find_metric
    from ..learners import find_preset
    from ..profile.target import check_classes_metric, check_target, class_names, infer_task

    metric, learner = wishes.metric, wishes.learner
    if metric is not None and metric.endswith(".py"):
        raise TaskError(
            f"metric is {metric!r}: name a built-in one now, then set metric.name and metric.direction in task.toml "
            "to your grade.py"
        )
    wanted = find_metric(metric) if metric else None
    guess = infer_task(train.frame, targets, kind=_kind(wanted))
    answered = [train] if held is None or not held.answers else [train, held]
    for table in answered[1:]:
        check_target(table.frame, targets, guess.kind, varied=False)
    if guess.kind == "classification":
        guess = replace(guess, classes=class_names(*(table.frame[targets[0]] for table in answered)))
    if learner is not None and learner.endswith(".py"):
        chosen = _own_learner(Path(learner))
        output = wishes.output or (wanted or find_metric(guess.metric)).needs[0]
    else:
        chosen = learner or guess.learner
        output = find_preset(chosen, guess.kind).outputs[guess.kind]
    found = wanted or find_metric(next(name for name in (guess.metric, "roc_auc", "accuracy", "rmse") if find_metric(name).accepts(output)))
    if not found.accepts(output):
        raise TaskError(
            f"metric is {found.name!r}, which needs {' or '.join(found.needs)}, but the learner {Path(chosen).stem} gives a {output}: choose another of the two"
        )
    check_classes_metric(found, guess.kind, guess.classes)
    return guess, found, chosen, output


def _kind(metric: Metric | None) -> str | None:
    """The kind of task a metric is for; None where it fits several."""
    if metric is None or set(metric.needs) == {"value", "score"}:
        return None
    return "regression" if metric.needs == ("value",) else "classification"


def _own_learner(path: Path) -> str:
    if not path.is_file():
        raise TaskError(f"learner is {str(path)!r}, which is no file: give the path of a learner.py or a preset's name")
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, ValueError) as error:
        raise TaskError(f"{path.name} does not parse: {error}; correct it") from None
    if not any(isinstance(node, ast.ClassDef) and node.name == "Learner" for node in tree.body):
        raise TaskError(
            f"{path.name} defines no class Learner: give it fit(features, y, weight, seed) and predict(features)"
        )
    return str(path)


def _row_id(train: _Table, held: _Table | None, targets: list[str]) -> str | None:
    from ..profile.infer import infer_schema

    named = infer_schema(train.frame, target=targets).of_kind("id")
    return next((name for name in named if held is None or name in held.frame.columns), None)


def _header_notes(train: pd.DataFrame) -> list[str]:
    numbers = [name for name in train.columns if name.replace(".", "", 1).replace("-", "", 1).isdigit()]
    if len(numbers) * 2 <= len(train.columns):
        return []
    return [
        f"the columns are named {', '.join(map(repr, train.columns[:3]))} …: the first row looks like data, so add a header line if it is"
    ]


def _overlap_notes(train: _Table, held: _Table | None, schema: Schema) -> list[str]:
    import numpy as np

    from ..profile.digests import normalised_digests

    inputs = [column.name for column in schema if column.kind not in ("id", "constant")]
    if held is None or not inputs:
        return []
    known = np.isin(normalised_digests(held.frame, inputs), normalised_digests(train.frame, inputs))
    said = f"{int(known.sum())} of {len(known)} test rows are also training rows (up to case, spaces and rounding)"
    return [said] if known.any() else []


def _write(report: InitReport, train: _Table, held: _Table | None, sample: Path | None) -> None:
    """Write everything beside the folder, check that it reads, then rename: an interrupted init leaves no half a task."""
    from ..contract.task import read_task
    from .predictions import Outline

    into = report.folder
    into.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    try:
        (partial / "sealed").mkdir()
        places = [_place(train, partial / "data", "train")]
        if held is not None:
            places.append(_place(held, partial / ("sealed" if held.answers else "data"), "test"))
        if report.learner.endswith(".py"):
            shutil.copyfile(report.learner, partial / "learner.py")
        if sample is not None:
            shutil.copyfile(sample, partial / "data" / f"sample_submission{sample.suffix}")
        (partial / "task.toml").write_text(_text(report, train, places, held is not None and held.answers, sample), "utf-8")
        Outline.of(read_task(partial), report.classes)
        partial.chmod(0o755)
        partial.rename(into)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _place(table: _Table, folder: Path, stem: str) -> str:
    """Copy the file as it is; a folder, or a table whose rows were left out, becomes one Parquet file."""
    folder.mkdir(exist_ok=True)
    if table.whole:
        suffixes = table.source.suffixes[-2 if table.source.suffix == ".gz" else -1 :]
        shutil.copyfile(table.source, folder / (stem + "".join(suffixes)))
        return f"{folder.name}/{stem}{''.join(suffixes)}"
    table.frame.to_parquet(folder / f"{stem}.parquet", index=False)
    return f"{folder.name}/{stem}.parquet"


def _text(report: InitReport, train: _Table, places: list[str], answers: bool, sample: Path | None) -> str:
    from ..contract.metric import find_metric
    from ..contract.task_text import TaskText

    return TaskText(
        name=report.folder.name,
        kind=report.kind,
        modality=report.modality,
        classes=report.classes,
        train=places[0],
        test=places[1] if len(places) > 1 else None,
        answers=answers,
        sample_submission=None if sample is None else f"data/sample_submission{sample.suffix}",
        id=report.id,
        target=report.target,
        metric=report.metric,
        direction=find_metric(report.metric).direction,
        learner="learner.py" if report.learner.endswith(".py") else report.learner,
        output=report.output,
        schema=report.schema,
        description=report.description,
        comments={column.name: _remark(train.frame[column.name], column) for column in report.schema},
    ).render()


def _remark(values: pd.Series, column: Column) -> str:
    facts = f"{column.cardinality:,} different" + (f", {column.missing:.1%} missing" if column.missing else "")
    present = values.dropna()
    if column.kind == "image" or len(present) == 0:
        return facts
    example = str(present.iloc[0])
    return f"{facts}, such as {example if len(example) <= 40 else example[:37] + '...'}"
