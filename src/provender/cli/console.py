"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_WIDTH = 160  # columns where there is no terminal to ask: a line for each fact


def print_json(value: Any) -> None:
    """One JSON object on standard output and nothing else; numbers that are not finite become null."""
    print(json.dumps(_finite(value), indent=2))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) and abs(value) < 1e300 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def number(value: float | None, digits: int = 4) -> str:
    """A number for people: four significant digits, a dash for none."""
    if value is None or not math.isfinite(value) or abs(value) >= 1e300:
        return "–"
    return f"{value:.{digits}g}" if abs(value) < 1e5 else f"{value:.3e}"


def signed(value: float | None, digits: int = 3) -> str:
    """A gain: with its sign."""
    return "–" if value is None or not math.isfinite(value) else f"{value:+.{digits}g}"


def volume(size: float) -> str:
    """Bytes for people, in powers of ten: 0 B, 4.21 MB, 5.0 GB."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def duration(seconds: float) -> str:
    """12 s, 3 min 05 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def console(*, stderr: bool = False) -> Console:
    """A console for people, as wide as the terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _PIPED_WIDTH)
