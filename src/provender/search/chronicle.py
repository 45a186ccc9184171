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
    RunStarted,
    TestScored,
)
from ..journal.ledger import Ledger
from ..journal.pool import Pool
from ..journal.store import Journal
from ..journal.tree import Tree


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
        self.milestone: dict[type, Event] = {}
        self.extended_nodes, self.extended_seconds = 0, 0.0
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

    def last(self, kind: type) -> Event | None:
        """The latest event of this kind."""
        return self.milestone.get(kind)

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
    def confirmed(self) -> Confirmed | None:
        return self.milestone.get(Confirmed)  # type: ignore[return-value]

    @property
    def tested(self) -> TestScored | None:
        return self.milestone.get(TestScored)  # type: ignore[return-value]

    @property
    def finished(self) -> RunFinished | None:
        return self.milestone.get(RunFinished)  # type: ignore[return-value]

    def _fold(self, event: Event) -> None:
        self.events.append(event)
        self.milestone[type(event)] = event
        if isinstance(event, BudgetExtended):
            self.extended_nodes += event.nodes or 0
            self.extended_seconds += event.seconds or 0.0
            for over in (FinalistFrozen, Confirmed, TestScored, RunFinished):
                self.milestone.pop(over, None)  # more search: what followed from less of it is asked anew
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
