"""One run as one JSON object: what `--json` prints and what every other report starts from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..journal.events import (
    Accepted,
    Confirmed,
    Credited,
    Event,
    FinalistFrozen,
    NoiseMeasured,
    Noted,
    RunFinished,
    RunInterrupted,
    RunStarted,
    RunVoided,
    Spent,
    TestScored,
)
from ..journal.ledger import Ledger, wall_seconds
from ..journal.pool import Pool
from ..journal.returned import Returned, returned
from ..journal.store import Stored
from ..journal.tree import ROOT, Node, Tree
from .credits import credits


def summarise(run: str, story: Sequence[Stored], folder: Path) -> dict[str, Any]:
    """The run's summary, from its events and the folder where its files lie."""
    events = [stored.event for stored in story]
    tree, ledger, pool = Tree.of(events), Ledger.of(events), Pool.of(events)
    last = {type(event): event for event in events}
    started, noise, tested = last.get(RunStarted), last.get(NoiseMeasured), last.get(TestScored)
    finalist, result = last.get(FinalistFrozen), returned(events)
    confirmed = _told(events, result)
    tried = sum(1 for node in tree if node.color == "black" and node.outcome is not None and node.id != ROOT)
    return {
        "run": run,
        "task": started.task if isinstance(started, RunStarted) else None,
        "status": status(events),
        "metric": started.settings.get("metric") if isinstance(started, RunStarted) else None,
        "noise": {"seed_std": noise.seed_std, "paired_std": noise.paired_std} if isinstance(noise, NoiseMeasured) else None,
        "initial": _initial(tree, tested),
        "best": None if result is None else _best(tree, result.node, tested, folder),
        "accepted": result is not None and result.accepted,
        "candidate": _candidate(tree, finalist),
        "confirm": _confirm(confirmed),
        "gain": _gain(confirmed, tried),
        "nodes": [_node(node) for node in tree],
        "pool": [{"id": a.id, "title": a.manifest.get("title"), "licence": a.manifest.get("licence"), "rows": a.manifest.get("rows"),
                  "admitted_by": a.node, "used_by": [u.node for u in a.uses], "best_gain": a.best_gain} for a in pool],
        "credits": [{"node": c.node, "part": c.part.to_json(), "credit": c.credit, "reason": c.reason or None} for c in credits(events)],
        "refused": [{"node": r.node, "lead": r.lead, "reason": r.reason} for r in pool.refused],
        "notes": [event.text for event in events if isinstance(event, Noted)],
        "spent": _spent(ledger, story),
        "isolation": started.isolation if isinstance(started, RunStarted) else None,
        "report": str(folder / "report.html"),
    }  # fmt: skip


def status(events: Sequence[Event]) -> str:
    """finished | interrupted | voided | running, by the last event that tells."""
    for event in reversed(events):
        if isinstance(event, RunFinished):
            return "finished"
        if isinstance(event, RunVoided):
            return "voided"
        if isinstance(event, RunInterrupted):
            return "interrupted"
        if not isinstance(event, Spent | Credited | Accepted):
            break
    return "running"


def _told(events: Sequence[Event], result: Returned | None) -> Confirmed | None:
    """The confirmation to tell about: that of the returned state, which an extension may have left behind; else the last.

    What a person accepted has its own or none.
    """
    asked = [event for event in events if isinstance(event, Confirmed)]
    own = next((c for c in reversed(asked) if result is not None and c.node == result.node), None)
    return own if own is not None or (result is not None and result.accepted) else asked[-1] if asked else None


def _initial(tree: Tree, tested: Event | None) -> dict[str, Any] | None:
    if ROOT not in tree:
        return None
    return {"node": ROOT, "dev": tree[ROOT].dev, "test": tested.initial if isinstance(tested, TestScored) else None}


def _best(tree: Tree, best: int, tested: Event | None, folder: Path) -> dict[str, Any]:
    found = {"node": best, "dev": tree[best].dev, "test": None, "loader": str(folder / "best" / "loader.py")}
    if isinstance(tested, TestScored) and best == ROOT:
        found["test"] = tested.initial
    elif isinstance(tested, TestScored) and tested.node == best:  # of what a person accepted the test rows may know nothing
        found |= {"test": tested.best, "test_gain": tested.gain, "test_interval": list(tested.interval)}
    return found


def _candidate(tree: Tree, finalist: Event | None) -> dict[str, Any] | None:
    if not isinstance(finalist, FinalistFrozen) or finalist.node is None:
        return None
    way = [{"node": n.id, "summary": n.summary} for n in reversed(tree.path(finalist.node)) if n.gain is not None and n.id != ROOT]
    return {"node": finalist.node, "dev": tree[finalist.node].dev, "fresh": finalist.scores.get(str(finalist.node)), "steps": way}


def _confirm(confirmed: Event | None) -> dict[str, Any] | None:
    if not isinstance(confirmed, Confirmed):
        return None
    return {
        "initial": confirmed.initial, "best": confirmed.best, "gain": confirmed.gain, "interval": list(confirmed.interval),
        "level": confirmed.level, "rows": confirmed.rows, "foldings": confirmed.foldings, "second_key": confirmed.second_key,
    }  # fmt: skip


def _gain(confirmed: Event | None, tried: int) -> dict[str, Any]:
    if not isinstance(confirmed, Confirmed):
        return {"value": None, "interval": None, "proven": False, "reason": "nothing was confirmed", "states_tried": tried}
    return {
        "value": confirmed.gain, "interval": list(confirmed.interval), "proven": confirmed.proven,
        "reason": confirmed.reason or None, "states_tried": tried,
    }  # fmt: skip


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": node.id, "parent": node.parent, "kind": node.color, "status": node.status, "dev": node.dev, "gain": node.gain,
        "methods": list(node.methods), "assets": list(node.assets or node.admitted), "seconds": round(node.seconds, 3),
        "summary": node.summary, "author": node.author, "reason": node.failure["message"] if node.failure else None,
        "failure": node.failure["kind"] if node.failure else None,
    }  # fmt: skip


def _spent(ledger: Ledger, story: Sequence[Stored]) -> dict[str, Any]:
    total = ledger.total
    return {
        "seconds": round(wall_seconds(story), 3), "worker_seconds": round(total.seconds, 3),
        "training_seconds": round(total.training_seconds, 3), "evaluations": total.evaluations, "cached": total.cached,
        "tokens": total.tokens, "dollars": total.dollars,
        "phases": {name: {"seconds": round(cost.seconds, 3), "evaluations": cost.evaluations} for name, cost in ledger.phases.items()},
    }  # fmt: skip
