"""A map of the rows by how they are learnt: Swayamdipta et al., Dataset cartography: mapping and diagnosing datasets with training dynamics, 2020.

    confidence    mean over the epochs of the probability of the row's label
    variability   its standard deviation over the epochs
    correctness   share of the epochs in which the label was the likeliest

Easy rows are confident, ambiguous ones variable; hard ones are neither, and are often mislabelled (the paper's
section 5). Either the hard ones go, or the paper's most ambiguous 33 % are all that is trained on.

    from the paper     value
    share              0.33, the most variable
    epochs             5 of RoBERTa; here 20 of a small network, averaged over 3 initialisations
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent
from .small_network import train
from .strata import top_of_strata, without

CARD = Card(
    name="cartography",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="rows that a network hardly ever gets right while it learns are dropped",
    paper="Swayamdipta et al.: Dataset cartography: mapping and diagnosing datasets with training dynamics",
    year=2020,
    link="https://arxiv.org/abs/2009.10795",
    implementation="provender.methods.cartography:Cartography",
    choices={"correct": (0.2,), "keep": ("ambiguous",)},
    helps="labels are wrong, or most rows are too easy to teach anything",
    hurts="rare but right rows are the hard ones",
    cost="3 small networks of 20 epochs",
    seconds=2.0,
    random=True,
    only_if=("noise",),
    prior=-0.15,
    signals={"noise": 1.1},
)


class Cartography(BaseEstimator):
    """keep     "learnt" rows, or the most "ambiguous" ones
    correct  rows whose label was right in a smaller share of the epochs are hard
    share    of the rows that is kept as ambiguous
    epochs   of the network
    """

    def __init__(
        self, keep: str = "learnt", correct: float = 0.5, share: float = 0.33, epochs: int = 20, random_state: int = 0
    ) -> None:
        self.keep = keep
        self.correct = correct
        self.share = share
        self.epochs = epochs
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        labels, given = np.unique(y, return_inverse=True)
        if len(labels) < 2:
            return rows
        X = represent(rows.frame, self.random_state)
        confidence, variability, correctness = chart(X, given, len(labels), self.epochs, self.random_state)
        if self.keep == "ambiguous":
            return rows.take(top_of_strata(y, variability, self.share), reason="a network is soon sure of it, or never")
        keep = without(y, correctness < self.correct, confidence, 0.5)
        return rows.take(keep, reason="a network hardly ever gives it its label while it learns")


def chart(X: np.ndarray, y: np.ndarray, k: int, epochs: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confidence, variability and correctness (n,) of labels y in 0..k-1, averaged over 3 initialisations."""
    parts = []
    for start in range(3):
        steps = [epoch.probability for epoch in train(X, y, k, epochs, seed + start)]
        own = np.array([step[np.arange(len(y)), y] for step in steps])
        right = np.array([step.argmax(axis=1) == y for step in steps])
        parts.append((own.mean(axis=0), own.std(axis=0), right.mean(axis=0)))
    confidence, variability, correctness = np.mean(parts, axis=0)
    return confidence, variability, correctness
