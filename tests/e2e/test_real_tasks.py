"""Real data, from a file to a verdict, by the real command: init, run, and what is true of the result.

Where dirt was added or a trap laid, the truth is known and what is found must agree with it.
"""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import best_scored, fold, gains, loader_of, provender, run_json, use_loader, width
from real_tasks import (
    Source,
    affairs,
    countries_to_join,
    images,
    insults,
    insults_with_a_trap,
    leaves,
    regression,
    tabular_with_wrong_labels,
    text_as_jsonl,
)
from sklearn.tree import DecisionTreeClassifier

from provender.contract.task import read_task
from provender.pipeline.pool_store import PoolStore

DATA = Path(os.environ.get("PROVENDER_DATA", Path(__file__).parents[3] / "shared" / "data")) / "A"


def make(builder, folder: Path) -> tuple[Path, Source]:
    """The task folder that `provender init` makes of the builder's source files."""
    folder.mkdir(exist_ok=True)
    source = builder(folder)
    named = ["--target", source.target] if source.target else []
    held = ["--test", source.test] if source.test else []
    said = provender("init", source.path, *named, *held, "--metric", source.metric, "--learner", source.learner, "--into", "task", cwd=folder)
    assert said.code == 0 and said.err == "", said.err
    fold(folder / "task", 3)
    task = folder / "task" / "task.toml"
    if source.evaluation:
        task.write_text(task.read_text().replace("[evaluation]\n", f"[evaluation]\n{source.evaluation}\n"))
    return folder / "task", source


def search(folder: Path, source: Source, *arguments: object) -> dict:
    """Run a sealed search on the task in this folder and check everything that must hold of any run."""
    lake = ["--lake", source.lake] if source.lake else []
    found = run_json(Path("task"), *lake, "--isolation", "sealed", *arguments, cwd=folder)
    for node in {found["best"]["node"], best_scored(found)["id"]}:
        features, inputs, rows = use_loader(loader_of(found, node), folder / "task", folder / ".provender")
        assert features.shape[0] >= len(rows) and inputs.shape[0] == 20 and width(features) == width(inputs)
    assert Path(found["best"]["loader"]).read_text() == loader_of(found, found["best"]["node"]).read_text()
    return found


def pool_tables(folder: Path, found: dict) -> dict[str, pd.DataFrame]:
    """{asset: table} of what the run admitted, as loaders may read it."""
    store = PoolStore(folder / ".provender" / "pool" / read_task(folder / "task").digest[:16])
    return {asset["id"]: store.frame(asset["id"]) for asset in found["pool"]}


def kaggle(competition: str):
    """Slow, and skipped where the competition's folder is not there."""
    missing = pytest.mark.skipif(not (DATA / competition).is_dir(), reason=f"set PROVENDER_DATA to a folder that holds A/{competition}")
    return lambda test: pytest.mark.slow(missing(test))


def test_a_small_table_runs_from_a_file_to_a_verdict(tmp_path):
    """The one quick run: diabetes, two nodes."""
    _, source = make(regression, tmp_path)
    found = search(tmp_path, source, "--nodes", 2, "--no-bundled")
    assert found["metric"] == {"name": "root_mean_squared_error", "direction": "minimize"}
    assert 50 < found["initial"]["dev"] < 60 and found["initial"]["test"] < 65
    assert len([node for node in found["nodes"] if node["status"] == "scored"]) == 3


@pytest.mark.slow
def test_pictures_gain_and_the_gain_is_proven(tmp_path):
    """Handwritten digits by logistic regression: features of gradients, or shifted copies, are worth a third of the log loss."""
    _, source = make(images, tmp_path)
    found = search(tmp_path, source, "--nodes", 3, "--no-red")
    assert found["gain"]["proven"] and found["gain"]["value"] > 0.02
    assert found["best"]["test_interval"][1] > 0


@pytest.mark.slow
def test_wrong_labels_are_found_out_on_clean_rows(tmp_path):
    """A quarter of the training labels is flipped: what the search likes best helps where labels are right."""
    folder, source = make(tabular_with_wrong_labels, tmp_path)
    found = search(tmp_path, source, "--nodes", 6, "--no-red")
    assert max(gains(found)) > 0.03
    likeliest = (found["candidate"] or best_scored(found))["node"]
    states = [loader_of(found, node) for node in (0, likeliest)]
    clean = [accuracy_on_clean_rows(path, folder) for path in states]
    assert clean[1] >= clean[0]


def accuracy_on_clean_rows(loader: Path, task: Path) -> float:
    """Accuracy of the task's kind of tree, fitted on the loader's rows, on the test file, whose labels are right."""
    test = pd.read_csv(task / "sealed" / "test.csv")
    features, inputs, rows = use_loader(loader, task, task.parent / ".provender", rows=369, asked=test)
    scores = []
    for seed in range(5):
        model = DecisionTreeClassifier(min_samples_leaf=5, random_state=seed).fit(features, rows.y, rows.weight)
        scores.append(float((model.predict(inputs) == test["target"]).mean()))
    return float(np.mean(scores))


@pytest.mark.slow
def test_a_survey_does_not_answer_for_itself(tmp_path):
    """Fair's survey by a linear model: the table ships with statsmodels, and a red node must not take it."""
    _, source = make(affairs, tmp_path)
    found = search(tmp_path, source, "--nodes", 4)
    assert any(node["kind"] == "red" and node["status"] == "discovered" for node in found["nodes"])
    assert all("fair" not in str(asset["title"]).lower() for asset in found["pool"])
    assert max(gains(found), default=0.0) < 0.1  # in nats; nobody explains an affair that well


@pytest.mark.slow
def test_a_table_is_joined_by_country_and_the_answer_key_is_not(tmp_path):
    """The gapminder table that ships with plotly holds the task's own rows and life expectancies; GeoNames knows countries, too."""
    _, source = make(countries_to_join, tmp_path)
    found = search(tmp_path, source, "--no-black", "--nodes", 2)
    titles = {asset["id"]: str(asset["title"]) for asset in found["pool"]}
    assert "countries (GeoNames)" in titles.values() and not any("gapminder" in title for title in titles.values())
    fed = [node for node in found["nodes"] if node["kind"] == "black" and node["assets"]]
    assert fed and all(node["status"] == "scored" for node in fed)
    assert all(node["dev"] > 3 for node in fed)  # years; the key would give none


@pytest.mark.slow
def test_a_corpus_that_a_red_node_found_is_appended_and_gains(tmp_path):
    """500 sentences about products are few; 3,000 tweets with the same kind of label help, chemistry of wine does not."""
    _, source = make(text_as_jsonl, tmp_path)
    found = search(tmp_path, source, "--no-bundled", "--no-black", "--nodes", 2)
    assert [asset["title"] for asset in found["pool"]] == ["tweets"]
    (fed,) = [node for node in found["nodes"] if node["kind"] == "black" and node["assets"]]
    assert fed["dev"] < found["initial"]["dev"] and found["candidate"]["node"] == fed["id"] and found["gain"]["value"] > 0
    assert "append_rows" in fed["methods"] and fed["assets"] == [found["pool"][0]["id"]]


@kaggle("detecting-insults-in-social-commentary")
def test_insults_are_searched_with_their_answers_in_the_lake(tmp_path):
    """The lake is the competition's own folder, with both answer keys, the training file and the inputs of other tests."""
    origin = DATA / "detecting-insults-in-social-commentary"
    _, source = make(lambda place: insults(place, origin), tmp_path)
    found = search(tmp_path, source, "--no-bundled", "--no-black", "--nodes", 2)
    assert not any(word in str(asset["title"]) for asset in found["pool"] for word in ("solutions", "labels", "train"))
    assert any("answer key" in lead["reason"] for lead in found["refused"]), found["refused"]
    known = pd.read_csv(origin / "test_with_solutions.csv")["Comment"]
    assert not any(table.isin(set(known)).any().any() for table in pool_tables(tmp_path, found).values())
    assert 0.8 < found["initial"]["test"] < 0.95 and abs(found["best"]["test"] - found["best"]["dev"]) < 0.08


@kaggle("detecting-insults-in-social-commentary")
def test_answers_under_a_harmless_name_are_quarantined_row_by_row(tmp_path):
    """What is left of the file is the other set, which may be appended."""
    origin = DATA / "detecting-insults-in-social-commentary"
    _, source = make(lambda place: insults_with_a_trap(place, origin), tmp_path)
    found = search(tmp_path, source, "--no-bundled", "--no-black", "--nodes", 2)
    (asset,) = found["pool"]
    (table,) = pool_tables(tmp_path, found).values()
    known = pd.read_csv(origin / "test_with_solutions.csv")["Comment"]
    assert not table["Comment"].isin(set(known)).any() and 2000 < len(table) == asset["rows"] < 2300
    (fed,) = [node for node in found["nodes"] if node["kind"] == "black" and node["assets"]]
    assert fed["dev"] > found["initial"]["dev"] and found["gain"]["value"] > 0


@kaggle("leaf-classification")
def test_predictions_are_written_for_test_rows_without_answers(tmp_path):
    """Ninety-nine species of leaves, ten of each: the submission has a row for every leaf and a column for every species."""
    origin = DATA / "leaf-classification"
    _, source = make(lambda place: leaves(place, origin), tmp_path)
    found = search(tmp_path, source, "--nodes", 1, "--no-red")
    submission = pd.read_csv(Path(found["best"]["loader"]).parents[1] / "predictions.csv")
    sample = pd.read_csv(origin / "sample_submission.csv")
    assert submission["id"].tolist() == sample["id"].tolist() and found["initial"]["dev"] > 0.5


@pytest.mark.slow
def test_predictions_without_answers_agree_with_the_kept_answers(tmp_path):
    """The same digits as a table, whose test rows come without their label."""
    with resources.as_file(resources.files("sklearn") / "datasets" / "data" / "digits.csv.gz") as path:
        table = pd.read_csv(path, header=None).rename(columns=lambda k: "digit" if k == 64 else f"pixel{k}").astype(int)
    table.insert(0, "id", np.random.default_rng(0).permutation(len(table)))
    table.head(500).to_csv(tmp_path / "train.csv", index=False)
    asked = table.iloc[500:800]
    asked.drop(columns="digit").to_csv(tmp_path / "test.csv", index=False)
    named = ("--target", "digit", "--metric", "accuracy", "--learner", "naive_bayes", "--test", "test.csv", "--into", "task")
    said = provender("init", "train.csv", *named, cwd=tmp_path)
    assert said.code == 0, said.err
    found = run_json(Path("task"), "--nodes", 1, "--no-bundled", cwd=tmp_path)
    written = pd.read_csv(Path(found["best"]["loader"]).parents[1] / "predictions.csv")
    assert written["id"].tolist() == asked["id"].tolist()
    guess = written["digit"] if "digit" in written else written.drop(columns="id").idxmax(axis=1).astype(int)
    assert (guess.to_numpy() == asked["digit"].to_numpy()).mean() > 0.6


@pytest.mark.slow
def test_exit_codes_and_standard_output_are_as_promised(tmp_path):
    make(regression, tmp_path)
    for arguments, code in ((("run", "task", "--metric", "x"), 2), (("run", "nowhere"), 2), (("show", "last"), 2)):
        said = provender(*arguments, cwd=tmp_path)
        assert said.code == code and said.out == "" and "Traceback" not in said.err
    said = provender("run", "task", "--dry-run", "--json", cwd=tmp_path)
    assert said.code == 0 and said.err == "" and json.loads(said.out)["least_provable_gain"] > 0
