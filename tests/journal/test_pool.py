"""The Data Pool: who brought an asset, who used it, what came of it."""

from __future__ import annotations

from provender.journal.events import AssetAdmitted, AssetRefused, NodeFailed, NodeScored, StateProposed
from provender.journal.pool import Pool


def admitted(asset: str, node: int = 1) -> AssetAdmitted:
    return AssetAdmitted(node=node, asset=asset, manifest={"title": f"table {asset}"})


def proposed(node: int, *assets: str) -> StateProposed:
    return StateProposed(node=node, state="s", loader="", assets=assets, author="playbook")


def scored(node: int, gain: float) -> NodeScored:
    return NodeScored(node=node, dev=0.1, gain=gain, reward=0.5)


def failed(node: int) -> NodeFailed:
    return NodeFailed(node=node, failure={"kind": "crashed", "message": ""})


def test_an_asset_keeps_its_first_finder_and_its_manifest():
    pool = Pool.of([admitted("a", node=1), admitted("b", node=4), admitted("a", node=7)])
    assert [(asset.id, asset.node) for asset in pool] == [("a", 1), ("b", 4)]
    assert pool.assets["b"].manifest == {"title": "table b"}
    assert "a" in pool and "c" not in pool and len(pool) == 2


def test_uses_say_what_came_of_them():
    pool = Pool.of(
        [
            admitted("a"),
            proposed(2, "a"),
            scored(2, 0.3),
            proposed(3, "a"),
            failed(3),
            proposed(4, "a"),
            scored(4, -0.1),
        ]
    )
    assert [(use.node, use.status, use.gain) for use in pool.assets["a"].uses] == [
        (2, "scored", 0.3), (3, "failed", None), (4, "scored", -0.1),
    ]  # fmt: skip
    assert pool.assets["a"].best_gain == 0.3


def test_an_asset_is_unused_until_a_state_with_a_score_uses_it():
    pool = Pool.of([admitted("a"), admitted("b"), admitted("c")])
    assert pool.unused() == pool.untried() == ("a", "b", "c")
    for event in (proposed(2, "a", "b"), failed(2), proposed(3, "a")):
        pool.apply(event)
    assert pool.unused() == ("b", "c") and pool.untried() == ("c",)
    pool.apply(scored(3, -1.0))
    assert pool.unused() == ("b", "c") and pool.assets["b"].best_gain is None


def test_a_node_that_proposes_again_after_a_kill_counts_its_last_proposal():
    pool = Pool.of([admitted("a"), admitted("b"), proposed(2, "a", "a"), proposed(2, "b"), scored(2, 1.0)])
    assert pool.assets["a"].uses == () and len(pool.assets["b"].uses) == 1


def test_refusals_keep_their_reason():
    pool = Pool.of([AssetRefused(node=1, lead="lake:x", reason="412 rows overlap with the task")])
    assert len(pool) == 0 and pool.refused[0].reason == "412 rows overlap with the task"


def test_a_loader_that_names_what_the_pool_lacks_changes_nothing():
    pool = Pool.of([admitted("a"), proposed(2, "nowhere"), failed(2)])
    assert pool.unused() == ("a",)
