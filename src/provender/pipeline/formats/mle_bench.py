"""A competition folder of MLE-bench (https://arxiv.org/abs/2410.07095), as its `prepare` leaves it:

    prepared/public/   description.md · train.csv · test.csv · sample_submission.csv
    prepared/private/  test.csv, or another csv with the answers

What its tables have in common is enough for one-table competitions: the sample submission names the row id and what is
to be predicted, the answers hold the test labels. A competition whose public files are something else (images, audio,
several tables) is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ...errors import TaskError
from ...profile.table import read_table

DESCRIPTION_AT_MOST = 4_000  # characters: what it is about stands first, prizes and dates come after


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Competition:
    """train, test     tables with the targets; `test` has the private answers joined on the id
    id, target      column names;  submission  columns of a submission, in order;  description  its text
    """

    name: str
    train: pd.DataFrame
    test: pd.DataFrame
    id: str
    target: tuple[str, ...]
    submission: tuple[str, ...]
    description: str


def is_mle_bench(folder: Path) -> bool:
    """Whether the folder has MLE-bench's layout."""
    return (folder / "prepared" / "public" / "sample_submission.csv").exists() and (folder / "prepared" / "private").is_dir()


def read_mle_bench(folder: Path) -> Competition:
    """Read a competition. Raises TaskError, naming the file, where it does not come as tables with a common id."""
    public, private = folder / "prepared" / "public", folder / "prepared" / "private"
    for name in ("train.csv", "test.csv"):
        if not (public / name).exists():
            raise TaskError(f"the competition {folder.name} has no {public / name}: only competitions of one training table can be read as they stand")
    train, test = read_table(public / "train.csv"), read_table(public / "test.csv")
    sample = read_table(public / "sample_submission.csv")
    answers = _answers(private, sample)
    row = str(sample.columns[0])
    if row not in test.columns:
        raise TaskError(f"the sample submission of {folder.name} is keyed by {row!r}, which test.csv lacks: it is not one prediction a row")
    target = _target(folder.name, train, test, sample)
    labels = _labels(answers, row, target, train)
    joined = test.drop(columns=list(target), errors="ignore").merge(labels, on=row, how="inner", validate="one_to_one")
    if len(joined) < len(test):
        raise TaskError(f"the answers of {folder.name} cover {len(joined)} of {len(test)} test rows: prepare the competition again")
    description = public / "description.md"
    return Competition(
        name=folder.name,
        train=train,
        test=joined,
        id=row,
        target=target,
        submission=tuple(map(str, sample.columns)),
        description=description.read_text("utf-8", errors="replace")[:DESCRIPTION_AT_MOST] if description.exists() else "",
    )


def _answers(private: Path, sample: pd.DataFrame) -> pd.DataFrame:
    files = sorted(private.glob("*.csv"))
    for path in sorted(files, key=lambda p: p.name not in ("test.csv", "answers.csv")):
        table = read_table(path)
        if sample.columns[0] in table.columns:
            return table
    raise TaskError(f"no csv in {private} has the column {sample.columns[0]!r}: the answers are missing")


def _target(name: str, train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame) -> tuple[str, ...]:
    """What is predicted: the submission's own columns, or the one column of train that test lacks and that holds them as classes."""
    asked = [str(column) for column in sample.columns[1:]]
    if set(asked) <= set(train.columns):
        return tuple(asked)
    missing = [c for c in train.columns if c not in test.columns]
    if len(missing) == 1 and set(train[missing[0]].astype("str")) == set(asked):
        return (str(missing[0]),)
    raise TaskError(f"what {name} asks for ({', '.join(asked[:5])}) is neither columns nor classes of its training table: it needs a reader of its own")


def _labels(answers: pd.DataFrame, row: str, target: tuple[str, ...], train: pd.DataFrame) -> pd.DataFrame:
    """Row id and target columns; answers given as one column a class are turned back into the class."""
    if set(target) <= set(answers.columns):
        return answers[[row, *target]]
    classes = [c for c in train[target[0]].astype("str").unique() if c in answers.columns]
    if not classes:
        raise TaskError(f"the answers hold neither {', '.join(target)} nor its classes")
    return pd.DataFrame({row: answers[row], target[0]: answers[classes].to_numpy().argmax(axis=1)}).assign(
        **{target[0]: lambda frame: [classes[i] for i in frame[target[0]]]}
    )
