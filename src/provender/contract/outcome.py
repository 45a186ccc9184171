"""What became of an evaluation: predictions, or a failure with its reason. A failure is never a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FailureKind = Literal[
    "crashed",     # the loader raised or its process died
    "timeout",     # it used up its seconds
    "memory",      # it used more memory than allowed
    "processes",   # it started more processes than allowed
    "disk",        # it wrote more than allowed
    "output",      # what it handed over does not follow the wire format or is too large
    "contract",    # wrong row count, NaN weights, unknown classes, no training rows …
    "batch",       # inputs(raw) gives a row other features when its neighbours change
    "asset",       # it names an asset that the pool does not hold
    "leak",        # the guard refused its rows or features
    "learner",     # the fixed learner failed on the features
    "score",       # predictions came back that cannot be scored (NaN, wrong shape)
    "agent",       # no data state was proposed
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a state has no score. `message` is one sentence; `detail` holds the program's own words (stderr tail)."""

    kind: FailureKind
    message: str
    detail: str = ""

    def to_json(self) -> dict:
        return {"kind": self.kind, "message": self.message, "detail": self.detail[-4000:]}
