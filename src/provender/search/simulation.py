"""The search against landscapes that are formulas: what a policy is worth, in seconds, without data.

Real trees, events, growth and schedulers; only the loaders are made up. A state has a true value in points; a black
node moves its start state's value by a random step, whose odds depend on the source family (the red node) it builds
on; the search sees that value with noise. Every node's fate depends on (seed, node) only, however it is scheduled.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..journal.events import (
    AssetAdmitted,
    Event,
    NodeDiscovered,
    NodeFailed,
    NodeScored,
    NodeStarted,
    NoiseMeasured,
    StateProposed,
)
from ..journal.pool import Pool
from ..journal.tree import ROOT, Node, Tree
from .grow import Growth
from .schedule import Scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class Landscape:
    """Odds of a step and its size, in points.

    good, gain   chance of a good step and its mean (exponential); it fades with the value, as exp(-value / fade)
    loss         scale of a bad step (half-normal)
    rich, boost  share of rich source families, and what multiplies `good` on them (the task's own data is not rich)
    entry        what the first state on a rich source costs
    noise        standard deviation of an observed value
    failing      chance that a black node fails;  barren: chance that a red node finds nothing
    """

    good: float
    gain: float
    loss: float
    rich: float = 0.0
    boost: float = 1.0
    entry: float = 0.0
    noise: float = 0.3
    fade: float = 15.0
    failing: float = 0.1
    barren: float = 0.2


LANDSCAPES: Mapping[str, Landscape] = {
    "smooth": Landscape(good=0.5, gain=0.35, loss=0.35),
    "branchy": Landscape(good=0.12, gain=1.0, loss=0.8, rich=0.25, boost=4.0),
    "rugged": Landscape(good=0.10, gain=2.5, loss=3.0),
    "noisy": Landscape(good=0.12, gain=1.0, loss=0.8, rich=0.25, boost=4.0, noise=2.0),
    "deceptive": Landscape(good=0.12, gain=1.5, loss=0.8, rich=0.25, boost=4.0, entry=2.0),
}

RED_COST, BLACK_COST = 0.4, 1.0


@dataclass(slots=True)
class Simulation:
    """A run that can be stepped. events: its journal; value: {node: true value of its state, in points}."""

    landscape: Landscape
    scheduler: Scheduler
    growth: Growth
    seed: int
    workers: int = 1
    tree: Tree = field(default_factory=Tree)
    pool: Pool = field(default_factory=Pool)
    events: list[Event] = field(default_factory=list)
    value: dict[int, float] = field(default_factory=dict)
    rich: dict[int, bool] = field(default_factory=dict)
    spent: float = 0.0
    _flights: list[tuple[float, int]] = field(default_factory=list)
    _clock: float = 0.0

    def run(self, budget: float) -> Simulation:
        """Execute nodes until `budget` is spent (a black node costs 1, a red one 0.4), and wait for the last."""
        if not self.events:
            self._apply(NoiseMeasured(seed_std=self.sigma, paired_std=self.sigma, dev=0.0, seconds=0.0))
        self._grow()
        for node in tuple(self.tree.running):
            self._fly(node)
        while True:
            while self.spent < budget and len(self._flights) < self.workers and self.tree.pending:
                self._start()
            if not self._flights:
                return self
            self._clock, node = heapq.heappop(self._flights)
            for event in self._outcome(self.tree[node]):
                self._apply(event)
            self._grow()

    def resume(self, events: Iterable[Event]) -> None:
        """Take up a run of these events, as after a kill: nodes in flight are executed again."""
        for event in events:
            self._apply(event)
            if isinstance(event, NodeScored | NodeFailed | NodeDiscovered):
                at = self.tree[event.node]
                self._outcome(at)  # the same fate as before: it brings the true values back
                self.spent += RED_COST if at.color == "red" else BLACK_COST

    @property
    def sigma(self) -> float:
        """sigma_pair, as a noise floor would find it."""
        return max(self.landscape.noise, 0.1)

    @property
    def gain(self) -> float:
        """True value of the state with the best observed gain."""
        best = self.tree.best
        return 0.0 if best is None else self.value[best.id]

    def _apply(self, event: Event) -> None:
        self.events.append(event)
        self.tree.apply(event)
        self.pool.apply(event)

    def _grow(self) -> None:
        for event in self.growth.grow(self.tree, self.pool.unused()):
            self._apply(event)

    def _start(self) -> None:
        node = self.scheduler.pick(self.tree, random.Random(f"{self.seed} pick {self.tree.frontier.used}"))
        self._apply(NodeStarted(node=node))
        self._fly(node)

    def _fly(self, node: int) -> None:
        cost = RED_COST if self.tree[node].color == "red" else BLACK_COST
        self.spent += cost
        heapq.heappush(self._flights, (self._clock + cost, node))

    def _outcome(self, at: Node) -> list[Event]:
        rng = random.Random(f"{self.seed} fate {at.id}")
        land, asset = self.landscape, f"simulated:{at.base:08x}"
        if at.color == "red":
            self.rich[at.id] = rng.random() < land.rich
            if rng.random() < land.barren:
                return [NodeDiscovered(node=at.id, assets=(), summary="nothing new")]
            found = f"simulated:{at.id:08x}"
            return [AssetAdmitted(node=at.id, asset=found, manifest={}), NodeDiscovered(node=at.id, assets=(found,))]
        proposed = StateProposed(
            node=at.id,
            state=f"{at.id:016x}",
            loader=f"# state {at.id}",
            assets=(asset,) if at.base > ROOT else (),
            author="playbook",
        )
        if at.id == ROOT:
            self.value[ROOT] = 0.0
            return [proposed, NodeScored(node=ROOT, dev=0.0, gain=0.0, reward=0.5)]
        if rng.random() < land.failing:
            return [proposed, NodeFailed(node=at.id, failure={"kind": "crashed", "message": "it was not its day"})]
        self.value[at.id] = value = self._step(at, rng)
        observed = rng.gauss(value, land.noise)
        reward = 0.5 * (1 + math.erf(observed / (4 * self.sigma) / math.sqrt(2)))
        return [proposed, NodeScored(node=at.id, dev=observed, gain=observed, reward=reward)]

    def _step(self, at: Node, rng: random.Random) -> float:
        """True value of a black node's state."""
        land, start = self.landscape, self.value[at.branch]
        rich = self.rich.get(at.base, False)
        if rng.random() < land.good * (land.boost if rich else 1.0):
            step = rng.expovariate(1.0) * land.gain * math.exp(-max(start, 0.0) / land.fade)
        else:
            step = -abs(rng.gauss(0.0, land.loss))
        first = rich and self.tree[at.branch].base != at.base
        return start + step - (land.entry if first else 0.0)
