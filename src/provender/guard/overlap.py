"""Do rows that a data state brought in also stand in the held-out data?

Works on row digests (uint64, exact or normalised), so that it never needs the held-out rows themselves.
"""

from __future__ import annotations

import numpy as np

from .finding import Finding


def overlapping(rows: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """(n,) bool: which of the row digests stand in the held-out ones."""
    return np.isin(rows, held_out)


def check_overlap(brought: np.ndarray, own: np.ndarray, held_out: np.ndarray) -> Finding | None:
    """Refuse rows from outside the task's training data that equal held-out inputs.

    brought   (m,) normalised digests of rows that came from assets, were made up, or have no known origin
    own       (n,) digests of the task's own training rows: tables of few categories repeat themselves by nature,
              and the share of own rows that equal held-out ones is what chance gives
    held_out  (k,) digests of the inputs that are to be scored
    """
    hits = overlapping(brought, held_out)
    if not hits.any():
        return None
    natural = float(overlapping(own, held_out).mean()) if len(own) else 0.0
    if hits.mean() <= 2 * natural:
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
