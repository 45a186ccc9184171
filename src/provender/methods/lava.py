"""What each appended row adds to the distance from the task's own: Just et al., LAVA: data valuation without pre-specified learning algorithms, 2023.

The optimal-transport distance between appended rows and the task's own, where moving (x, y) to (x', y') costs
|x - x'|² plus the distance of the labels' distributions of x. Its sensitivity to a row's mass is the dual potential f,
centred on the others:

    calibrated gradient(i) = f(i) - sum of f(j), j ≠ i, / (n - 1)

Appended rows with the largest gradients push the distance to the task's own rows up. Nothing is said of rows of
which the task itself has alike ones, rightly labelled or not; so without appended rows all stay.

    from the paper   value
    label distance   Wasserstein of the class-conditional x; here of normal approximations with diagonal covariance
    label weight     1
    entropy          0.1; here 0.03, of costs with mean 1; by Sinkhorn, 100 rounds; of at most 3,000 rows on either side
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .appended import is_appended
from .card import Card
from .labels import require_classes
from .representation import represent
from .strata import without

CARD = Card(
    name="lava",
    family="valuation",
    slot="rows",
    kinds=("classification",),
    summary="appended rows that lie far from the task's own, in inputs or labels, are dropped",
    paper="Just et al.: LAVA: data valuation without pre-specified learning algorithms",
    year=2023,
    link="https://arxiv.org/abs/2305.00054",
    implementation="provender.methods.lava:Lava",
    choices={"share": (0.1, 0.5)},
    helps="a source was appended of which a part is strange, in inputs or labels",
    hurts="strange rows are what the model is asked about",
    cost="n² (d + 100)",
    seconds=4.0,
    random=True,
    only_if=("appended",),
    prior=-0.2,
)

_ENTROPY = 0.03
_ROUNDS = 100
_MOST = 3000


class Lava(BaseEstimator):
    """share         of the appended rows that go, those of the largest calibrated gradient
    label_weight  of the distance of labels against that of inputs
    """

    def __init__(self, share: float = 0.3, label_weight: float = 1.0, random_state: int = 0) -> None:
        self.share = share
        self.label_weight = label_weight
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        extra = is_appended(rows)
        if not extra.any() or extra.all():
            return rows
        labels, given = np.unique(y, return_inverse=True)
        X = represent(rows.frame, self.random_state)
        rng = np.random.default_rng(self.random_state)
        own = rng.permutation(np.flatnonzero(~extra))[:_MOST]
        apart = self.label_weight * label_distances(X[own], given[own], len(labels))
        value = np.zeros(len(y))
        order = rng.permutation(np.flatnonzero(extra))
        for block in np.array_split(order, -(-len(order) // _MOST)):
            cost = _squares(X[block], X[own]) + apart[given[block][:, None], given[own][None, :]]
            f = potential(cost / max(cost.mean(), 1e-12))
            value[block] = -(f - (f.sum() - f) / max(len(f) - 1, 1))
        worst = order[np.argsort(value[order], kind="stable")[: int(self.share * len(order))]]
        keep = without(y, np.isin(np.arange(len(y)), worst))
        return rows.take(keep, reason="it carries the appended rows away from the task's own")


def label_distances(X: np.ndarray, y: np.ndarray, k: int) -> np.ndarray:
    """(k, k) squared 2-Wasserstein distances of the classes' inputs, taken as normal with diagonal covariance.

    A class without rows is as far from all others as the two that lie farthest apart.
    """
    present = np.unique(y)
    mean = np.array([X[y == label].mean(axis=0) for label in present])
    spread = np.array([X[y == label].std(axis=0) for label in present])
    known = _squares(mean, mean) + _squares(spread, spread)
    apart = np.full((k, k), known.max())
    apart[np.ix_(present, present)] = known
    return apart


def potential(cost: np.ndarray) -> np.ndarray:
    """(n,) dual potential of the rows of cost (n, m) between uniform masses, by Sinkhorn's iteration."""
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
