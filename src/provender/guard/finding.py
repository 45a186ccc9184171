"""A finding: what the guard saw, how bad it is, and the mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Severity = Literal["refuse", "warn", "note"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One result of one check.

    kind      overlap | giveaway | blocklist | quarantine
    severity  refuse: the state or asset is not used · warn: shown to the user · note: kept in the journal
    message   one sentence that an agent may read: counts and its own column names, never held-out content
    rows      positions of the agent's own rows that are to blame (empty when it is about a column or a name)
    """

    kind: str
    severity: Severity
    message: str
    mend: str
    count: int = 0
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def to_json(self) -> dict:
        return {
            "kind": self.kind,
            "severity": self.severity,
            "message": self.message,
            "mend": self.mend,
            "rows_count": self.count,
            "rows": [int(i) for i in self.rows[:20]],
        }


def refused(findings: list[Finding]) -> Finding | None:
    """The first finding that refuses, if any."""
    return next((finding for finding in findings if finding.severity == "refuse"), None)
