"""The events of a run, a tagged union: everything that is true about a run is one of these, in this order of time.

Events are frozen records that refer to nodes, states and assets by id. Sequences are tuples. `to_json` and
`from_json` are each other's inverse. A field added later has a default, so that an old journal reads on; a field
or kind is never renamed. A node that failed has no number: only `NodeScored` carries scores.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..errors import JournalError

VERSION = 1
"""Version of the set of events. It grows when an older Provender can no longer read what a newer one writes."""

Color = Literal["black", "red"]
Author = Literal["initial", "playbook", "llm", "agent", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The first event of a run: what it runs on, exactly.

    settings     every resolved setting;  environment: Python, packages, cores
    isolation    sealed | partial | unsealed
    created      seconds since the epoch
    """

    task: str
    folder: str
    task_digest: str
    settings: Mapping[str, Any]
    environment: Mapping[str, Any]
    isolation: str
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed:
    """A process took the run up again; the time since the event before it was not spent on the run."""

    environment: Mapping[str, Any]
    isolation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseMeasured:
    """The noise floor of D0's development score.

    seed_std    standard deviation over the learner's seeds (metric's units)
    paired_std  standard deviation of D0 against D0 on random 95 % subsets: sigma_pair
    dev         D0's development score;  seconds: how long it took (its cost is a `Spent`)
    """

    seed_std: float
    paired_std: float
    dev: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGrown:
    """The growth policy put a pending node into the tree. Node 0 is D0, without a parent.

    after   the finished node that this one answers; when that node failed, this one is its repair
    reason  the controller's sentence
    """

    node: int
    parent: int | None
    color: Color
    after: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted:
    """A worker took the node up. After a kill the same node may start again."""

    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateProposed:
    """The data state of a black node: text of its loader.py, the assets it names, the methods it is made of.

    recipe  the playbook's moves, when the playbook wrote the loader
    """

    node: int
    state: str
    loader: str
    assets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    recipe: Mapping[str, Any] | None = None
    summary: str = ""
    author: Author


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetAdmitted:
    """A red node's find passed the guard and is in the pool. manifest: source, digest, licence, schema, uses …"""

    node: int
    asset: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRefused:
    """A red node's find was not admitted, and why."""

    node: int
    lead: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDiscovered:
    """A red node finished. assets: ids of what it admitted, possibly nothing."""

    node: int
    assets: tuple[str, ...]
    summary: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeScored:
    """A black node's state was evaluated on the search rows.

    dev       development score, in the metric's own direction
    gain      paired gain over D0, positive = better; D0's is 0
    reward    0..1, the gain on a scale that is fixed once after the noise floor; D0's is 0.5
    folds     development score of each fold
    seconds   wall clock;  training_seconds: inside the learner;  evaluations: fits made;  cached: fits reused
    changes   what the state did to the rows, as the harness saw it
    slices    {slice: {"rows": n, "gain": paired gain over D0 there, or None}}
    findings  what the guard remarked without refusing
    """

    node: int
    dev: float
    gain: float
    reward: float
    folds: tuple[float, ...] = ()
    seconds: float = 0.0
    training_seconds: float = 0.0
    evaluations: int = 0
    cached: int = 0
    changes: tuple[Mapping[str, Any], ...] = ()
    slices: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed:
    """A node has no score, and why. failure: {"kind", "message", "detail"} as in `contract.outcome`."""

    node: int
    failure: Mapping[str, Any]
    seconds: float = 0.0
    training_seconds: float = 0.0
    evaluations: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A finding that an agent or a person wrote down, about one node or about the task."""

    node: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a step cost beyond what `NodeScored`, `NodeFailed` and `NodeDiscovered` say themselves.

    what  the phase: "noise", "finalist", "confirm", "test", "agent" …
    """

    what: str
    seconds: float = 0.0
    training_seconds: float = 0.0
    evaluations: int = 0
    cached: int = 0
    tokens: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalistFrozen:
    """The one state that may be confirmed (None: no state is better than D0). scores: {node: dev on more foldings}"""

    node: int | None
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """D0 and the finalist, paired, on fresh foldings of the search and the sealed rows: the sealed rows were opened.

    gain, interval  positive = better;  level: of the interval's one-sided test
    second_key      whether the sealed rows alone pass too; None where it was not asked for
    """

    node: int
    initial: float
    best: float
    gain: float
    interval: tuple[float, float]
    level: float
    rows: int
    foldings: int
    proven: bool
    second_key: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestScored:
    """D0 and the returned state on the test rows, once."""

    node: int
    initial: float
    best: float
    gain: float
    interval: tuple[float, float]

    __test__ = False  # not a test class, whatever its name says to pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The run is over. best: the returned node (0 when nothing is proven); candidate: the likeliest better one."""

    best: int
    candidate: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What one part of a state is worth: the state without it, on the development folds. An estimate, never a claim.

    part     `contract.part.Part` as JSON
    credit   the state's development score minus that of the state without the part, in the metric's units; positive:
             the part helps. None when the state without it could not be evaluated, and then `reason` says why
    """

    node: int
    part: Mapping[str, Any]
    credit: float | None
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A person took this node as the run's result, whatever was proven. Node 0 takes an acceptance back to D0."""

    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInterrupted:
    """The run was stopped in good order and can be resumed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetExtended:
    """More budget was granted. nodes, seconds: what was added (None: nothing of that kind)."""

    nodes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVoided:
    """The run's results no longer stand, because what it was run on has changed. changed: which files or settings."""

    reason: str
    changed: tuple[str, ...] = ()


Event = (
    RunStarted | RunResumed | NoiseMeasured | NodeGrown | NodeStarted | StateProposed | AssetAdmitted | AssetRefused
    | NodeDiscovered | NodeScored | NodeFailed | Noted | Spent | FinalistFrozen | Confirmed | TestScored | RunFinished
    | Credited | Accepted | RunInterrupted | BudgetExtended | RunVoided
)  # fmt: skip

KINDS: Mapping[str, type] = {
    "run_started": RunStarted,
    "run_resumed": RunResumed,
    "noise_measured": NoiseMeasured,
    "node_grown": NodeGrown,
    "node_started": NodeStarted,
    "state_proposed": StateProposed,
    "asset_admitted": AssetAdmitted,
    "asset_refused": AssetRefused,
    "node_discovered": NodeDiscovered,
    "node_scored": NodeScored,
    "node_failed": NodeFailed,
    "noted": Noted,
    "spent": Spent,
    "finalist_frozen": FinalistFrozen,
    "confirmed": Confirmed,
    "test_scored": TestScored,
    "run_finished": RunFinished,
    "credited": Credited,
    "accepted": Accepted,
    "run_interrupted": RunInterrupted,
    "budget_extended": BudgetExtended,
    "run_voided": RunVoided,
}

_NAME = {event: kind for kind, event in KINDS.items()}
_FIELDS = {event: tuple(f.name for f in dataclasses.fields(event)) for event in KINDS.values()}
_TUPLES = {
    event: tuple(f.name for f in dataclasses.fields(event) if f.type.startswith("tuple")) for event in KINDS.values()
}


def kind_of(event: Event) -> str:
    """The name under which the journal keeps this kind of event."""
    return _NAME[type(event)]


def to_json(event: Event) -> dict[str, Any]:
    """{"kind": …, field: value, …}, JSON values only.

    Raises JournalError for a number of the event itself that is not finite: a score that is undefined is a failure.
    Inside `slices`, `changes` and other details an undefined number becomes None.
    """
    value: dict[str, Any] = {"kind": _NAME[type(event)]}
    for name in _FIELDS[type(event)]:
        field_value = getattr(event, name)
        if isinstance(field_value, float) and not math.isfinite(field_value):
            raise JournalError(
                f"{type(event).__name__}.{name} is {field_value}, which is no score: journal a NodeFailed instead"
            )
        value[name] = _plain(field_value)
    return value


def from_json(value: Mapping[str, Any]) -> Event:
    """The event of a JSON value. Raises JournalError for an unknown kind or field, and for a missing field."""
    body = dict(value)
    return build(body.pop("kind", None), body)


def build(kind: str | None, body: dict[str, Any]) -> Event:
    """The event of this kind with these fields; it keeps `body`'s values. Raises as `from_json` does."""
    event = KINDS.get(kind)
    if event is None:
        raise JournalError(
            f"the journal holds an event of kind {kind!r}, which version {VERSION} of the events does not know: "
            "a newer Provender wrote it, so run pip install -U provender"
        )
    try:
        for name in _TUPLES[event]:
            if name in body:
                body[name] = tuple(body[name])
        return event(**body)
    except TypeError:
        known = set(_FIELDS[event])
        raise JournalError(
            f"an event of kind {kind!r} has the fields {sorted(body)}, but version {VERSION} of the events has "
            f"{sorted(known)}: run pip install -U provender if a newer one wrote it, else restore a copy"
        ) from None


def _plain(value: Any) -> Any:
    """The same value out of dicts, lists and JSON scalars; NumPy scalars and arrays are unpacked."""
    if value is None or value is True or value is False or type(value) in (str, int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return [_plain(item) for item in sorted(value)]
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    raise JournalError(f"an event holds a {type(value).__name__}, which JSON cannot: {value!r:.80}; convert it first")
