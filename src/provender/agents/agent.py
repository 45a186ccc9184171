"""What an agent is: it reads a frozen brief and answers with a proposal; on a red node it uses a desk.

The same protocol serves the playbook (no LLM), an LLM, an outside program and a person. An agent never sees a held-out
row, a file path or the journal: everything it knows is in the brief, and every number in it is a development score
rounded to a quarter of the noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ..contract.outcome import Failure
from ..contract.schema import Schema

Color = Literal["black", "red"]
Author = Literal["initial", "playbook", "llm", "agent", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """What an agent knows of the task itself.

    metric     name in the metric table; `direction` says which way is better
    classes    class names, () for regression
    targets    names of the target columns
    profile    `profile.facts.Profile` of the search rows as JSON: facts, never rows
    learner    name of the preset that is the fixed learner; "" for the user's own
    choose     how many rows of the task's own pool may be chosen, 0 where nothing is; `schema` then tells of the pool,
               and `row_id` is the column whose whole numbers name its rows
    """

    name: str
    description: str = ""
    kind: str
    modality: str
    metric: str
    direction: str
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    schema: Schema
    profile: Mapping[str, object]
    learner: str = ""
    choose: int = 0
    row_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One node of the tree, as an agent sees it.

    dev      rounded development score, None when there is none (red, pending, failed)
    gain     rounded paired gain over D0 in the metric's units, + is better whatever the direction
    recipe   what the playbook made the loader from; None when somebody else wrote it
    loader   text of loader.py; may be None in the records of far nodes
    failure  one sentence, None when the node did not fail
    """

    node: int
    color: Color
    dev: float | None = None
    gain: float | None = None
    summary: str = ""
    methods: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    recipe: Mapping[str, object] | None = None
    loader: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """Everything an agent is told for one node.

    seed      drives every choice of a deterministic agent: the same brief gives the same answer
    parent    the black node that the new state builds on (for a child of a red node: the red's black parent)
    siblings  records of the other children of the same tree parent
    record    every executed node that may be seen; () under --no-memory
    pool      manifests of the admitted assets, newest last (see `RedDesk` for their fields)
    fresh     ids of the assets that the nearest red node above admitted
    noise     sigma_pair: the standard deviation of the paired gain of two equal states
    left      share of the budget that is left, 0 to 1
    initial   text of D0's loader.py
    seconds_a_state  what an evaluation costs so far, in wall seconds
    """

    node: int
    seed: int
    task: TaskFacts
    parent: Record
    siblings: tuple[Record, ...] = ()
    record: tuple[Record, ...] = ()
    pool: tuple[Mapping[str, object], ...] = ()
    fresh: tuple[str, ...] = ()
    noise: float = 0.0
    left: float = 1.0
    initial: str = ""
    seconds_a_state: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A data state that an agent proposes: the text of loader.py and what it is made of.

    assets   the ids that the loader's literal ASSETS names
    methods  names of the methods used, as in `methods.registry`
    recipe   JSON value from which the playbook can build on; None when the text was written freely
    summary  one sentence: what is new against the parent
    """

    loader: str
    assets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    recipe: Mapping[str, object] | None = None
    summary: str
    author: Author


class RedDesk(Protocol):
    """What an agent may do on a red node. Admission (screening, quarantine, licence) is the harness's.

    A lead, and the manifest it becomes in the pool, is a mapping:

        id, source, title, rows, relevance (0..1), schema: [{"name", "kind", …}, …]
        uses  candidate uses that the sources found, each one of
              {"use": "join", "on": [[task column, asset column], …], "columns": [asset column, …],
               "coverage": 0..1, "one_to_many": bool}
              {"use": "append", "mapping": {task column: asset column}, "target": asset column,
               "label_map": {asset value: class name} | None, "scale": [a, b] | None, "similarity": 0..1}
    """

    def search(self, query: Mapping[str, object]) -> list[Mapping[str, object]]:
        """Leads for {"text": words, "most": int}, the most relevant first. The desk knows schema and sketches itself."""
        ...

    def fetch(self, lead: Mapping[str, object]) -> str | None:
        """Bring a lead into the pool. Returns the asset's id, or None when it was refused."""
        ...


class Agent(Protocol):
    """The four things an agent can be asked for. All but `discover` are pure functions of their arguments."""

    def initial(self, facts: TaskFacts) -> Proposal:
        """D0, where the task brings no loader.py of its own."""
        ...

    def discover(self, brief: Brief, desk: RedDesk) -> str:
        """A red node: fetch what may help. Returns a one-line summary of what was done."""
        ...

    def refine(self, brief: Brief) -> Proposal | Failure:
        """A black node: a new data state that builds on `brief.parent`, or why there is none (`agent`)."""
        ...

    def passthrough(self, brief: Brief) -> Proposal:
        """The rule of --no-black: D0 plus every fresh asset, appended or joined as it came, and nothing else."""
        ...
