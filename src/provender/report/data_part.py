"""What changed in the data: rows from their origins to the training set, why, and what each part is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..journal.events import NodeScored
from ..journal.tree import Node
from . import figures
from .credits import Credit, credits, named
from .flow import Stream, flow_picture
from .markup import Html, el, join
from .metrics import Account, DataDiff, data_diff, title_of
from .state_part import cell, section, table
from .words import count, sentence, short, signed

_COLUMNS_SHOWN = 40


def data_part(told: Account, decimals: int) -> Html | None:
    """The data diff of the subject: rows, sources, columns and why; what its parts are worth; slices; what the guard remarked."""
    if told.subject is None:
        return None
    node = told.tree[told.subject]
    worths = credits(told.events, node.id)
    parts = [*_diff(data_diff(node), told, worths, decimals), credits_figure(told, decimals), _slices(node, decimals), _findings(node)]
    return section("What changed in the data", *parts) if any(part is not None for part in parts) else None


def credits_figure(told: Account, decimals: int) -> Html | None:
    """A bar for each part of the subject that could be left out, and why the others could not; None without credits."""
    worths = credits(told.events, told.subject) if told.subject is not None else ()
    if not worths:
        return None
    sigma = told.noise.paired_std if told.noise else 0.0
    bars = [(_part_name(worth, told), worth.credit, f"{worth.part.kind} {worth.part.subject}".strip()) for worth in worths if worth.credit is not None]
    unknown = [el("li", el("b", _part_name(worth, told)), f": {short(sentence(worth.reason), 300)}") for worth in worths if worth.credit is None]
    return el(
        "div",
        el("h3", "What each part is worth", class_="over"),
        el("figure", figures.worth_plot(bars, sigma, decimals),
           el("figcaption", "Development score lost when the part is left out: an estimate, not a claim. Parts overlap, so these do not add up. Shaded: the noise, two standard deviations around zero."))
        if bars else None,
        join([el("p", "Without these parts the state could not be evaluated:", class_="quiet"), el("ul", unknown)]) if unknown else None,
    )  # fmt: skip


def _part_name(worth: Credit, told: Account) -> str:
    return named(worth.part, title_of(told.pool, worth.part.subject) if worth.part.kind == "source" else "")


def _streams(diff: DataDiff, told: Account) -> Iterator[Stream]:
    yield Stream(origin="", fate="kept", rows=diff.kept, shade="p0")
    yield Stream(origin="", fate="edited", rows=diff.edited, shade="p1")
    yield Stream(origin="", fate="dropped", rows=diff.dropped, shade="gone")
    for i, (asset, rows) in enumerate(diff.appended):
        yield Stream(origin=title_of(told.pool, asset), fate="appended", rows=rows, shade=_shade(i))
    yield Stream(origin="no source", fate="made up", rows=diff.made, shade="made")
    yield Stream(origin="unknown origin", fate="unexplained", rows=diff.unknown, shade="unknown")


def _diff(diff: DataDiff | None, told: Account, worths: tuple[Credit, ...], decimals: int) -> list[Html | None]:
    if diff is None:
        return []
    if diff.untouched:
        return [el("p", f"Rows and columns stay as they are, all {count(diff.own, 'row')} of the first development fold: "
                        "the state changes only how they become features.")]  # fmt: skip
    streams = [stream for stream in _streams(diff, told) if stream.rows]
    return [
        el("figure", flow_picture(streams, diff.own, diff.trained),
           el("figcaption", "Rows of the first development fold, held against the originals by content.")),
        _lines(diff, told, worths, decimals),
        _columns("Columns added", diff.columns_added),
        _columns("Columns removed", diff.columns_removed),
    ]  # fmt: skip


def _lines(diff: DataDiff, told: Account, worths: tuple[Credit, ...], decimals: int) -> Html:
    """A row for everything that was done to rows: how many, what it is worth, the licence and the loader's reason."""
    of = {(w.part.kind, w.part.subject): signed(w.credit, decimals) for w in worths}
    why: dict[str, list[str]] = {}
    for kind, reason, rows in diff.reasons:
        why.setdefault(kind, []).append(f"{short(sentence(_titled(reason, told)), 240)} ({rows:,})")
    rows: list[list[Any]] = []

    def add(kind: str, what: str, n: int, shade: str) -> None:
        if n:
            sign = "" if kind in ("edit", "relabel") else "+" if n > 0 else "\u2212"
            rows.append([join([figures.swatch(shade), what]), cell(f"{sign}{abs(n):,}"), cell(of.get((kind, ""), "")), " ".join(why.pop(kind, ()))])

    add("drop", "dropped", -diff.dropped, "gone")
    add("edit", "edited", diff.edited, "p1")
    add("relabel", "relabelled", diff.relabelled, "")
    rows += _sources(diff, told, of, why)
    add("synthesise", "made up", diff.made, "made")
    add("", "of unknown origin", diff.unknown, "unknown")
    rows += [[kind, "", cell(of.get((kind, ""), "")), " ".join(reasons)] for kind, reasons in why.items() if reasons]
    if not of:
        return table(["what was done", "#rows", ""], [[what, n, said] for what, n, _, said in rows])
    return table(["what was done", "#rows", "#worth", ""], rows)


def _sources(diff: DataDiff, told: Account, of: Mapping[tuple[str, str], str], why: dict[str, list[str]]) -> list[list[Any]]:
    """A row for each asset of the subject; the reasons that name it leave `why`."""
    rows, appended, shades = [], dict(diff.appended), {asset: _shade(i) for i, (asset, _) in enumerate(diff.appended)}
    for asset in dict.fromkeys([*appended, *(told.tree[told.subject].assets if told.subject is not None else ())]):
        title, manifest = title_of(told.pool, asset), told.pool[asset].manifest if asset in told.pool else {}
        said = f"Licence {manifest.get('licence') or 'not stated'}, from {manifest.get('source') or 'an unnamed source'}."
        own = [reason for kind in ("append", "join") for reason in why.get(kind, ()) if title in reason or asset in reason]
        for kind in ("append", "join"):
            why[kind] = [reason for reason in why.get(kind, ()) if reason not in own]
        rows.append([join([figures.swatch(shades.get(asset, "")), title]), cell(f"+{appended[asset]:,}" if asset in appended else "joined"),
                     cell(of.get(("source", asset), "")), " ".join([said, *own])])  # fmt: skip
    return rows


def _shade(position: int) -> str:
    return f"p{2 + position % 3}"


def _titled(reason: str, told: Account) -> str:
    """A reason with titles in the place of asset ids."""
    for asset in told.pool:
        if asset.id in reason:
            reason = reason.replace(asset.id, title_of(told.pool, asset.id))
    return reason


def _columns(what: str, names: tuple[str, ...]) -> Html | None:
    if not names:
        return None
    more = len(names) - _COLUMNS_SHOWN
    shown = join([el("code", short(name, 80)) for name in names[:_COLUMNS_SHOWN]], ", ")
    return el("p", el("b", f"{what} ({len(names)}): "), shown, f" and {more} more" if more > 0 else "", class_="columns")


def _slices(node: Node, decimals: int) -> Html | None:
    rows = [[name, cell(f"{int(facts.get('rows') or 0):,}"), cell(signed(facts.get("gain"), decimals))]
            for name, facts in node.slices.items() if isinstance(facts, Mapping)]  # fmt: skip
    return table(["slice of the development rows", "#rows", "#gain"], rows) if rows else None


def _findings(node: Node) -> Html | None:
    found: tuple[Mapping[str, Any], ...] = node.outcome.findings if isinstance(node.outcome, NodeScored) else ()
    said = dict.fromkeys(sentence(f"{f.get('kind')}: {f.get('message')}") for f in found)
    return el("div", el("p", el("b", "What the guard remarked without refusing")), el("ul", [el("li", line) for line in said])) if said else None
