"""A task for a study: made of a DataFrame, or a folder that is there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contract import task as contract
from ..contract.metric import Output
from ..contract.state import digest
from ..contract.task_text import toml
from ..errors import TaskError
from ..pipeline.initialise import InitReport, Wishes, initialise

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class Task:
    """A task folder, checked. `record` is what it says, `folder` where it lies, `notes` what should be looked at."""

    def __init__(self, record: contract.Task, notes: Sequence[str] = ()) -> None:
        self.record, self.notes = record, tuple(notes)

    @classmethod
    def open(cls, folder: str | Path) -> Task:
        """The task in this folder. Raises TaskError naming the key of task.toml that is wrong, its value and the mend."""
        return cls(contract.read_task(Path(folder)))

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, target: str | Sequence[str] | pd.Series | np.ndarray, learner: Any = None, metric: str | None = None, test: pd.DataFrame | None = None,
        name: str = "task", folder: str | Path | None = None, **more: Any,
    ) -> Task:  # fmt: skip
        """Write a task folder for this table and open it. The same table, learner and metric give the same folder again.

        frame    (n, d) inputs and target; its index is not used
        target   name of the target column, several names, or the target itself as (n,) Series (with the table's index) or array
        learner  a preset's name, the path of a learner.py, or a scikit-learn estimator, which is written out as a learner.py
        metric   a name such as "roc_auc"; fits the target unless given
        test     (m, d) test rows, with the target (scored once) or without (predictions are written)
        folder   where to write it; without one .provender/tasks/NAME-DIGEST
        more     id, description, drop_missing_targets as for `provender init`; group, time, folds, slices, protocol for [evaluation]

        Raises TaskError for what cannot be a task, one sentence with the mend.
        """
        table, names = _table(frame, target)
        evaluation = {key: more.pop(key) for key in ("group", "time", "folds", "slices", "protocol") if key in more}
        if unknown := set(more) - {"id", "description", "drop_missing_targets"}:
            raise TaskError(f"Task.from_frame does not know {min(unknown)!r}: it takes id, description, drop_missing_targets, group, time, folds, slices and protocol")
        for key in ("group", "time"):
            if key in evaluation and evaluation[key] not in table.columns:
                raise TaskError(f"{key} is {evaluation[key]!r}, which the table does not have: it has {', '.join(table.columns[:12])}")
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch)
            _save(table, place / "train.parquet")
            if test is not None:
                _save(_table(test, [])[0], place / "test.parquet")
            chosen, output = _learner(place, learner)
            wishes = Wishes(target=names, metric=metric, learner=chosen, output=output, test=place / "test.parquet" if test is not None else None, **more)
            said = [metric, evaluation, {key: value for key, value in more.items()}, name, chosen if chosen is None or "/" not in chosen else Path(chosen).read_text()]
            content = [path.read_bytes() for path in (place / "train.parquet", place / "test.parquet") if path.exists()]
            into = Path(folder) if folder is not None else Path(".provender") / "tasks" / f"{_slug(name)}-{digest(said, *content)[:10]}"
            if folder is None and (into / "task.toml").exists():
                return cls.open(into)
            report = initialise(place / "train.parquet", into, wishes)
        _evaluation(report, evaluation)
        return cls(contract.read_task(into), report.notes)

    @property
    def folder(self) -> Path:
        return self.record.folder

    @property
    def name(self) -> str:
        return self.record.name

    def __repr__(self) -> str:
        record = self.record
        return f"Task({record.name!r}: {record.kind} of {', '.join(record.data.target)}, {record.metric.name}, in {record.folder})"


def _table(frame: pd.DataFrame, target: str | Sequence[str] | pd.Series | np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """The table with columns named by text, and the names of its targets."""
    import numpy as np
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise TaskError(f"Task.from_frame got a {type(frame).__name__}: give a pandas DataFrame")
    table = frame.set_axis([str(name) for name in frame.columns], axis=1).reset_index(drop=True)
    if isinstance(target, pd.Series | np.ndarray):
        table, target = _beside(table, frame.index, target)
    names = [str(target)] if isinstance(target, str | int) else [str(name) for name in target]
    if repeated := sorted(set(table.columns[table.columns.duplicated()])):
        raise TaskError(f"the table has several columns named {repeated[0]!r}: give each its own name")
    mixed = [name for name in table.columns if table[name].dtype == object and not _is_plain(table[name])]
    return table.assign(**{name: table[name].map(str, na_action="ignore") for name in mixed}), names


def _beside(table: pd.DataFrame, index: pd.Index, target: pd.Series | np.ndarray) -> tuple[pd.DataFrame, str]:
    """The table with this target in it. Nothing is guessed: neither which row a label belongs to, nor which of two columns is meant."""
    import numpy as np

    if np.ndim(target) != 1 or len(target) != len(table):
        raise TaskError(f"the target has the shape {np.shape(target)} and the table {len(table)} rows: give one value a row")
    name = "target"
    if not isinstance(target, np.ndarray):
        if not target.index.equals(index):
            raise TaskError("the target has another index than the table, so it is not clear which row has which label: align them, as with target.loc[table.index]")
        name = str(target.name) if target.name is not None else name
        target = target.array
    if name in table.columns and list(table[name]) == list(target):
        return table, name
    if name in table.columns:
        raise TaskError(f"the target is named {name!r}, as another column of the table is: rename one of the two")
    return table.assign(**{name: target}), name


def _save(table: pd.DataFrame, path: Path) -> None:
    try:
        table.to_parquet(path, index=False)
    except (ValueError, TypeError, NotImplementedError) as error:  # what pyarrow raises derives from these
        raise TaskError(f"the table cannot be written as a file ({str(error).splitlines()[0][:200]}): convert that column to numbers, text or dates") from None


def _is_plain(values: pd.Series) -> bool:
    """Whether an object column holds values of one kind that Parquet knows."""
    kinds = {type(value) for value in values.dropna()}
    return len(kinds) <= 1 and kinds <= {str, bytes, bool, int, float}


def _learner(place: Path, learner: Any) -> tuple[str | None, Output | None]:
    """A preset's name, or the path of a learner.py, which is written here for an estimator; and what it gives, where that is known."""
    if learner is None:
        return None, None
    if isinstance(learner, str | Path):
        return (str(Path(learner).resolve()) if str(learner).endswith(".py") else str(learner)), None
    from ..learners.estimator_text import learner_text, output_of

    path = place / "learner.py"
    path.write_text(learner_text(learner))
    return str(path), output_of(learner)[1]


def _evaluation(report: InitReport, wanted: Mapping[str, Any]) -> None:
    """Put these keys into [evaluation] of the task's file."""
    if not wanted:
        return
    path = report.folder / "task.toml"
    lines = [f"{key} = {value if isinstance(value, int) else toml(value)}" for key, value in wanted.items()]
    kept = [line for line in path.read_text("utf-8").splitlines() if line.partition(" = ")[0].lstrip("# ") not in wanted]
    at = next(i for i, line in enumerate(kept) if line.startswith("[evaluation]"))
    path.write_text("\n".join([*kept[: at + 1], *lines, *kept[at + 1 :]]) + "\n", "utf-8")


def _slug(name: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")[:30] or "task"
