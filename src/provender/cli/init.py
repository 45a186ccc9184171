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
    from ..contract.schema import Schema
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


def initialise(
    source: Path,
    *,
    target: Sequence[str] = (),
    metric: str | None = None,
    learner: str | None = None,
    into: Path,
    test: Path | None = None,
    id: str | None = None,
    drop_missing_targets: bool = False,
) -> InitReport:
    """Write the task folder `into`: task.toml, data/train.*, sealed/test.* (or data/test.* when it has no answers), learner.py.

    source   a table, or a folder of labelled images (whose target is `label` unless named)
    metric   a name of contract/metric.py; decides between classes and numbers where the target could be either
    learner  a preset's name, or the path of a learner.py

    The folder appears whole or not at all. Raises TaskError for a folder that exists, a target that cannot be
    learnt, a table too small, test columns that differ, and a metric, learner and target that do not fit.
    """
    from ..profile.infer import column_notes, infer_modality, infer_schema
    from ..profile.table import read_table
    from ..profile.target import check_size

    source, into = Path(source), Path(into)
    if into.exists():
        raise TaskError(f"{into} exists already: choose another folder with --into, or remove it")
    train = read_table(source)
    targets = _targets(source, train, target)
    train, dropped = _present(train, targets, "the data", drop_missing_targets)
    check_size(train, source.name)
    held, notes = None, [*dropped, *_header_notes(train)]
    if test is not None:
        held = read_table(Path(test))
        answers = set(targets) <= set(held.columns)
        if answers:
            held, dropped = _present(held, targets, "the test data", drop_missing_targets)
            notes += dropped
        _check_test(train, held, targets, Path(test).name)
    guess, found, chosen, output = _choices(train, held, targets, metric, learner)
    if id is None:
        id = _row_id(train, held, targets)
        notes += [f"{id} names the rows: it is the task's id and never a feature"] if id else []
    schema = infer_schema(train, target=targets, id=id)
    notes += [*guess.notes, *column_notes(train, schema), *_overlap_notes(train, held, schema)]
    draft = _Draft(source, train, Path(test) if test else None, held, targets, id, guess, found, chosen, output, schema)
    _write(draft, into)
    return InitReport(
        folder=into,
        kind=guess.kind,
        modality=infer_modality(schema),
        target=tuple(targets),
        classes=guess.classes,
        id=id,
        metric=found.name,
        learner=chosen,
        output=output,
        rows=len(train),
        test_rows=0 if held is None else len(held),
        schema=schema,
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    source: Path
    train: pd.DataFrame
    test_source: Path | None
    held: pd.DataFrame | None
    targets: list[str]
    id: str | None
    guess: TaskGuess
    metric: Metric
    learner: str
    output: Output
    schema: Schema


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


def _present(frame: pd.DataFrame, targets: list[str], what: str, drop: bool) -> tuple[pd.DataFrame, list[str]]:
    """The rows that have every target, and a note when there were others."""
    absent = frame[targets].isna().any(axis=1)
    count = int(absent.sum())
    if not count:
        return frame, []
    if not drop:
        raise TaskError(
            f"the target {', '.join(map(repr, targets))} is missing in {count} of {len(frame)} rows of {what}: "
            "correct them, or leave them out with --drop-missing-targets"
        )
    return frame[~absent].reset_index(drop=True), [
        f"{count} of {len(frame)} rows of {what} have no target and were left out"
    ]


def _check_test(train: pd.DataFrame, held: pd.DataFrame, targets: list[str], name: str) -> None:
    lacking = [column for column in train.columns if column not in held.columns and column not in targets]
    if lacking:
        raise TaskError(f"{name} lacks the column {lacking[0]!r} of the training data: add it, or drop it from both")
    some = [column for column in targets if column in held.columns]
    if 0 < len(some) < len(targets):
        raise TaskError(
            f"{name} has the target {some[0]!r} but not all of {', '.join(targets)}: give all of them or none"
        )


def _choices(
    train: pd.DataFrame, held: pd.DataFrame | None, targets: list[str], metric: str | None, learner: str | None
) -> tuple[TaskGuess, Metric, str, Output]:
    """Task type, metric, learner (preset name or "learner.py") and its output, made to fit one another."""
    from dataclasses import replace

    from ..contract.metric import find_metric
    from ..learners import find_preset
    from ..profile.target import check_classes_metric, check_target, class_names, infer_task

    if metric is not None and metric.endswith(".py"):
        raise TaskError(
            f"metric is {metric!r}: name a built-in one now, then set metric.name and metric.direction in task.toml to your grade.py"
        )
    wanted = find_metric(metric) if metric else None
    guess = infer_task(train, targets, kind=_kind(wanted))
    if guess.kind == "classification":
        answered = held is not None and targets[0] in held.columns
        columns = [train[targets[0]], held[targets[0]]] if answered else [train[targets[0]]]
        guess = replace(guess, classes=class_names(*columns))
    if held is not None and set(targets) <= set(held.columns):
        check_target(held, targets, guess.kind, varied=False)
    if learner is not None and learner.endswith(".py"):
        found = wanted or find_metric(guess.metric)
        chosen, output = _own_learner(Path(learner)), found.needs[0]
    else:
        chosen = learner or guess.learner
        output = find_preset(chosen, guess.kind).outputs[guess.kind]
        found = wanted or find_metric(guess.metric if find_metric(guess.metric).accepts(output) else "roc_auc")
        if not found.accepts(output):
            raise TaskError(
                f"metric is {found.name!r}, which needs {' or '.join(found.needs)}, but the learner {chosen} gives "
                f"a {output}: choose another of the two"
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


def _row_id(train: pd.DataFrame, held: pd.DataFrame | None, targets: list[str]) -> str | None:
    from ..profile.infer import infer_schema

    named = infer_schema(train, target=targets).of_kind("id")
    return next((name for name in named if held is None or name in held.columns), None)


def _header_notes(train: pd.DataFrame) -> list[str]:
    numbers = [name for name in train.columns if name.replace(".", "", 1).replace("-", "", 1).isdigit()]
    if len(numbers) * 2 <= len(train.columns):
        return []
    return [
        f"the columns are named {', '.join(map(repr, train.columns[:3]))} …: the first row looks like data, so add a header line if it is"
    ]


def _overlap_notes(train: pd.DataFrame, held: pd.DataFrame | None, schema: Schema) -> list[str]:
    from ..profile.digests import normalised_digests

    inputs = [column.name for column in schema if column.kind not in ("id", "constant")]
    if held is None or not inputs:
        return []
    import numpy as np

    shared = int(np.isin(normalised_digests(held, inputs), normalised_digests(train, inputs)).sum())
    return (
        [f"{shared} of {len(held)} test rows are also training rows (up to case, spaces and rounding)"]
        if shared
        else []
    )


def _write(draft: _Draft, into: Path) -> None:
    """Write everything beside `into`, check that it reads, then rename: an interrupted init leaves no half a task."""
    from ..contract.task import read_task

    into.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    try:
        (partial / "sealed").mkdir()
        train = _place(draft.source, draft.train, partial / "data", "train")
        answers = draft.held is not None and set(draft.targets) <= set(draft.held.columns)
        test = None
        if draft.held is not None and draft.test_source is not None:
            test = _place(draft.test_source, draft.held, partial / ("sealed" if answers else "data"), "test")
        if draft.learner.endswith(".py"):
            shutil.copyfile(draft.learner, partial / "learner.py")
        (partial / "task.toml").write_text(_text(draft, into.name, train, test, answers), "utf-8")
        read_task(partial)
        partial.chmod(0o755)
        partial.rename(into)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _place(source: Path, frame: pd.DataFrame, folder: Path, stem: str) -> str:
    """Copy the file as it is; a folder, or a table whose rows were left out, becomes one Parquet file."""
    from ..profile.table import read_table

    folder.mkdir(exist_ok=True)
    whole = source.is_file() and len(read_table(source)) == len(frame)
    name = (
        f"{stem}{''.join(source.suffixes[-2:] if source.suffix == '.gz' else source.suffixes[-1:])}"
        if whole
        else f"{stem}.parquet"
    )
    if whole:
        shutil.copyfile(source, folder / name)
    else:
        frame.to_parquet(folder / name, index=False)
    return f"{folder.name}/{name}"


def _text(draft: _Draft, name: str, train: str, test: str | None, answers: bool) -> str:
    from ..contract.task_text import TaskText
    from ..profile.infer import infer_modality

    return TaskText(
        name=name,
        kind=draft.guess.kind,
        modality=infer_modality(draft.schema),
        classes=draft.guess.classes,
        train=train,
        test=test,
        answers=answers,
        id=draft.id,
        target=draft.targets,
        metric=draft.metric.name,
        direction=draft.metric.direction,
        learner="learner.py" if draft.learner.endswith(".py") else draft.learner,
        output=draft.output,
        schema=draft.schema,
        comments={column.name: _remark(draft.train[column.name], column) for column in draft.schema},
    ).render()


def _remark(values: pd.Series, column) -> str:
    facts = f"{column.cardinality:,} different" + (f", {column.missing:.1%} missing" if column.missing else "")
    present = values.dropna()
    if column.kind == "image" or len(present) == 0:
        return facts
    example = str(present.iloc[0])
    return f"{facts}, such as {example if len(example) <= 40 else example[:37] + '...'}"
