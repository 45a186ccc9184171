"""A trial: one state on a list of folds, and what it cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass

import numpy as np

from ..contract.outcome import Failure
from ..contract.part import Part
from ..contract.split import Fold
from ..contract.state import DataState
from ..pipeline.result import FoldResult
from .setup import Setup


class Stop(Exception):
    """The user asked to stop; what was evaluated is kept."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """Results of the folds, in their order, or the failure of the first that failed.

    seconds           of the folds, the failed one included, added up;  training_seconds: inside the learner, here
    evaluations       folds evaluated;  cached: those of them whose result was there already
    """

    results: tuple[FoldResult, ...]
    scores: tuple[float, ...]
    failure: Failure | None
    seconds: float
    training_seconds: float
    evaluations: int
    cached: int

    @property
    def dev(self) -> float:
        """Mean metric over the folds."""
        return float(np.mean(self.scores))

    @property
    def fold_seconds(self) -> float:
        """What one fold takes, also when its result was found in the cache."""
        return float(np.mean([r.seconds for r in self.results])) if self.results else 0.0

    @property
    def strongest(self) -> float:
        """Strongest single feature over the folds, 0 to 1."""
        return max((result.strength for result in self.results), default=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One state to be tried on some folds.

    strongest  D0's strongest single feature, 0 to 1; 1 for D0 itself
    without    a part of the state that is undone
    """

    state: DataState
    folds: Sequence[Fold]
    strongest: float = 1.0
    without: Part | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: FoldResult | Failure
    seconds: float


def try_state(setup: Setup, attempt: Attempt, *, stop: threading.Event, deadline: float | None = None) -> Trial:
    """Evaluate fold after fold in this thread; the first failure ends the trial. Raises Stop when asked to.

    deadline  on the clock of `time.monotonic`: what is not done by then has failed
    """
    outcomes: list[_Outcome] = []
    for fold in attempt.folds:
        outcomes.append(_evaluate(setup, attempt, fold, stop, deadline))
        if isinstance(outcomes[-1].value, Failure):
            break
    return _trial(setup, attempt.folds, outcomes)


def try_together(
    setup: Setup, attempts: Sequence[Attempt], *, stop: threading.Event, tell: Callable[[int, int], None]
) -> list[Trial]:
    """Evaluate all folds of all these states over the workers: for phases where nothing is to be learned in between."""
    work = [(i, j) for i, attempt in enumerate(attempts) for j in range(len(attempt.folds))]
    futures: dict[Future[_Outcome], tuple[int, int]] = {
        setup.workers.submit(_evaluate, setup, attempts[i], attempts[i].folds[j], stop): (i, j) for i, j in work
    }
    outcomes: dict[tuple[int, int], _Outcome] = {}
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            outcomes[futures[future]] = future.result()
            tell(done, len(work))
    finally:
        for future in futures:
            future.cancel()
    return [_trial(setup, attempt.folds, [outcomes[i, j] for j in range(len(attempt.folds))]) for i, attempt in enumerate(attempts)]


def _evaluate(setup: Setup, attempt: Attempt, fold: Fold, stop: threading.Event, deadline: float | None = None) -> _Outcome:
    if stop.is_set():
        raise Stop
    started = time.perf_counter()
    value = setup.submit.run(attempt.state, fold, strongest=attempt.strongest, deadline=deadline, without=attempt.without)
    return _Outcome(value, time.perf_counter() - started)


def _trial(setup: Setup, folds: Sequence[Fold], outcomes: Sequence[_Outcome]) -> Trial:
    results: list[FoldResult] = []
    scores: list[float] = []
    failure: Failure | None = None
    for fold, outcome in zip(folds, outcomes, strict=False):  # a trial that failed has not tried every fold
        value = outcome.value
        score = value if isinstance(value, Failure) else setup.judge.score(fold, value)
        if isinstance(score, Failure):
            failure = score
            break
        results.append(value)
        scores.append(score)
    return Trial(
        results=tuple(results),
        scores=tuple(scores),
        failure=failure,
        seconds=sum(outcome.seconds for outcome in outcomes),
        training_seconds=sum(r.training_seconds for r in results if not r.cached),
        evaluations=len(outcomes),
        cached=sum(r.cached for r in results),
    )
