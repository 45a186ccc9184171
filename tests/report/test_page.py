"""The page: honest about what is proven, whole for every beginning of a run, deaf to whatever its texts say."""

from __future__ import annotations

import base64
import hashlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import Reading
from stories import (
    HOSTILE,
    all_failed,
    credited,
    hostile,
    initial,
    interrupted,
    large,
    opening,
    proven,
    stored,
    unproven,
)

from provender.journal.events import (
    Accepted,
    BudgetExtended,
    Confirmed,
    Event,
    FinalistFrozen,
    NodeGrown,
    RunResumed,
    RunVoided,
    StateProposed,
    TestScored,
)
from provender.report.page import report

STORIES = {
    "nothing at all": [], "just started": opening()[:1], "D0 in work": opening(), "noise measured": [*opening(), *initial()],
    "interrupted": interrupted(), "all failed": all_failed(), "not proven": unproven(), "proven": proven(), "credited": credited(), "hostile": hostile(),
    "40 nodes": large(40), "400 nodes": large(400),
}  # fmt: skip
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "h1", "h2", "h3", "p", "b", "i", "small", "span", "code", "pre",
    "ins", "del", "ul", "ol", "li", "dl", "dt", "dd", "div", "figure", "figcaption", "details", "summary", "table", "thead", "tbody", "tr", "th", "td",
    "svg", "g", "path", "rect", "line", "circle", "text",
}  # fmt: skip
ATTRIBUTES = {
    "class", "lang", "charset", "http-equiv", "content", "name", "scope", "tabindex", "open", "role", "aria-label", "width", "height", "viewbox", "x", "y",
    "preserveaspectratio", "x1", "x2", "y1", "y2", "r", "rx", "d", "transform", "overflow", "fill-opacity",
}  # fmt: skip


def drawn(events: list[Event]) -> Reading:
    return Reading(report("run-1", stored(events)))


@pytest.mark.parametrize("name", STORIES)
def test_a_report_is_well_formed_and_fetches_and_runs_nothing(name: str) -> None:
    page = report("run-1", stored(STORIES[name]))
    read = Reading(page)
    assert read.broken == []
    assert {tag for tag, _ in read.elements} <= ELEMENTS
    assert {attribute for _, attributes in read.elements for attribute in attributes} <= ATTRIBUTES
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    assert not re.search(r"url\(|@import|expression", style)
    page.encode("utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_the_policy_allows_its_own_style_sheet_and_nothing_else(name: str) -> None:
    page = report("run-1", stored(STORIES[name]))
    (policy,) = [meta["content"] for meta in Reading(page).all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    sha = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{sha}'; base-uri 'none'; form-action 'none'"
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_hostile_texts_stand_as_texts() -> None:
    read = drawn(hostile())
    assert "</script></style></title><script>alert(1)</script>" in read.words
    page = report("run-1", stored(hostile()))
    assert "<script" not in page and "<img" not in page
    assert not re.search("[\x00\x1b\u202e\ud800]", page)


@given(st.text(min_size=1, max_size=40))
def test_no_text_makes_an_element(words: str) -> None:
    plain, odd = (drawn([*opening(w), *initial(w)]) for w in ("words", words))
    of = lambda read: [(tag, sorted(attributes)) for tag, attributes in read.elements if tag not in ("b", "span", "ins", "del")]  # noqa: E731
    assert odd.broken == [] and set(map(str, of(odd))) <= set(map(str, of(plain)))


@given(st.data())
def test_every_beginning_of_a_run_has_a_report(data: st.DataObject) -> None:
    story = data.draw(st.sampled_from([proven(), unproven(), all_failed(), hostile(), interrupted()]))
    some = story[: data.draw(st.integers(0, len(story)))]
    read = drawn(some)
    assert read.broken == []
    confirmed = any(isinstance(event, Confirmed) and event.proven for event in some)
    assert ("Proven:" in read.words) == confirmed


def test_a_proven_gain_is_told_with_its_interval_and_scores() -> None:
    words = drawn(proven()).words
    assert "Proven: log loss falls from 0.900 to 0.820." in words
    assert "Node 3 beats the initial data by +0.080 (interval +0.040 to +0.120), paired on 150 rows in 5 fresh foldings." in words
    assert "Optimism, development minus confirmation, is +0.020: confirmation kept 80 % of what the search promised." in words


def test_the_first_screen_tells_gain_sureness_change_and_cost() -> None:
    words = drawn(proven()).words
    told = words[: words.index("How much better, and how sure")]
    for said in ("gain +0.080 of node 3, on fresh foldings", "how sure proven +0.040 to +0.120; optimism +0.020", "changed in the data 100 → 147 rows to train on, 10 dropped", "from 1 source, 2 columns", "3 states tried"):
        assert said in told


def test_what_is_not_proven_is_said_first_with_the_reason() -> None:
    words = drawn(unproven()).words
    assert "Not proven: the initial data is returned. The likeliest candidate is node 1. The interval includes zero: bring more labelled rows." in words
    assert "finalist, not proven" in words


def test_a_test_score_below_the_initial_one_is_a_warning_at_the_top() -> None:
    story = [event for event in proven() if not isinstance(event, TestScored)]
    worse = TestScored(node=3, initial=0.91, best=1.0, gain=-0.09, interval=(-0.15, -0.03))
    words = drawn([*story[:-1], worse, story[-1]]).words
    at = words.index("On the test rows it is worse than the initial data, by \u22120.090")
    assert at < words.index("How much better, and how sure")


def test_a_void_run_says_so_before_its_numbers() -> None:
    words = drawn([*proven(), RunVoided(reason="the task has changed since the run started", changed=("task",))]).words
    assert "Void: these results no longer stand. The task has changed since the run started." in words
    assert "how sure void" in words


def test_a_proof_stands_while_the_run_goes_on() -> None:
    again = [BudgetExtended(nodes=5), RunResumed(environment={}, isolation="sealed"), NodeGrown(node=6, parent=0, color="black")]
    words = drawn([*proven(), *again]).words
    assert "Proven: log loss falls" in words and "given more budget after this and is not finished" in words


def test_the_weakest_isolation_is_told() -> None:
    words = drawn([*unproven(), RunResumed(environment={}, isolation="unsealed")]).words
    assert "The run was not isolated" in words and "Isolation: unsealed" in words


def test_when_all_states_failed_the_reasons_are_grouped() -> None:
    words = drawn(all_failed()).words
    assert "All 5 states failed before they had a score" in words
    assert "the loader crashed 5 KeyError: 'hue'." in words


def test_the_data_diff_names_sources_and_reasons() -> None:
    words = drawn(proven()).words
    for said in ("fetched one +50", "Licence not stated, from lake", "relabelled 4", "dropped \u221210", "of unknown origin +2", "147 to train on", "Columns added (1): ratio", "near-duplicates"):
        assert said in words


def test_each_line_of_the_diff_has_its_worth_and_an_unknown_one_its_reason() -> None:
    words = drawn(credited()).words
    for said in ("fetched one +50 +0.060", "dropped \u221210 \u22120.004", "lsa of text +0.030", "an estimate, not a claim", "edited cells : The loader crashed without it."):
        assert said in words


def test_the_pool_tells_licence_quarantine_and_users() -> None:
    words = drawn(proven()).words
    assert "fetched one lake:a 50 +0.100 Licence not stated · 3 quarantined · relevance 0.70 · found by node 1 in lake" in words
    assert "Used by node 3 (+0.100)" in words
    assert "It would leak held-out data" in words or "it would leak held-out data" in words


def test_what_a_person_accepted_is_never_called_proven() -> None:
    words = drawn([*unproven(), Accepted(node=1)]).words
    assert "Accepted by a person, not proven: node 1." in words and "how sure not proven" in words and "Taking it proves nothing." in words


def test_a_run_of_thousands_is_drawn_at_once_and_is_small() -> None:
    story = stored(large(2000))
    began = time.process_time()
    page = report("run-1", story)
    assert time.process_time() - began < 2.0
    assert len(page.encode()) < 3_000_000


def test_a_loader_that_is_no_python_is_shown_as_it_is() -> None:
    broken = [StateProposed(**{"node": 1, "state": "s", "loader": "\x0cdef (\n'''\t\u2028\n  x = 'é", "author": "person"})]
    story = unproven()
    at = next(i for i, e in enumerate(story) if isinstance(e, StateProposed) and e.node == 1)
    read = drawn([*story[:at], *broken, *story[at + 1 :]])
    assert read.broken == [] and "x = 'é" in read.words


def test_a_finalist_of_none_means_nothing_better_was_found() -> None:
    words = drawn([*opening(), *initial(), FinalistFrozen(node=None, scores={})]).words
    assert "nothing is proven so far" in words and HOSTILE not in words
