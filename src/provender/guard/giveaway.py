"""Single columns that give the target away.

A feature that alone determines the target on the training rows, where nothing in D0 did, is a label in disguise: an
identifier joined to its answer, a target encoding without folds, a row order. Strength is the correlation ratio
(share of a column's variance that lies between classes; squared correlation for numeric targets): 1 means that the
column *is* the target, up to scale.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, issparse

from .finding import Finding

TOO_STRONG = 0.999
_MEANINGFUL_SHARE = 0.5  # a column must speak about this share of the rows to be a give-away: a rare word may be pure by chance


def column_strength(features: np.ndarray | csr_matrix, y: np.ndarray) -> np.ndarray:
    """(d,) strength of each column, 0 to 1. `y` is (n,) class positions or values; (n, t) takes the strongest target."""
    if y.ndim == 2:
        return np.max([column_strength(features, y[:, j]) for j in range(y.shape[1])], axis=0)
    n = features.shape[0]
    if n < 3:
        return np.zeros(features.shape[1])
    if issparse(features):
        total = np.asarray(features.sum(axis=0)).ravel()
        square = np.asarray(features.multiply(features).sum(axis=0)).ravel()
    else:
        features = np.nan_to_num(np.asarray(features, dtype=float))
        total, square = features.sum(axis=0), (features**2).sum(axis=0)
    spread = square - total**2 / n
    if y.dtype.kind in "iu":
        codes = np.unique(y, return_inverse=True)[1]
        between = _between(features, codes, total, n)
    else:
        centred = y - y.mean()
        norm = float(centred @ centred)
        product = np.asarray(features.T @ centred).ravel()
        between = product**2 / norm if norm > 0 else np.zeros_like(spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = np.where(spread > 1e-12 * np.maximum(square, 1), between / spread, 0.0)
    return np.clip(np.nan_to_num(strength), 0, 1)


def _between(features: np.ndarray | csr_matrix, codes: np.ndarray, total: np.ndarray, n: int) -> np.ndarray:
    """Sum of squares between classes of each column. One class a row would explain everything: such targets give 0."""
    k = codes.max() + 1
    if k > n / 2:
        return np.zeros(features.shape[1])
    member = csr_matrix((np.ones(n), (codes, np.arange(n))), shape=(k, n))
    sums = member @ features
    sums = sums.toarray() if issparse(sums) else np.asarray(sums)
    return (sums**2 / np.bincount(codes)[:, None]).sum(axis=0) - total**2 / n


def check_giveaway(features: np.ndarray | csr_matrix, y: np.ndarray, names: list[str] | None, strongest_before: float) -> Finding | None:
    """Refuse a column that determines the target when D0's strongest column (0 to 1) did not."""
    if features.shape[1] == 0:
        return None
    strength = column_strength(features, y)
    j = int(strength.argmax())
    if strength[j] < TOO_STRONG or strongest_before >= TOO_STRONG:
        return None
    name = names[j] if names else f"number {j}"
    return Finding(
        kind="giveaway",
        severity="refuse",
        message=f"the feature {name} alone gives the target away (it explains {strength[j]:.2%} of it on the training rows)",
        mend="leave the column out, or compute it out of fold",
        count=1,
    )
