"""The report's first half: the gain, and the data state that earned it: what it does, what it changed, its loader."""

from __future__ import annotations

import ast
import re
from typing import Any

from ..journal.events import TestScored
from ..journal.tree import ROOT, Node
from . import figures
from .figures import Claim
from .listing import difference, listing
from .markup import Html, el, join
from .metrics import Account
from .words import count, number, percent, sentence, short, signed, spaced


def gain_part(told: Account, decimals: int) -> Html | None:
    """Development, confirmation and test side by side, and the optimism between the first two."""
    claims = _claims(told)
    if not claims:
        return None
    sigma = told.noise.paired_std if told.noise else 0.0
    band = f" The band is the noise, two standard deviations ({number(2 * sigma, decimals)}) around zero." if sigma else ""
    return section(
        "How much better, and how sure",
        el("figure", figures.gain_plot(claims, sigma, decimals), el("figcaption", f"Gain over the initial data; to the right is better.{band}")),
        el("p", _optimism(told, decimals)),
        _scores(told, decimals),
    )


def _claims(told: Account) -> list[Claim]:
    claims = []
    if told.dev_gain is not None:
        claims.append(Claim(label="development, the best of many", value=told.dev_gain))
    if told.confirmed is not None and told.confirmed.rows:
        claims.append(Claim(label="confirmation", value=told.confirmed.gain, interval=tuple(told.confirmed.interval), strong=True))
    if told.tested is not None and told.tested.node != ROOT:
        claims.append(Claim(label="test, scored once", value=told.tested.gain, interval=tuple(told.tested.interval)))
    return claims


def _optimism(told: Account, decimals: int) -> str:
    gap = told.optimism
    if gap is None or told.confirmed is None or told.dev_gain is None:
        return "A development gain is the best of many tries, so it is too rosy; only a confirmation tells by how much."
    says = f"Optimism, development minus confirmation, is {signed(gap, decimals)}"
    if gap <= 0:
        return f"{says}: the confirmation found no less than the search did."
    return f"{says}: confirmation kept {percent(max(0.0, told.confirmed.gain / told.dev_gain))} of what the search promised." if told.dev_gain > 0 else f"{says}."


def _scores(told: Account, decimals: int) -> Html:
    """The metric itself, before and after."""
    name, direction = spaced(str(told.metric.get("name", "score"))), str(told.metric.get("direction", ""))
    rows: list[tuple[str, float | None, float | None, str]] = []
    if told.subject is not None:
        rows.append(("development", told.tree[ROOT].dev, told.tree[told.subject].dev, "the search's own folds"))
    if (found := told.confirmed) is not None and found.rows:
        key = "" if found.second_key is None else f"; the sealed rows alone {'agree' if found.second_key else 'do not agree'}"
        rows.append(("confirmation", found.initial, found.best,
                     f"{count(found.rows, 'row')}, {count(found.foldings, 'folding')}, two-sided level {found.level:.2g}{key}"))  # fmt: skip
    if isinstance(test := told.tested, TestScored):
        rows.append(("test", test.initial, test.best if test.node != ROOT else None, "scored once, at the end"))
    body = [[label, cell(number(a, decimals)), cell(number(b, decimals)), el("span", why, class_="quiet")] for label, a, b, why in rows]
    return table([f"{name} ({'lower' if direction == 'minimize' else 'higher'} is better)", "#initial", "#this state", ""], body)


def doing_part(told: Account, decimals: int) -> Html | None:
    """What the state does, in the words of its loader, and the way from the initial data to it."""
    if told.subject is None:
        return None
    node = told.tree[told.subject]
    author = {"playbook": "the playbook", "llm": "a language model", "agent": "an outside agent", "person": "a person"}
    by = f"Its loader was written by {author.get(node.author or '', node.author or 'nobody known')}."
    path = told.tree.path(node.id)
    way = [_waypoint(step, decimals) for step in reversed(path)]
    steps = sum(1 for step in path if step.color == "black" and step.id != ROOT)
    return section(
        f"What node {node.id} does",
        _words(node.loader or "") or el("p", sentence(node.summary or ", ".join(node.methods) or "It does not say.")),
        el("p", by, class_="quiet"),
        # A loader's own words tell its last step only: with more than one, the reader needs the way.
        el("details", el("summary", f"The way there: {count(len(way) - 1, 'step')} from the initial data"), el("ol", way), open=steps > 1) if len(way) > 2 else None,
    )  # fmt: skip


def _waypoint(step: Node, decimals: int) -> Html:
    gain = f" {signed(step.gain, decimals)}" if step.gain is not None and step.id != ROOT else ""
    kind = "finds data" if step.color == "red" else "the initial data" if step.id == ROOT else "a data state"
    return el("li", el("b", f"node {step.id}{gain}"), f" {kind}: {short(step.summary or 'no words', 240)}")


def _words(loader: str) -> Html | None:
    """The loader's docstring as paragraphs and lists; None where it has none."""
    try:
        said = ast.get_docstring(ast.parse(loader))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not said:
        return None
    parts = []
    for block in re.split(r"\n\s*\n", said[:6000]):
        lines = block.splitlines()
        if all(line.startswith(("- ", "  ")) for line in lines):
            parts.append(el("ul", [el("li", item.replace("\n", " ")) for item in re.split(r"\n- ", block.removeprefix("- "))]))
        else:
            parts.append(el("p", block.replace("\n", " "), class_=None if parts else "lead"))
    return join(parts)


def loader_part(told: Account) -> Html | None:
    """The loader: what differs from D0's, and the whole text."""
    node = told.tree[told.subject if told.subject is not None else ROOT] if ROOT in told.tree else None
    if node is None or not node.loader:
        return None
    initial = told.tree[ROOT].loader or ""
    if node.id == ROOT:
        return section("The initial loader", el("details", el("summary", "The whole loader"), listing(initial)))
    return section(
        "Its loader",
        el("details", el("summary", "What differs from the initial loader"), difference(initial, node.loader), open=True),
        el("details", el("summary", "The whole loader"), listing(node.loader)),
    )


def section(title: str, *parts: Html | None) -> Html:
    return el("section", el("h2", title), parts)


def cell(value: object) -> Html:
    """A number in a table: to the right, digits below digits."""
    return el("span", str(value), class_="num")


def table(heads: list[str], rows: list[list[Any]]) -> Html:
    """A table that scrolls by itself where the screen is narrow; a head that begins with # stands over numbers.

    A last head without words stands over remarks, which a narrow screen puts below their row.
    """
    top = el("tr", [el("th", head.removeprefix("#"), class_="num" if head.startswith("#") else None, scope="col") for head in heads])
    return el("div", el("table", el("thead", top), el("tbody", [el("tr", [el("td", value) for value in row]) for row in rows])),
              class_="wide" if heads[-1] else "wide noted", tabindex=0)  # fmt: skip
