"""The judge: the only one that holds labels against predictions. Agents read what it says, rounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..contract.outcome import Failure
from ..contract.split import Fold
from ..contract.task import Task
from .proof import Paired
from .records import Records
from .result import FoldResult

_SLICES_AT_MOST = 12  # values of one column


class Judge:
    """Scores fold results of one task."""

    def __init__(self, task: Task, records: Records) -> None:
        self.metric = task.metric
        self._y = records.y
        self._slices = {name: records.frame[name] for name in task.evaluation.slices if name in records.frame}

    def score(self, fold: Fold, result: FoldResult) -> float | Failure:
        """The metric of one fold, or why there is none."""
        with np.errstate(all="ignore"):
            value = self.metric.score(self._y[fold.evaluation], result.prediction)
        if not np.isfinite(value):
            n, name = len(fold.evaluation), self.metric.name
            return Failure(kind="score", message=f"{name} is undefined on a fold of {n} rows (one class only, or predictions without bound): use fewer folds")
        return value

    def pool(self, folds: Sequence[Fold], results: Sequence[FoldResult]) -> tuple[np.ndarray, np.ndarray]:
        """Positions and out-of-fold predictions of one folding, below each other."""
        return np.concatenate([f.evaluation for f in folds]), np.concatenate([r.prediction for r in results])

    def pair(self, folds: Sequence[Fold], initial: Sequence[FoldResult], candidate: Sequence[FoldResult]) -> Paired:
        """D0 and a candidate on the same rows."""
        rows, first = self.pool(folds, initial)
        return Paired(rows=rows, initial=first, candidate=self.pool(folds, candidate)[1])

    def slices(self, folds: Sequence[Fold], initial: Sequence[FoldResult], candidate: Sequence[FoldResult]) -> dict:
        """{slice: {"rows": n, "gain": paired gain there or None}} of the task's `slices` columns, the largest 12 values each."""
        found = {}
        if not self._slices:
            return found
        pair = self.pair(folds, initial, candidate)
        for name, column in self._slices.items():
            values = column.iloc[pair.rows].astype("str").to_numpy()
            for value, _ in Counter(values.tolist()).most_common(_SLICES_AT_MOST):
                inside = values == value
                y = self._y[pair.rows[inside]]
                gain = self.metric.gain(self.metric.score(y, pair.candidate[inside]), self.metric.score(y, pair.initial[inside]))
                found[f"{name}={value}"] = {"rows": int(inside.sum()), "gain": gain if np.isfinite(gain) else None}
        return found
