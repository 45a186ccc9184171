"""`provender methods`: the library of published methods, as their cards tell it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from ..methods.card import Card
from ..methods.registry import all_cards, available_cards, find_method
from .console import console, print_json


def methods(*, json: bool) -> None:
    """All methods, a line each."""
    here = {card.name for card in available_cards()}
    if json:
        print_json({"methods": [_facts(card, here) for card in all_cards()]})
        return
    table = Table(box=None, pad_edge=False)
    for column in ("method", "family", "what it does", "paper"):
        table.add_column(column)
    for card in all_cards():
        summary = card.summary if card.name in here else f"{card.summary} (not installed)"
        table.add_row(*map(Text, (card.name, card.family, summary, card.citation)))
    console().print(table)


def show(name: str, *, json: bool) -> None:
    """One method's card. Raises UserError listing the names when there is no such method."""
    card = find_method(name)
    here = {known.name for known in available_cards()}
    if json:
        print_json(_facts(card, here))
        return
    out = console()
    out.print(Text(f"{card.name}: {card.summary}", style="bold"))
    lines = {
        "paper": f"{card.paper}, {card.year}", "link": card.link, "family": f"{card.family}, acts on {card.slot}",
        "for": ", ".join(card.kinds), "helps when": card.helps, "hurts when": card.hurts, "cost": card.cost,
        "parameters": ", ".join(f"{key} {list(values)}" for key, values in card.choices.items()) or "none to choose",
        "class": card.implementation,
    }  # fmt: skip
    if card.name not in here:
        lines["needs"] = f"pip install 'provender[{card.extra}]'"
    for key, value in lines.items():
        out.print(Text(f"{key:<12}{value}"))


def _facts(card: Card, here: set[str]) -> dict[str, Any]:
    return asdict(card) | {"available": card.name in here}


def as_markdown() -> str:
    """docs/methods.md: every card in a table of its family."""
    lines = ["# Published methods", "", "Made from the cards by `python -m provender.cli.methods`; `provender methods show NAME` tells more.", ""]
    families: dict[str, list[Card]] = {}
    for card in all_cards():
        families.setdefault(card.family, []).append(card)
    for family, cards in families.items():
        lines += [f"## {family[:1].upper()}{family[1:]}", "", "| method | what it does | helps when | hurts when | paper |", "|---|---|---|---|---|"]
        lines += [f"| `{c.name}` | {c.summary} | {c.helps} | {c.hurts} | [{c.citation}]({c.link}) |" for c in cards]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown(), end="")
