"""The report: one HTML file that needs nothing else, shows nothing it was not told, and runs nothing.

Covered: every text of the run (names, summaries, loaders, titles, messages) stands escaped in text nodes or in titles; no
script, no request, no frame, no form: the content-security policy allows this page's one style sheet, by its hash, and
nothing more. Not covered: a reader who copies a loader out of it and runs that.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Sequence
from importlib import resources

from ..journal.store import Stored
from .data_part import data_part
from .markup import Html, el
from .metrics import Account, account, data_diff, overcome
from .search_part import cost_part, failures_part, pool_part, search_part, setting_part
from .state_part import doing_part, gain_part, loader_part
from .verdict import verdict
from .words import count, decimals_for, duration, percent, signed, span


def report(run: str, story: Sequence[Stored]) -> str:
    """The report of a run as an HTML document, from its events. Any beginning of a run has one. UTF-8."""
    told = account(run, story)
    decimals = decimals_for(told.noise.paired_std if told.noise else None)
    state = [gain_part(told, decimals), doing_part(told, decimals), data_part(told, decimals), loader_part(told)]
    failed, search = failures_part(told), [search_part(told, decimals), pool_part(told, decimals)]
    # Where no state is better than D0, what went wrong is what the reader asks next.
    parts = [state, search, failed] if told.subject is not None else [failed, search, state]
    parts += [cost_part(told), setting_part(told)]
    task = told.started.task if told.started else run
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    sha = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{sha}'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{task} · Provender"),
        el("style", Html(style)),
    )
    body = el("body", el("main", _head(told, task, decimals), parts), _foot(told))
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def _head(told: Account, task: str, decimals: int) -> Html:
    found = verdict(told, decimals)
    return el(
        "header",
        el("p", el("b", task), f"  run {told.run}", class_="kicker"),
        el("h1", found.headline, class_=found.tone),
        el("p", found.because, class_="lead"),
        el("ul", [el("li", warning) for warning in found.warnings], class_="warnings") if found.warnings else None,
        _strip(told, decimals),
    )


def _strip(told: Account, decimals: int) -> Html:
    """At a glance: what was gained, how sure that is, what changed in the data, what it cost."""
    found = told.confirmed if told.confirmed is not None and told.confirmed.rows else None
    rate, total = overcome(told.tree), told.ledger.total
    optimism = f"; optimism {signed(told.optimism, decimals)}" if told.optimism is not None else ""
    if found is not None:
        gain = ("gain", signed(found.gain, decimals), f"of node {found.node}, on fresh foldings")
        sure = ("how sure", "void" if told.status == "voided" else "proven" if told.proven else "not proven", f"{span(found.interval, decimals)}{optimism}")
    elif told.dev_gain is not None:
        gain = ("gain", signed(told.dev_gain, decimals), f"of node {told.subject}, on development folds: too rosy")
        sure = ("how sure", "not proven", "nothing was confirmed")
    else:
        gain = ("gain", "none", "no state beats the initial data")
        sure = ("how sure", "no claim", f"{percent(rate.better)} of states beat it, {percent(rate.null)} would by luck" if rate.states else "")
    bought = f", {total.tokens:,} tokens, {total.dollars:.2f} dollars" if total.tokens or total.dollars else ""
    cost = ("cost", duration(told.wall), f"{count(rate.states, 'state')} tried, {count(total.evaluations, 'fit')}{bought}")
    facts = [gain, sure, _changed(told), cost]
    return el("dl", [el("div", el("dt", name), el("dd", value), el("dd", more, class_="quiet") if more else None) for name, value, more in facts])


def _changed(told: Account) -> tuple[str, str, str]:
    """The data diff of the subject in a line."""
    name = "changed in the data"
    diff = data_diff(told.tree[told.subject]) if told.subject is not None else None
    if diff is None:
        return name, "nothing" if told.subject is None else "see below", ""
    if diff.untouched:
        return name, "features only", f"all {count(diff.own, 'row')} as they were"
    says = [f"{n:,} {what}" for n, what in ((diff.dropped, "dropped"), (diff.edited, "edited"), (diff.relabelled, "relabelled"), (diff.made, "made up")) if n]
    says += [f"from {count(len(diff.appended), 'source')}"] if diff.appended else []
    columns = len(diff.columns_added) + len(diff.columns_removed)
    return name, f"{diff.own:,} → {diff.trained:,}", ", ".join(["rows to train on", *says, *([count(columns, "column")] if columns else [])])


def _foot(told: Account) -> Html:
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(told.times[-1])) if told.times else ""
    version = (told.started.environment.get("packages") or {}).get("provender", "") if told.started else ""
    return el("footer", el("p", f"Provender {version} · {count(len(told.events), 'journaled event')}, the last one {when} · ", el("code", f"provender show {told.run}")))
