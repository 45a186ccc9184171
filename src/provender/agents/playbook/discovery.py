"""A red node: ask for data by name, schema and description, rank the leads, fetch the best few."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..agent import Brief, RedDesk, TaskFacts
from .offers import offers

MOST_FETCHED = 3
_LEAST_WORTH = 0.05
_STOP = frozenset(("the", "and", "for", "with", "from", "that", "this", "which", "are", "predict", "task", "data"))


def discover(brief: Brief, desk: RedDesk) -> str:
    """Fetch at most three leads that offer a use and that the pool does not hold. Returns what was done, as one line."""
    known = {manifest["id"] for manifest in brief.pool}
    leads: dict[str, Mapping] = {}
    for text in queries(brief.task):
        for lead in desk.search({"text": text, "most": 20}):
            leads.setdefault(str(lead["id"]), lead)
    ranked = sorted(
        ((worth(lead, brief.task), id) for id, lead in leads.items() if id not in known), key=lambda pair: (-pair[0], pair[1])
    )
    fetched: list[str] = []
    refused = 0
    for value, id in ranked:
        if value < _LEAST_WORTH or len(fetched) == MOST_FETCHED or refused == 2 * MOST_FETCHED:
            break
        if desk.fetch(leads[id]) is None:
            refused += 1
        else:
            fetched.append(str(leads[id].get("title") or id))
    outcome = f"fetched {', '.join(fetched)}" if fetched else "fetched nothing"
    return f"{outcome} out of {len(leads)} leads" + (f"; {refused} refused" if refused else "")


def queries(facts: TaskFacts) -> list[str]:
    """Words to search by: what the task is about, what its columns are called, what is to be predicted."""
    about = _words(f"{facts.name} {facts.description}")
    columns = _words(" ".join(facts.schema.names))
    asked = _words(" ".join((*facts.targets, *facts.classes)))
    return list(dict.fromkeys(" ".join(words[:12]) for words in (about, columns, asked) if words))


def worth(lead: Mapping, facts: TaskFacts) -> float:
    """0..1: relevance times the coverage or similarity of the lead's best use; 0 when a loader could do nothing with it."""
    return max((offer.worth for offer in offers(lead, facts)), default=0.0)


def _words(text: str) -> list[str]:
    words = re.findall(r"[^\W\d_]{3,}", text.lower())
    return [word for word in dict.fromkeys(words) if word not in _STOP]
