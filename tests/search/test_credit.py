"""What each part of a state is worth: found by undoing it, journaled once, and never a claim."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from real_run import wine_task
from scripted import scripted_run, scripted_setup, scripted_task

from provender.agents.playbook.initial import initial_recipe
from provender.agents.playbook.recipe import Branch, Recipe, Step
from provender.agents.playbook.reductions import reductions
from provender.agents.playbook.render import render
from provender.contract.part import Part
from provender.contract.schema import Column, Schema
from provender.contract.task import read_task
from provender.journal.events import Credited, FinalistFrozen, NodeScored, RunFinished, Spent
from provender.search.chronicle import Silent
from provender.search.credit import parts_of
from provender.search.run import Run
from provender.search.settings import Settings
from provender.search.setup import open_setup
from provender.search.workspace import Workspace

LOADER = '''"""Better columns; labels changed by a rule of thumb, rows dropped and weighted for nothing"""

import numpy as np
from sklearn.preprocessing import StandardScaler


class DataLoader:
    ASSETS = ()

    def __init__(self, task, pool):
        self.task = task

    def rows(self):
        rows = self.task.train
        rows = rows.edit("corrected", y=np.where(rows.frame["proline"] > 700, self.task.classes.index("Rossi"), rows.y))
        rows = rows.take(np.arange(len(rows)) % 5 > 0, reason="every fifth")
        return rows.edit("the first count less", weight=np.where(np.arange(len(rows)) < 20, 0.5, 1.0))

    def fit(self, rows):
        self.scaler = StandardScaler().fit(rows.frame[["ash", "proline"]])
        return self.scaler.transform(rows.frame[["ash", "proline"]])

    def inputs(self, raw):
        return self.scaler.transform(raw[["ash", "proline"]])
'''


def test_parts_are_what_the_harness_saw_done_to_the_rows():
    lineage = {"kept": 80, "edited": 0, "relabelled": 3, "dropped": 9, "appended": {"a": 40, "b": 0}, "synthesised": 2, "invented": 5, "unknown": 0}
    changes = [{"lineage": lineage}, {"kind": "drop", "reason": "r", "count": 9}, {"kind": "weight", "reason": "r", "count": 7}]
    assert parts_of(("a", "b"), changes) == [
        Part(kind="source", subject="a", count=40), Part(kind="source", subject="b"), Part(kind="drop", count=9),
        Part(kind="relabel", count=3), Part(kind="synthesise", count=7), Part(kind="weight", count=7),
    ]  # fmt: skip
    assert parts_of((), [{"lineage": {"chosen": 40}}]) == [] == parts_of((), [])


def test_a_recipe_is_left_without_each_thing_that_it_has_beyond_the_initial_one():
    schema = Schema((Column(name="age", kind="numeric", cardinality=50), Column(name="said", kind="text", cardinality=90)))
    initial = initial_recipe(schema)
    text = next(b for b in initial.branches if b.group.startswith("text"))
    numbers = next(b for b in initial.branches if not b.group.startswith("text"))
    tuned = Step("tfidf", {**text.steps[-1].params, "sublinear_tf": True})
    mine = initial.with_branch(text.with_step(tuned)).with_branch(Branch("letters", text.group, (Step("char_ngrams"),)))
    mine = Recipe(groups=mine.groups, rows=(Step("dedup"), Step("edited_neighbours")), branches=mine.branches, after=(Step("lsa"),))
    found = {less.subject: less.loader for less in reductions(mine.to_json(), initial.to_json())}
    assert set(found) == {"dedup", "edited_neighbours", "lsa of all features", f"char_ngrams of {text.group}", f"sublinear_tf of tfidf of {text.group}"}
    whole = render(mine, title="whole")
    for subject, loader in found.items():
        assert ast.parse(loader) and loader != whole, subject
    assert "Dedup" not in found["dedup"] and "EditedNeighbours" in found["dedup"] and numbers.group in initial.groups
    assert found[f"sublinear_tf of tfidf of {text.group}"].count("sublinear_tf=") == whole.count("sublinear_tf=") - 1
    assert reductions(initial.to_json(), initial.to_json()) == []


def test_credits_are_journaled_once_for_the_finalist_and_again_after_a_cut(tmp_path: Path):
    task = scripted_task(tmp_path / "task")
    events = scripted_run(scripted_setup(task, Workspace(tmp_path / "w"), Settings(nodes=12, workers=2)))
    credited = [event for event in events if isinstance(event, Credited)]
    (frozen,) = [event for event in events if isinstance(event, FinalistFrozen)]
    assets = next(e.assets for e in events if getattr(e, "node", None) == frozen.node and hasattr(e, "loader"))
    assert {event.node for event in credited} <= {frozen.node} and [event.part["subject"] for event in credited] == list(assets)
    assert isinstance(events[-1], RunFinished)
    again = scripted_run(scripted_setup(task, Workspace(tmp_path / "w"), Settings(nodes=12, workers=2)), more_nodes=1)
    assert len({(e.node, e.part["kind"], e.part["subject"]) for e in again if isinstance(e, Credited)}) == sum(isinstance(e, Credited) for e in again)


@pytest.mark.slow
def test_a_part_that_hurts_in_a_state_that_gains_is_found(tmp_path: Path):
    """On the wines: better columns gain, while a label rule, rows dropped for nothing and weights for nothing do not."""
    task = read_task(wine_task(tmp_path / "wine"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.py").write_text(LOADER)
    setup = open_setup(task, Settings(nodes=1, workers=2, no_red=True, agent=str(tmp_path / "mine")), Workspace(tmp_path / "w"))
    try:
        run = Run("one", setup, Silent())
        run.open()
        run.go()
    finally:
        setup.close()
    events = run.chronicle.events
    credited = {event.part["kind"]: event for event in events if isinstance(event, Credited)}
    assert set(credited) == {"drop", "relabel", "weight"} and all(event.credit is not None for event in credited.values())
    gain = next(event.gain for event in events if isinstance(event, NodeScored) and event.node)
    assert gain > 0.1 and credited["relabel"].credit < -0.01 and all(abs(event.credit) < gain / 2 for event in credited.values())
    assert sum(event.evaluations for event in events if isinstance(event, Spent) and event.what == "credit") == 3 * 2
