"""How a job ended."""

from __future__ import annotations

from dataclasses import dataclass

from ..contract.outcome import Failure
from ..errors import ProvenderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a job ended, and what it used.

    failure      None when the entry returned; else one of crashed, timeout, memory, processes, disk, output
    seconds      wall time of the job
    cpu_seconds  processor time of all its processes
    peak_memory  bytes, the highest resident total that was seen
    stderr       the end of what it printed (standard output and error together), control characters removed
    """

    failure: Failure | None
    seconds: float
    cpu_seconds: float
    peak_memory: int
    stderr: str


class JobEnded(ProvenderError):
    """The job is over, so there is no further message. Control flow: whoever talks to a job expects it.

    `failure` is never None: a job that ended without a word when one was awaited has crashed.
    """

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        self.failure = ending.failure or Failure(
            kind="crashed", message="the job returned without sending what was expected of it", detail=ending.stderr
        )
        super().__init__(self.failure.message)
