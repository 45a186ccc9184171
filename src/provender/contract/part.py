"""A part of a data state: one thing that it does to the data and that can be undone by itself, to see what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PartKind = Literal["source", "drop", "edit", "relabel", "weight", "synthesise", "step"]
"""source      one pool asset: undone by handing the loader the asset without rows, so that an append brings nothing
            and a join finds nothing
drop        dropped rows of the task: they come back;         edit     edited cells: the originals come back
relabel     changed labels: the originals come back;          weight   weights: the task's own come back
synthesise  rows that were made up, by `rows` or by `fit`: left out
step        one method of a playbook's recipe: the loader is written again without it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """kind     what is undone
    subject  a source's asset id, a step's method; "" otherwise
    count    rows (or, for an edit, rows with edited cells) of the first fold that it touches; 0 where nobody counted
    """

    kind: PartKind
    subject: str = ""
    count: int = 0

    def to_json(self) -> dict:
        return {"kind": self.kind, "subject": self.subject, "count": self.count}

    @staticmethod
    def from_json(value: Mapping) -> Part:
        return Part(kind=value["kind"], subject=value.get("subject", ""), count=value.get("count", 0))
