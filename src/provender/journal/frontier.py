"""The frontier: pending nodes, by the data state they would start from. Kept up to date event by event, so that a
scheduler can score a thousand branches with a few array operations however large the tree is.

A *branch* is a scored data state with pending nodes below it: those whose nearest scored black ancestor it is. A red
node starts from its black parent's state, and so does each black child of that red.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

_ARRAYS = ("_branch_at", "_observed", "_tries_at", "_novelty")


class Frontier:
    """Read-only to schedulers; only the tree changes it.

    queue     pending nodes in the order in which they were grown (a mapping, for its order and its fast look-up)
    used      executions begun so far, finished or in flight
    lowest, highest   of all observations so far (0.5 and 0.5 before the first)
    """

    __slots__ = (
        "_branch_at", "_novelty", "_observed", "_pending", "_place", "_tries", "_tries_at",
        "highest", "lowest", "queue", "used",
    )  # fmt: skip

    def __init__(self) -> None:
        self.queue: dict[int, int] = {}  # pending node -> branch
        self.used = 0
        self.lowest = self.highest = 0.5
        self._tries: dict[int, int] = {}  # branch -> executions begun below it, branches without pending nodes too
        self._pending: dict[int, dict[int, None]] = {}  # branch -> its pending nodes, in order
        self._place: dict[int, int] = {}  # branch -> its row in the arrays
        self._branch_at = np.zeros(16, np.int64)
        self._observed = np.zeros(16)
        self._tries_at = np.zeros(16)
        self._novelty = np.zeros(16)

    def __len__(self) -> int:
        """Branches with pending nodes."""
        return len(self._place)

    @property
    def branches(self) -> np.ndarray:
        """(b,) node whose state each branch starts from; -1 for a tree's first node, which starts from none."""
        return self._view(self._branch_at)

    @property
    def observed(self) -> np.ndarray:
        """(b,) observation of that state: see `tree.observation`."""
        return self._view(self._observed)

    @property
    def tries(self) -> np.ndarray:
        """(b,) executions begun from that state, those in flight included."""
        return self._view(self._tries_at)

    @property
    def novelty(self) -> np.ndarray:
        """(b,) 1 / sqrt(1 + tries), kept beside them because every pick needs it for every branch."""
        return self._view(self._novelty)

    def pending(self, branch: int) -> tuple[int, ...]:
        """Pending nodes of a branch, the oldest first."""
        return tuple(self._pending.get(branch, ()))

    def begun(self, branch: int) -> int:
        """Executions begun from this state, whether or not it has pending nodes now."""
        return self._tries.get(branch, 0)

    def __iter__(self) -> Iterator[int]:
        """Pending nodes, the oldest first."""
        return iter(self.queue)

    def observe(self, observed: float) -> None:
        """A state was scored."""
        self.lowest, self.highest = min(self.lowest, observed), max(self.highest, observed)

    def add(self, node: int, branch: int, observed: float) -> None:
        """A node was grown."""
        self.queue[node] = branch
        if branch not in self._place:
            self._enter(branch, observed)
        self._pending[branch][node] = None

    def start(self, node: int) -> None:
        """A pending node's execution began."""
        branch = self.queue.pop(node)
        self.used += 1
        self._tries[branch] = tries = self._tries.get(branch, 0) + 1
        place = self._place[branch]
        self._tries_at[place], self._novelty[place] = tries, 1.0 / math.sqrt(1.0 + tries)
        del self._pending[branch][node]
        if not self._pending[branch]:
            self._leave(branch)

    def state(self) -> Mapping[int, tuple[float, float, tuple[int, ...]]]:
        """{branch: (observed, tries, pending nodes)}: the frontier as a value, for tests and reports."""
        rows = zip(self.branches.tolist(), self.observed.tolist(), self.tries.tolist(), strict=True)
        return {branch: (observed, tries, self.pending(branch)) for branch, observed, tries in rows}

    def _enter(self, branch: int, observed: float) -> None:
        place = len(self._place)
        if place == len(self._branch_at):
            for name in _ARRAYS:
                array = getattr(self, name)
                setattr(self, name, np.concatenate([array, np.zeros_like(array)]))
        self._place[branch] = place
        self._pending[branch] = {}
        tries = self._tries.get(branch, 0)
        self._branch_at[place], self._observed[place] = branch, observed
        self._tries_at[place], self._novelty[place] = tries, 1.0 / math.sqrt(1.0 + tries)

    def _leave(self, branch: int) -> None:
        """The last row moves into the place that becomes free."""
        place = self._place.pop(branch)
        del self._pending[branch]
        last = len(self._place)
        if place != last:
            moved = int(self._branch_at[last])
            self._place[moved] = place
            for name in _ARRAYS:
                array = getattr(self, name)
                array[place] = array[last]

    def _view(self, array: np.ndarray) -> np.ndarray:
        view = array[: len(self._place)]
        view.flags.writeable = False
        return view
