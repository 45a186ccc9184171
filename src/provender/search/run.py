"""The run: pick a pending node, have an agent work on it, evaluate, append, grow; until the budget is spent. The one shell.

With a node budget a run is a function of (task, settings): results are applied in the order of proposals, so that
proposal i sees exactly the results of the executions up to i - workers, however long each took. Under a time budget
results are applied as they come, and the promise is: nothing lost, nothing repeated.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from ..agents.agent import Brief, Proposal
from ..contract.outcome import Failure
from ..contract.state import DataState
from ..errors import LoaderError, RunError
from ..journal.events import (
    Event,
    NodeDiscovered,
    NodeFailed,
    NodeScored,
    NodeStarted,
    RunInterrupted,
    RunResumed,
    RunStarted,
    RunVoided,
    StateProposed,
)
from ..journal.ledger import wall_seconds
from ..journal.pool import Pool
from ..journal.tree import ROOT, Tree
from ..pipeline.proof import Noise, reward
from ..pipeline.state import make_state
from . import phases
from .brief import make_brief
from .budget import Budget
from .chronicle import Chronicle, Listener
from .decay import Exponential, Linear, Piecewise
from .desk import SourceDesk
from .grow import Growth
from .schedule import BranchScheduler, PaperScheduler, Scheduler
from .setup import Setup, environment
from .trial import Stop, Trial, try_state

DEFAULT_NODES = 40


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """A node in work: its future gives the events that end it."""

    node: int
    future: Future[list[Event]]


class Run:
    """One run of one task. `go()` may be called again after an interruption, in this process or another."""

    def __init__(self, run: str, setup: Setup, listener: Listener) -> None:
        self.id, self.setup = run, setup
        journal = setup.workspace.journal
        self.chronicle = Chronicle(journal, run, listener)
        self.stop = threading.Event()
        self.first: Trial = None  # type: ignore[assignment]  # D0's trial, from `phases.start`
        settings = setup.settings
        nodes = settings.nodes if settings.nodes or settings.seconds else DEFAULT_NODES
        self.budget = Budget(
            nodes=None if nodes is None else nodes + self.chronicle.extended_nodes,
            seconds=None if settings.seconds is None else settings.seconds + self.chronicle.extended_seconds,
            before=wall_seconds(journal.read(run)),
            clock=time.monotonic,
        )
        self.growth, self.scheduler = _policies(setup, self.budget, self._executions)
        self.flights: list[Flight] = []

    def go(self) -> None:
        """Run to the end, or to an interruption that can be resumed. Raises RunError when the task has changed."""
        self._open()
        try:
            phases.start(self)
            self._search()
            phases.finalist(self)
            phases.confirmation(self)
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

    def _open(self) -> None:
        task, setup = self.setup.task, self.setup
        started = self.chronicle.started
        if started is None:
            self.chronicle.append(RunStarted(
                task=task.name, folder=str(task.folder), task_digest=task.digest,
                settings={**setup.settings.to_json(), "metric": {"name": task.metric.name, "direction": task.metric.direction}},
                environment=environment(), isolation=setup.isolation, created=time.time(),
            ))  # fmt: skip
            return
        if started.task_digest != task.digest:
            self.chronicle.append(RunVoided(reason="the task has changed since the run started", changed=("task",)))
            raise RunError(f"the task in {task.folder} has changed since run {self.id} started, so its scores no longer stand: start a new run")
        self.chronicle.append(RunResumed(environment=environment(), isolation=setup.isolation))

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
        tree = self.chronicle.tree
        if not tree.pending:
            return False
        scored = [n.seconds for n in tree if n.gain is not None and n.id != ROOT]
        reserve = 0.0
        if self.budget.seconds is not None:
            reserve = phases.proof_cost(self, phases.proof_plan(self)[0]).total
        return self.budget.allows(self._executions(), scored or [self.first.seconds], reserve)

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
            self.chronicle.append(proposal)
            self.write_loader(node)
        self.flights.append(Flight(node, self.setup.workers.submit(self._evaluate, node, self.state_of(node))))

    def _propose(self, node: int, brief: Brief) -> StateProposed | Failure:
        agent = self.setup.agent
        proposal: Proposal = agent.passthrough(brief) if self.setup.settings.no_black else agent.refine(brief)
        try:
            state = make_state(proposal.loader, self.setup.task)
        except LoaderError as error:
            return Failure(kind="agent", message=str(error))
        return StateProposed(
            node=node, state=state.id, loader=proposal.loader, assets=state.assets, methods=proposal.methods,
            recipe=proposal.recipe, summary=proposal.summary, author=proposal.author,
        )  # fmt: skip

    def _brief(self, node: int, tree: Tree, pool: Pool) -> Brief:
        scored = [n.seconds for n in tree if n.gain is not None]
        executed = max(0, tree.executions - 1) + len(tree.running)
        left = 1.0 - (executed / self.budget.nodes if self.budget.nodes else self.budget.spent(executed))
        return make_brief(
            self.setup, tree, pool, self.noise, node, left=max(0.0, left), state_seconds=statistics.median(scored) if scored else 0.0
        )

    def _discover(self, node: int, brief: Brief) -> list[Event]:
        started = time.perf_counter()
        desk = SourceDesk(self.setup, node, {str(manifest["id"]) for manifest in brief.pool})
        summary = self.setup.agent.discover(brief, desk)
        seconds = time.perf_counter() - started
        return [*desk.events, NodeDiscovered(node=node, assets=tuple(desk.admitted), summary=summary, seconds=seconds)]

    def _evaluate(self, node: int, state: DataState) -> list[Event]:
        setup = self.setup
        folds = setup.plan.development()
        trial = try_state(setup, state, folds, strongest=self.first.strongest, stop=self.stop)
        cost = {"seconds": trial.seconds, "training_seconds": trial.training_seconds,
                "evaluations": trial.evaluations, "cached": trial.cached}  # fmt: skip
        if trial.failure is not None:
            return [NodeFailed(node=node, failure=trial.failure.to_json(), **cost)]
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
        """Stop in good order: running processes die, finished folds are in the cache, the journal says why."""
        self.stop.set()
        for flight in self.flights:
            flight.future.cancel()
        self.setup.close()
        self.chronicle.append(RunInterrupted(reason=reason[:500]))


def _policies(setup: Setup, budget: Budget, executions: Callable[[], int]) -> tuple[Growth, Scheduler]:
    settings = setup.settings
    red = not settings.no_red and bool(setup.sources)
    if settings.schedule == "branch":
        return Growth(red=red, black=not settings.no_black), BranchScheduler()
    decay = {"piecewise": Piecewise, "linear": Linear, "exponential": Exponential}[settings.decay]()
    spent = None if budget.seconds is None else lambda: budget.spent(executions())
    scheduler = PaperScheduler(budget=float(budget.nodes or DEFAULT_NODES), decay=decay, spent=spent)
    return Growth.paper(red=red, black=not settings.no_black), scheduler
