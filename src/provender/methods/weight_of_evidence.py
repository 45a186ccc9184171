"""Categories become weights of evidence: Zdravevski, Lameski & Kulakov, Weight of evidence as a tool for attribute
transformation in the preprocessing stage of supervised learning algorithms, 2011.

weight of a category = ln(P(category | class) / P(category | other classes)) = logit(rate in it) - logit(rate overall);
rates are smoothed by `smooth` rows of the overall rate, and training rows are coded by the other folds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import logit

from .card import Card
from .target_encoding import TargetEncoding

CARD = Card(
    name="weight_of_evidence",
    family="encoding",
    slot="columns",
    stage="encode",
    place=("within", "beside"),
    kinds=("classification",),
    takes=("category",),
    summary="each category becomes the log odds that its other rows give",
    paper="Zdravevski, Lameski & Kulakov: Weight of evidence as a tool for attribute transformation",
    year=2011,
    link="https://doi.org/10.1109/IJCNN.2011.6033219",
    implementation="provender.methods.weight_of_evidence:WeightOfEvidence",
    choices={"smooth": (1.0, 20.0)},
    helps="many categories with several rows each, and the learner is linear in log odds",
    hurts="categories are few, or unique",
    cost="folds n d",
    seconds=0.1,
    random=True,
    only_if=("many_valued",),
    prior=-0.3,
    signals={"many_valued": 0.6, "linear": 0.2},
)


class WeightOfEvidence(TargetEncoding):
    """DataFrame (n, d) of categories -> (n, d · t) float64 log odds; t is 1 for two classes, else one a class.

    smooth  rows of the overall rate added to every category
    folds   of the cross-fitting
    """

    def __init__(self, smooth: float = 5.0, folds: int = 5, random_state: int = 0) -> None:
        super().__init__(smooth, folds, random_state)

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        return self._weights(super().transform(X))

    def fit_transform(self, X: pd.DataFrame, y: np.ndarray) -> np.ndarray:
        """Each training row coded by the other folds; afterwards fitted on all rows."""
        if len(X) < self.folds:
            return self.fit(X, y).transform(X)
        return self._weights(super().fit_transform(X, y))

    def _weights(self, rates: np.ndarray) -> np.ndarray:
        overall = np.tile(self.mean_, rates.shape[1] // len(self.mean_))
        return logit(np.clip(rates, 1e-6, 1 - 1e-6)) - logit(np.clip(overall, 1e-6, 1 - 1e-6))
