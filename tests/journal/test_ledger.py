"""The ledger: every cost once, by phase."""

from __future__ import annotations

from provender.journal.events import NodeDiscovered, NodeFailed, NodeScored, NodeStarted, NoiseMeasured, Spent
from provender.journal.ledger import Cost, Ledger


def test_costs_are_added_up_by_phase_and_in_total():
    ledger = Ledger.of([
        NoiseMeasured(seed_std=0.1, paired_std=0.1, dev=0.5, seconds=4.0),
        Spent(what="noise", seconds=4.0, training_seconds=3.0, evaluations=25),
        NodeStarted(node=1),
        NodeScored(node=1, dev=0.5, gain=0.1, reward=0.6, seconds=2.0, training_seconds=1.5, evaluations=5, cached=1),
        NodeFailed(node=2, failure={"kind": "timeout", "message": ""}, seconds=1.0,
                   training_seconds=0.25, evaluations=2, cached=3),
        NodeDiscovered(node=3, assets=(), seconds=0.5),
        Spent(what="agent", seconds=1.0, tokens=900, dollars=0.02),
        Spent(what="agent", tokens=100, dollars=0.01),
    ])  # fmt: skip
    assert ledger.phases["search"] == Cost(seconds=3.0, training_seconds=1.75, evaluations=7, cached=4)
    assert ledger.phases["discover"] == Cost(seconds=0.5)
    assert ledger.phases["agent"] == Cost(seconds=1.0, tokens=1000, dollars=0.03)
    assert ledger.total == Cost(seconds=8.5, training_seconds=4.75, evaluations=32, cached=4, tokens=1000, dollars=0.03)


def test_a_run_that_did_nothing_costs_nothing():
    assert Ledger.of([]).total == Cost()
