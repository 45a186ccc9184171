"""What each part of the state that the run stands for is worth: the state without it, on the development folds.

An estimate that explains, never a claim: it is made on the folds that chose the state, and parts overlap, so credits do
not add up to the gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..agents.playbook.reductions import reductions
from ..contract.part import Part, PartKind
from ..contract.state import DataState
from ..journal.events import Credited, NodeScored, Spent
from ..journal.tree import ROOT, Node
from ..pipeline.state import make_state
from .trial import Attempt, Trial, try_together

if TYPE_CHECKING:
    from .run import Run

PARTS_AT_MOST = 12
_PARTS_USUAL = 4
_SHARE = 0.12  # of a time budget, at most, that is set aside for credits
_COUNTED: tuple[tuple[PartKind, tuple[str, ...]], ...] = (
    ("drop", ("dropped",)), ("edit", ("edited",)), ("relabel", ("relabelled",)), ("synthesise", ("synthesised", "invented")),
)  # fmt: skip


def credit(run: Run) -> None:
    """Append what each part is worth, the data's parts first, until there is no time left for one more."""
    chronicle, setup = run.chronicle, run.setup
    node = chronicle.proven or (chronicle.finalist.node if chronicle.finalist else None)
    if node is None or node == ROOT:
        return
    at = chronicle.tree[node]
    done = {(e.part["kind"], e.part["subject"]) for e in chronicle.events if isinstance(e, Credited) and e.node == node}
    work = [(part, state) for part, state in _work(run, at) if (part.kind, part.subject) not in done]
    folds, tell = setup.plan.development(), run.tell("credit")
    for number, (part, state) in enumerate(work):
        if 2 * run.first.fold_seconds + _seconds(run, at) > run.budget.left:  # the test comes after this
            return
        tell(number, len(work))
        undone = part if part.kind != "step" else None
        (trial,) = try_together(setup, [Attempt(state, folds, run.first.strongest, undone)], stop=run.stop, tell=lambda *_: None)
        chronicle.append(_spent(trial), _credited(run, at, part, trial))
    tell(len(work), len(work))


def parts_of(assets: Sequence[str], changes: Sequence[Mapping[str, Any]]) -> list[Part]:
    """What a state did to the rows, as the journal tells it of the first fold: `NodeScored.changes`."""
    lineage: Mapping[str, Any] = next((change["lineage"] for change in changes if "lineage" in change), {})
    appended = lineage.get("appended", {})
    found = [Part(kind="source", subject=asset, count=int(appended.get(asset, 0))) for asset in assets]
    for kind, names in _COUNTED:
        if count := sum(int(lineage.get(name, 0)) for name in names):
            found.append(Part(kind=kind, count=count))
    weighed = sum(int(change.get("count", 0)) for change in changes if change.get("kind") == "weight")
    return [*found, Part(kind="weight", count=weighed)] if weighed else found


def reserve(run: Run) -> float:
    """Seconds of a time budget that the search leaves for credits: a handful of states like the best ones."""
    if run.budget.seconds is None:
        return 0.0
    best = max((node.seconds for node in run.timed() if node.gain > 0), default=run.first.seconds)
    return min(_SHARE * run.budget.seconds, _PARTS_USUAL * best / run.setup.settings.workers)


def _work(run: Run, at: Node) -> list[tuple[Part, DataState]]:
    """The parts of this node's state, each with the state to evaluate."""
    assert isinstance(at.outcome, NodeScored)
    own = run.state_of(at.id)
    work = [(part, own) for part in parts_of(at.assets, at.outcome.changes)]
    proposal, initial = at.proposal, run.chronicle.tree[ROOT].proposal
    if proposal is not None and proposal.recipe is not None and "branches" in proposal.recipe:
        for less in reductions(proposal.recipe, initial.recipe if initial is not None else None):
            work.append((Part(kind="step", subject=less.subject), make_state(less.loader, run.setup.task)))
    return work[:PARTS_AT_MOST]


def _credited(run: Run, at: Node, part: Part, trial: Trial) -> Credited:
    if trial.failure is not None or at.dev is None:
        why = trial.failure.message if trial.failure is not None else "the state has no development score"
        return Credited(node=at.id, part=part.to_json(), credit=None, seconds=trial.seconds, reason=why)
    return Credited(node=at.id, part=part.to_json(), credit=run.setup.task.metric.gain(at.dev, trial.dev), seconds=trial.seconds)


def _spent(trial: Trial) -> Spent:
    return Spent(
        what="credit", seconds=trial.seconds, training_seconds=trial.training_seconds, evaluations=trial.evaluations, cached=trial.cached
    )


def _seconds(run: Run, at: Node) -> float:
    """What the state takes once more, on the clock."""
    return at.seconds / run.setup.settings.workers
