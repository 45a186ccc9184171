"""Which rows a loader has appended to the task's own: they are the ones in question, and the task's own the judges."""

from __future__ import annotations

import numpy as np

from ..contract.rows import Rows


def is_appended(rows: Rows) -> np.ndarray:
    """(n,) whether a row came from an asset."""
    ids = [change.rows for change in rows.changes if change.kind == "append"]
    return np.isin(rows.ids, np.concatenate(ids)) if ids else np.zeros(len(rows), bool)
