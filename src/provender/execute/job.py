"""A job: one function to call in a fresh process, what it may read, and how much it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .blob import Blob

Level = Literal["sealed", "partial", "unsealed"]
"""How strongly a job is confined, the strongest first; `executor.py` says what each level covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the whole tree of a job's processes may use together.

    seconds    wall time, from the fork of the job
    memory     bytes resident at once; shared pages count once
    processes  processes at once, the first included
    disk       bytes in the job's scratch, temporary folder and shared memory together
    files      open descriptors of one process
    output     bytes of one payload that the job sends
    """

    seconds: float = 600.0
    memory: int = 4 << 30
    processes: int = 64
    disk: int = 1 << 30
    files: int = 256
    output: int = 4 << 30

    def to_json(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in ("seconds", "memory", "processes", "disk", "files", "output")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call of `entry(channel, params, files)` inside a sandbox.

    entry    "package.module:function", imported inside the sandbox; free when the executor has preloaded the module
    params   JSON; the global generators of `random` and NumPy are seeded from entry and params, so that the same job
             draws the same numbers
    files    handed over as private, writable memoryviews; nothing else of the host's data is reachable
    """

    entry: str
    params: Mapping[str, object] = field(default_factory=dict)
    files: tuple[Blob, ...] = ()
    limits: Limits = Limits()
