"""What submit gives for one state on one fold, when nothing failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoldResult:
    """Predictions for `fold.evaluation`, in its order, and what they cost.

    strength  the strongest single feature's correlation ratio with the target, 0 to 1
    cached    nothing was trained for this result in this run
    """

    prediction: np.ndarray
    seconds: float
    training_seconds: float
    rows: int
    strength: float
    lineage: Mapping[str, Any]
    changes: tuple[Mapping, ...]
    findings: tuple[Mapping, ...]
    cached: bool = False
