"""The chronicle of one run: append first, then act. Everything the search knows is a fold of what stands here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..journal.events import (
    BudgetExtended,
    Confirmed,
    Event,
    FinalistFrozen,
    NodeStarted,
    NoiseMeasured,
    RunFinished,
    RunResumed,
    RunStarted,
    RunVoided,
    TestScored,
)
from ..journal.ledger import Ledger
from ..journal.pool import Pool
from ..journal.store import Journal
from ..journal.tree import ROOT, Tree


class Listener(Protocol):
    """Whoever watches a run: a live view, a log, nobody."""

    def event(self, event: Event) -> None: ...

    def progress(self, phase: str, done: int, total: int) -> None: ...


class Chronicle:
    """Journal, folds and listener of one run. Only the thread that runs the search appends."""

    def __init__(self, journal: Journal, run: str, listener: Listener) -> None:
        self.journal, self.run, self.listener = journal, run, listener
        self.tree, self.pool, self.ledger = Tree(), Pool(), Ledger()
        self.events: list[Event] = []
        self.confirmations: list[Confirmed] = []
        self.milestone: dict[type, Event] = {}
        for stored in journal.read(run):
            self._fold(stored.event)

    def append(self, *events: Event) -> None:
        """Make these events true: on disk, in the folds, in the view. All or none."""
        self.journal.append(self.run, events)
        for event in events:
            self._fold(event)
            self.listener.event(event)

    def tree_before(self, node: int) -> tuple[Tree, Pool]:
        """Tree and pool as they stood when this node was started: what its brief was made from, for a resume to make again."""
        tree, pool = Tree(), Pool()
        for event in self.events:
            tree.apply(event)
            pool.apply(event)
            if isinstance(event, NodeStarted) and event.node == node:
                break
        return tree, pool

    @property
    def started(self) -> RunStarted | None:
        return self.milestone.get(RunStarted)  # type: ignore[return-value]

    @property
    def noise(self) -> NoiseMeasured | None:
        return self.milestone.get(NoiseMeasured)  # type: ignore[return-value]

    @property
    def finalist(self) -> FinalistFrozen | None:
        return self.milestone.get(FinalistFrozen)  # type: ignore[return-value]

    @property
    def proven(self) -> int:
        """The node that was proven last, or D0: a proof stands, whatever else is searched and confirmed after it."""
        return next((c.node for c in reversed(self.confirmations) if c.proven), ROOT)

    @property
    def tested(self) -> TestScored | None:
        return self.milestone.get(TestScored)  # type: ignore[return-value]

    @property
    def voided(self) -> RunVoided | None:
        return self.milestone.get(RunVoided)  # type: ignore[return-value]

    @property
    def isolation(self) -> str:
        """The weakest level that any of the run's processes had."""
        levels = [e.isolation for e in self.events if isinstance(e, RunStarted | RunResumed)]
        return min(levels, key=("unsealed", "partial", "sealed").index)

    def _fold(self, event: Event) -> None:
        self.events.append(event)
        self.milestone[type(event)] = event
        if isinstance(event, Confirmed):
            self.confirmations.append(event)
        elif isinstance(event, BudgetExtended):
            for over in (FinalistFrozen, RunFinished):
                self.milestone.pop(over, None)  # more search: the finalist is chosen anew; what was confirmed stays so
        self.tree.apply(event)
        self.pool.apply(event)
        self.ledger.apply(event)


class Silent:
    """A listener that listens to nothing."""

    def event(self, event: Event) -> None:
        """Nothing."""

    def progress(self, phase: str, done: int, total: int) -> None:
        """Nothing."""


def spread(listeners: Sequence[Listener]) -> Listener:
    """One listener that tells several."""

    class Spread:
        def event(self, event: Event) -> None:
            for listener in listeners:
                listener.event(event)

        def progress(self, phase: str, done: int, total: int) -> None:
            for listener in listeners:
                listener.progress(phase, done, total)

    return Spread()
