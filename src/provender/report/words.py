"""Numbers and names in words, as the report's reader meets them."""

from __future__ import annotations

import math

UNBOUNDED = 1e299
"""From here on a number stands for infinity: the journal holds finite numbers only."""

MINUS = "\u2212"


def decimals_for(noise: float | None) -> int:
    """Digits after the point that the noise leaves meaningful: two significant digits of sigma; 4 where none was measured."""
    if not noise or noise <= 0 or not math.isfinite(noise):
        return 4
    return min(6, max(0, 1 - math.floor(math.log10(noise))))


def number(value: float | None, decimals: int = 4) -> str:
    """A score: fixed digits, so that columns align; a dash for none."""
    if value is None or not math.isfinite(value):
        return "\u2013"
    if abs(value) >= UNBOUNDED:
        return "∞" if value > 0 else f"{MINUS}∞"
    shown = f"{value:.3e}" if abs(value) >= 1e9 else f"{value:,.{decimals}f}"
    return shown.replace("-", MINUS)


def signed(value: float | None, decimals: int = 4) -> str:
    """A gain: with its sign."""
    shown = number(value, decimals)
    return f"+{shown}" if value is not None and value > 0 else shown


def span(ends: tuple[float, float], decimals: int = 4) -> str:
    """An interval: +0.03 to +0.13."""
    return f"{signed(ends[0], decimals)} to {signed(ends[1], decimals)}"


def percent(share: float | None) -> str:
    return "\u2013" if share is None else f"{100 * share:.0f} %".replace("-", MINUS)


def duration(seconds: float) -> str:
    """0.4 s, 12 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """1 row, 1,212 rows."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def short(text: str, most: int = 160) -> str:
    """One line of at most this many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def sentence(text: str) -> str:
    """With a capital at its front and a point at its end."""
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")


def spaced(name: str) -> str:
    """root_mean_squared_error as words."""
    return name.replace("_", " ")
