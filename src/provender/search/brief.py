"""Briefs: what an agent is told for one node, made from the folds alone, so that a resumed run tells it again."""

from __future__ import annotations

from ..agents.agent import Brief, Record
from ..journal.pool import Pool
from ..journal.tree import Node, Tree
from ..pipeline.proof import Noise, rounded
from .setup import Setup


def make_brief(setup: Setup, tree: Tree, pool: Pool, noise: Noise, node: int, *, left: float, state_seconds: float) -> Brief:
    """The brief of this node. Scores are rounded to a quarter of the noise; under --no-memory nothing is remembered.

    States in flight are told of too, without a score, so that workers do not try the same one at once.
    """
    settings = setup.settings
    at, start = tree[node], tree.start_state(node)
    assert start is not None, "D0 gets no brief"
    remember = not settings.no_memory
    seen = [n for n in tree if n.id != node and (n.outcome is not None or n.proposal is not None)] if remember else []
    manifests = tuple({"id": asset, **entry.manifest} for asset, entry in pool.assets.items())
    return Brief(
        node=node,
        seed=settings.seed * 1_000_003 + node,
        task=setup.facts,
        parent=_record(start, noise, whole=True),
        siblings=tuple(_record(n, noise) for n in tree.siblings(node) if n.outcome is not None) if remember else (),
        record=tuple(_record(n, noise) for n in seen),
        pool=manifests,
        fresh=tree.base(node).admitted if at.color == "black" else (),
        noise=noise.paired_std,
        left=left,
        initial=tree[0].loader or "",
        seconds_a_state=state_seconds,
    )


def _record(node: Node, noise: Noise, *, whole: bool = False) -> Record:
    return Record(
        node=node.id,
        color=node.color,
        dev=None if node.dev is None else rounded(node.dev, noise),
        gain=None if node.gain is None else rounded(node.gain, noise),
        summary=node.summary,
        methods=node.methods,
        assets=node.assets or node.admitted,
        recipe=node.recipe,
        loader=node.loader if whole else None,
        failure=None if node.failure is None else str(node.failure.get("message", "")),
    )
