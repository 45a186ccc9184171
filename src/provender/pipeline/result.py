"""What submit gives for one state on one fold, when nothing failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoldResult:
    """Predictions for `fold.evaluation`, in its order, and what they cost.

    prediction  as the learner's output says: (n,), (n, k) or (n, targets) float64
    rows        training rows that the learner saw
    strength    the strongest single feature's correlation ratio with the target, 0 to 1
    column      the name of that feature
    lineage     what became of the task's own rows, and where the others came from (`Lineage.to_json`)
    changes     what the loader says it did, each with kind, reason and count
    findings    of the guard
    cached      nothing was trained for this result in this run
    """

    prediction: np.ndarray
    seconds: float
    training_seconds: float
    rows: int
    strength: float = 0.0
    column: str = ""
    lineage: Mapping[str, Any]
    changes: tuple[Mapping, ...] = ()
    findings: tuple[Mapping, ...] = ()
    cached: bool = False

    def to_values(self) -> dict[str, Any]:
        """The result as values of the wire format."""
        facts = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("prediction", "cached")}
        return {"prediction": self.prediction, "facts": facts}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> FoldResult:
        """A stored result; `cached` is True."""
        facts = dict(values["facts"])
        told = {name: tuple(facts.pop(name)) for name in ("changes", "findings")}
        return cls(prediction=values["prediction"], cached=True, **facts, **told)
