"""Listings show every character of a loader, coloured or not, and a diff shows every line that differs."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from provender.report.listing import coloured, difference
from provender.report.markup import el, text

SOURCE = 'class A:\n    """Two\n    lines."""\n\n    def f(self):\n        return "s" + 1  # why\n'
PYTHON = st.text(st.sampled_from("abdefclass():'\"#\n \t\\1é{}"), max_size=60)


def plain(markup: str) -> str:
    return unescape(re.sub("<[^>]*>", "", markup))


@given(PYTHON)
def test_colouring_changes_no_character(source: str) -> None:
    assert "\n".join(plain(line) for line in coloured(source)) == source.expandtabs(4).rstrip("\n")


def test_comments_strings_keywords_numbers_and_names_are_marked() -> None:
    lines = coloured(SOURCE)
    assert lines[0] == '<span class="k">class</span> <span class="d">A</span>:'
    assert lines[1].startswith('    <span class="s">&quot;&quot;&quot;Two</span>') and lines[2].startswith('<span class="s">    lines.')
    assert '<span class="n">1</span>' in lines[5] and '<span class="c"># why</span>' in lines[5]


@given(PYTHON, PYTHON)
def test_a_diff_shows_every_line_that_differs(before: str, after: str) -> None:
    old, new = (source.expandtabs(4).rstrip("\n").split("\n") for source in (before, after))
    shown = difference(before, after)
    added = [plain(line) for line in re.findall(r'<ins class="line"><b>\+</b>(.*?)</ins>', shown, re.DOTALL)]
    removed = [plain(line) for line in re.findall(r'<del class="line"><b>\u2212</b>(.*?)</del>', shown, re.DOTALL)]
    assert len(added) - len(removed) == len(new) - len(old)
    assert {line or " " for line in new} - {line or " " for line in old} <= set(added)
    assert ("Not a line differs" in shown) == (old == new)


@given(st.text(max_size=40), st.text(max_size=40))
def test_markup_is_escaped_by_construction(words: str, attribute: str) -> None:
    made = el("p", words, class_=attribute)
    assert re.fullmatch(r'<p class="[^"<>]*">[^<>]*</p>', made, re.DOTALL)
    assert text(text(words)) == text(words)
