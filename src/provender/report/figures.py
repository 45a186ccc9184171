"""Figures as SVG. Pure: numbers in, markup out. Colours are classes; text keeps its size on every screen.

Every figure fills the width it is given: what goes from left to right is in per cent, what goes down is in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .markup import Html, el
from .metrics import BEYOND, Step
from .words import UNBOUNDED, count, duration, short, signed, span

_DOTS_AT_MOST = 1_500
_ROW = 58


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One row of the gain plot. value: a gain, positive = better; interval: its ends, or None; strong: the one that counts."""

    label: str
    value: float
    interval: tuple[float, float] | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from low to high, placed between `edge` and 100 - `edge`."""

    low: float
    high: float
    edge: float = 2.0

    @classmethod
    def around(cls, values: Sequence[float]) -> Axis:
        """An axis that shows all these values and zero."""
        low, high = min(0.0, *values), max(0.0, *values)
        return cls(low, high if high > low else low + 1.0)

    def at(self, value: float) -> float:
        """Place of a value, 0..100; values beyond the ends stay at them."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.edge + share * (100 - 2 * self.edge)

    @property
    def step(self) -> float:
        """A round distance that leaves about five ticks."""
        raw = (self.high - self.low) / 4
        size = 10.0 ** math.floor(math.log10(raw))
        return next(s * size for s in (1, 2, 5, 10) if s * size >= raw * 0.999)

    def ticks(self) -> list[float]:
        step = self.step
        return [k * step for k in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)]

    def named(self, tick: float) -> str:
        return signed(tick, max(0, -math.floor(math.log10(self.step) + 1e-9))) if tick else "0"


def gain_plot(claims: Sequence[Claim], noise: float, decimals: int) -> Html:
    """Gains below each other on one axis, with their intervals, the zero line and the band in which all is noise."""
    values = [c.value for c in claims] + [end for c in claims for end in c.interval or () if abs(end) < UNBOUNDED]
    axis = Axis.around([*values, BEYOND * noise, -BEYOND * noise])
    bottom = _ROW * len(claims) + 6
    zero = _pc(axis.at(0))
    parts = [_band(axis.at(-BEYOND * noise), axis.at(BEYOND * noise), bottom)] if noise else []
    for tick in axis.ticks():
        parts.append(el("line", x1=_pc(axis.at(tick)), x2=_pc(axis.at(tick)), y1=bottom, y2=bottom + 5, class_="rule"))
        parts.append(_tick(axis, tick, bottom + 19))
    parts += [el("line", x1="0", x2="100%", y1=bottom, y2=bottom, class_="rule"), el("line", x1=zero, x2=zero, y1=0, y2=bottom, class_="zero")]
    for row, claim in enumerate(claims):
        parts += _claim(claim, axis, _ROW * row, decimals)
    told = "; ".join(f"{claim.label} {signed(claim.value, decimals)}" for claim in claims)
    return _figure(parts, bottom + 26, f"Gain over the initial data: {told}")


def _tick(axis: Axis, tick: float, y: float) -> Html:
    """A number below the axis; at the edges it leans inwards, where paper would cut it."""
    at = axis.at(tick)
    lean = "start" if at < 5 else "end" if at > 95 else "middle"
    return el("text", axis.named(tick), x=_pc(0 if lean == "start" else 100 if lean == "end" else at), y=y, class_=f"tick {lean}")


def _claim(claim: Claim, axis: Axis, top: float, decimals: int) -> list[Html]:
    y, strength = top + 38, " strong" if claim.strong else ""
    told = signed(claim.value, decimals) + (f"  [{span(claim.interval, decimals)}]" if claim.interval else "")
    parts = [el("text", claim.label, x=0, y=top + 18, class_=f"name halo{strength}"),
             el("text", told, x="100%", y=top + 18, class_=f"value end{strength}")]  # fmt: skip
    if claim.interval:
        ends = [(axis.at(end), abs(end) < UNBOUNDED) for end in claim.interval]
        parts.append(el("line", x1=_pc(ends[0][0]), x2=_pc(ends[1][0]), y1=y, y2=y, class_=f"whisker{strength}"))
        parts += [el("line", x1=_pc(x), x2=_pc(x), y1=y - 5, y2=y + 5, class_=f"whisker{strength}") for x, finite in ends if finite]
    kind = "mark" if claim.interval else "mark open"
    return [*parts, _dot(axis.at(claim.value), y, 5.5, kind + strength, f"{claim.label}: {told}")]


def progress_plot(steps: Sequence[Step], noise: float, decimals: int, names: Mapping[int, str]) -> Html:
    """Development gain of every execution and the best so far; failures and discoveries as marks in a strip below.

    names   what each node did. A gain far below D0 is drawn at the lower edge, as an open mark.
    """
    height, strip = 210, 232
    gains = [step.gain for step in steps if step.gain is not None]
    top = max([4 * noise, *gains], default=0.0) or max([abs(g) for g in gains], default=0.0) or 1.0
    low = max(min([-BEYOND * noise, *gains], default=0.0), -1.3 * abs(top))
    scale, across = Axis(min(low, -0.05 * top), max(1.08 * top, 0.05 * abs(low)), 2.0), Axis(0.0, max(len(steps), 1) + 0.5, 1.0)

    def y(gain: float) -> float:
        return height * (1 - scale.at(gain) / 100)

    parts = [el("rect", x=0, y=y(BEYOND * noise), width="100%", height=y(-BEYOND * noise) - y(BEYOND * noise), class_="band")] if noise else []
    for tick in scale.ticks():
        parts.append(el("line", x1=0, x2="100%", y1=y(tick), y2=y(tick), class_="zero" if tick == 0 else "grid"))
    parts += _best_line(steps, across, y)
    thin = max(1, math.ceil(len(steps) / _DOTS_AT_MOST))
    for before, step in zip([None, *steps], steps, strict=False):
        record = step.best > (before.best if before else 0.0)
        if not record and step.number % thin:
            continue
        x, title = across.at(step.number), f"node {step.node}, {step.kind}: {short(names.get(step.node, ''))}"
        if step.gain is None:
            parts.append(_cross(x, strip, title) if step.kind == "failed" else _diamond(x, strip, title))
        else:
            kind = "mark strong" if record else "mark" if step.gain >= scale.low else "mark open"
            parts.append(_dot(x, y(step.gain), 4.8 if record else 3.8, kind, f"{title} {signed(step.gain, decimals)}"))
    parts += [el("text", scale.named(tick) if tick else "0, the initial data", x=0, y=y(tick) - 4, class_="tick halo") for tick in scale.ticks()]
    parts += [el("line", x1=0, x2="100%", y1=strip + 12, y2=strip + 12, class_="rule"),
              el("text", "first execution", x=0, y=strip + 28, class_="tick"),
              el("text", f"{count(len(steps), 'execution')}, {duration(steps[-1].seconds)}" if steps else "none so far", x="100%", y=strip + 28,
                 class_="tick end")]  # fmt: skip
    return _figure(parts, strip + 34, "Development gain of every execution, and the best so far")


def _best_line(steps: Sequence[Step], across: Axis, y: Callable[[float], float]) -> list[Html]:
    """The best so far as a staircase, one step a rise."""
    parts, best, since = [], 0.0, 0.0
    rises = [(step.number, step.best) for before, step in zip([0.0, *(s.best for s in steps)], steps, strict=False) if step.best > before]
    for number, higher in [*rises, (across.high, None)]:
        parts.append(el("line", x1=_pc(across.at(since)), x2=_pc(across.at(number)), y1=y(best), y2=y(best), class_="best"))
        if higher is not None:
            parts.append(el("line", x1=_pc(across.at(number)), x2=_pc(across.at(number)), y1=y(best), y2=y(higher), class_="best"))
            best, since = higher, number
    return parts


def worth_plot(worths: Sequence[tuple[str, float, str]], noise: float, decimals: int) -> Html:
    """(name, credit, title) below each other as bars from zero, with the band in which all is noise."""
    axis = Axis.around([*(value for _, value, _ in worths), BEYOND * noise, -BEYOND * noise])
    high, zero = 42, axis.at(0)
    bottom = high * len(worths) + 4
    parts = [_band(axis.at(-BEYOND * noise), axis.at(BEYOND * noise), bottom)] if noise else []
    for row, (name, value, title) in enumerate(worths):
        top, ends = high * row, sorted((zero, axis.at(value)))
        sure = abs(value) > BEYOND * noise
        parts += [
            el("text", el("title", title), short(name, 44), x=0, y=top + 16, class_="halo"),
            el("text", signed(value, decimals), x="100%", y=top + 16, class_="end halo strong" if sure else "end halo name"),
            el("rect", el("title", f"{title}: {signed(value, decimals)}"), x=_pc(ends[0]), y=top + 23, width=_pc(max(ends[1] - ends[0], 0.2)), height=11,
               rx=1.5, class_=("worth" if value > 0 else "worth less") if sure else "worth faint"),
        ]  # fmt: skip
    parts.append(el("line", x1=_pc(zero), x2=_pc(zero), y1=0, y2=bottom, class_="zero"))
    for tick in axis.ticks():
        parts.append(_tick(axis, tick, bottom + 15))
    told = "; ".join(f"{name} {signed(value, decimals)}" for name, value, _ in worths)
    return _figure(parts, bottom + 22, f"What each part is worth: {told}")


def swatch(shade: str) -> Html:
    """A colour of the flow picture, for the table below it."""
    return el("svg", el("rect", x=0.5, y=0.5, width=10, height=10, class_=f"part {shade}") if shade else None, width=11, height=11, class_="swatch")


def share_bar(share: float, inner: float = 0.0, title: str = "") -> Html:
    """One bar of a table: `share` of the width, the first `inner` of it darker (both 0..1)."""
    parts = [el("rect", x=0, y=5, width=_pc(100 * share), height=8, class_="part p2", rx=1),
             el("rect", x=0, y=5, width=_pc(100 * inner), height=8, class_="part p4", rx=1)]  # fmt: skip
    return _figure(parts, 18, title)


def sparkline(values: Sequence[float], title: str) -> Html:
    """A small line of values in 0..1."""
    if len(values) < 2:
        return Html("")
    some = values[:: max(1, len(values) // 120)]
    points = [(100 * i / (len(some) - 1), 26 - 24 * value) for i, value in enumerate(some)]
    parts = [el("line", x1=_pc(x1), y1=y1, x2=_pc(x2), y2=y2, class_="best") for (x1, y1), (x2, y2) in pairwise(points)]
    return _figure([el("line", x1=0, x2="100%", y1=27, y2=27, class_="grid"), *parts], 28, title)


def _figure(parts: Sequence[Html], height: float, title: str) -> Html:
    return el("svg", parts, width="100%", height=height, role="img", aria_label=title)


def _band(left: float, right: float, height: float) -> Html:
    return el("rect", el("title", "within two standard deviations of the noise"), x=_pc(left), y=0, width=_pc(right - left), height=height, class_="band")


def _dot(x: float, y: float, radius: float, kind: str, title: str) -> Html:
    return _at(x, y, el("circle", r=radius, class_=kind), title)


def _diamond(x: float, y: float, title: str) -> Html:
    return _at(x, y, el("path", d="M0-5 5 0 0 5-5 0z", class_="red full"), title)


def _cross(x: float, y: float, title: str) -> Html:
    return _at(x, y, el("path", d="M-3.5-3.5 3.5 3.5M-3.5 3.5 3.5-3.5", class_="cross"), title)


def _at(x: float, y: float, shape: Html, title: str) -> Html:
    """A shape at a share of the width."""
    return el("svg", el("title", title), shape, x=_pc(x), y=y, overflow="visible", width=1, height=1)


def _pc(share: float) -> str:
    return f"{share:.3f}%"
