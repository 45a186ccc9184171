"""The metric table. Names follow scikit-learn; everything heavy is imported when a metric is computed, not before.

Truth `y` is (n,) int64 class positions, (n,) float64 values, or (n, t) float64 for several targets (multilabel
targets are 0/1 columns). Predictions are float64: probability (n, k) or, for several targets, (n, t); label (n,)
class positions; score (n,); value (n,) or (n, t). Several targets are scored apart and averaged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import TaskError

Direction = Literal["minimize", "maximize"]
Output = Literal["label", "probability", "score", "value", "record"]
"""What a learner predicts: class positions, class probabilities, a ranking score, a number, or a record judged by a program."""

_EPSILON = 1e-15


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    needs     the outputs this metric can be computed from, the best first
    loss      per-example values (n,) whose weighted mean is the metric, when there are such
    compute   the metric itself; used where `loss` is None
    classes   'binary' when the metric is defined for two classes only
    whole     compute is given all targets at once (a grade.py), rather than each apart
    """

    name: str
    direction: Direction
    needs: tuple[Output, ...]
    loss: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    compute: Callable[[np.ndarray, np.ndarray], float] | None = None
    classes: Literal["any", "binary"] = "any"
    finish: Callable[[float], float] | None = None  # applied to the mean of `loss`: rmse = sqrt(mean squared error)
    whole: bool = False

    @property
    def sign(self) -> float:
        """+1 when higher is better, -1 when lower is: sign * (a - b) > 0 says that a is better."""
        return 1.0 if self.direction == "maximize" else -1.0

    def accepts(self, output: Output) -> bool:
        """Whether it can be computed from this output: one it needs, or probabilities where labels will do."""
        return output in self.needs or (output == "probability" and "label" in self.needs)

    def score(self, y: np.ndarray, prediction: np.ndarray) -> float:
        """The metric of these predictions; NaN where it is undefined (one class only, no rows), for any of several targets."""
        if len(y) == 0:
            return float("nan")
        if self.whole:
            return self._score(y, prediction)
        return float(np.mean([self._score(truth, column) for truth, column in target_columns(y, prediction)]))

    def _score(self, y: np.ndarray, prediction: np.ndarray) -> float:
        if self.loss is not None:
            mean = float(np.mean(self.loss(y, prediction)))
            return self.finish(mean) if self.finish else mean
        assert self.compute is not None
        return float(self.compute(y, prediction))

    def gain(self, candidate: float, initial: float) -> float:
        """How much better the candidate is, positive = better whatever the direction."""
        return self.sign * (candidate - initial) + 0.0  # so that no gain is minus zero


def target_columns(y: np.ndarray, prediction: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Truth and prediction of each target apart: one pair for y (n,), else t pairs of (n,) arrays."""
    if y.ndim == 1:
        return [(y, prediction)]
    return list(zip(y.T, prediction.reshape(y.shape).T, strict=True))


def labels(prediction: np.ndarray) -> np.ndarray:
    """(n,) class positions from probabilities (n, k), from positions (n,), or from probabilities of 1 (n,), cut at one half."""
    return prediction.argmax(axis=1) if prediction.ndim == 2 else np.floor(prediction + 0.5).astype(np.int64)


def _ranking(prediction: np.ndarray) -> np.ndarray:
    return prediction[:, 1] if prediction.ndim == 2 and prediction.shape[1] == 2 else prediction


def _log_loss(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    if p.ndim == 1:  # one column of a multilabel target
        p = np.column_stack([1 - p, p])
    p = np.clip(p, _EPSILON, None)
    p = p / p.sum(axis=1, keepdims=True)
    return -np.log(np.clip(p[np.arange(len(y)), y.astype(np.int64)], _EPSILON, 1.0))


def _brier(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    if p.ndim == 2 and p.shape[1] > 2:
        return ((p - np.eye(p.shape[1])[y.astype(np.int64)]) ** 2).sum(axis=1)
    return (_ranking(p) - y) ** 2


def _hit(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (labels(p) == y).astype(float)


def _roc_auc(y: np.ndarray, p: np.ndarray) -> float:
    if len(np.unique(y)) < 2:
        return float("nan")
    if p.ndim == 2 and p.shape[1] > 2:
        return float(np.mean([_auc(y == k, p[:, k]) for k in np.unique(y.astype(np.int64))]))
    return _auc(y == np.max(y), _ranking(p))


def _auc(positive: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve by ranks (Mann and Whitney, 1947): the proof computes it hundreds of times."""
    from scipy.stats import rankdata

    n = int(positive.sum())
    ranks = rankdata(score)[positive].sum()
    return float((ranks - n * (n + 1) / 2) / (n * (len(positive) - n)))


def _average_precision(y: np.ndarray, p: np.ndarray) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(y, _ranking(p))) if len(np.unique(y)) > 1 else float("nan")


def _f1(average: str) -> Callable[[np.ndarray, np.ndarray], float]:
    def compute(y: np.ndarray, p: np.ndarray) -> float:
        from sklearn.metrics import f1_score

        return float(f1_score(y.astype(np.int64), labels(p), average=average, zero_division=0))

    return compute


def _balanced_accuracy(y: np.ndarray, p: np.ndarray) -> float:
    hit = _hit(y, p)
    return float(np.mean([hit[y == k].mean() for k in np.unique(y)]))


def _matthews(y: np.ndarray, p: np.ndarray) -> float:
    from sklearn.metrics import matthews_corrcoef

    return float(matthews_corrcoef(y.astype(np.int64), labels(p)))


def _kappa(y: np.ndarray, p: np.ndarray) -> float:
    from sklearn.metrics import cohen_kappa_score

    truth, guess = y.astype(np.int64), labels(p)
    most = max(truth.max(), guess.max())
    if truth.min() == guess.min() == most:
        return float("nan")
    return float(
        cohen_kappa_score(truth, guess, labels=np.arange(most + 1), weights="quadratic")
    )  # absent classes keep distances


def _r2(y: np.ndarray, p: np.ndarray) -> float:
    spread = float(((y - y.mean()) ** 2).sum())
    return 1.0 - float(((y - p) ** 2).sum()) / spread if spread > 0 else float("nan")


def _spearman(y: np.ndarray, p: np.ndarray) -> float:
    from scipy.stats import spearmanr

    if np.ptp(y) == 0:
        return float("nan")
    return float(spearmanr(y, p).statistic) if np.ptp(p) > 0 else 0.0


def _squared_log(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (np.log1p(np.clip(p, 0, None)) - np.log1p(np.clip(y, 0, None))) ** 2


def _root(mean: float) -> float:
    return mean**0.5


_TABLE = (
    Metric("accuracy", "maximize", ("label", "probability"), loss=_hit),
    Metric("balanced_accuracy", "maximize", ("label", "probability"), compute=_balanced_accuracy),
    Metric("f1", "maximize", ("label", "probability"), compute=_f1("binary"), classes="binary"),
    Metric("f1_macro", "maximize", ("label", "probability"), compute=_f1("macro")),
    Metric("f1_weighted", "maximize", ("label", "probability"), compute=_f1("weighted")),
    Metric("matthews_corrcoef", "maximize", ("label", "probability"), compute=_matthews),
    Metric("quadratic_weighted_kappa", "maximize", ("label", "probability"), compute=_kappa),
    Metric("log_loss", "minimize", ("probability",), loss=_log_loss),
    Metric("brier_score", "minimize", ("probability",), loss=_brier),
    Metric("roc_auc", "maximize", ("probability", "score"), compute=_roc_auc),
    Metric("average_precision", "maximize", ("probability", "score"), compute=_average_precision, classes="binary"),
    Metric("mean_squared_error", "minimize", ("value",), loss=lambda y, p: (y - p) ** 2),
    Metric("root_mean_squared_error", "minimize", ("value",), loss=lambda y, p: (y - p) ** 2, finish=_root),
    Metric("root_mean_squared_log_error", "minimize", ("value",), loss=_squared_log, finish=_root),
    Metric("mean_absolute_error", "minimize", ("value",), loss=lambda y, p: np.abs(y - p)),
    Metric("r2", "maximize", ("value",), compute=_r2),
    Metric("spearman", "maximize", ("value", "score"), compute=_spearman),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _TABLE}

ALIASES = {
    "auc": "roc_auc",
    "mse": "mean_squared_error",
    "rmse": "root_mean_squared_error",
    "rmsle": "root_mean_squared_log_error",
    "mae": "mean_absolute_error",
    "logloss": "log_loss",
    "neg_log_loss": "log_loss",
    "brier": "brier_score",
    "mcc": "matthews_corrcoef",
    "qwk": "quadratic_weighted_kappa",
    "acc": "accuracy",
    "r2_score": "r2",
}


def find_metric(name: str) -> Metric:
    """The metric of this name or alias; raises TaskError that lists the known ones."""
    metric = METRICS.get(ALIASES.get(name, name))
    if metric is None:
        raise TaskError(f"unknown metric {name!r}: choose one of {', '.join(sorted(METRICS))}, or point to a grade.py")
    return metric


def program_metric(name: str, direction: Direction) -> Metric:
    """A metric whose values a judged program gives, one per example: the mean of them."""
    return Metric(name, direction, ("record", "value"), loss=lambda _, values: values)
