"""Exact semivalues of rows for a k-nearest-neighbours classifier: what KNN-Shapley, Beta-Shapley and Banzhaf share.

The utility of a set S of rows for one held-out row is the share of its k nearest in S with the right label. A
semivalue averages what a row adds to sets into which every other row enters with chance p, and p itself has a
distribution. Let the rows be sorted by distance, nearest first. Swapping row i for row i+1 changes the utility of
exactly those sets that hold fewer than k of the i-1 nearer rows, so

    value(i) - value(i+1) = (right(i) - right(i+1)) / k · P(fewer than k of the i-1 nearer rows are in)
    value(n) = right(n) / k · P(fewer than k of the n-1 nearer rows are in)

For p uniform, P = min(k, i) / i: this is the recursion of Jia et al., Efficient task-specific data valuation for
nearest neighbor algorithms, 2019. For p ~ Beta(b, a), Beta(a, b)-Shapley; for p = 1/2, Banzhaf.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.model_selection import KFold

_BLOCK = 256
_JUDGES = 1000


Chance = Callable[[np.ndarray], np.ndarray]


def semivalues(
    X: np.ndarray, y: np.ndarray, held: np.ndarray, held_y: np.ndarray, k: int, chance: Chance
) -> np.ndarray:
    """(n,) value of each row of X (n, d) with labels y, averaged over held-out rows (m, d) with labels held_y.

    chance  maps numbers of nearer rows (n,) to the chance that fewer than k of them are in
    """
    n = len(X)
    few = chance(np.arange(n))  # few[i]: of i nearer rows
    total = np.zeros(n)
    squares = (X * X).sum(axis=1)
    for start in range(0, len(held), _BLOCK):
        block = slice(start, start + _BLOCK)
        order = np.argsort(squares - 2 * held[block] @ X.T, axis=1, kind="stable")
        right = (y[order] == held_y[block, None]).astype(float)
        steps = np.empty_like(right)
        steps[:, -1] = right[:, -1] * few[-1]
        steps[:, :-1] = (right[:, :-1] - right[:, 1:]) * few[:-1]
        value = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1] / k
        np.add.at(total, order.ravel(), value.ravel())
    return total / len(held)


def crossed(X: np.ndarray, y: np.ndarray, judges: np.ndarray, k: int, chance: Chance, seed: int) -> np.ndarray:
    """(n,) value of each row for the judges, (n,) bool: each fifth of the rows is held out once, the rest valued for it.

    Of a fifth, at most 1,000 judges are asked: their mean then estimates that of all.
    """
    rng = np.random.default_rng(seed)
    total, times = np.zeros(len(y)), np.zeros(len(y))
    for rest, held in KFold(min(5, len(y)), shuffle=True, random_state=seed).split(X):
        held = rng.permutation(held[judges[held]])[:_JUDGES]
        if len(held):
            total[rest] += semivalues(X[rest], y[rest], X[held], y[held], k, chance)
            times[rest] += 1
    return total / np.maximum(times, 1)
