"""A trial: one state on a list of folds, and what it cost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass

import numpy as np

from ..contract.outcome import Failure
from ..contract.split import Fold
from ..contract.state import DataState
from ..pipeline.submit import FoldResult
from .setup import Setup


class Stop(Exception):
    """The user asked to stop; what was evaluated is kept."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trial:
    """Results of the folds, in their order, or the failure of the first that failed.

    seconds           of the folds that ran here, added up;  training_seconds: inside the learner
    evaluations       folds evaluated;  cached: folds whose result was there already
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


def try_state(setup: Setup, state: DataState, folds: Sequence[Fold], *, strongest: float, stop: threading.Event) -> Trial:
    """Evaluate fold after fold in this thread; the first failure ends the trial. Raises Stop when asked to."""
    outcomes: list[FoldResult | Failure] = []
    for fold in folds:
        if stop.is_set():
            raise Stop
        outcomes.append(setup.submit.run(state, fold, strongest=strongest))
        if isinstance(outcomes[-1], Failure):
            break
    return _trial(setup, folds, outcomes)


def try_together(
    setup: Setup,
    work: Sequence[tuple[DataState, Sequence[Fold]]],
    *,
    strongest: float,
    stop: threading.Event,
    tell: Callable[[int, int], None],
) -> list[Trial]:
    """Evaluate all folds of all these states over the workers: for phases where nothing is to be learned in between."""
    flat = [(i, j, state, fold) for i, (state, folds) in enumerate(work) for j, fold in enumerate(folds)]
    outcomes: list[dict[int, FoldResult | Failure]] = [{} for _ in work]

    def run(state: DataState, fold: Fold) -> FoldResult | Failure:
        if stop.is_set():
            raise Stop
        return setup.submit.run(state, fold, strongest=strongest)

    futures: dict[Future, tuple[int, int]] = {setup.workers.submit(run, s, f): (i, j) for i, j, s, f in flat}
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            i, j = futures[future]
            outcomes[i][j] = future.result()
            tell(done, len(flat))
    finally:
        for future in futures:
            future.cancel()
    return [_trial(setup, folds, [outcomes[i][j] for j in range(len(folds))]) for i, (_, folds) in enumerate(work)]


def _trial(setup: Setup, folds: Sequence[Fold], outcomes: Sequence[FoldResult | Failure]) -> Trial:
    results: list[FoldResult] = []
    scores: list[float] = []
    failure: Failure | None = None
    for fold, outcome in zip(folds, outcomes, strict=False):
        value = outcome if isinstance(outcome, Failure) else setup.judge.score(fold, outcome)
        if isinstance(value, Failure):
            failure = value
            break
        results.append(outcome)
        scores.append(value)
    return Trial(
        results=tuple(results),
        scores=tuple(scores),
        failure=failure,
        seconds=sum(r.seconds for r in results if not r.cached),
        training_seconds=sum(r.training_seconds for r in results if not r.cached),
        evaluations=len(outcomes),
        cached=sum(r.cached for r in results),
    )
