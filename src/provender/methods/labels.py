"""What row methods need to know of y."""

from __future__ import annotations

import numpy as np

from ..errors import LoaderError
from .card import Card


def require_classes(y: np.ndarray, card: Card) -> np.ndarray:
    """y as class positions (n,). Raises LoaderError for values, soft labels or several targets."""
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise LoaderError(f"{card.name} needs class labels, but y is {y.dtype} of shape {y.shape}; leave it out here")
    return y


def require_values(y: np.ndarray, card: Card) -> np.ndarray:
    """y as one number a row (n,). Raises LoaderError for several targets."""
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0].astype(float)
    if y.ndim != 1:
        raise LoaderError(f"{card.name} needs one number a row, but y has shape {y.shape}; leave it out here")
    return y.astype(float)
