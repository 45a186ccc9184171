"""The census of a process tree, read from /proc: who lives, how much memory is resident, how much time was used."""

from __future__ import annotations

import os
from dataclasses import dataclass

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_STATE, _PARENT, _UTIME, _CSTIME, _THREADS, _RSS = 0, 1, 11, 14, 17, 21  # positions in `stat` after the name


@dataclass(frozen=True, slots=True)
class Process:
    """One process. `rss` bytes, `cpu` seconds of itself and of the children it waited for."""

    pid: int
    parent: int
    threads: int
    rss: int
    cpu: float


def descendants(root: int) -> list[Process]:
    """Every process below `root`, parents before children; empty where there is no /proc."""
    children: dict[int, list[Process]] = {}
    for process in _all():
        children.setdefault(process.parent, []).append(process)
    found = list(children.get(root, ()))
    for process in found:  # grows while we walk it
        found += children.get(process.pid, ())
    return found


def resident(processes: list[Process], enough: int) -> int:
    """Bytes resident in them: the cheap sum when it is at most `enough`, else with shared pages counted once."""
    total = sum(p.rss for p in processes)
    return total if total <= enough else sum(_proportional(p) for p in processes)


def _all() -> list[Process]:
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    return [process for name in names if name.isdigit() and (process := _read(int(name))) is not None]


def _read(pid: int) -> Process | None:
    text = _content(f"/proc/{pid}/stat")
    if text is None:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        parent=int(fields[_PARENT]),
        threads=int(fields[_THREADS]),
        rss=int(fields[_RSS]) * _PAGE,
        cpu=sum(map(int, fields[_UTIME : _CSTIME + 1])) / _TICKS,
    )


def _proportional(process: Process) -> int:
    try:
        text = _content(f"/proc/{process.pid}/smaps_rollup")
    except PermissionError:  # it hides its memory: then all of it counts
        return process.rss
    for line in (text or b"").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) << 10
    return 0  # it has just ended


def _content(path: str) -> bytes | None:
    """A /proc file, or None when its process is gone. PermissionError when it may not be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, ProcessLookupError):
        return None
    try:
        return os.read(fd, 4096)
    except ProcessLookupError:
        return None
    finally:
        os.close(fd)
