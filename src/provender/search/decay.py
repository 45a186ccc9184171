"""Decays of the exploration coefficient c_t of the paper's scheduling rule.

https://arxiv.org/abs/2605.10906, Appendix C.3 to C.5. t: executions finished, T: the budget, both in nodes.

    Table 10    c0 = 1.414 (sqrt 2)    c_min = 0.5    alpha = 0.01    p1 = 0.3    p2 = 0.7    T = 40

With these defaults the piecewise schedule falls from 1.414 to 1.254 and then, after p2, at once to 0.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Decay(Protocol):
    """`piecewise(t=12, budget=40)` -> 1.414…"""

    def __call__(self, t: float, budget: float) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Piecewise:
    """c0 before t1 = floor(p1 T), then max(c0 - alpha (t - t1), c_min) until t2 = floor(p2 T), then c_min."""

    c0: float = math.sqrt(2)
    c_min: float = 0.5
    alpha: float = 0.01
    p1: float = 0.3
    p2: float = 0.7

    def __call__(self, t: float, budget: float) -> float:
        t1, t2 = math.floor(self.p1 * budget), math.floor(self.p2 * budget)
        if t < t1:
            return self.c0
        return max(self.c0 - self.alpha * (t - t1), self.c_min) if t <= t2 else self.c_min


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """max(c0 - alpha t, c_min)."""

    c0: float = math.sqrt(2)
    c_min: float = 0.5
    alpha: float = 0.01

    def __call__(self, t: float, budget: float) -> float:
        return max(self.c0 - self.alpha * t, self.c_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """max(c0 gamma^t, c_min)."""

    c0: float = math.sqrt(2)
    c_min: float = 0.5
    gamma: float = 0.99

    def __call__(self, t: float, budget: float) -> float:
        return max(self.c0 * self.gamma**t, self.c_min)


DECAYS: Mapping[str, Decay] = {"piecewise": Piecewise(), "linear": Linear(), "exponential": Exponential()}
