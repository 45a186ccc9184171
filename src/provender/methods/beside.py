"""Features of two makers, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, hstack, issparse

from ..errors import LoaderError


def beside(left: object, right: object) -> csr_matrix | np.ndarray:
    """Both feature tables side by side: CSR when either is sparse, else an array.

    Each is a DataFrame of numbers, a CSR matrix or a 2-d array with one row a record. Raises LoaderError when they do
    not have the same rows, as when a loader's fit appends synthetic ones.
    """
    if isinstance(left, tuple) or isinstance(right, tuple):
        raise LoaderError("fit of the task's own loader appends rows, so no features can be put beside its own")
    left, right = (part.to_numpy(dtype=float) if isinstance(part, pd.DataFrame) else part for part in (left, right))
    if left.shape[0] != right.shape[0]:
        raise LoaderError(f"the features have {left.shape[0]} and {right.shape[0]} rows; both must come from the same rows")
    if issparse(left) or issparse(right):
        return csr_matrix(hstack([left, right]))
    return np.hstack([left, right])
