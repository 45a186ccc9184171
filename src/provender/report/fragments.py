"""Pieces of the report for notebooks: each in a frame of its own, so that no style leaks in or out and nothing in it can run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

from ..journal.store import Stored
from .credits import credits
from .data_part import credits_figure
from .listing import difference
from .markup import Html, el
from .metrics import account
from .page import report
from .picture import tree_picture
from .search_part import tree_labels
from .verdict import verdict
from .words import decimals_for

_HEAD = 96  # pixels beside a picture: headline and margins


def framed(*parts: Html | None, height: int) -> str:
    """These parts in an iframe of this height in pixels, with the report's style, without scripts or requests."""
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    page = el("html", el("head", el("meta", charset="utf-8"), el("style", Html(style + "\nmain { padding: 0 0.5rem; } h1 { font-size: 1.3rem; }"))),
              el("body", el("main", parts)))  # fmt: skip
    return f'<iframe sandbox="" style="border: 0; width: 100%; height: {height}px" srcdoc="{escape(f"<!doctype html>{page}", quote=True)}"></iframe>'


def run_html(run: str, story: Sequence[Stored]) -> str:
    """What a run found, in a headline, and its tree."""
    told = account(run, story)
    found = verdict(told, decimals_for(told.noise.paired_std if told.noise else None))
    picture, height = _picture(run, story)
    return framed(el("h1", found.headline, class_=found.tone), el("p", found.because), picture, height=height + 2 * _HEAD)


def tree_html(run: str, story: Sequence[Stored]) -> str:
    """The DataTree."""
    picture, height = _picture(run, story)
    return framed(picture, height=height + 24)


def credits_html(run: str, story: Sequence[Stored]) -> str:
    """What each part of the run's state is worth; a sentence where no part was credited."""
    told = account(run, story)
    drawn = credits_figure(told, decimals_for(told.noise.paired_std if told.noise else None))
    bars = len(credits(told.events, told.subject)) if drawn is not None else 0
    return framed(drawn or el("p", "No part of a state has been credited."), height=56 + (42 * bars + 130 if bars else 0))


def report_html(run: str, story: Sequence[Stored], height: int = 900) -> str:
    """The whole report."""
    return f'<iframe sandbox="" style="border: 0; width: 100%; height: {height}px" srcdoc="{escape(report(run, story), quote=True)}"></iframe>'


def diff_html(rows: Sequence[tuple[str, str]], before: str, after: str, height: int = 420) -> str:
    """Facts about a data diff, and the two loaders side by side."""
    facts = el("table", [el("tr", el("td", name), el("td", value)) for name, value in rows])
    return framed(el("div", facts, class_="wide"), difference(before, after), height=height)


def _picture(run: str, story: Sequence[Stored]) -> tuple[Html, int]:
    told = account(run, story)
    picture = tree_picture(told.tree, decimals_for(told.noise.paired_std if told.noise else None), tree_labels(told))
    depth = max((len(told.tree.path(node.id)) for node in told.tree), default=1)
    return el("div", picture, class_="wide"), 76 * depth + 76
