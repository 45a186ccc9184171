"""Stories to draw: sequences of events as runs journal them, short, long, unlucky and hostile."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

from provender.journal.events import (
    AssetAdmitted,
    AssetRefused,
    Confirmed,
    Credited,
    Event,
    FinalistFrozen,
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    NodeStarted,
    NoiseMeasured,
    Noted,
    RunFinished,
    RunInterrupted,
    RunStarted,
    Spent,
    StateProposed,
    TestScored,
)
from provender.journal.store import Stored

SIGMA = 0.01
HOSTILE = "</script></style></title><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\" onload='x' \u202e\x00\x1b[31m\ud800 &amp;"
LOADER = '"""{words}"""\n\nimport pandas as pd\n\n\nclass DataLoader:\n    ASSETS = {assets!r}\n\n    def rows(self):\n        return self.task.train  # {words}\n'


def stored(events: Sequence[Event], apart: float = 1.5) -> list[Stored]:
    """The events as a journal keeps them, this many seconds apart."""
    return [Stored(number, 1_750_000_000.0 + apart * number, event) for number, event in enumerate(events, start=1)]


def opening(name: str = "wine", **settings: Any) -> list[Event]:
    """A run begins: nothing but that."""
    return [RunStarted(
        task=name, folder="/tasks/wine", task_digest="0" * 32, isolation="sealed", created=1_750_000_000.0,
        settings={"nodes": 8, "seed": 0, "metric": {"name": "log_loss", "direction": "minimize"}, **settings},
        environment={"python": "3.11.9", "machine": "x86_64", "packages": {"provender": "0.1.0", "numpy": "2.2.0"}},
    ), NodeGrown(node=0, parent=None, color="black", reason="the initial data state"), NodeStarted(node=0)]  # fmt: skip


def initial(words: str = "the plain start") -> list[Event]:
    """D0 is proposed, its noise measured, its score 0.9."""
    return [
        StateProposed(node=0, state="s0", loader=LOADER.format(words=words, assets=()), summary=words, author="initial"),
        NoiseMeasured(seed_std=0.0, paired_std=SIGMA, dev=0.9, seconds=2.0),
        Spent(what="noise", seconds=2.0, training_seconds=1.0, evaluations=10),
        NodeScored(node=0, dev=0.9, gain=0.0, reward=0.5, folds=(0.9, 0.9), seconds=0.4, training_seconds=0.2, evaluations=2),
    ]


def black(node: int, parent: int, gain: float | None, words: str = "adds columns", **proposal: Any) -> list[Event]:
    """A black node that scored `gain`, or failed (None)."""
    assets = proposal.get("assets", ())
    begun = [
        NodeGrown(node=node, parent=parent, color="black", reason="refine"), NodeStarted(node=node),
        StateProposed(**{"node": node, "state": f"s{node}", "loader": LOADER.format(words=words, assets=assets), "methods": ("tfidf", "lsa"),
                         "summary": words, "author": "playbook", **proposal}),
    ]  # fmt: skip
    if gain is None:
        failure = {"kind": "crashed", "message": "KeyError: 'hue'", "detail": f"Traceback\n  {words}"}
        return [*begun, NodeFailed(node=node, failure=failure, seconds=0.3)]
    line = {"kept": 70, "edited": 20, "relabelled": 4, "dropped": 10, "appended": {a: 50 for a in assets}, "synthesised": 5, "unknown": 2,
            "invented": 0, "columns_added": ["ratio"], "columns_removed": ["id"]}  # fmt: skip
    return [*begun, NodeScored(
        node=node, dev=0.9 - gain, gain=gain, reward=NormalDist().cdf(gain / (4 * SIGMA)), folds=(0.9 - gain,) * 2, seconds=0.8,
        training_seconds=0.5, evaluations=2, changes=({"lineage": line}, {"kind": "drop", "reason": f"{words}: near-duplicates", "count": 10}),
        slices={f"region={words}": {"rows": 40, "gain": -0.02}},
        findings=({"kind": "overlap", "severity": "warn", "message": words, "mend": "look", "rows_count": 1, "rows": [1]},),
    )]  # fmt: skip


def red(node: int, parent: int, assets: Sequence[str] = (), words: str = "fetched one") -> list[Event]:
    """A red node that admitted these assets and was refused one find."""
    manifest = {"title": words, "source": "lake", "licence": None, "rows": 50, "relevance": 0.7, "notes": words, "quarantined": 3,
                "schema": [{"name": words, "kind": "text"}], "uses": [{"use": "append", "mapping": {"text": words}, "target": "y"}]}  # fmt: skip
    return [
        NodeGrown(node=node, parent=parent, color="red", reason="new data"), NodeStarted(node=node),
        *(AssetAdmitted(node=node, asset=asset, manifest={"id": asset, **manifest}) for asset in assets),
        AssetRefused(node=node, lead=words, reason="all its rows equal rows of the task: it would leak held-out data"),
        NodeDiscovered(node=node, assets=tuple(assets), summary=words, seconds=0.9),
    ]  # fmt: skip


def ending(node: int, *, proven: bool, test: tuple[float, float] = (0.05, 0.15)) -> list[Event]:
    """The finalist is confirmed, the test scored, the run finished."""
    best = node if proven else 0
    interval = (0.04, 0.12) if proven else (-0.02, 0.12)
    reason = "" if proven else "the interval includes zero: bring more labelled rows"
    return [
        FinalistFrozen(node=node, scores={str(node): 0.82}), Spent(what="confirm", seconds=5.0, training_seconds=4.0, evaluations=20),
        Confirmed(node=node, initial=0.9, best=0.82, gain=0.08, interval=interval, level=0.01, rows=150, foldings=5, proven=proven, reason=reason),
        TestScored(node=best, initial=0.91, best=0.81 if proven else 0.91, gain=0.1 if proven else 0.0, interval=test if proven else (0.0, 0.0)),
        RunFinished(best=best, candidate=node),
    ]  # fmt: skip


def credit(node: int, kind: str, worth: float | None, subject: str = "", reason: str = "") -> Event:
    """What a part of the node's state is worth, or why nobody knows (None)."""
    return Credited(node=node, part={"kind": kind, "subject": subject, "count": 5}, credit=worth, reason=reason)


def credited() -> list[Event]:
    """The small run, whose finalist was taken apart: the asset helps, what was dropped harms, the edits cannot be undone."""
    parts = [credit(3, "source", 0.01, "lake:a"), credit(3, "source", 0.06, "lake:a"), credit(3, "drop", -0.004), credit(3, "step", 0.03, "lsa of text"),
             credit(3, "edit", None, reason="the loader crashed without it"), credit(2, "drop", 0.5)]  # fmt: skip
    return [*proven()[:-1], *parts, proven()[-1]]


def proven() -> list[Event]:
    """A small run that proves node 3 (dev gain 0.1, confirmed 0.08), with one failure and one asset."""
    return [*opening(), *initial(), *red(1, 0, ("lake:a",)), *black(2, 0, -0.03), *black(3, 1, 0.1, assets=("lake:a",)), *black(4, 3, None),
            NodeGrown(node=5, parent=3, color="black"), *ending(3, proven=True)]  # fmt: skip


def unproven() -> list[Event]:
    return [*opening(), *initial(), *black(1, 0, 0.1), *ending(1, proven=False)]


def all_failed() -> list[Event]:
    return [*opening(), *initial(), *(event for node in range(1, 6) for event in black(node, 0, None)),
            FinalistFrozen(node=None, scores={}), RunFinished(best=0)]  # fmt: skip


def interrupted() -> list[Event]:
    return [*opening(), *initial(), *black(1, 0, 0.05), NodeGrown(node=2, parent=0, color="black"), NodeStarted(node=2),
            RunInterrupted(reason="interrupted by the user")]  # fmt: skip


def hostile() -> list[Event]:
    """Every text that somebody else can choose is an attack on the page."""
    return [*opening(HOSTILE, lake=HOSTILE), *initial(HOSTILE), *red(1, 0, (HOSTILE,), HOSTILE),
            *black(2, 1, 0.1, HOSTILE, assets=(HOSTILE,), methods=(HOSTILE,), loader=f"'''{HOSTILE}\n\tdef (:\n{HOSTILE}"),
            *black(3, 2, None, HOSTILE), Noted(node=2, text=HOSTILE), Spent(what=HOSTILE, seconds=1.0),
            credit(2, "source", 0.1, HOSTILE), credit(2, "step", None, HOSTILE, HOSTILE), *ending(2, proven=False)]  # fmt: skip


def large(nodes: int, seed: int = 0) -> list[Event]:
    """A tree of so many nodes: some branches deep, some wide, a tenth red, a tenth failed, a tenth never started."""
    rng = random.Random(seed)
    told: list[Event] = [*opening(), *initial()]
    parents, gains = [0], {0: 0.0}
    for node in range(1, nodes):
        parent = rng.choice(parents[-25:]) if rng.random() < 0.6 else rng.choice(parents)
        kind = rng.random()
        if kind < 0.1:
            told += red(node, parent, (f"lake:{node}",) if rng.random() < 0.6 else ())
            parents.append(node)
            gains[node] = gains[parent]
        elif kind < 0.2:
            told += black(node, parent, None)
        elif kind < 0.3:
            told.append(NodeGrown(node=node, parent=parent, color="black"))
        else:
            gains[node] = gains[parent] + rng.gauss(-0.004, 0.015)
            told += black(node, parent, gains[node], methods=(rng.choice(("tfidf", "lsa", "smote", "splines", "append_rows")),))
            parents.append(node)
    best = max((n for n in gains if n), key=gains.__getitem__)
    while not any(isinstance(e, NodeScored) and e.node == best for e in told):
        del gains[best]
        best = max((n for n in gains if n), key=gains.__getitem__)
    return [*told, *ending(best, proven=True)]
