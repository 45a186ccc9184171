"""Numbers of a run, from its events alone: what was claimed, how the search went, what the data underwent, what it cost.

Overcome rate, red/black ratio and branch concentration are those of DataMaster (https://arxiv.org/abs/2605.10906, section 4),
on development scores: the test set is scored once and never tells about the search.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from ..journal.events import (
    Accepted,
    Confirmed,
    Event,
    FinalistFrozen,
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    NoiseMeasured,
    Noted,
    RunInterrupted,
    RunResumed,
    RunStarted,
    RunVoided,
    TestScored,
)
from ..journal.ledger import Ledger, wall_seconds
from ..journal.pool import Pool, Refusal
from ..journal.returned import returned
from ..journal.store import Stored
from ..journal.tree import ROOT, Node, Tree
from .summary import status

LEVELS = ("unsealed", "partial", "sealed")

BEYOND = 2.0
"""A development gain counts as beyond the noise above this many sigma_pair."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Account:
    """What the journal says about one run.

    returned   the node that the run returned, or a person accepted since; None while there is neither
    accepted   a person took it, which proves nothing
    subject    the node that the report is about: the accepted one, else the proven one, else the finalist, else the best so far;
               None: no better one
    confirmed  the confirmation of the subject, tested: the test of what was returned; None where there was none
    isolation  the weakest level that any of its processes had; None before the first event
    wall       seconds on the clock
    """

    run: str
    status: str
    events: tuple[Event, ...]
    tree: Tree
    pool: Pool
    ledger: Ledger
    started: RunStarted | None
    noise: NoiseMeasured | None
    finalist: FinalistFrozen | None
    confirmed: Confirmed | None
    tested: TestScored | None
    returned: int | None
    accepted: bool
    subject: int | None
    isolation: str | None
    ended: str
    notes: tuple[Noted, ...]
    wall: float
    times: tuple[float, ...]

    @property
    def proven(self) -> bool:
        return self.confirmed is not None and self.confirmed.proven

    @property
    def metric(self) -> Mapping[str, Any]:
        """{"name", "direction"} as settings have it, or nothing."""
        return (self.started.settings.get("metric") if self.started else None) or {}

    @property
    def dev_gain(self) -> float | None:
        """The subject's development gain; None without a subject."""
        return None if self.subject is None else self.tree[self.subject].gain

    @property
    def optimism(self) -> float | None:
        """Development gain minus confirmed gain: how much of it the search had picked from the noise."""
        if self.confirmed is None or not self.confirmed.rows or self.dev_gain is None:
            return None
        return self.dev_gain - self.confirmed.gain


def account(run: str, story: Sequence[Stored]) -> Account:
    """The account of a run's events; any beginning of a run has one, the empty one too."""
    events = tuple(stored.event for stored in story)
    tree = Tree.of(events)
    last: dict[type, Any] = {type(event): event for event in events}
    ended = status(events)
    finalist: FinalistFrozen | None = last.get(FinalistFrozen)
    confirmations = [event for event in events if isinstance(event, Confirmed)]
    proven = next((c.node for c in reversed(confirmations) if c.proven), None)
    result = returned(events)
    accepted = result is not None and result.accepted
    standing = result.node if result is not None and (accepted or ended == "finished") else None
    if accepted and standing != ROOT:
        subject, sure = standing, result.proven
    else:
        subject, sure = proven if proven is not None else finalist.node if finalist else _best(tree), proven is not None
    tested: TestScored | None = last.get(TestScored)
    stop = {"interrupted": RunInterrupted, "voided": RunVoided}.get(ended)
    levels = [event.isolation for event in events if isinstance(event, RunStarted | RunResumed)]
    return Account(
        run=run,
        status=ended,
        events=events,
        tree=tree,
        pool=Pool.of(events),
        ledger=Ledger.of(events),
        started=last.get(RunStarted),
        noise=last.get(NoiseMeasured),
        finalist=finalist,
        confirmed=next((c for c in reversed(confirmations) if c.node == subject and c.proven == sure), None),
        tested=tested if tested is not None and standing in (None, tested.node) else None,
        returned=standing,
        accepted=accepted,
        subject=subject,
        isolation=min(levels, key=lambda level: LEVELS.index(level) if level in LEVELS else -1, default=None),
        ended=last[stop].reason if stop else "",
        notes=tuple(event for event in events if isinstance(event, Noted)),
        wall=wall_seconds(story),
        times=tuple(stored.time for stored in story),
    )


def _best(tree: Tree) -> int | None:
    best = tree.best
    return best.id if best is not None and best.id != ROOT and (best.gain or 0) > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One execution, in the order of finishing. number counts from 1, without D0; gain: None unless scored.

    best     the highest gain so far, D0's 0 included
    seconds  on the clock since the run's first event, without the time between a stop and the resume after it
    """

    number: int
    node: int
    kind: str
    gain: float | None
    best: float
    seconds: float


def steps(told: Account) -> tuple[Step, ...]:
    """Every execution but D0's. kind: scored | failed | discovered."""
    kinds = {NodeScored: "scored", NodeFailed: "failed", NodeDiscovered: "discovered"}
    found: list[Step] = []
    best, clock, before = 0.0, 0.0, None
    for at, event in zip(told.times, told.events, strict=True):
        if before is not None and not isinstance(event, RunResumed | Accepted):
            clock += max(0.0, at - before)
        before = at
        if type(event) not in kinds or event.node == ROOT:
            continue
        gain = event.gain if isinstance(event, NodeScored) else None
        best = max(best, gain or 0.0)
        found.append(Step(number=len(found) + 1, node=event.node, kind=kinds[type(event)], gain=gain, best=best, seconds=clock))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overcome:
    """How many executed states beat D0 on the development folds, and how many would by chance alone.

    states, failed   black nodes that were executed, D0 not counted; those of them without a score
    better, null     share of them that beats D0; the share expected if every state whose score differs were luck (1/2 of those)
    beyond, beyond_null   the same for gains above 2 sigma_pair, expected under normal noise; None where no noise was measured
    improved         share that beats the state it started from
    """

    states: int
    failed: int
    better: float | None
    null: float | None
    beyond: float | None
    beyond_null: float | None
    improved: float | None


def overcome(tree: Tree) -> Overcome:
    """The paper's overcome rate with what chance alone would give, which for many states is far from nothing."""
    black = [node for node in tree if node.color == "black" and node.id != ROOT and node.outcome is not None]
    scored = [node for node in black if node.gain is not None]
    n = len(black)
    if not n:
        return Overcome(states=0, failed=0, better=None, null=None, beyond=None, beyond_null=None, improved=None)
    differ = sum(1 for node in scored if node.gain != 0)
    sigma = tree.noise
    starts = [(node, tree.start_state(node.id)) for node in scored]
    return Overcome(
        states=n,
        failed=n - len(scored),
        better=sum(1 for node in scored if node.gain > 0) / n,
        null=0.5 * differ / n,
        beyond=sum(1 for node in scored if node.gain > BEYOND * sigma) / n if sigma > 0 else None,
        beyond_null=NormalDist().cdf(-BEYOND) * differ / n if sigma > 0 else None,
        improved=sum(1 for node, start in starts if start is not None and start.gain is not None and node.gain > start.gain) / n,
    )


def concentration(events: Iterable[Event]) -> tuple[float, ...]:
    """Branch concentration after each execution but D0's, 0 (even over D0's children) to 1 (all in one branch).

    (sum p² - 1/K) / (1 - 1/K), where p is a root-level branch's share of the executions and K how many such branches
    were grown so far; with one branch it is 1.
    """
    branch: dict[int, int] = {}
    executed: Counter[int] = Counter()
    k = n = squares = 0  # branches, executions, sum of squared executions of each branch
    found: list[float] = []
    for event in events:
        if isinstance(event, NodeGrown) and event.parent is not None:
            branch[event.node] = event.node if event.parent == ROOT else branch[event.parent]
            k += event.parent == ROOT
        elif isinstance(event, NodeScored | NodeFailed | NodeDiscovered) and event.node != ROOT:
            root = branch[event.node]
            n, squares = n + 1, squares + 2 * executed[root] + 1
            executed[root] += 1
            found.append(1.0 if k == 1 else (squares / n**2 - 1 / k) / (1 - 1 / k))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodUse:
    """A method that states were made of. mean, best: development gain over D0 of the scored ones; None when none was."""

    name: str
    states: int
    failed: int
    mean: float | None
    best: float | None


def methods(tree: Tree) -> tuple[MethodUse, ...]:
    """Every method that an executed state but D0 used, the highest mean gain first."""
    used: dict[str, list[Node]] = {}
    for node in tree:
        if node.id != ROOT and node.outcome is not None:
            for name in dict.fromkeys(node.methods):
                used.setdefault(name, []).append(node)
    found = []
    for name, nodes in used.items():
        gains = [node.gain for node in nodes if node.gain is not None]
        found.append(MethodUse(
            name=name, states=len(nodes), failed=len(nodes) - len(gains),
            mean=sum(gains) / len(gains) if gains else None, best=max(gains, default=None),
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda use: (use.mean is None, -(use.mean or 0), use.name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failed nodes alike in kind and message."""

    kind: str
    message: str
    nodes: tuple[Node, ...]


def failures(tree: Tree) -> tuple[FailureGroup, ...]:
    """Failed nodes, grouped by what went wrong, the most frequent first."""
    groups: dict[tuple[str, str], list[Node]] = {}
    for node in tree:
        if node.failure is not None:
            groups.setdefault((str(node.failure.get("kind")), str(node.failure.get("message"))), []).append(node)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(FailureGroup(kind=kind, message=message, nodes=tuple(nodes)) for (kind, message), nodes in ordered)


def refusals(pool: Pool) -> tuple[tuple[str, tuple[Refusal, ...]], ...]:
    """(reason, finds that were not admitted for it), the most frequent first."""
    groups: dict[str, list[Refusal]] = {}
    for refusal in pool.refused:
        groups.setdefault(refusal.reason, []).append(refusal)
    return tuple((reason, tuple(some)) for reason, some in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDiff:
    """What a state did to the training rows of its first development fold.

    own        rows of the task that it was given: kept + edited + dropped
    appended   (asset, rows) that it added;  made: rows that it made up;  unknown: rows of an origin that nobody knows
    reasons    (kind, reason, rows) as the loader says
    """

    own: int
    kept: int
    edited: int
    relabelled: int
    dropped: int
    appended: tuple[tuple[str, int], ...]
    made: int
    unknown: int
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    reasons: tuple[tuple[str, str, int], ...]

    @property
    def trained(self) -> int:
        """Rows that the learner sees."""
        return self.kept + self.edited + sum(rows for _, rows in self.appended) + self.made + self.unknown

    @property
    def untouched(self) -> bool:
        """Whether every row and column is as it was."""
        return self.own == self.kept == self.trained and not (self.relabelled or self.columns_added or self.columns_removed or self.reasons)


def data_diff(node: Node) -> DataDiff | None:
    """None where the journal holds no lineage: the node has no score, is D0, or trains a program."""
    changes = node.outcome.changes if isinstance(node.outcome, NodeScored) else ()
    line = next((change["lineage"] for change in changes if change.get("lineage")), None)
    if line is None:
        return None
    kept, edited, dropped = (int(line.get(name, 0)) for name in ("kept", "edited", "dropped"))
    return DataDiff(
        own=kept + edited + dropped,
        kept=kept,
        edited=edited,
        relabelled=int(line.get("relabelled", 0)),
        dropped=dropped,
        appended=tuple((str(asset), int(rows)) for asset, rows in (line.get("appended") or {}).items() if int(rows) > 0),
        made=int(line.get("synthesised", 0)) + max(0, int(line.get("invented", 0))),
        unknown=int(line.get("unknown", 0)),
        columns_added=tuple(map(str, line.get("columns_added", ()))),
        columns_removed=tuple(map(str, line.get("columns_removed", ()))),
        reasons=tuple(
            (str(change.get("kind", "")), str(change.get("reason", "")), int(change.get("count") or 0))
            for change in changes if "lineage" not in change
        ),
    )  # fmt: skip


def title_of(pool: Pool, asset: str) -> str:
    """What the reader knows an asset by."""
    return str(pool[asset].manifest.get("title") or asset) if asset in pool else asset
