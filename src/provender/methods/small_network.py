"""The proxy that training dynamics are read from: one hidden layer of 32 rectified units, trained by Adam on cross-entropy.

Papers read these scores off the deep network that they train. Here the learner is fixed and may have no epochs, so a
network small enough for any table stands in, as Coleman et al. (Selection via proxy, 2020) found to be enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_HIDDEN = 32
_REACH = 30  # squared length of an input, at most
_RATE = 0.01
_BATCH = 64
_DECAY = (0.9, 0.999)


@dataclass(frozen=True, slots=True, eq=False)
class Epoch:
    """What the network says of each row after an epoch.

    logits  (n, k)
    hidden  (n, h) activations that the last layer reads
    back    (n, h) gradient of each row's loss with respect to the hidden layer's sums
    """

    logits: np.ndarray
    hidden: np.ndarray
    back: np.ndarray

    @property
    def probability(self) -> np.ndarray:
        """(n, k) softmax of the logits."""
        return softmax(self.logits)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(n, k) probabilities of logits (n, k)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def scaled(X: np.ndarray) -> np.ndarray:
    """(n, d) float32 inputs as the network reads them: of one mean squared length whatever the table's width."""
    length = np.sqrt((X * X).sum(axis=1).mean())
    return (X / max(length, 1e-9) * np.sqrt(min(X.shape[1], _REACH))).astype(np.float32)


def train(
    X: np.ndarray, y: np.ndarray, k: int, epochs: int, seed: int, used: np.ndarray | None = None
) -> Iterator[Epoch]:
    """Train on X (n, d) and labels y (n,) in 0..k-1; gives what it says of these rows after every epoch.

    used  positions of the rows that it may learn from; None for all
    """
    rng = np.random.default_rng(seed)
    X = scaled(X)
    truth = np.eye(k, dtype=np.float32)[y]
    w1 = rng.normal(0, np.sqrt(2 / min(X.shape[1], _REACH)), (X.shape[1], _HIDDEN))
    w2 = rng.normal(0, np.sqrt(1 / _HIDDEN), (_HIDDEN, k))
    weights = [w.astype(np.float32) for w in (w1, np.zeros(_HIDDEN), w2, np.zeros(k))]
    mean, square = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(X) if used is None else used)
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            step += 1
            hidden, logits = _forward(X[rows], weights)
            error = (softmax(logits) - truth[rows]) / len(rows)
            back = (error @ weights[2].T) * (hidden > 0)
            gradients = (X[rows].T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0))
            for w, g, m, s in zip(weights, gradients, mean, square, strict=True):
                m += (1 - _DECAY[0]) * (g - m)
                s += (1 - _DECAY[1]) * (g * g - s)
                w -= _RATE * (m / (1 - _DECAY[0] ** step)) / (np.sqrt(s / (1 - _DECAY[1] ** step)) + 1e-8)
        hidden, logits = _forward(X, weights)
        yield Epoch(logits.astype(float), hidden, ((softmax(logits) - truth) @ weights[2].T) * (hidden > 0))


def _forward(X: np.ndarray, weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    hidden = np.maximum(X @ weights[0] + weights[1], 0)
    return hidden, hidden @ weights[2] + weights[3]
