"""Do rows that a data state brought in also stand in the held-out data?

Works on row digests (uint64), so that it never needs the held-out rows themselves: of raw rows (exact or normalised,
`profile/digests.py`) or of features (`feature_digests`), which also catches what left its columns behind.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, issparse

from .finding import Finding

_CHUNK = 1 << 22  # cells hashed at once


def overlapping(rows: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """(n,) bool: which of the row digests stand in the held-out ones."""
    return np.isin(rows, held_out)


def check_overlap(brought: np.ndarray, own: np.ndarray, held_out: np.ndarray, *, excused: int = 0) -> Finding | None:
    """Refuse rows from outside the task's training data that reproduce held-out inputs.

    brought   (m,) digests of rows that came from assets, were made up, or have no known origin
    own       (n,) digests of the task's own training rows
    held_out  (k,) digests of the inputs that are to be scored
    excused   so many held-out rows may be met by chance whatever the table is like

    Tables of few categories repeat themselves by nature: what chance explains is the share of held-out rows that equal
    an own or another held-out row, twice that for good measure, and in proportion more when more rows come than the
    task has. The share is taken of the held-out rows, so that harmless rows beside the leaked ones change nothing.
    """
    hits = overlapping(brought, held_out)
    if not hits.any():
        return None
    met = np.isin(held_out, brought)
    _, position, counts = np.unique(held_out, return_inverse=True, return_counts=True)
    natural = float((np.isin(held_out, own) | (counts[position] > 1)).mean())
    if met.sum() <= 2 * natural * len(held_out) * max(1.0, len(brought) / max(1, len(own))) + excused:
        return None
    return Finding(
        kind="overlap",
        severity="refuse",
        message=f"{int(hits.sum())} of {len(brought)} rows brought in equal rows that are to be scored",
        mend="drop these rows, or the source they come from",
        count=int(hits.sum()),
        rows=np.flatnonzero(hits),
    )


def quarantine(asset: np.ndarray, task: np.ndarray, natural: float) -> np.ndarray:
    """(m,) bool: asset rows to set aside because they equal any task row; none where chance explains the matches.

    natural  share of task rows that equal another task row, 0 to 1
    """
    hits = overlapping(asset, task)
    return hits if hits.mean() > 2 * natural or natural < 0.01 else np.zeros(len(asset), bool)


def feature_digests(features: np.ndarray | csr_matrix) -> np.ndarray:
    """(n,) uint64 digest of each row of numbers: equal rows agree, dense or sparse, whatever their dtype."""
    if issparse(features):
        matrix = csr_matrix(features)
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        return _total(rows, matrix.indices, matrix.data, matrix.shape[0])
    n, d = features.shape
    step = max(1, _CHUNK // max(1, d))
    parts = [_dense(features[at : at + step]) for at in range(0, n, step)]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _dense(features: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(features)
    return _total(rows, columns, features[rows, columns], len(features))


def _total(rows: np.ndarray, columns: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Sum of the digests of a row's nonzero cells: the order of cells does not matter."""
    values = values.astype(float) + 0.0
    values[np.isnan(values)] = np.nan  # one bit pattern
    kept = values != 0
    with np.errstate(over="ignore"):
        cells = _mix(values[kept].view(np.uint64) ^ _mix(columns[kept].astype(np.uint64) + np.uint64(1)))
        total = np.zeros(n, np.uint64)
        np.add.at(total, rows[kept], cells)
    return total


def _mix(z: np.ndarray) -> np.ndarray:
    """splitmix64's finaliser."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
