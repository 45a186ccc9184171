"""The budget: nodes and seconds, with the cost of the proof set aside from the start."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..journal.events import BudgetExtended, NodeStarted
from ..journal.ledger import wall_seconds
from ..journal.store import Stored
from ..journal.tree import ROOT

FINALISTS = 3
FOLDINGS_LEAST = 2  # of S and C in a confirmation
COSTLY_SHARE = 0.2  # of the budget: a confirmation that would take more is done in the cheap way
CHOICE_SHARE = 0.15  # of the budget: the best on development folds is the finalist where choosing would take more
_SLACK = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofCost:
    """What proof and test will take, in wall seconds.

    fold_seconds  what D0 and a typical good state take on one fold (summed over both, one of each)
    workers       folds evaluated at once
    confirm_folds, finalist_folds   folds of one state in the confirmation and in the choice of the finalist
    """

    fold_seconds: tuple[float, float]
    workers: int
    confirm_folds: int
    finalist_folds: int

    @property
    def confirm(self) -> float:
        return sum(self.fold_seconds) * math.ceil(self.confirm_folds / self.workers)

    @property
    def finalists(self) -> float:
        return self.fold_seconds[1] * math.ceil(FINALISTS * self.finalist_folds / self.workers)

    def total(self, seconds: float | None) -> float:
        """Choice of the finalist, confirmation and test. A choice that would take too much of a budget of so many seconds is left out."""
        finalists = 0.0 if seconds is not None and self.finalists > CHOICE_SHARE * seconds else self.finalists
        return _SLACK * (finalists + self.confirm + sum(self.fold_seconds))


class Budget:
    """How much is left.

    nodes, seconds  limits; None for none
    before          seconds that the run had used before this process took it up
    clock           seconds, monotonic
    """

    def __init__(self, *, nodes: int | None, seconds: float | None, before: float, clock: Callable[[], float]) -> None:
        self.nodes, self.seconds, self.clock = nodes, seconds, clock
        self._started = clock() - before

    @property
    def used(self) -> float:
        """Wall seconds used by the run so far, in all its processes."""
        return self.clock() - self._started

    @property
    def left(self) -> float:
        """Wall seconds that are left, inf without a limit; below zero when the run took longer than it had."""
        return math.inf if self.seconds is None else self.seconds - self.used

    def spent(self, executions: int) -> float:
        """The largest spent share of the budgets, 0 to 1."""
        shares = [executions / self.nodes] if self.nodes else []
        shares += [self.used / self.seconds] if self.seconds else []
        return min(1.0, max(shares, default=0.0))

    def allows(self, executions: int, seconds: float) -> bool:
        """Whether one more state may be started: a slot is left, and so many seconds for it and for the proof after it."""
        return (self.nodes is None or executions < self.nodes) and seconds < self.left

    def is_costly(self, cost: ProofCost) -> bool:
        """Whether the confirmation would take too much of the time there is."""
        return self.seconds is not None and cost.confirm > COSTLY_SHARE * self.seconds


def limits(nodes: int | None, seconds: float | None, story: Iterable[Stored]) -> tuple[int | None, float | None]:
    """Nodes and seconds that a run may use, after all its extensions.

    An extension adds to the limit that there was (to what had been used, where there was none) and lifts the limit of
    the kind that it does not name: "20 more nodes" is not to end at once because the time was up.
    """
    told: list[Stored] = []
    begun: set[int] = set()
    for stored in story:
        told.append(stored)
        if isinstance(stored.event, NodeStarted) and stored.event.node != ROOT:
            begun.add(stored.event.node)
        elif isinstance(more := stored.event, BudgetExtended):
            nodes = (len(begun) if nodes is None else nodes) + more.nodes if more.nodes else None
            seconds = (wall_seconds(told) if seconds is None else seconds) + more.seconds if more.seconds else None
    return nodes, seconds
