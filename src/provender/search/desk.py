"""The red desk: where an agent searches sources and asks for leads to be admitted. What happened is kept as events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from ..agents.agent import RedDesk
from ..errors import UserError
from ..journal.events import AssetAdmitted, AssetRefused, Event
from ..profile.sketch import sketch_frame
from ..sources.source import Lead, Query, Source
from .setup import Setup

FETCHES_AT_MOST = 5


class SourceDesk(RedDesk):
    """One red node's desk. It runs in a worker; the run appends its `events` when the node is done.

    question  what is asked of the sources in every search of a run, from `question_of`; only words and number differ
    known     ids of the assets that the pool held when the node was started
    """

    def __init__(self, setup: Setup, question: Query, node: int, known: Collection[str]) -> None:
        self.setup, self.question, self.node = setup, question, node
        self.known = set(known)
        self.events: list[Event] = []
        self.admitted: list[str] = []
        self._leads: dict[str, tuple[Source, Lead]] = {}
        self._fetched = 0

    def search(self, query: Mapping[str, object]) -> list[Mapping[str, object]]:
        """Leads for {"text": words, "most": int}, over all sources, the most relevant first; what the pool has is left out."""
        asked = replace(self.question, text=str(query.get("text", "")), most=int(query.get("most", 20)))  # type: ignore[call-overload]
        found = [(source, lead) for source in self.setup.sources for lead in source.search(asked)]
        found.sort(key=lambda pair: (-pair[1].relevance, pair[1].id))
        leads = []
        for source, lead in found:
            if lead.id not in self.known and lead.id not in {kept["id"] for kept in leads}:
                self._leads[lead.id] = (source, lead)
                leads.append(lead.to_json())
        return leads[: asked.most]

    def fetch(self, lead: Mapping[str, object]) -> str | None:
        """Bring a lead that `search` gave into the pool; None when it is unknown, refused, or the node fetched enough."""
        name = str(lead.get("id"))
        if name not in self._leads or name in self.known or self._fetched >= FETCHES_AT_MOST:
            return None
        self._fetched += 1
        source, known = self._leads[name]
        try:
            admission = self.setup.customs.admit(known.to_json(), source.locate(known))
        except UserError as error:
            return self._refuse(name, str(error))
        if admission.asset is None:
            return self._refuse(name, admission.reason)
        self.known.add(name)
        self.admitted.append(name)
        self.events.append(AssetAdmitted(node=self.node, asset=name, manifest=admission.manifest))
        return name

    def _refuse(self, lead: str, reason: str) -> None:
        self.events.append(AssetRefused(node=self.node, lead=lead, reason=reason))


def question_of(setup: Setup) -> Query:
    """What the sources are told about the task: schema, target and sketches of its search rows."""
    records, task = setup.records, setup.task
    rows = records.training
    frame = records.frame.iloc[rows]
    y = records.y[rows]
    if task.kind == "classification":
        frame = frame.assign(**{task.data.target[0]: [records.classes[i] for i in y]})
    else:
        columns = y if y.ndim == 2 else y[:, None]
        frame = frame.assign(**{name: columns[:, j] for j, name in enumerate(task.data.target)})
    return Query(
        text="",
        schema=records.schema,
        target=task.data.target,
        kind=task.kind,
        classes=records.classes,
        sketches={name: sketch.to_json() for name, sketch in sketch_frame(frame).items()},
    )
