"""Weighted rows whose gradients add up to those of all: Killamsetty et al., GRAD-MATCH: gradient matching based data subset selection, 2021.

Class by class, orthogonal matching pursuit: take the row whose gradient is most along what is still missing of the
mean gradient, fit weights of all taken rows (not negative, with a penalty on their squares), and again. A gradient
of the last layer has few dimensions, so that few rows match it; the pursuit is then repeated on the rows left,
until the share is full.

    from the paper   value
    gradients        last layer, of the row's own class; here at epochs 2, 4 and 8 of a small network
    penalty          0.5
    weights          at least 0, mean 1
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import train
from .strata import share_of, strata

CARD = Card(
    name="grad_match",
    family="selection",
    slot="rows",
    kinds=("classification",),
    summary="rows whose weighted gradients match the gradient of all are kept",
    paper="Killamsetty et al.: GRAD-MATCH: gradient matching based data subset selection ",
    year=2021,
    link="https://arxiv.org/abs/2103.00123",
    implementation="provender.methods.grad_match:GradMatch",
    choices={"share": (0.5, 0.95)},
    helps="training is dear and most rows pull a network the same way",
    hurts="rows are few: weights become unequal",
    cost="a small network, and n d for each kept row",
    seconds=3.0,
    random=True,
    only_if=("duplicates",),
    prior=-0.5,
    signals={"duplicates": 0.3},
)

_EPOCHS = (2, 4, 8)
_PENALTY = 0.5
_ATOMS = 24


class GradMatch(BaseEstimator):
    """share: part of each class that is kept, 0..1."""

    def __init__(self, share: float = 0.8, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(y) < 10 or len(labels) < 2:
            return rows
        gradients = _gradients(represent(rows.frame, self.random_state), given, len(labels), self.random_state)
        weight, kept = rows.weight.copy(), []
        for group in strata(y):
            chosen, weights = match(gradients[group], share_of(group, self.share))
            weight[group[chosen]] *= weights * len(group) / len(chosen)
            kept.append(group[chosen])
        kept = np.sort(np.concatenate(kept))
        left = rows.take(kept, reason="the gradients of kept rows add up to its own")
        return left.edit("weighed so that gradients match", weight=weight[kept] / weight[kept].mean())


def _gradients(X: np.ndarray, y: np.ndarray, k: int, seed: int) -> np.ndarray:
    """(n, 3 (h + 1)) last-layer gradients of each row's own class."""
    parts, everyone = [], np.arange(len(y))
    for number, epoch in enumerate(train(X, y, k, max(_EPOCHS), seed), start=1):
        if number in _EPOCHS:
            error = epoch.probability[everyone, y] - 1
            parts.append(error[:, None] * np.hstack([epoch.hidden, np.ones((len(y), 1))]))
    return np.hstack(parts)


def match(gradients: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions (m,) of gradients (n, d), and weights (m,) with mean 1 under which their mean is about that of all."""
    target = gradients.mean(axis=0)
    penalty = np.sqrt(_PENALTY) * np.linalg.norm(gradients, axis=1).mean() / np.sqrt(max(len(gradients), 1))
    free, chosen, weights = np.ones(len(gradients), bool), [], []
    while len(chosen) < m:
        taken, left, fitted = [], target, np.zeros(0)
        while len(taken) < min(_ATOMS, m - len(chosen)):
            taken.append(int(np.where(free, gradients @ left, -np.inf).argmax()))
            free[taken[-1]] = False
            atoms = np.vstack([gradients[taken].T, penalty * np.eye(len(taken))])
            fitted, _ = nnls(atoms, np.concatenate([target, np.zeros(len(taken))]))
            left = target - gradients[taken].T @ fitted
        chosen += taken
        weights += list(fitted / max(fitted.mean(), 1e-12) if fitted.any() else np.ones(len(taken)))
    return np.array(chosen), np.array(weights)
