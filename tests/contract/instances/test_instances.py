"""Tasks of every kind that the contract promises run from one end to the other, sealed, by the real command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import best_scored, fold, gains, loader_of, provender, run_json
from instances import (
    competition,
    lake_of_reviews,
    program,
    program_with_rows,
    reviews,
    selection,
    two_labels,
    two_numbers,
)

from provender.pipeline.formats.mle_bench import read_mle_bench
from provender.sources.index import digest_of

pytestmark = pytest.mark.slow

APPENDS = '''"""Appends what a red node found."""

import numpy as np


class DataLoader:
    ASSETS = ("lake:{asset}",)

    def __init__(self, task, pool):
        self.task, self.found = task, pool[self.ASSETS[0]].frame()

    def rows(self):
        return self.task.train.append(self.found, np.zeros(len(self.found)), reason="film reviews")
'''
CHOOSES = '''"""{title}."""

from provender.contract.rows import select


class DataLoader:
    ASSETS = ("task:pool",)

    def __init__(self, task, pool):
        self.pool = pool["task:pool"].frame()

    def rows(self):
        return select("task:pool", {ids})
'''


def loaders(folder: Path, *texts: str) -> Path:
    folder.mkdir()
    for k, text in enumerate(texts):
        (folder / f"{k}.py").write_text(text)
    return folder


def failures(found: dict) -> set[str]:
    return {node["failure"] for node in found["nodes"] if node["failure"]}


def test_rows_are_chosen_from_a_pool_by_their_ids(tmp_path):
    """The playbook finds that the benchmark wants as many bad reviews as good ones, and proves it."""
    found = run_json(selection(tmp_path / "reviews"), "--nodes", 6, "--isolation", "sealed", cwd=tmp_path)
    assert found["gain"]["proven"] and found["gain"]["value"] > 0.1 and failures(found) == set()
    assert {"black"} == {node["kind"] for node in found["nodes"]}  # nothing from outside could be chosen
    text = Path(found["best"]["loader"]).read_text()
    assert 'select("task:pool", self.pool.loc[chosen, "review"])' in text and "COUNT = 120" in text
    assert "random rows" in loader_of(found, 0).read_text()


def test_what_a_selection_may_not_do_fails_with_its_reason(tmp_path):
    """Ids that are repeated, too many, unknown, or those of the benchmark's own examples that strayed into the pool."""
    task = selection(tmp_path / "reviews")
    pool, benchmark = pd.read_csv(task / "pool.csv"), pd.read_csv(task / "sealed" / "benchmark.csv")
    strayed = pool["review"][pool["text"].isin(benchmark["text"])]
    assert len(strayed) == 20
    wrong = ["[1, 1]", 'self.pool["review"]', "[10_001]", str(strayed.tolist()), 'self.pool["review"].iloc[:120]']
    hand = loaders(tmp_path / "hand", *(CHOOSES.format(title=f"Way {k}", ids=ids) for k, ids in enumerate(wrong)))
    found = run_json(task, "--nodes", 10, "--agent", hand, cwd=tmp_path)
    reasons = {node["summary"].rstrip("."): node["reason"] for node in found["nodes"] if node["id"]}
    said = {"Way 0": "repeat", "Way 1": "1 to 120 may be chosen", "Way 2": "not in the pool", "Way 3": "20 chosen ids are not in the pool"}
    for title, words in said.items():
        assert words in reasons[title], reasons
    assert reasons["Way 4"] is None


@pytest.mark.parametrize(("old", "new", "words"), [
    ('id = "review"', 'id = "title"', "'title'"), ('id = "review"', 'id = "label"', "whole number"), ("sealed/benchmark.csv", "nowhere.csv", "nowhere.csv"),
    ('["python", "train.py"]', '["python", "nothing.py"]', "nothing.py"), ('["python", "judge.py"]', '["python", "train.py"]', "scores.jsonl"),
])  # fmt: skip
def test_a_task_of_programs_that_cannot_be_used_is_told_in_one_sentence(tmp_path, old, new, words):
    task = selection(tmp_path / "reviews")
    text = (task / "task.toml").read_text()
    (task / "task.toml").write_text(text.replace(old, new))
    said = provender("run", task, "--nodes", 1, "--json", cwd=tmp_path)
    assert said.code == 2 and said.out == "" and words in said.err, said.err
    assert "Traceback" not in said.err and said.err.startswith("provender: ")


def test_a_model_without_training_data_gains_from_rows_that_a_red_node_found(tmp_path):
    """D0 has no rows and knows nothing; the benchmark itself, which lies in the lake as well, is refused."""
    task, lake = program(tmp_path / "film"), lake_of_reviews(tmp_path / "lake")
    assets = [digest_of(lake / name)[:12] for name in ("film_reviews.csv", "film_sentences.csv")]
    hand = loaders(tmp_path / "hand", *(APPENDS.format(asset=asset) for asset in assets))
    found = run_json(task, "--nodes", 14, "--lake", lake, "--no-bundled", "--agent", hand, "--isolation", "sealed", cwd=tmp_path)
    assert found["initial"]["dev"] == pytest.approx(np.log(0.5))
    scored = [node for node in found["nodes"] if node["status"] == "scored" and node["id"]]
    assert scored and all(node["assets"] == [f"lake:{assets[0]}"] for node in scored) and min(gains(found)) > 0.02
    refused = [node["reason"] for node in found["nodes"] if node["failure"] == "leak"]
    assert refused and all("equal rows that are to be scored" in reason for reason in refused)
    assert found["confirm"]["foldings"] == 3 and found["gain"]["value"] > 0


def test_a_model_that_is_only_judged_never_gains(tmp_path):
    """Whatever rows it is offered: no program trains on them."""
    task, lake = program(tmp_path / "film", trains=False), lake_of_reviews(tmp_path / "lake")
    hand = loaders(tmp_path / "hand", APPENDS.format(asset=digest_of(lake / "film_reviews.csv")[:12]))
    found = run_json(task, "--nodes", 8, "--lake", lake, "--no-bundled", "--agent", hand, cwd=tmp_path)
    assert set(gains(found)) == {0.0} and found["candidate"] is None and found["best"]["node"] == 0


def test_a_program_gets_the_tasks_own_records_as_they_were_written(tmp_path):
    """Whole numbers stay whole, the file's columns are there, and a weight; the benchmark's own rows are not among them."""
    task = program_with_rows(tmp_path / "film")
    own = pd.read_csv(task / "train.csv")
    check = (
        "assert len(rows) == 60 and set(rows[0]) == {'text', 'label', 'stars', 'weight'}\n"
        f"assert [row['stars'] for row in rows] == list(range(60)) and rows[7]['text'] == {own['text'][7]!r}\n"
        "assert all(type(row['stars']) is int for row in rows)\n"
    )
    program_text = (task / "train.py").read_text()
    (task / "train.py").write_text(program_text.replace("labels = sorted", check + "labels = sorted", 1))
    found = run_json(task, "--nodes", 1, "--no-bundled", cwd=tmp_path)
    assert found["initial"]["dev"] != pytest.approx(np.log(0.5))
    assert failures(found) == {"agent"}  # the playbook says that it knows no way


def test_the_playbook_says_when_it_knows_no_way_and_the_run_ends(tmp_path):
    task = program(tmp_path / "film")
    said = provender("run", task, "--budget", "10m", "--no-bundled", "--json", cwd=tmp_path)
    found = json.loads(said.out)
    assert said.code == 0 and found["status"] == "finished" and found["best"]["node"] == 0
    reasons = [node["reason"] for node in found["nodes"] if node["status"] == "failed"]
    assert 3 <= len(reasons) <= 4 and all("--agent DIR" in reason for reason in reasons)


@pytest.mark.parametrize(("table", "kind", "metric"), [(two_numbers, "regression", "rmse"), (two_labels, "multilabel", "log_loss")])
def test_two_targets_are_predicted_together(tmp_path, table, kind, metric):
    frame, targets = table()
    frame.to_csv(tmp_path / "data.csv", index=False)
    named = [word for name in targets for word in ("--target", name)]
    said = provender("init", "data.csv", *named, "--metric", metric, "--into", "task", cwd=tmp_path)
    assert said.code == 0 and kind in said.out and ", ".join(targets) in said.out, said.err
    fold(tmp_path / "task", 2)
    found = run_json(tmp_path / "task", "--nodes", 4, "--no-bundled", "--isolation", "sealed", cwd=tmp_path)
    assert failures(found) <= {"crashed", "learner"} and len(gains(found)) >= 3


@pytest.mark.parametrize("a_column_a_class", [False, True])
def test_a_foreign_mle_bench_folder_becomes_a_task(tmp_path, a_column_a_class):
    """Its private answers, of either form, are the sealed test; its training table has never seen them."""
    folder = competition(tmp_path / "foreign", a_column_a_class=a_column_a_class)
    said = provender("init", folder, "--into", "task", cwd=tmp_path)
    assert said.code == 0, said.err
    sealed = pd.read_parquet(tmp_path / "task" / "sealed" / "test.parquet")
    known = read_mle_bench(folder)
    assert sealed["answer"].notna().all() and known.id == "id" and known.target == ("answer",)
    if a_column_a_class:
        assert known.submission == ("id", "Barbera", "Barolo", "Grignolino") and sealed["answer"].isin(known.submission).all()
    fold(tmp_path / "task", 2)
    found = run_json(tmp_path / "task", "--nodes", 2, "--no-bundled", "--isolation", "sealed", cwd=tmp_path)
    assert found["initial"]["test"] is not None and best_scored(found)["dev"] is not None
    assert "name the grape" in (tmp_path / "task" / "task.toml").read_text().lower() or not a_column_a_class


def test_a_competition_that_is_no_table_is_refused_by_name(tmp_path):
    folder = competition(tmp_path / "foreign", a_column_a_class=True)
    (folder / "prepared" / "public" / "train.csv").unlink()
    said = provender("init", folder, "--into", "task", cwd=tmp_path)
    assert said.code == 2 and "foreign" in said.err and "train.csv" in said.err and not (tmp_path / "task").exists()


def test_reviews_hold_no_text_twice():
    """What the trap above counts on."""
    assert not reviews()["text"].duplicated().any()
