"""The playbook chooses rows of a pool: each way is a loader that runs, chooses as many as it may, and is tried once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from provender.agents.agent import Brief, Proposal, Record, TaskFacts
from provender.agents.playbook.curation import Choice, choices, render
from provender.agents.playbook.playbook import Playbook
from provender.contract.loader import AssetView, PoolView, TaskView
from provender.contract.outcome import Failure
from provender.contract.rows import ROW, Rows, row_ids
from provender.contract.schema import Schema
from provender.profile.infer import infer_schema

WORDS = ["salt", "pepper", "flour", "butter", "sugar", "water", "oil", "rice", "bread", "onion"]


def pool(n: int = 200) -> pd.DataFrame:
    """Recipes of two kinds, the second rare; every fourth repeats the one before it."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, rng.integers(4, 30))) for _ in range(n)]
    kind = np.where(rng.random(n) < 0.1, "baked", "cooked")
    frame = pd.DataFrame({"number": rng.permutation(10_000)[:n], "text": texts, "kind": kind, "minutes": rng.normal(30, 9, n)})
    for row in range(4, n, 4):
        frame.loc[row, ["text", "kind", "minutes"]] = frame.loc[row - 1, ["text", "kind", "minutes"]].to_numpy()
    return frame


def facts(frame: pd.DataFrame, choose: int = 30) -> TaskFacts:
    return TaskFacts(
        name="recipes", kind="selection", modality="text", metric="score", direction="maximize",
        schema=infer_schema(frame, target=[], id="number"), profile={"n_rows": len(frame)}, choose=choose, row_id="number",
    )  # fmt: skip


def chosen(loader: str, frame: pd.DataFrame, seed: int = 1) -> np.ndarray:
    """The ids that the loader chooses."""
    task = TaskView(train=Rows(pd.DataFrame(), np.zeros(0)), schema=Schema(()), kind="selection", classes=(), targets=(),
                    modality="text", metric="score", seed=seed)  # fmt: skip
    table = frame.set_axis(pd.Index(row_ids("task:pool", len(frame)), name=ROW))
    module: dict = {"__name__": "loader"}
    exec(compile(loader, "loader.py", "exec"), module)
    selection = module["DataLoader"](task, PoolView({"task:pool": AssetView("task:pool", {}, lambda: table)})).rows()
    assert selection.asset == "task:pool"
    return selection.ids


@pytest.mark.parametrize("choice", [Choice(), Choice(draw=3), *choices(facts(pool()))], ids=lambda choice: choice.title)
def test_a_way_chooses_as_many_rows_of_the_pool_as_it_may(choice):
    frame = pool()
    ids = chosen(render(facts(frame), choice), frame)
    assert len(ids) == 30 == len(set(ids)) and set(ids) <= set(frame["number"])
    rows = frame.set_index("number").loc[ids]
    if choice.once:
        assert not rows.duplicated().any()
    if choice.way == "shares":
        assert rows["kind"].value_counts().max() <= 30 - min(15, (frame["kind"] == "baked").sum() // 2)
    if choice.way == "longest" and not choice.once:
        assert rows["text"].str.len().min() >= np.sort(frame["text"].str.len())[-30]


def test_a_pool_smaller_than_the_choice_is_chosen_whole():
    frame = pool(20)
    for choice in (Choice(), *choices(facts(frame, choose=50))):
        expected = frame.drop(columns="number").drop_duplicates() if choice.once else frame
        assert len(chosen(render(facts(frame, choose=50), choice), frame)) == len(expected)


def test_random_rows_are_others_under_another_seed_and_the_same_in_one_particular_draw():
    frame = pool()
    first, drawn = (render(facts(frame), choice) for choice in (Choice(), Choice(draw=3)))
    assert set(chosen(first, frame, 1)) != set(chosen(first, frame, 2))
    assert set(chosen(drawn, frame, 1)) == set(chosen(drawn, frame, 2))


def test_nodes_try_every_way_once_and_then_other_draws():
    known, record = facts(pool()), []
    initial = Playbook().initial(known)
    parent = Record(node=0, color="black", recipe=initial.recipe, loader=initial.loader)
    for node in range(1, 14):
        made = Playbook().refine(Brief(node=node, seed=node, task=known, parent=parent, record=tuple(record)))
        assert isinstance(made, Proposal) and made.assets == ("task:pool",)
        record.append(Record(node=node, color="black", recipe=made.recipe, loader=made.loader))
    loaders = [made.loader for made in (initial, *record)]
    assert len(set(loaders)) == len(loaders)
    assert {Choice(**made.recipe["choice"]).draw > 0 for made in record[-2:]} == {True}


def test_nodes_in_flight_that_know_nothing_of_one_another_try_different_ways():
    known = facts(pool())
    initial = Playbook().initial(known)
    parent = Record(node=0, color="black", recipe=initial.recipe, loader=initial.loader)
    made = [Playbook().refine(Brief(node=node, seed=0, task=known, parent=parent)).loader for node in range(1, 5)]
    assert len(set(made)) == 4


def test_records_that_only_a_program_reads_stay_as_they_are_and_no_move_is_made_up():
    known = TaskFacts(name="model", kind="program", modality="instruction", metric="score", direction="maximize", schema=Schema(()), profile={"n_rows": 0})
    initial = Playbook().initial(known)
    assert "no training records" in initial.loader and initial.author == "initial"
    answer = Playbook().refine(Brief(node=1, seed=0, task=known, parent=Record(node=0, color="black", loader=initial.loader)))
    assert isinstance(answer, Failure) and answer.kind == "agent" and "--agent DIR" in answer.message


def test_rows_appended_to_none_bring_their_own_columns_and_lineage():
    table = pool().set_axis(pd.Index(row_ids("lake:1", 200), name=ROW))
    grown = Rows(pd.DataFrame(index=pd.Index(np.zeros(0, np.int64), name=ROW)), np.zeros(0)).append(table, np.zeros(200), reason="found")
    assert list(grown.frame.columns) == list(table.columns) and (grown.ids == table.index).all() and len(grown) == 200
    assert [change.kind for change in grown.changes] == ["append"]
