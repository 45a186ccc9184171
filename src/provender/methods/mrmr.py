"""Few features that tell much and repeat little: Peng, Long & Ding, Feature selection based on mutual information:
criteria of max-dependency, max-relevance, and min-redundancy, 2005.

One after another, the feature is chosen whose relevance, less its mean redundancy with those chosen, is largest (the
paper's incremental search). Both are mutual informations, of Gaussian variables: -log(1 - correlation²) / 2; among at
most 300 features that screening leaves, so that d² stays small.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn.base import BaseEstimator, TransformerMixin

from .card import Card
from .screening import Screening

_CANDIDATES = 300

CARD = Card(
    name="mrmr",
    family="features",
    slot="columns",
    stage="reduce",
    place=("after",),
    takes=("numeric",),
    needs=("complete",),
    modality=("tabular",),
    summary="only features that tell of the target and do not repeat one another are kept",
    paper="Peng, Long & Ding: Feature selection based on mutual information: max-relevance and min-redundancy",
    year=2005,
    link="https://doi.org/10.1109/TPAMI.2005.159",
    implementation="provender.methods.mrmr:Mrmr",
    choices={"most": (10, 50)},
    helps="columns are many for the rows, and say the same several times",
    hurts="many weak features add up, or matter only together",
    cost="n d + 300² n",
    seconds=0.2,
    only_if=("wide",),
    prior=-0.3,
    signals={"wide": 0.4},
)


class Mrmr(TransformerMixin, BaseEstimator):
    """(n, d) array or CSR -> the same kind with at most `most` of the columns, in their order."""

    def __init__(self, most: int = 20) -> None:
        self.most = most

    def fit(self, X: csr_matrix | np.ndarray, y: np.ndarray) -> Mrmr:
        candidates = Screening(_CANDIDATES).fit(X, y).kept_
        values = X[:, candidates]
        values = _standard(values.toarray() if issparse(values) else np.asarray(values, dtype=float))
        y = np.asarray(y)
        classes = y.ndim == 1 and y.dtype.kind in "iu"
        targets = (y[:, None] == np.unique(y)[None, :]).astype(float) if classes else y.reshape(len(y), -1).astype(float)
        relevance = _information(values.T @ _standard(targets) / len(y)).max(axis=1)
        redundancy = _information(values.T @ values / len(y))
        self.kept_ = np.sort(candidates[chosen(relevance, redundancy, self.most)])
        return self

    def transform(self, X: csr_matrix | np.ndarray) -> csr_matrix | np.ndarray:
        return X[:, self.kept_]


def chosen(relevance: np.ndarray, redundancy: np.ndarray, most: int) -> list[int]:
    """Positions in the order in which the paper's incremental search takes them: (d,), (d, d) -> at most `most`."""
    taken = [int(relevance.argmax())]
    total = redundancy[taken[0]].copy()
    while len(taken) < min(most, len(relevance)):
        score = relevance - total / len(taken)
        score[taken] = -np.inf
        taken.append(int(score.argmax()))
        total += redundancy[taken[-1]]
    return taken


def _standard(values: np.ndarray) -> np.ndarray:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 1e-12, spread, np.inf)


def _information(correlation: np.ndarray) -> np.ndarray:
    return -np.log(1 - np.minimum(correlation**2, 1 - 1e-9)) / 2
