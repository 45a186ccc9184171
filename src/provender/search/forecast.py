"""What a run would be: measured on D0, before any budget is spent."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import TaskError
from ..pipeline.proof import blocks, least_provable_gain
from ..pipeline.state import make_state
from .budget import FINALISTS, ProofCost
from .setup import Setup
from .trial import Attempt, try_together


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """rows             {"search", "sealed", "test"}: how many
    folds            development folds;  seconds_a_state  wall seconds for one state in one worker
    states           black states that fit the budget;  reserve  seconds set aside for proof and test
    least_gain       the gain that is proven every second time, in the metric's units; inf when none can be
    dev              D0's development score
    """

    rows: dict[str, int]
    folds: int
    seconds_a_state: float
    states: int
    reserve: float
    least_gain: float
    dev: float
    isolation: str

    def to_json(self) -> dict:
        least = self.least_gain if math.isfinite(self.least_gain) else None
        return {
            "rows": self.rows, "folds": self.folds, "seconds_a_state": self.seconds_a_state, "states": self.states,
            "reserve_seconds": self.reserve, "least_provable_gain": least, "initial_dev": self.dev, "isolation": self.isolation,
        }  # fmt: skip


def forecast(setup: Setup, *, nodes: int | None, seconds: float | None, tell: Callable[[int, int], None]) -> Forecast:
    """Evaluate D0 once and reckon from it. Journals nothing. Raises TaskError when D0 cannot be evaluated."""
    task, records, plan = setup.task, setup.records, setup.plan
    text = task.initial if task.initial and not setup.settings.algorithm_only else setup.agent.initial(setup.facts).loader
    folds = plan.development()
    (trial,) = try_together(setup, [Attempt(make_state(text, task), folds)], stop=threading.Event(), tell=tell)
    if trial.failure is not None:
        raise TaskError(f"the initial data state cannot be evaluated ({trial.failure.kind}): {trial.failure.message}")
    workers = setup.settings.workers
    cost = ProofCost(
        fold_seconds=(trial.fold_seconds, trial.fold_seconds),
        workers=workers,
        confirm_folds=sum(len(f) for f in plan.confirmation()),
        finalist_folds=sum(len(f) for f in plan.finalists()),
    )
    state = trial.fold_seconds * len(folds)
    noise = 6 * state / workers
    fit = math.inf if seconds is None else max(0, math.floor((seconds - cost.total(seconds) - noise) / max(state, 1e-3) * workers) - FINALISTS)
    rows, prediction = setup.judge.pool(folds, trial.results)
    return Forecast(
        rows={"search": len(records.split.search), "sealed": len(records.split.sealed), "test": len(records.split.test)},
        folds=len(folds),
        seconds_a_state=state,
        states=int(min(fit, math.inf if nodes is None else nodes)) if nodes or seconds else 0,
        reserve=cost.total(seconds),
        least_gain=_least(setup, rows, prediction),
        dev=trial.dev,
        isolation=setup.isolation,
    )


def _least(setup: Setup, rows: np.ndarray, prediction: np.ndarray) -> float:
    """On as many rows as will confirm: the proof reads S and C, D0 was measured on (a part of) S."""
    records = setup.records
    block = blocks(rows, groups=records.bundle, time=records.time, seed=0)
    least = least_provable_gain(setup.task.metric, records.y[rows], prediction, block=block[rows])
    confirming = len(records.split.search) + len(records.split.sealed)
    return least * math.sqrt(len(rows) / max(confirming, 1))
