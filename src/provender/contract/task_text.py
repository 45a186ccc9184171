"""The text of a task.toml: commented, so that the user can correct what was inferred. `read_task` reads it back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .schema import COLUMN_KINDS, Schema

_MOST_CLASSES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskText:
    """What goes into task.toml; paths are relative to the task folder. `learner` is a preset's name or a path ending in .py."""

    name: str
    kind: str
    modality: str
    classes: Sequence[str]
    train: str
    test: str | None
    answers: bool
    id: str | None
    target: Sequence[str]
    metric: str
    direction: str
    learner: str
    output: str
    schema: Schema
    sample_submission: str | None = None
    comments: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    def render(self) -> str:
        parts = [self._task(), self._data(), self._columns(), self._metric(), self._learner(), _REST]
        return "\n\n".join(parts)

    def _task(self) -> str:
        lines = [
            "[task]",
            f"name = {toml(self.name)}",
            f"kind = {toml(self.kind)}",
            f"modality = {toml(self.modality)}",
        ]
        lines[2] += "    # classification | regression | multilabel"
        lines[3] += "    # tabular | text | image"
        if 0 < len(self.classes) <= _MOST_CLASSES:
            lines.append(f"classes = {toml(self.classes)}    # the order of a learner's probabilities")
        if self.description:
            lines.append(f"description = {_paragraphs(self.description)}    # red nodes search for its words")
        return "\n".join(lines)

    def _data(self) -> str:
        lines = ["[data]", f"train = {toml(self.train)}"]
        if self.test:
            said = (
                "with answers: scored once, at the end"
                if self.answers
                else "without answers: predictions are written for it"
            )
            lines.append(f"test = {toml(self.test)}    # {said}")
        else:
            lines.append('# test = "sealed/test.csv"    # without one a fifth of the rows is set aside')
        lines.append(
            f"id = {toml(self.id)}" if self.id else '# id = "id"    # a column that names the rows; never a feature'
        )
        lines.append(f"target = {toml(self.target[0] if len(self.target) == 1 else self.target)}")
        if self.sample_submission:
            lines.append(f"sample_submission = {toml(self.sample_submission)}    # predictions get its columns and its order")
        lines.append('# weight = "…"    # a column of example weights')
        lines.append('# private = ["…"]    # columns that never leave this machine')
        return "\n".join(lines)

    def _columns(self) -> str:
        lines = [f"[columns]    # inferred; correct what is wrong: {' | '.join(COLUMN_KINDS)}"]
        for column in self.schema:
            entry = f"{_key(column.name)} = {toml(column.kind)}"
            remark = self.comments.get(column.name, "")
            lines.append(f"{entry}    # {_one_line(remark)}" if remark else entry)
        return "\n".join(lines)

    def _metric(self) -> str:
        return f"[metric]\nname = {toml(self.metric)}\ndirection = {toml(self.direction)}"

    def _learner(self) -> str:
        form = "path" if self.learner.endswith(".py") else "preset"
        return f"[learner]\n{form} = {toml(self.learner)}\noutput = {toml(self.output)}    # label | probability | score | value"


_REST = """[evaluation]
protocol = "auto"    # holdout | kfold
# group = "…"    # rows with the same value are never parted
# time = "…"    # train on the past, score the future
# slices = ["…"]    # columns whose groups are reported apart

[budget]
time = "10m"
# nodes = 40
"""


def toml(value: str | Sequence[str]) -> str:
    """A TOML string or array of strings."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return "[" + ", ".join(toml(item) for item in value) + "]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)


def _paragraphs(text: str) -> str:
    """A TOML string that keeps its lines."""
    plain = "".join(c if c.isprintable() or c == "\n" else " " for c in text.strip())
    return '"""\n' + plain.replace("\\", "\\\\").replace('"""', "'''").rstrip('"') + '"""'


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
