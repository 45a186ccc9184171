"""The controller: after a black node, refine its data state further, or look for new data? Rules, with a reason each.

The paper's controller is "lightweight, external, using the latest training feedback and the current branch context"
(https://arxiv.org/abs/2605.10906, 3.5); it deepens while there is room to improve and broadens when the branch is
under-covered or its candidates are exhausted.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from ..journal.tree import Node, Tree


@dataclass(frozen=True, slots=True)
class Decision:
    """refine: grow a black child; discover: grow a red one. reason: one sentence for the journal."""

    action: Literal["refine", "discover"]
    reason: str


class Controller(Protocol):
    """`decide(tree, node=7, unused=("lake:9f3a",))` -> Decision("refine", "1 asset of the pool was not used yet")

    node    a scored black node;  unused: pool assets that no scored state has used
    """

    def decide(self, tree: Tree, node: int, unused: Collection[str]) -> Decision: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleController:
    """Four rules; the first that speaks decides.

    1. the state is better than the one it started from by more than the noise: refine
    2. the pool holds assets that no scored state has used: refine
    3. one slice gains less than the whole by more than `weak` times the noise: discover
    4. fewer than `patience` nodes were executed from the same start: refine, else discover
    """

    patience: int = 8
    weak: float = 2.0

    def decide(self, tree: Tree, node: int, unused: Collection[str]) -> Decision:
        at, start = tree[node], tree.start_state(node)
        step = at.gain - (0.0 if start is None else start.gain)
        if start is not None and step > tree.noise:
            return Decision(
                "refine", f"it improved on node {start.id} by {step:.3g}, more than the noise of {tree.noise:.3g}"
            )
        if unused:
            return Decision(
                "refine", f"{len(unused)} assets of the pool were not used yet, {sorted(unused)[0]} among them"
            )
        weak = self._weak_slice(at, tree.noise)
        if weak is not None:
            return Decision("discover", f"the slice {weak!r} gains less than the whole, so its data may be thin")
        tries = 0 if start is None else tree.tries(start.id)
        tried = f"{tries} nodes were executed from the same start"
        if tries < self.patience:
            return Decision("refine", f"{tried}, fewer than {self.patience}")
        return Decision("discover", f"{tried} and the pool is used up")

    def _weak_slice(self, at: Node, noise: float) -> str | None:
        gains = {
            name: fact["gain"] for name, fact in at.slices.items()
            if isinstance(fact.get("gain"), int | float) and math.isfinite(fact["gain"])
        }  # fmt: skip
        if not gains:
            return None
        name = min(sorted(gains), key=gains.__getitem__)
        return name if gains[name] < at.gain - self.weak * noise else None
