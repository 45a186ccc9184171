"""Markup: HTML that is escaped by construction. A plain string is text, wherever it came from; only `el` makes elements."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any

Value = str | int | float | bool | None
Child = Any  # a text, a number, Html, None, or an iterable of these

_VOID = frozenset(("meta", "br", "hr"))
# What no reader can see: control characters, halves of surrogate pairs, and the marks that reverse the order of text.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Markup that is safe to put into a page as it stands."""

    __slots__ = ()


def text(value: object) -> Html:
    """Any value as escaped text; what cannot be seen becomes a replacement character, so that nothing hides."""
    if isinstance(value, Html):
        return value
    return Html(escape(_UNSEEN.sub("\ufffd", str(value))))


def join(children: Iterable[Child], between: str = "") -> Html:
    """Children one after the other; None is left out."""
    return Html(text(between).join(_flat(child) for child in children if child is not None))


def el(tag: str, *children: Child, **attributes: Value) -> Html:
    """An element. `class_` is the attribute class, `_` in a name a hyphen; None and False leave an attribute out.

        el("p", "1 < 2", class_="quiet")  ->  <p class="quiet">1 &lt; 2</p>
    """
    told = "".join(_attribute(name, value) for name, value in attributes.items() if value is not None and value is not False)
    if tag in _VOID:
        return Html(f"<{tag}{told}>")
    return Html(f"<{tag}{told}>{join(children)}</{tag}>")


def _attribute(name: str, value: Value) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    shown = f"{value:.6g}" if isinstance(value, float) else text(value)
    return f' {name}="{shown}"'


def _flat(child: Child) -> str:
    if isinstance(child, str | int | float):
        return text(child)
    return join(child)
