"""The way of the rows, drawn: where they came from, what became of them, what the learner is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .markup import Html, el
from .words import count, short

_TALL, _SLOT, _THIN, _ENDS = 150, 42, 3.0, 58.0  # pixels for all rows, for a label, for the thinnest; per cent where ribbons end


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Rows that share an origin and a fate. origin: "" for the task's own rows, else a name; shade: a class of colour."""

    origin: str
    fate: str
    rows: int
    shade: str


def flow_picture(streams: Sequence[Stream], own: int, trained: int) -> Html:
    """A ribbon a stream, its thickness the rows; the task's own streams come first. It fills the width it is given."""
    most = sum(stream.rows for stream in streams) or 1
    thick = [max(_THIN, _TALL * stream.rows / most) for stream in streams]
    tops, at = [], 24.0
    for height in thick:
        tops.append(at + max(0.0, (_SLOT - height) / 2))
        at += max(_SLOT, height) + 4
    block = sum(h for stream, h in zip(streams, thick, strict=True) if not stream.origin)
    ends = [top + h for stream, top, h in zip(streams, tops, thick, strict=True) if not stream.origin]
    start = left = 24 + max(0.0, (max(ends, default=24) - 24 - block) / 2)
    ribbons: list[Html] = []
    texts: list[Html] = [el("text", f"{trained:,} to train on", x=f"{_ENDS}%", y=12, class_="tick")]
    for stream, top, height in zip(streams, tops, thick, strict=True):
        begin = top if stream.origin else left
        left += 0 if stream.origin else height
        ribbons.append(_ribbon(stream, begin, top, height))
        middle = top + height / 2
        if stream.origin:
            lift = 4.5 if height > 14 else -5  # a thin ribbon would strike its name out
            texts.append(_label(short(stream.origin, 24), "2%", middle + lift, "halo", stream.origin))
        texts.append(_label(f"{stream.rows:,}", f"{_ENDS + 2}%", middle - 2, "strong"))
        texts.append(_label(stream.fate, f"{_ENDS + 2}%", middle + 13, "tick"))
    if own:
        texts.append(_label(count(own, "row") + " of the task", "2%", start + block / 2 + (4.5 if block > 14 else -5), "halo strong"))
    picture = el("svg", ribbons, viewBox=f"0 0 100 {at:.1f}", width="100%", height=at, preserveAspectRatio="none")
    return el("svg", picture, texts, width="100%", height=at, role="img", aria_label="Where the rows come from and what becomes of them")


def _label(words: str, x: str, y: float, kind: str, whole: str = "") -> Html:
    return el("text", el("title", whole) if whole and whole != words else None, words, x=x, y=y, class_=kind)


def _ribbon(stream: Stream, begin: float, top: float, height: float) -> Html:
    end = _ENDS - (8 if stream.shade == "gone" else 0)
    half, low, bottom = end / 2, begin + height, top + height
    way = f"M1 {begin:.1f}C{half:.1f} {begin:.1f} {half:.1f} {top:.1f} {end} {top:.1f}V{bottom:.1f}C{half:.1f} {bottom:.1f} {half:.1f} {low:.1f} 1 {low:.1f}z"
    places = [] if stream.shade == "gone" else [(0, begin), (end, top)]
    ends = [el("rect", x=x, y=y, width=1, height=height, class_=f"end {stream.shade}") for x, y in places]
    told = f"{stream.fate}: {count(stream.rows, 'row')} {stream.origin and 'from ' + stream.origin}".strip()
    return el("g", el("title", told), el("path", d=way, class_=f"ribbon {stream.shade}"), ends)
