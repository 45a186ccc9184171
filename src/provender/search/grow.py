"""The growth policy: which nodes are put into the tree. Pure: a tree and the pool's unused assets in, events out.

A red node is followed by a batch of black ones, since only building on its finds can tell what they are worth; after
a black node a controller decides between refining it and looking for new data; a failed black node is repaired once.
D0 stands for a red node to its own children: they build on the task's own data.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ..errors import RunError
from ..journal.events import Color, NodeGrown
from ..journal.tree import ROOT, Node, Tree
from .controller import Controller, RuleController


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Quotas and switches.

    num_red            red nodes grown after D0 and at each decision to look for new data
    num_black          black nodes grown after D0 and after each red node that admitted something
    max_black_per_red  most black nodes on one red node's discoveries, black children of black ones included
    dry_after          so many red nodes in a row that admitted nothing mean that the sources are dry: no more are
                       grown (None: never)
    retreat            go on from the state that a node started from when the node turned out worse: a black sibling
                       instead of a child, a red child of that state. False: always from the node, as published
    red, black         False for the ablations. Without red nodes nothing is discovered. Without black ones a red node
                       that admitted something is followed by exactly one, the rule-made pass-through

    The quota limits what is built on one discovery before the next; where no discovery can follow (no red nodes, dry
    sources), it does not bind. Raises RunError when both colors are switched off.
    """

    num_red: int = 1
    num_black: int = 5
    max_black_per_red: int = 20
    dry_after: int | None = 3
    retreat: bool = True
    red: bool = True
    black: bool = True
    controller: Controller = field(default_factory=RuleController)

    def __post_init__(self) -> None:
        if not (self.red or self.black):
            raise RunError("--no-red and --no-black together leave nothing to grow: drop one of them")

    @classmethod
    def paper(cls, *, red: bool = True, black: bool = True) -> Growth:
        """Table 10 of https://arxiv.org/abs/2605.10906: 5 black nodes a red one and at most 5: none is refined."""
        return cls(max_black_per_red=5, dry_after=None, retreat=False, red=red, black=black)

    def grow(self, tree: Tree, unused: Collection[str] = (), node: int | None = None) -> tuple[NodeGrown, ...]:
        """What to put into the tree now; () when there is nothing to add.

        node    the finished node to answer; by default the last one. A node is answered once, so that asking again
                after a kill is safe
        unused  pool assets that no scored state has used

        An empty tree gets D0. Whenever nothing would be pending, and D0 has a score, one more node is grown.
        """
        if len(tree) == 0:
            return (NodeGrown(node=ROOT, parent=None, color="black", reason="the initial data state"),)
        node = tree.last_finished if node is None else node
        grown = () if node is None or tree.answers(node) else self._answer(tree, tree[node], unused)
        if grown or tree.pending or tree.best is None:
            return grown
        return self._fill(tree, tree.best)

    def can_discover(self, tree: Tree) -> bool:
        """Whether a red node may be grown: not switched off, and the sources are not dry."""
        if not self.red:
            return False
        return self.dry_after is None or not self.black or tree.barren < self.dry_after

    def room(self, tree: Tree, base: int) -> int:
        """How many more black nodes may build on this red node's (or D0's) discoveries."""
        if not self.black:
            return 1 if base != ROOT and tree.built(base) == 0 else 0
        if not self.can_discover(tree):
            return self.num_black
        return max(0, self.max_black_per_red - tree.built(base))

    def _answer(self, tree: Tree, at: Node, unused: Collection[str]) -> tuple[NodeGrown, ...]:
        first = tree.next_id
        if at.status == "failed":
            return self._repair(tree, at)
        if at.id == ROOT:
            reds = _nodes(
                first, self.num_red if self.can_discover(tree) else 0, at, "red", "new data for the task", at.id
            )
            size = min(self.num_black, self.room(tree, ROOT))
            return reds + _nodes(first + len(reds), size, at, "black", "work on the task's own data", at.id)
        if at.color == "red":
            size = min(self.num_black, self.room(tree, at.id)) if at.admitted else 0
            return _nodes(first, size, at, "black", f"node {at.id} admitted {len(at.admitted)} assets", at.id)
        decision = self.controller.decide(tree, at.id, unused)
        may_refine, may_discover = self.room(tree, tree.base(at.id).id) > 0, self.can_discover(tree)
        start = tree.start_state(at.id)
        lost = self.retreat and start is not None and at.gain < start.gain
        if may_refine and (decision.action == "refine" or not may_discover):
            return _nodes(first, 1, tree[at.parent] if lost else at, "black", decision.reason, at.id)
        return _nodes(first, self.num_red if may_discover else 0, start if lost else at, "red", decision.reason, at.id)

    def _repair(self, tree: Tree, at: Node) -> tuple[NodeGrown, ...]:
        """One sibling in place of a failed black node, unless it was itself a repair."""
        is_repair = at.after is not None and tree[at.after].status == "failed"
        if at.color == "red" or at.parent is None or is_repair or self.room(tree, at.base) == 0:
            return ()
        return _nodes(tree.next_id, 1, tree[at.parent], "black", f"in place of node {at.id}, which failed", at.id)

    def _fill(self, tree: Tree, best: Node) -> tuple[NodeGrown, ...]:
        """One node from the best state, where the rules have none; beyond the quota when no other is legal."""
        refine = self.black and (self.room(tree, tree.base(best.id).id) > 0 or not self.can_discover(tree))
        color: Color = "black" if refine else "red"
        return _nodes(tree.next_id, 1, best, color, "nothing else was pending: on from the best state so far", None)


def _nodes(first: int, size: int, parent: Node, color: Color, reason: str, after: int | None) -> tuple[NodeGrown, ...]:
    return tuple(
        NodeGrown(node=first + k, parent=parent.id, color=color, after=after, reason=reason) for k in range(size)
    )
