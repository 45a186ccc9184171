"""The phases of a run around its search, each a function of the run that appends what it found out.

    start     D0 is proposed, evaluated, and its noise measured: from here on a gain has a unit
    finalist  the best states meet again on fresh foldings of S; one is frozen
    confirm   D0 and the finalist, paired, on fresh foldings of S and C
    close     T is scored once; predictions and the winner's loader are written
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..contract.outcome import Failure
from ..contract.split import Fold
from ..contract.state import DataState
from ..contract.task import Task
from ..errors import LoaderError, TaskError
from ..journal.events import (
    Confirmed,
    FinalistFrozen,
    NodeGrown,
    NodeScored,
    NodeStarted,
    NoiseMeasured,
    Noted,
    RunFinished,
    Spent,
    StateProposed,
    TestScored,
)
from ..journal.ledger import openings
from ..journal.tree import ROOT, Node
from ..pipeline.predictions import prediction_table
from ..pipeline.proof import BLOCKS, Noise, Paired, blocks, confirm, noise_floor, second_key, test_verdict
from ..pipeline.state import make_state
from .budget import FINALISTS, FOLDINGS_LEAST, ProofCost
from .trial import Attempt, Trial, try_together

if TYPE_CHECKING:
    from .run import Run

_SEEDS = 2  # other seeds than the first; deterministic learners show it at once
_SUBSETS = 3


def start(run: Run) -> None:
    """Evaluate D0 and measure the noise. Raises TaskError when D0 itself cannot be evaluated."""
    chronicle, setup = run.chronicle, run.setup
    if ROOT not in chronicle.tree:
        chronicle.append(NodeGrown(node=ROOT, parent=None, color="black", reason="the initial data state"))
    if chronicle.tree[ROOT].proposal is None:
        chronicle.append(NodeStarted(node=ROOT), _initial(run))
        run.write_loader(ROOT)
    state = run.state_of(ROOT)
    folds = setup.plan.development()
    (first,) = try_together(setup, [Attempt(state, folds)], stop=run.stop, tell=run.tell("start"))
    if first.failure is not None:
        raise TaskError(f"the initial data state cannot be evaluated ({first.failure.kind}): {first.failure.message}")
    run.first = first
    if chronicle.noise is None:
        noise, spent = _noise(run, state, folds, first)
        scored = NodeScored(
            node=ROOT, dev=first.dev, gain=0.0, reward=0.5, folds=first.scores, seconds=first.seconds,
            training_seconds=first.training_seconds, evaluations=first.evaluations, cached=first.cached,
            findings=tuple(f for r in first.results for f in r.findings),
        )  # fmt: skip
        chronicle.append(
            NoiseMeasured(seed_std=noise.seed_std, paired_std=noise.paired_std, dev=first.dev, seconds=spent.seconds), spent, scored
        )


def _initial(run: Run) -> StateProposed:
    task: Task = run.setup.task
    if task.initial is not None and not run.setup.settings.algorithm_only:
        state = _as_task_error(task.initial, task)
        return StateProposed(node=ROOT, state=state.id, loader=state.loader, assets=state.assets,
                             summary="the task's own loader.py", author="initial")  # fmt: skip
    proposal = run.setup.agent.initial(run.setup.facts)
    state = make_state(proposal.loader, task)
    return StateProposed(node=ROOT, state=state.id, loader=proposal.loader, assets=proposal.assets, methods=proposal.methods,
                         recipe=proposal.recipe, summary=proposal.summary, author="initial")  # fmt: skip


def _as_task_error(loader: str, task: Task) -> DataState:
    try:
        return make_state(loader, task)
    except LoaderError as error:
        raise TaskError(f"loader.py of the task cannot be used: {error}") from None


def _noise(run: Run, state: DataState, folds: list[Fold], first: Trial) -> tuple[Noise, Spent]:
    """σ over seeds and σ of D0 against D0 on random 95 % subsets. Programs, which have no rows to thin out, get seeds alone."""
    plan, metric = run.setup.plan, run.setup.task.metric
    draws = [plan.redrawn(folds, draw) for draw in range(1, _SEEDS + 1)]
    thin = [plan.thinned(folds, number) for number in range(_SUBSETS)] if len(folds[0].train) else []
    work = [Attempt(state, some) for some in (*draws[:1], *thin, *draws[1:])]
    if run.budget.seconds is not None:  # the noise may take a tenth of the budget
        one = first.fold_seconds * len(folds) / run.setup.settings.workers
        work = work[: max(2, int(0.1 * run.budget.seconds / max(one, 1e-3)))]
    trials = try_together(run.setup, work, stop=run.stop, tell=run.tell("noise"))
    drawn = {id(some) for some in draws}
    good = [(attempt.folds, t) for attempt, t in zip(work, trials, strict=True) if t.failure is None]
    seeds = [first.dev, *(t.dev for some, t in good if id(some) in drawn)]
    gains = [metric.gain(t.dev, first.dev) for some, t in good if id(some) not in drawn]
    return noise_floor(seeds, gains), _spent("noise", trials)


def finalist(run: Run) -> None:
    """Choose one state among the best by foldings that the search did not see."""
    chronicle, setup = run.chronicle, run.setup
    if chronicle.finalist is not None:
        return
    better = [n for n in chronicle.tree if n.gain is not None and n.id != ROOT and n.gain > 0]
    best = _distinct(sorted(better, key=lambda n: (-n.gain, n.id)))[:FINALISTS]
    foldings = setup.plan.finalists()
    cost = proof_cost(run, proof_plan(run))
    in_haste = cost.finalists + cost.confirm > run.budget.left
    if len(best) < 2 or not foldings or in_haste:
        chosen = best[0].id if best else None
        chronicle.append(FinalistFrozen(node=chosen, scores={str(n.id): n.dev for n in best}))
        return
    folds = [fold for folding in foldings for fold in folding]
    work = [run.attempt(n.id, folds) for n in best]
    trials = try_together(setup, work, stop=run.stop, tell=run.tell("finalists"))
    scores = {n.id: t.dev for n, t in zip(best, trials, strict=True) if t.failure is None}
    sign = setup.task.metric.sign
    chosen = max(scores, key=lambda node: (sign * scores[node], -node), default=None)
    chronicle.append(_spent("finalist", trials), FinalistFrozen(node=chosen, scores={str(k): v for k, v in scores.items()}))


def _distinct(nodes: list[Node]) -> list[Node]:
    """The first node of each data state: the same state twice is one finalist."""
    return list({node.state: node for node in reversed(nodes)}.values())[::-1] if nodes else []


def proof_plan(run: Run, *, now: bool = False) -> list[list[Fold]]:
    """The foldings of the confirmation: of S and C five, or as many as there is time for, two at least; else C under three seeds.

    A folding less costs little power, since the examples decide it, not the foldings; C alone has a fifth of the examples.

    now   the confirmation is about to begin, so that what time is left counts too, not only what share it would take
    """
    setup, records = run.setup, run.setup.records
    foldings = run.confirming
    if setup.task.kind in ("selection", "program") or records.time is not None or len(records.trusted):
        return foldings
    for count in range(len(foldings), FOLDINGS_LEAST - 1, -1):
        cost = proof_cost(run, foldings[:count])
        if not run.budget.is_costly(cost) and not (now and cost.confirm > run.budget.left):
            return foldings[:count]
    return setup.plan.costly() if len(records.split.sealed) else foldings[:1]


def proof_cost(run: Run, foldings: list[list[Fold]]) -> ProofCost:
    """What the proof will take, from D0's measured time a fold and that of the best states so far."""
    per_fold, folds = run.first.fold_seconds, max(1, len(run.first.scores))
    best = sorted(run.timed(), key=lambda n: -n.gain)[:FINALISTS]
    return ProofCost(
        fold_seconds=(per_fold, max((n.seconds / folds for n in best), default=per_fold)),
        workers=run.setup.settings.workers,
        confirm_folds=sum(len(folding) for folding in foldings),
        finalist_folds=sum(len(folding) for folding in run.setup.plan.finalists()),
    )


def confirmation(run: Run) -> None:
    """Confirm the frozen finalist against D0; append what was found. What was confirmed before is not asked again."""
    chronicle, setup = run.chronicle, run.setup
    node = chronicle.finalist.node if chronicle.finalist else None
    if node is None or node in {c.node for c in chronicle.confirmations}:
        return
    records, task = setup.records, setup.task
    foldings = proof_plan(run, now=True)
    folds = [fold for folding in foldings for fold in folding]
    trials = try_together(
        setup, [run.attempt(ROOT, folds), run.attempt(node, folds)], stop=run.stop, tell=run.tell("confirm")
    )
    spent = _spent("confirm", trials)
    failure = next((t.failure for t in trials if t.failure is not None), None)
    if failure is not None:
        dev = float(run.first.dev)
        chronicle.append(spent, Confirmed(
            node=node, initial=dev, best=dev, gain=0.0, interval=(0.0, 0.0), level=0.01, rows=0, foldings=len(foldings),
            proven=False, reason=f"the confirmation failed ({failure.kind}): {failure.message}",
        ))  # fmt: skip
        return
    pairs = _pairs(run, foldings, trials)
    rows = np.unique(np.concatenate([pair.rows for pair in pairs]))
    block = blocks(rows, groups=records.bundle, time=records.time, seed=int(task.digest[:8], 16), count=BLOCKS)
    asked = openings(setup.workspace.journal, task.digest).confirmations + 1
    if setup.earlier is not None:
        asked += setup.earlier.confirmations(setup.workspace, task)
    verdict = confirm(task.metric, records.y, pairs, block, confirmations=asked)
    key, reason, proven = None, verdict.reason, verdict.proven
    if proven and chronicle.tree[node].author not in ("playbook", "initial"):
        key = second_key(task.metric, records.y, pairs, block, records.split.sealed)
        if not key:
            proven, reason = False, "the sealed rows alone do not confirm it, and the loader was not written by the playbook: bring more rows"
    if chronicle.isolation == "unsealed" and proven:
        proven, reason = False, "the run was not isolated, so nothing is called proven: run it where provender doctor says sealed"
    interval = tuple(float(np.clip(end, -1e300, 1e300)) for end in verdict.interval)
    chronicle.append(spent, Confirmed(
        node=node, initial=verdict.initial, best=verdict.candidate, gain=verdict.gain, interval=interval, level=verdict.level,
        rows=verdict.rows, foldings=verdict.foldings, proven=proven, second_key=key, reason=reason,
    ))  # fmt: skip


def _pairs(run: Run, foldings: list[list[Fold]], trials: list[Trial]) -> list[Paired]:
    pairs, at = [], 0
    for folding in foldings:
        some = slice(at, at + len(folding))
        pairs.append(run.setup.judge.pair(folding, trials[0].results[some], trials[1].results[some]))
        at += len(folding)
    return pairs


def close(run: Run) -> None:
    """Score T once for D0 and the returned state, write what the user keeps, finish the run."""
    chronicle, records = run.chronicle, run.setup.records
    best = chronicle.proven
    if len(records.split.test) and (chronicle.tested is None or chronicle.tested.node != best):
        _score_test(run, best)
    if len(records.asked):
        write_predictions(run, best)
    run.write_best(best)
    chronicle.append(RunFinished(best=best, candidate=chronicle.finalist.node if chronicle.finalist else None))


def _score_test(run: Run, best: int) -> None:
    setup, records = run.setup, run.setup.records
    fold = setup.plan.test()
    nodes = [ROOT] if best == ROOT else [ROOT, best]
    trials = try_together(setup, [run.attempt(n, [fold]) for n in nodes], stop=run.stop, tell=run.tell("test"))
    spent = _spent("test", trials)
    failure = next((t.failure for t in trials if t.failure is not None), None)
    if failure is not None:
        run.chronicle.append(spent, Noted(node=best, text=f"the test rows could not be scored ({failure.kind}): {failure.message}"))
        return
    initial, returned = trials[0].results[0].prediction, trials[-1].results[0].prediction
    block = blocks(fold.evaluation, groups=records.bundle, time=records.time, seed=0, count=BLOCKS)
    verdict = test_verdict(setup.task.metric, records.y[fold.evaluation], initial, returned, block[fold.evaluation])
    interval = tuple(float(np.clip(end, -1e300, 1e300)) for end in verdict.interval) if best != ROOT else (0.0, 0.0)
    before = openings(setup.workspace.journal, setup.task.digest).tests
    seen = [Noted(node=best, text=f"the test rows were scored {before} times before in this workspace, so this score is not of untouched rows")]
    run.chronicle.append(
        spent, *(seen if before else ()),
        TestScored(node=best, initial=verdict.initial, best=verdict.candidate, gain=verdict.gain, interval=interval),
    )  # fmt: skip


def write_predictions(run: Run, best: int) -> None:
    """predictions.csv for the test inputs that came without answers, by the returned state fitted on S and C."""
    setup = run.setup
    fold = setup.plan.asked()
    outcome = setup.submit.run(run.state_of(best), fold, strongest=1.0)
    if isinstance(outcome, Failure):
        run.chronicle.append(Noted(node=best, text=f"no predictions could be made for the test inputs ({outcome.kind}): {outcome.message}"))
        return
    table = prediction_table(setup.outline, setup.records.asked_ids, outcome.prediction)
    setup.workspace.write(run.id, "predictions.csv", table.to_csv(index=False))


def _spent(what: str, trials: list[Trial]) -> Spent:
    return Spent(
        what=what,
        seconds=sum(t.seconds for t in trials),
        training_seconds=sum(t.training_seconds for t in trials),
        evaluations=sum(t.evaluations for t in trials),
        cached=sum(t.cached for t in trials),
    )
