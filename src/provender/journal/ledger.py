"""The ledger as a fold: what a run has cost by phase, and how often a task's sealed and test rows were opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from .events import (
    Accepted,
    Confirmed,
    Event,
    NodeDiscovered,
    NodeFailed,
    NodeScored,
    RunResumed,
    RunStarted,
    Spent,
    TestScored,
)
from .store import Journal, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """seconds           of workers, added up over parallel ones (for the clock on the wall see `wall_seconds`)
    training_seconds  inside the learner
    evaluations       fits made;  cached: fits reused
    tokens, dollars   of language models
    """

    seconds: float = 0.0
    training_seconds: float = 0.0
    evaluations: int = 0
    cached: int = 0
    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(**{name: getattr(self, name) + getattr(other, name) for name in _NAMES})


_NAMES = tuple(f.name for f in fields(Cost))


class Ledger:
    """The fold."""

    def __init__(self) -> None:
        self._sums: dict[str, list[float]] = {}

    @classmethod
    def of(cls, events: Iterable[Event]) -> Ledger:
        ledger = cls()
        for event in events:
            ledger.apply(event)
        return ledger

    def apply(self, event: Event) -> None:
        """Fold one event in; events without a cost are passed over."""
        if isinstance(event, NodeScored | NodeFailed):
            self._add("search", event.seconds, event.training_seconds, event.evaluations, event.cached)
        elif isinstance(event, NodeDiscovered):
            self._add("discover", event.seconds)
        elif isinstance(event, Spent):
            self._add(
                event.what,
                event.seconds,
                event.training_seconds,
                event.evaluations,
                event.cached,
                event.tokens,
                event.dollars,
            )

    @property
    def phases(self) -> dict[str, Cost]:
        """{phase: cost}: "discover" (red nodes), "search" (black ones), each `Spent.what`; in order of appearance."""
        return {phase: Cost(**dict(zip(_NAMES, sums, strict=True))) for phase, sums in self._sums.items()}

    @property
    def total(self) -> Cost:
        return sum(self.phases.values(), Cost())

    def _add(self, phase: str, *amounts: float) -> None:
        """In the order of Cost's fields; what is not given is nothing."""
        sums = self._sums.setdefault(phase, [0.0, 0.0, 0, 0, 0, 0.0])
        for place, amount in enumerate(amounts):
            sums[place] += amount


@dataclass(frozen=True, slots=True)
class Openings:
    """How often a task's sealed rows were confirmed on, and its test rows scored, over all runs of a workspace."""

    confirmations: int
    tests: int


def openings(journal: Journal, task_digest: str) -> Openings:
    """Count them, removed runs included: the k-th confirmation on one task has to be the stricter for it."""
    confirmations = tests = 0
    digest_of: dict[str, str] = {}
    for run, stored in journal.milestones():
        event = stored.event
        if isinstance(event, RunStarted):
            digest_of[run] = event.task_digest
        elif digest_of.get(run) == task_digest:
            confirmations += isinstance(event, Confirmed)
            tests += isinstance(event, TestScored)
    for digest, confirmed, tested in journal.removed():
        if digest == task_digest:
            confirmations += confirmed
            tests += tested
    return Openings(confirmations, tests)


def wall_seconds(story: Iterable[Stored]) -> float:
    """Clock time a run has used so far: between its events, without the time between a stop and the resume after it.

    Nor does the time count that a person thought about it before accepting a state.
    """
    total, before = 0.0, None
    for stored in story:
        if before is not None and not isinstance(stored.event, RunResumed | Accepted):
            total += max(0.0, stored.time - before)
        before = stored.time
    return total
