"""A source of external data, the query that a red node puts to it, and the leads that come back.

A lead names data that *may* help and says how (`uses`); it has not been read by anything but the sketch and is not
yet admitted. The pipeline fetches a lead by copying the regular file that `Source.locate` names, parses it in a
sandbox, and lets the guard screen it; only then it becomes a pool asset, under the lead's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from ..contract.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One table or corpus that a source offers. Every field is JSON, so that it can be journaled as it is.

    id         source name and 12 hex digits of the content's digest: "lake:9f3a21c0d1e2". The same bytes, the same id
    source     name of the source
    title      what a person would call it
    locator    where the source finds it again: a path relative to its root, or "package/resource"
    format     csv | tsv | parquet | json | jsonl | lines
    rows       number of records;  bytes  size of the file
    licence    as stated beside the data or in the package's metadata; None when nothing is stated
    schema     one mapping a column: {"name", "kind", "semantic", "samples"}
    modality   tabular | text
    uses       candidate uses, the best first (see `sources.uses`):
               {"use": "join", "on": [[task column, asset column]], "columns": [asset columns worth adding],
                "coverage": 0..1, "one_to_many": bool}
               {"use": "append", "mapping": {task column: asset column}, "target": asset column,
                "label_map": {asset value: class} | None, "scale": [a, b] | None, "similarity": 0..1}
               `scale` says that a * value + b is on the task's scale
    relevance  0 (of no use, or the task's own data) to 1, comparable within one query
    notes      what a person should know: why the relevance is 0, what could not be read
    """

    id: str
    source: str
    title: str
    locator: str
    format: str
    rows: int
    bytes: int
    licence: str | None
    schema: tuple[Mapping[str, object], ...]
    modality: str
    uses: tuple[Mapping[str, object], ...] = ()
    relevance: float = 0.0
    notes: str = ""

    def to_json(self) -> dict:
        return {**asdict(self), "schema": [dict(c) for c in self.schema], "uses": [dict(u) for u in self.uses]}

    @staticmethod
    def from_json(lead: Mapping) -> Lead:
        return Lead(**{**lead, "schema": tuple(lead["schema"]), "uses": tuple(lead["uses"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a red node asks for. Nothing in it was seen outside the search rows S.

    text      words to look for in titles and column names; may be empty
    schema    the task's input columns;  target  names of its target columns;  kind  the task's kind
    classes   class names, empty for regression
    sketches  {column: sketch as JSON} of the search rows' columns, the targets included
    most      at most this many leads come back, the most relevant first
    """

    text: str
    schema: Schema
    target: tuple[str, ...]
    kind: str
    classes: tuple[str, ...]
    sketches: Mapping[str, Mapping]
    most: int = 20

    def to_json(self) -> dict:
        return {
            "text": self.text,
            "schema": self.schema.to_json(),
            "target": list(self.target),
            "kind": self.kind,
            "classes": list(self.classes),
            "sketches": {name: dict(sketch) for name, sketch in self.sketches.items()},
            "most": self.most,
        }

    @staticmethod
    def from_json(query: Mapping) -> Query:
        return Query(
            text=query["text"],
            schema=Schema.from_json(query["schema"]),
            target=tuple(query["target"]),
            kind=query["kind"],
            classes=tuple(query["classes"]),
            sketches=query["sketches"],
            most=query.get("most", 20),
        )


class Source(Protocol):
    """Somewhere to look for data. Deterministic: the same query to the same content gives the same leads in the same order."""

    name: str

    def search(self, query: Query) -> list[Lead]:
        """Leads for this query, the most relevant first, at most `query.most`."""
        ...

    def preview(self, lead: Lead) -> Mapping[str, object]:
        """What a person or agent looks at before fetching: {"schema", "rows", "sample": first records, "notes"}."""
        ...

    def locate(self, lead: Lead) -> Path:
        """The regular file whose bytes the pipeline admits. Raises UserError when it is gone or has changed."""
        ...
