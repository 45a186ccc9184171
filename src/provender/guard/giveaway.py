"""Single columns that give the target away.

A feature that alone determines the target on the training rows, where nothing in D0 did, is a label in disguise: an
identifier joined to its answer, a target encoding without folds, a row order. Strength is the correlation ratio
(share of a column's variance that lies between classes; squared correlation for numeric targets): 1 means that the
column *is* the target, up to scale.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, issparse

from .finding import Finding

TOO_STRONG = 0.999


def column_strength(features: np.ndarray | csr_matrix, y: np.ndarray) -> np.ndarray:
    """(d,) strength of each column, 0 to 1. `y` is (n,) class positions or values; (n, t) takes the strongest target."""
    if y.ndim == 2:
        return np.max([column_strength(features, y[:, j]) for j in range(y.shape[1])], axis=0, initial=0.0)
    n, d = features.shape
    if n < 3 or d == 0:
        return np.zeros(d)
    features = _finite(features)
    with np.errstate(all="ignore"):
        if issparse(features):
            total = np.asarray(features.sum(axis=0)).ravel()
            square = np.asarray(features.multiply(features).sum(axis=0)).ravel()
        else:
            total, square = features.sum(axis=0), np.einsum("ij,ij->j", features, features)
        spread = square - total**2 / n
        if y.dtype.kind in "iu":
            between = _between(features, np.unique(y, return_inverse=True)[1], total, n)
        else:
            centred = y - y.mean()
            norm = float(centred @ centred)
            product = np.asarray(features.T @ centred).ravel()
            between = product**2 / norm if norm > 0 else np.zeros_like(spread)
        strength = np.where(spread > 1e-12 * np.maximum(square, 1e-300), between / spread, 0.0)
    return np.clip(np.nan_to_num(strength), 0, 1)


def strongest_column(features: pd.DataFrame | np.ndarray | csr_matrix, y: np.ndarray, names: list[str] | None) -> tuple[float, str]:
    """Strength (0 to 1) and name of the strongest column; a column of words counts by each of its words."""
    if isinstance(features, pd.DataFrame):
        each = [_column(features.iloc[:, j], y) for j in range(features.shape[1])]
        strength = np.array(each)
        names = [str(name) for name in features.columns]
    else:
        strength = column_strength(features, y)
    if len(strength) == 0:
        return 0.0, ""
    j = int(strength.argmax())
    return float(strength[j]), names[j] if names else f"number {j}"


def check_giveaway(strength: float, column: str, strongest_before: float) -> Finding | None:
    """Refuse a column that determines the target when D0's strongest column (0 to 1) did not; warn when it did."""
    if strength < TOO_STRONG:
        return None
    return Finding(
        kind="giveaway",
        severity="refuse" if strongest_before < TOO_STRONG else "warn",
        message=f"the feature {column} alone gives the target away (it explains {strength:.2%} of it on the training rows)",
        mend="leave the column out, or compute it out of fold",
        count=1,
    )


def _finite(features: np.ndarray | csr_matrix) -> np.ndarray | csr_matrix:
    """Numbers as floats of a size whose square is one too; missing and infinite ones count as 0."""
    features = features.astype(float)
    data = features.data if issparse(features) else features
    data[~(np.abs(data) < 1e150)] = 0.0
    return features


def _column(column: pd.Series, y: np.ndarray) -> float:
    if column.dtype.kind in "iufb":
        return float(column_strength(column.to_numpy(float)[:, None], y).max(initial=0.0))
    codes, words = pd.factorize(column)
    if not 1 < len(words) <= len(column) // 2:  # one word a row tells nothing about another row
        return 0.0
    present = np.flatnonzero(codes >= 0)
    shape = (len(column), len(words))
    return float(column_strength(csr_matrix((np.ones(len(present)), (present, codes[present])), shape=shape), y).max(initial=0.0))


def _between(features: np.ndarray | csr_matrix, codes: np.ndarray, total: np.ndarray, n: int) -> np.ndarray:
    """Sum of squares between classes of each column. One class a row would explain everything: such targets give 0."""
    k = codes.max() + 1
    if k > n / 2:
        return np.zeros(features.shape[1])
    member = csr_matrix((np.ones(n), (codes, np.arange(n))), shape=(k, n))
    sums = member @ features
    share = 1.0 / np.bincount(codes)
    if issparse(sums):  # not made dense: there may be a million columns
        return np.asarray(sums.multiply(sums).T @ share).ravel() - total**2 / n
    return share @ np.asarray(sums) ** 2 - total**2 / n
