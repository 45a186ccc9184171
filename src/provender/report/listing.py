"""A loader's listing: coloured Python, and what differs from another one. Any text can be listed, broken Python too."""

from __future__ import annotations

import io
import keyword
import token
import tokenize
from collections.abc import Iterator
from difflib import SequenceMatcher

from .markup import Html, el, join, text

_AROUND = 3  # equal lines that a diff shows before and after a difference
_STRINGS = {token.STRING, getattr(token, "FSTRING_START", -1), getattr(token, "FSTRING_MIDDLE", -1), getattr(token, "FSTRING_END", -1)}


def coloured(source: str) -> list[Html]:
    """The lines of a Python text, its comments, strings, keywords, numbers and defined names marked."""
    lines = _lines(source)
    marked: list[list[Html]] = [[] for _ in lines]
    at = [0] * len(lines)
    for name, (row, start), (last, end) in _marks("\n".join(lines)):
        for i in range(row, min(last, len(lines) - 1) + 1):
            begin, stop = start if i == row else 0, end if i == last else len(lines[i])
            if begin < at[i] or stop <= begin:
                continue
            marked[i] += [text(lines[i][at[i] : begin]), el("span", lines[i][begin:stop], class_=name)]
            at[i] = stop
    return [join([*parts, text(line[done:])]) for parts, line, done in zip(marked, lines, at, strict=True)]


def listing(source: str) -> Html:
    """The whole text, its lines numbered."""
    return el("pre", el("code", [_line(line, str(number)) for number, line in enumerate(coloured(source), start=1)]), class_="code", tabindex=0)


def difference(before: str, after: str) -> Html:
    """What `after` has and `before` has not, and the reverse; long stretches of equal lines are left out and counted."""
    old, new = _lines(before), _lines(after)
    was, now = coloured(before), coloured(after)
    groups = list(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND))
    if not groups:
        return el("p", "Not a line differs.", class_="quiet")
    shown, done = [], 0
    for group in groups:
        shown.append(_gap(group[0][3] - done))
        for what, i1, i2, j1, j2 in group:
            if what == "equal":
                shown += [_line(line, " ") for line in now[j1:j2]]
            else:
                shown += [_line(line, "\u2212", "del") for line in was[i1:i2]]
                shown += [_line(line, "+", "ins") for line in now[j1:j2]]
        done = group[-1][4]
    return el("pre", el("code", shown, _gap(len(new) - done)), class_="code diff", tabindex=0)


def _lines(source: str) -> list[str]:
    return source.expandtabs(4).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def _gap(lines: int) -> Html | None:
    return None if lines <= 0 else el("span", f"⋯ {lines} equal line{'' if lines == 1 else 's'}", class_="gap")


def _line(line: Html, lead: str, tag: str = "span") -> Html:
    return el(tag, el("b", lead), line if line else " ", class_="line")


def _marks(source: str) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """(class, (row, column), (row, column)) of what is coloured, rows from 0; ends where the text is no Python any more."""
    before = ""
    try:
        for found in tokenize.generate_tokens(io.StringIO(source + "\n").readline):
            name = _class(found, before)
            if name:
                yield name, (found.start[0] - 1, found.start[1]), (found.end[0] - 1, found.end[1])
            if found.type not in (token.NL, token.INDENT, token.DEDENT):
                before = found.string
    except (tokenize.TokenError, SyntaxError):
        return


def _class(found: tokenize.TokenInfo, before: str) -> str:
    if found.type == token.COMMENT:
        return "c"
    if found.type in _STRINGS:
        return "s"
    if found.type == token.NUMBER:
        return "n"
    if found.type == token.NAME:
        return "k" if keyword.iskeyword(found.string) else "d" if before in ("def", "class") else ""
    return ""
