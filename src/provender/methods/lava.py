"""What each row adds to the distance from other rows: Just et al., LAVA: data valuation without pre-specified learning algorithms, 2023.

The optimal-transport distance between rows and held-out rows, where moving (x, y) to (x', y') costs |x - x'|² plus the distance of
the labels' distributions of x. Its sensitivity to a row's mass is the dual potential f, centred on the others:

    calibrated gradient(i) = f(i) - sum of f(j), j ≠ i, / (n - 1)

Rows with the largest gradients push the distance up. Held-out rows are the other half of the rows, both ways.

    from the paper   value
    label distance   Wasserstein of the class-conditional x; here of their normal approximations with diagonal covariance
    label weight     1
    entropy          0.1, of costs with mean 1; by Sinkhorn, 100 rounds; at most 1,500 held-out rows
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="lava",
    family="valuation",
    slot="rows",
    kinds=("classification",),
    summary="rows that carry the rows' distribution away from itself are dropped",
    paper="Just et al.: LAVA: data valuation without pre-specified learning algorithms",
    year=2023,
    link="https://arxiv.org/abs/2305.00054",
    implementation="provender.methods.lava:Lava",
    choices={"share": (0.02, 0.1)},
    helps="some rows are strange, in inputs or labels",
    hurts="strange rows are what the model is asked about",
    cost="n² (d + 100)",
    seconds=4.0,
    random=True,
    only_if=("noise", "outliers"),
    prior=-0.35,
    signals={"noise": 0.5, "outliers": 0.2},
)

_ENTROPY = 0.1
_ROUNDS = 100
_MOST = 1500


class Lava(BaseEstimator):
    """share: of the rows that go, those of the largest calibrated gradient; label_weight: of labels against inputs."""

    def __init__(self, share: float = 0.05, label_weight: float = 1.0, random_state: int = 0) -> None:
        self.share = share
        self.label_weight = label_weight
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(y) < 10:
            return rows
        X = represent(rows.frame, self.random_state)
        apart = self.label_weight * label_distances(X, given, len(labels))
        rng = np.random.default_rng(self.random_state)
        half = rng.permutation(len(y)) % 2 == 0
        gradient = np.zeros(len(y))
        for mine, others in ((np.flatnonzero(half), np.flatnonzero(~half)), (np.flatnonzero(~half), np.flatnonzero(half))):
            others = rng.permutation(others)[:_MOST]
            cost = _squares(X[mine], X[others]) + apart[given[mine][:, None], given[others][None, :]]
            f = potential(cost / max(cost.mean(), 1e-12))
            gradient[mine] = f - (f.sum() - f) / (len(f) - 1)
        worst = np.argsort(-gradient, kind="stable")[: int(self.share * len(y))]
        keep = without(y, np.isin(np.arange(len(y)), worst))
        return rows.take(keep, reason="it carries the distribution of the rows away from itself")


def label_distances(X: np.ndarray, y: np.ndarray, k: int) -> np.ndarray:
    """(k, k) squared 2-Wasserstein distances of the classes' inputs, taken as normal with diagonal covariance."""
    mean = np.array([X[y == label].mean(axis=0) for label in range(k)])
    spread = np.array([X[y == label].std(axis=0) for label in range(k)])
    return _squares(mean, mean) + _squares(spread, spread)


def potential(cost: np.ndarray) -> np.ndarray:
    """(n,) dual potential of the rows of cost (n, m) between uniform masses, by Sinkhorn's iteration in logarithms' reach."""
    low = cost.min(axis=1, keepdims=True)
    kernel = np.exp(-(cost - low) / _ENTROPY)
    v = np.ones(cost.shape[1])
    for _ in range(_ROUNDS):
        u = 1 / np.maximum(kernel @ v, 1e-300) / cost.shape[0]
        v = 1 / np.maximum(kernel.T @ u, 1e-300) / cost.shape[1]
    u = 1 / np.maximum(kernel @ v, 1e-300) / cost.shape[0]
    return _ENTROPY * np.log(u) + low[:, 0]


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) squared distances."""
    return np.maximum((a * a).sum(axis=1)[:, None] - 2 * a @ b.T + (b * b).sum(axis=1), 0)
