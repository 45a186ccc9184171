"""The columns of a task and what each of them means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

ColumnKind = Literal["numeric", "category", "text", "date", "image", "id", "constant"]
"""What a column means to a loader.

numeric   numbers whose order and distance mean something (booleans are numeric 0/1)
category  a label out of few or many: strings, or codes stored as integers
text      prose: words that repeat across otherwise different values
date      a day or an instant
image     encoded image files (PNG, JPEG …) as bytes
id        names a row; never a feature of D0
constant  one single value; never a feature of D0
"""

COLUMN_KINDS: tuple[str, ...] = get_args(ColumnKind)


@dataclass(frozen=True, slots=True)
class Column:
    """One input column.

    `cardinality` is the number of distinct present values, `missing` the share of absent ones (0 to 1), both
    measured on the training file when the schema was made.
    """

    name: str
    kind: ColumnKind
    cardinality: int = 0
    missing: float = 0.0


@dataclass(frozen=True, slots=True)
class Schema:
    """The input columns of a task, in the order of its file; target and row id are not among them."""

    columns: tuple[Column, ...]

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def of_kind(self, *kinds: ColumnKind) -> list[str]:
        """Names of the columns of these kinds, in file order."""
        return [column.name for column in self.columns if column.kind in kinds]

    def to_json(self) -> list[dict]:
        return [
            {"name": c.name, "kind": c.kind, "cardinality": c.cardinality, "missing": c.missing} for c in self.columns
        ]

    @staticmethod
    def from_json(columns: list[Mapping]) -> Schema:
        return Schema(tuple(Column(**column) for column in columns))
