"""The run: pick a pending node, have an agent work on it, evaluate, append, grow; until the budget is spent. The one shell.

With a node budget a run is a function of (task, settings): results are applied in the order of proposals, so that
proposal i sees exactly the results of the executions up to i - workers, however long each took. Under a time budget
results are applied as they come, and the promise is: nothing lost, nothing repeated.
"""

from __future__ import annotations

import contextlib
import random
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import cached_property

from ..agents.agent import Brief, Proposal
from ..contract.outcome import Failure
from ..contract.split import Fold
from ..contract.state import DataState
from ..errors import JournalError, LoaderError, RunError, UserError
from ..journal.events import (
    BudgetExtended,
    Event,
    NodeDiscovered,
    NodeFailed,
    NodeScored,
    NodeStarted,
    Noted,
    RunInterrupted,
    RunResumed,
    RunStarted,
    RunVoided,
    StateProposed,
)
from ..journal.ledger import wall_seconds
from ..journal.pool import Pool
from ..journal.tree import ROOT, Node, Tree
from ..pipeline.proof import Noise, reward
from ..pipeline.state import make_state
from ..sources.source import Query
from . import credit, phases
from .brief import make_brief
from .budget import Budget, limits
from .chronicle import Chronicle, Listener
from .decay import Exponential, Linear, Piecewise
from .desk import SourceDesk, question_of
from .grow import Growth
from .schedule import BranchScheduler, PaperScheduler, Scheduler
from .setup import Setup, environment
from .trial import Attempt, Stop, Trial, try_state
from .warm import FirstThings, own_nodes

DEFAULT_NODES = 40
_SPEECHLESS = 3  # black nodes in a row without a proposal


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """A node in work: its future gives the events that end it."""

    node: int
    future: Future[list[Event]]


class Run:
    """One run of one task: `open`, then `go`. Both are called again after an interruption, in another process.

    first    D0's trial on the development folds: every gain is a difference to it
    remarks  what a reader must know of the run that this one starts from
    """

    first: Trial
    budget: Budget

    def __init__(self, run: str, setup: Setup, listener: Listener) -> None:
        self.id, self.setup = run, setup
        self.chronicle = Chronicle(setup.workspace.journal, run, listener)
        self.remarks: list[str] = []
        self.stop = threading.Event()
        self.flights: list[Flight] = []
        self._asking = threading.Lock()
        self._asked: Query | None = None

    def open(self, *, more_nodes: int | None = None, more_seconds: float | None = None, began: float | None = None) -> None:
        """Journal that the run starts or goes on, with more budget where some is given, and see what is left of it.

        began  when this process took the run up, on the clock of `time.monotonic`: opening sandboxes is paid by the
               budget too

        Raises RunError when the task has changed since the run started.
        """
        self._begin()
        self._remark()
        if more_nodes or more_seconds:
            self.chronicle.append(BudgetExtended(nodes=more_nodes, seconds=more_seconds))
        settings = self.setup.settings
        story = list(self.setup.workspace.journal.read(self.id))
        given = settings.nodes if settings.nodes or settings.seconds else DEFAULT_NODES
        nodes, seconds = limits(given, settings.seconds, story)
        opening = 0.0 if began is None else time.monotonic() - began
        self.budget = Budget(nodes=nodes, seconds=seconds, before=wall_seconds(story) + opening, clock=time.monotonic)
        self.growth, self.scheduler = _policies(self.setup, self.budget, self._executions)

    def go(self) -> None:
        """Run to the end, or to an interruption that can be resumed (KeyboardInterrupt)."""
        try:
            phases.start(self)
            self._search()
            phases.finalist(self)
            phases.confirmation(self)
            credit.credit(self)
            phases.close(self)
        except (KeyboardInterrupt, Stop):
            self._halt("interrupted by the user")
            raise KeyboardInterrupt from None
        except BaseException as error:
            self._halt(f"{type(error).__name__}: {error}")
            raise

    def tell(self, phase: str) -> Callable[[int, int], None]:
        """A progress callback for this phase."""
        return lambda done, total: self.chronicle.listener.progress(phase, done, total)

    def state_of(self, node: int) -> DataState:
        """The data state of a black node, from its journaled loader."""
        loader = self.chronicle.tree[node].loader
        assert loader is not None, f"node {node} has no loader"
        return make_state(loader, self.setup.task)

    def attempt(self, node: int, folds: list[Fold]) -> Attempt:
        """This node's state on these folds; D0 may be as strong as it is, the others as strong as D0."""
        return Attempt(self.state_of(node), folds, 1.0 if node == ROOT else self.first.strongest)

    @cached_property
    def confirming(self) -> list[list[Fold]]:
        """The foldings of a full confirmation."""
        return self.setup.plan.confirmation()

    def timed(self) -> list[Node]:
        """Scored nodes whose seconds are those of a whole evaluation: a fold from the cache takes none."""
        return [n for n in self.chronicle.tree if n.gain is not None and n.id != ROOT and not n.outcome.cached]

    def write_loader(self, node: int) -> None:
        """Every black node is a plain file: runs/RUN/nodes/N/loader.py."""
        self.setup.workspace.write(self.id, f"nodes/{node}/loader.py", self.chronicle.tree[node].loader or "")

    def write_best(self, node: int) -> None:
        """The returned state's loader: runs/RUN/best/loader.py."""
        self.setup.workspace.write(self.id, "best/loader.py", self.chronicle.tree[node].loader or "")

    @property
    def noise(self) -> Noise:
        measured = self.chronicle.noise
        assert measured is not None, "the noise is measured before the search"
        return Noise(seed_std=measured.seed_std, paired_std=measured.paired_std)

    def _begin(self) -> None:
        task, setup = self.setup.task, self.setup
        started = self.chronicle.started
        if started is None:
            self.chronicle.append(RunStarted(
                task=task.name, folder=str(task.folder), task_digest=task.digest,
                settings={**setup.settings.to_json(), "metric": {"name": task.metric.name, "direction": task.metric.direction}},
                environment=environment(), isolation=setup.isolation, created=time.time(),
            ))  # fmt: skip
            return
        if started.task_digest != task.digest and self.chronicle.voided is None:
            self.chronicle.append(RunVoided(reason="the task has changed since the run started", changed=("task",)))
        if self.chronicle.voided is not None:
            raise RunError(f"the task in {task.folder} has changed since run {self.id} started, so its scores no longer stand: start a new run")
        self.chronicle.append(RunResumed(environment=environment(), isolation=setup.isolation))

    def _remark(self) -> None:
        """What a reader must know of the run that this one starts from, once."""
        if (earlier := self.setup.earlier) is None:
            return
        known = {event.text for event in self.chronicle.events if isinstance(event, Noted)}
        tried = sum(node.proposal is not None for node in own_nodes(self.chronicle.tree, earlier.nodes))
        self.remarks = earlier.remarks(self.setup.task, tried)
        if texts := [text for text in self.remarks if text not in known]:
            self.chronicle.append(*(Noted(node=None, text=text) for text in texts))

    def _search(self) -> None:
        if self.chronicle.finalist is not None:
            return
        self._grow()
        for node in list(self.chronicle.tree.running):
            self._work(node, *self.chronicle.tree_before(node))
        while True:
            if len(self.flights) < self.setup.settings.workers and self._may_start():
                self._launch()
            elif self.flights:
                self._land()
            else:
                return

    def _may_start(self) -> bool:
        if self._is_speechless():
            return False
        return bool(self.chronicle.tree.pending) and self.budget.allows(self._executions(), self._state_seconds() + self._reserve())

    def _is_speechless(self) -> bool:
        """Whether the agent had nothing to propose for the last black nodes, for one and the same reason: it will have nothing."""
        ended = [n.failure or {} for n in self.chronicle.tree if n.color == "black" and n.outcome is not None][-_SPEECHLESS:]
        told = {(failure.get("kind"), failure.get("message")) for failure in ended}
        return len(ended) == _SPEECHLESS and len(told) == 1 and told.pop()[0] == "agent"

    def _reserve(self) -> float:
        """Seconds set aside for the proof; without a time budget it may take what it takes."""
        return 0.0 if self.budget.seconds is None else phases.proof_cost(self, phases.proof_plan(self)).total(self.budget.seconds) + credit.reserve(self)

    def _state_seconds(self) -> float:
        """What a typical state takes."""
        return statistics.median([n.seconds for n in self.timed()] or [self.first.fold_seconds * len(self.first.scores)])

    def _deadline(self) -> float | None:
        """When a state that starts now is stopped: as the proof's time begins, but not before twice what is typical."""
        if self.budget.seconds is None:
            return None
        return time.monotonic() + min(max(self.budget.left - self._reserve(), 2 * self._state_seconds()), max(self.budget.left, 0.0))

    def _executions(self) -> int:
        """Executions begun, D0's not counted."""
        tree = self.chronicle.tree
        return max(0, tree.executions - 1) + len(tree.running)

    def _launch(self) -> None:
        """Start the node that the scheduler picks. The draw depends on seed and number only, so that a resume draws it again."""
        executed = self._executions()
        rng = random.Random(f"{self.setup.settings.seed}/{executed}")
        node = self.scheduler.pick(self.chronicle.tree, rng)
        self.chronicle.append(NodeStarted(node=node))
        self._work(node, self.chronicle.tree, self.chronicle.pool)

    def _work(self, node: int, tree: Tree, pool: Pool) -> None:
        """Work on a started node; its agent is told what `tree` and `pool` held when it was started."""
        at = self.chronicle.tree[node]
        if at.color == "red":
            brief = self._brief(node, tree, pool)
            self.flights.append(Flight(node, self.setup.workers.submit(self._discover, node, brief)))
            return
        if at.proposal is None:
            proposal = self._propose(node, self._brief(node, tree, pool))
            if isinstance(proposal, Failure):
                done: Future[list[Event]] = Future()
                done.set_result([NodeFailed(node=node, failure=proposal.to_json())])
                self.flights.append(Flight(node, done))
                return
            self.chronicle.append(*self._brought(node, proposal.assets), proposal)
            self.write_loader(node)
        self.flights.append(Flight(node, self.setup.workers.submit(self._evaluate, node, self.state_of(node), self._deadline())))

    def _propose(self, node: int, brief: Brief) -> StateProposed | Failure:
        agent = self.setup.agent
        try:
            proposal: Proposal | Failure = agent.passthrough(brief) if self.setup.settings.no_black else agent.refine(brief)
            if isinstance(proposal, Failure):
                return proposal
            state = make_state(proposal.loader, self.setup.task)
        except (LoaderError, UserError) as error:
            return Failure(kind="agent", message=str(error))
        return StateProposed(
            node=node, state=state.id, loader=proposal.loader, assets=state.assets, methods=proposal.methods,
            recipe=proposal.recipe, summary=proposal.summary, author=proposal.author,
        )  # fmt: skip

    def _brought(self, node: int, assets: tuple[str, ...]) -> list[Event]:
        """What a state of an earlier run names and the pool does not hold yet passes the customs before the state is proposed."""
        earlier = self.setup.earlier
        return [] if earlier is None else earlier.bring(self.setup.customs, node, [a for a in assets if a not in self.chronicle.pool])

    def _brief(self, node: int, tree: Tree, pool: Pool) -> Brief:
        """With a node budget alone a brief holds nothing that depends on the machine's speed."""
        executed = max(0, tree.executions - 1) + len(tree.running)
        return make_brief(
            self.setup, tree, pool, self.noise, node,
            left=1.0 - self.budget.spent(executed), state_seconds=0.0 if self.budget.seconds is None else self._state_seconds(),
        )  # fmt: skip

    def _discover(self, node: int, brief: Brief) -> list[Event]:
        started = time.perf_counter()
        desk = SourceDesk(self.setup, self._question(), node, {str(manifest["id"]) for manifest in brief.pool})
        try:
            summary = self.setup.agent.discover(brief, desk)
        except UserError as error:  # a source that cannot be read any more; what was admitted before is kept
            failure = Failure(kind="agent", message=str(error))
            return [*desk.events, NodeFailed(node=node, failure=failure.to_json(), seconds=time.perf_counter() - started)]
        seconds = time.perf_counter() - started
        return [*desk.events, NodeDiscovered(node=node, assets=tuple(desk.admitted), summary=summary, seconds=seconds)]

    def _question(self) -> Query:
        with self._asking:
            if self._asked is None:
                self._asked = question_of(self.setup)
            return self._asked

    def _evaluate(self, node: int, state: DataState, deadline: float | None) -> list[Event]:
        setup = self.setup
        folds = setup.plan.development()
        trial = try_state(setup, Attempt(state, folds, self.first.strongest), stop=self.stop, deadline=deadline)
        cost = {"seconds": trial.seconds, "training_seconds": trial.training_seconds,
                "evaluations": trial.evaluations, "cached": trial.cached}  # fmt: skip
        if trial.failure is not None:
            failure = trial.failure
            if deadline is not None and time.monotonic() >= deadline:
                failure = Failure(kind="timeout", message="the run's time for searching was up before its folds were")
            return [NodeFailed(node=node, failure=failure.to_json(), **cost)]
        gain = setup.task.metric.gain(trial.dev, self.first.dev)
        first = trial.results[0]
        changes = ({"lineage": first.lineage}, *first.changes)
        return [NodeScored(
            node=node, dev=trial.dev, gain=gain, reward=reward(gain, self.noise), folds=trial.scores,
            changes=changes, slices=setup.judge.slices(folds, self.first.results, trial.results),
            findings=tuple(f for r in trial.results for f in r.findings), **cost,
        )]  # fmt: skip

    def _land(self) -> None:
        """Apply the oldest flight, or under a time budget whichever ended first, and grow what it calls for."""
        flight = self.flights[0]
        if self.budget.nodes is None:
            done, _ = wait([f.future for f in self.flights], return_when=FIRST_COMPLETED)
            flight = next(f for f in self.flights if f.future in done)
        events = flight.future.result()
        self.flights.remove(flight)
        self.chronicle.append(*events)
        self._grow()

    def _grow(self) -> None:
        grown = self.growth.grow(self.chronicle.tree, self.chronicle.pool.unused())
        if grown:
            self.chronicle.append(*grown)

    def _halt(self, reason: str) -> None:
        """Stop in good order: the journal says why, running processes die, finished folds are in the cache."""
        self.stop.set()
        with contextlib.suppress(JournalError):  # when the journal cannot be written, that is what the user is to hear
            self.chronicle.append(RunInterrupted(reason=reason[:500]))
        for flight in self.flights:
            flight.future.cancel()
        self.setup.close()


def _policies(setup: Setup, budget: Budget, executions: Callable[[], int]) -> tuple[Growth, Scheduler]:
    growth, scheduler = _plain_policies(setup, budget, executions)
    return growth, scheduler if setup.earlier is None else FirstThings(count=setup.earlier.nodes, then=scheduler)


def _plain_policies(setup: Setup, budget: Budget, executions: Callable[[], int]) -> tuple[Growth, Scheduler]:
    settings = setup.settings
    red = not settings.no_red and bool(setup.sources)
    if settings.schedule == "branch":
        return Growth(red=red, black=not settings.no_black), BranchScheduler()
    decay = {"piecewise": Piecewise, "linear": Linear, "exponential": Exponential}[settings.decay]()
    spent = None if budget.seconds is None else lambda: budget.spent(executions())
    scheduler = PaperScheduler(budget=float(budget.nodes or DEFAULT_NODES), decay=decay, spent=spent)
    return Growth.paper(red=red, black=not settings.no_black), scheduler
