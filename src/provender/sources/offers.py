"""From indexed tables to ranked leads: what every source that keeps an index does with a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from .index import Entry, digest_of
from .source import Lead, Query
from .uses import OWN, find_uses, text_match

_SAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An indexed table with what the source knows about it."""

    entry: Entry
    title: str
    licence: str | None = None


def rank(source: str, offers: Iterable[Offer], query: Query) -> list[Lead]:
    """Leads for the query, the most relevant first, at most `query.most`; one a content.

    Offered are tables with a use, tables whose title or columns answer the query's words, and (relevance 0, with a
    note) the task's own file, so that a person sees why it is not used.
    """
    leads: dict[str, Lead] = {}
    for offer in offers:
        if offer.entry.table is None:
            continue
        lead = _lead(source, offer, query)
        if (lead.uses or lead.relevance or lead.notes == OWN) and lead.id not in leads:
            leads[lead.id] = lead
    return sorted(leads.values(), key=lambda lead: (-lead.relevance, lead.locator))[: query.most]


def _lead(source: str, offer: Offer, query: Query) -> Lead:
    table = offer.entry.table
    assert table is not None
    uses, relevance, note = find_uses(query, table)
    match = text_match(query.text, offer.title, [column["name"] for column in table["columns"]])
    if note != OWN:
        relevance = min(1.0, relevance + (0.05 if uses else 0.1) * match)
    kinds = [column["kind"] for column in table["columns"]]
    return Lead(
        id=f"{source}:{offer.entry.digest[:12]}",
        source=source,
        title=offer.title,
        locator=offer.entry.path,
        format=table["format"],
        rows=table["rows"],
        bytes=offer.entry.size,
        licence=offer.licence,
        schema=tuple(
            {"name": c["name"], "kind": c["kind"], "semantic": c["semantic"], "samples": list(c["samples"][:_SAMPLES])}
            for c in table["columns"]
        ),
        modality="text" if "text" in kinds and 2 * kinds.count("text") >= len([k for k in kinds if k not in ("id", "constant")]) else "tabular",
        uses=uses,
        relevance=round(relevance, 4),
        notes="; ".join(part for part in (note, table["notes"]) if part),
    )


def preview(lead: Lead, table: Mapping | None) -> Mapping[str, object]:
    """See `Source.preview`."""
    sample = table["sample"] if table else []
    return {"schema": [dict(column) for column in lead.schema], "rows": lead.rows, "sample": sample, "notes": lead.notes}


def located(lead: Lead, root: Path, digest: str | None) -> Path:
    """The lead's file under the root. Raises UserError when it is no regular file inside it, or has other bytes."""
    path = root / lead.locator
    if digest is None or path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
        raise UserError(f"{lead.locator} is no longer a regular file of {root.name}: search again")
    if digest_of(path) != digest:
        raise UserError(f"{lead.locator} has changed since it was sketched: search again")
    return path
