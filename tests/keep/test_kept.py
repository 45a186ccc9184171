"""What a user keeps of a run: exports that rebuild anywhere, differences, models that predict, and the Python objects around them."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from finished import Finished, finished, wines
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import provender
from provender.contract.wire import pack, unpack
from provender.errors import RunError, TaskError, UserError
from provender.execute.executor import open_executor
from provender.journal.events import Confirmed, RunFinished
from provender.keep.export import digest_of, file_digests
from provender.keep.licence import may_pass_on
from provender.keep.model import Model
from provender.keep.rebuild import read_export, rebuild
from provender.learners import make_learner

pytestmark = pytest.mark.slow

LOADERS = ("provender.pipeline.inside.loader", "provender.pipeline.inside.parse", "sklearn.preprocessing", "provender.methods.winsorise")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Finished:
    return finished(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def exported(run) -> Path:
    run.study.best.export(run.folder / "exported")
    return run.folder / "exported"


@pytest.fixture(scope="module")
def sandbox():
    with open_executor(preload=LOADERS) as executor:
        yield executor


@pytest.fixture(scope="module")
def model(run):
    with run.study.best.fit(run.folder / "model") as found:
        yield found


def command(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    """The real command, in a process with another environment."""
    code = [sys.executable, "-c", "from provender.cli import main; main()", *map(str, arguments)]
    return subprocess.run(code, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False)


def test_the_winner_is_proven_and_the_study_says_so(run):
    events = [stored.event for stored in run.study.place.journal.read(run.study.id)]
    best = run.study.best
    assert isinstance(events[-1], RunFinished) and best.node == events[-1].best > 0
    confirmed = next(event for event in events if isinstance(event, Confirmed))
    assert (best.proven, best.gain, best.interval) == (True, confirmed.gain, confirmed.interval) and best.gain > 0.2
    assert run.study.frame().loc[best.node, "gain"] == best.dev_gain and "proven gain" in repr(run.study)
    assert best.loader == (run.folder / "mine" / "a.py").read_text()


def test_every_exported_row_has_its_origin_and_its_reason(run, exported):
    table, lineage = (pd.read_parquet(exported / "data" / f"{name}.parquet") for name in ("train", "lineage"))
    dropped, original = pd.read_parquet(exported / "data" / "dropped.parquet"), wines()
    heavy = original["magnesium"] >= 140
    assert len(table) == len(lineage) == (~heavy).sum() + 78 and table.index.equals(lineage.index)
    assert lineage["source"].value_counts().to_dict() == {"task": (~heavy).sum(), run.open: 39, run.closed: 39}
    assert (table["weight"] == np.where(lineage["source"] == "task", 1.0, 0.5)).all()
    assert len(dropped) == heavy.sum() and set(dropped["reasons"]) == {"too much magnesium to be true"}
    own = lineage[lineage["source"] == "task"]
    assert set(own["part"]) == {"search", "sealed", "test"} or set(own["part"]) == {"search", "test"}
    rows = original.iloc[own["source_row"]]
    capped = (rows["proline"] > 1400).to_numpy()
    assert (own["cells"].to_numpy() == np.where(capped, "proline", "")).all()
    assert own[capped]["reasons"].str.contains("proline is capped").all()
    before = own[own["label_before"] != ""]
    assert (rows.loc[(own["label_before"] != "").to_numpy(), "grower"].to_numpy() == before["label_before"]).all() and len(before) <= 2
    unchanged = (own["status"] == "same").to_numpy()
    kept = table.loc[own.index]
    assert (kept["grower"].to_numpy()[unchanged] == rows["grower"].to_numpy()[unchanged]).all()
    assert np.allclose(kept.loc[unchanged, "alcohol"], rows["alcohol"][unchanged])
    appended = lineage[lineage["source"] == run.open]
    source = pd.read_parquet(exported / "assets" / f"{run.open.replace(':', '-')}.parquet")
    assert np.allclose(table.loc[appended.index, "alcohol"], source.iloc[appended["source_row"]]["alcohol"])
    assert run.study.best.rows().drop(columns="weight").equals(table.drop(columns="weight"))


def test_a_table_without_a_licence_is_not_passed_on_unless_the_user_says_so(run, exported, tmp_path):
    files = file_digests(exported)
    assert f"assets/{run.open.replace(':', '-')}.parquet" in files and f"assets/{run.closed.replace(':', '-')}.parquet" not in files
    card = (exported / "README.md").read_text()
    assert "CC-BY-4.0" in card and "none stated" in card and "**Proven**" in card and "too much magnesium" in card
    run.study.best.export(tmp_path / "all", with_assets=True)
    assert f"assets/{run.closed.replace(':', '-')}.parquet" in file_digests(tmp_path / "all")
    assert json.loads((tmp_path / "all" / "export.json").read_text())["rows_digest"] == read_export(exported)["rows_digest"]


@pytest.mark.parametrize(("licence", "free"), [
    ("CC0-1.0", True), ("CC BY-SA 4.0", True), ("MIT", True), ("Apache-2.0", True), ("ODbL", True), ("public domain", True), ("BSD-3-Clause", True),
    ("CC BY-NC 4.0", False), ("cc-by-nd", False), ("proprietary", False), ("for research only, MIT", False), ("", False), (None, False), ("unknown", False),
])  # fmt: skip
def test_only_a_licence_that_says_so_lets_data_be_passed_on(licence, free):
    assert may_pass_on(licence) is free


def test_another_machine_rebuilds_the_same_rows_and_features(run, exported, tmp_path):
    """Moved elsewhere, without journal, task or pool, under another home, language, time zone and number of threads."""
    shutil.copytree(exported, tmp_path / "there")
    shutil.copytree(run.lake, tmp_path / "tables")
    elsewhere = {"HOME": str(tmp_path), "LC_ALL": "C", "TZ": "Asia/Tokyo", "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    lacking = command("rebuild", "there", cwd=tmp_path, **elsewhere)
    assert lacking.returncode == 2 and "--assets" in lacking.stderr and "others.csv" in lacking.stderr and "Traceback" not in lacking.stderr
    done = command("rebuild", "there", "--assets", "tables", "--to", "again.parquet", "--json", cwd=tmp_path, **elsewhere)
    told = json.loads(done.stdout)
    assert done.returncode == 0 and told["same"] and told["rows_equal"] and (told["features_equal"] or told["rounding"] < 1e-9), done.stderr
    assert told["rows_digest"] == read_export(exported)["rows_digest"]
    assert pd.read_parquet(tmp_path / "again.parquet").equals(pd.read_parquet(exported / "data" / "train.parquet"))


def test_the_workspaces_own_pool_serves_a_rebuild(run, exported, sandbox):
    assert rebuild(exported, sandbox, places=[run.workspace]).same


def test_methods_of_another_day_are_used_as_they_were_exported(run, exported, sandbox, tmp_path):
    """An export whose method differs from the installed one is rebuilt with its own, and gives its own features."""
    shutil.copytree(exported, tmp_path / "old")
    path = tmp_path / "old" / "methods" / "winsorise.py"
    path.write_text(path.read_text().replace("return np.clip(_floats(X), *self.limits_)", "return np.clip(_floats(X), *self.limits_) * 2.0"))
    about = json.loads((tmp_path / "old" / "export.json").read_text())
    about["files"] = {**file_digests(tmp_path / "old")} | {"export.json": ""}
    about["files"].pop("export.json")
    (tmp_path / "old" / "export.json").write_text(json.dumps(about))
    found = rebuild(tmp_path / "old", sandbox, places=[run.workspace])
    assert found.rows_equal and found.features_digest != "" and rebuild(exported, sandbox, places=[run.workspace]).features_equal


def test_a_changed_lacking_or_foreign_export_is_refused_in_one_sentence(exported, sandbox, tmp_path):
    for damage, words in (
        (lambda folder: (folder / "loader.py").write_text("class DataLoader: pass"), "loader.py .* has changed"),
        (lambda folder: (folder / "original" / "records.parquet").unlink(), "lacks the file original/records.parquet"),
        (lambda folder: (folder / "export.json").unlink(), "is no export"),
        (lambda folder: (folder / "export.json").write_text("[]"), "cannot be read"),
        (lambda folder: (folder / "export.json").write_text('{"format": 99, "files": {}}'), "has format 99"),
        (lambda folder: (folder / "export.json").write_text('{"format": 1, "files": {"../../etc/hostname": ""}}'), "lacks the file"),
    ):
        shutil.copytree(exported, tmp_path / "damaged")
        damage(tmp_path / "damaged")
        with pytest.raises(UserError, match=words):
            rebuild(tmp_path / "damaged", sandbox)
        shutil.rmtree(tmp_path / "damaged")


def test_the_croissant_metadata_names_every_file_and_column(exported):
    told = json.loads((exported / "croissant.json").read_text())
    files = {file["@id"]: file["sha256"] for file in told["distribution"]}
    digests = file_digests(exported)
    assert files == {name: digests[name] for name in files} and set(digests) - set(files) == {"croissant.json", "export.json"}
    rows = next(record for record in told["recordSet"] if record["name"] == "training rows")
    assert {field["source"]["extract"]["column"] for field in rows["field"]} >= {"alcohol", "grower", "weight"}
    assert all(field["source"]["fileObject"]["@id"] in files for record in told["recordSet"] for field in record["field"])


def test_a_diff_counts_what_the_loader_did(run):
    found = run.study.diff().found
    original = wines()
    heavy = int((original["magnesium"] >= 140).sum())
    assert (found.removed, found.added, found.shared) == (heavy, 78, 178 - heavy) and found.sources[run.open] == (0, 39)
    assert found.cells == {"proline": int(((original["proline"] > 1400) & (original["magnesium"] < 140)).sum())}
    assert 1 <= found.relabelled <= 2 and found.reweighted == 0 and found.features == ((178, 2), (178 - heavy + 78, 4))
    assert [kind for kind, _, _ in found.reasons] == ["drop", "relabel", "edit", "append", "append"]
    assert any(example.what == "label" and example.after == "Bruno" for example in found.examples) and "-COLUMNS" in found.loader
    assert not found.equal and run.study.best.diff(run.study.best).found.equal


def test_the_command_line_tells_the_same_diff(run, exported):
    done = command("diff", "last", "--json", cwd=run.folder)
    told = json.loads(done.stdout)
    assert done.returncode == 0 and {k: told[k] for k in ("removed", "added", "relabelled", "cells")} == {
        k: run.study.diff().found.to_json()[k] for k in ("removed", "added", "relabelled", "cells")}  # fmt: skip
    words = command("diff", "last:0", exported, cwd=run.folder)
    assert words.returncode == 0 and "proline" in words.stdout and "too much magnesium" in words.stdout
    wrong = command("diff", "last:99", cwd=run.folder)
    assert wrong.returncode == 2 and "no node 99" in wrong.stderr


def test_a_model_predicts_what_its_learner_and_loader_say_and_each_row_by_itself(run, model):
    raw = wines().drop(columns="grower")
    made = run.study.best.rows()
    together = model.predict(raw)
    assert list(together.columns) == ["bottle", "Bruno", "Conti", "Rossi"] and (together["bottle"] == raw["bottle"]).all()
    assert np.allclose(together[["Bruno", "Conti", "Rossi"]].sum(axis=1), 1) and len(made) > 178
    for at in (0, 100, 177):
        assert np.allclose(model.predict(raw.iloc[[at]]).to_numpy(float), together.iloc[[at]].to_numpy(float))
    X, y = wines().drop(columns=["grower", "bottle"]), wines()["grower"]
    plain = run.study.best.transformer()
    _, features, labels, weight = plain._fit(X, y)
    learner = make_learner("logistic", "classification", {}).fit(features, labels, weight, 0)
    assert np.allclose(learner.predict(plain.transform(X)), together[["Bruno", "Conti", "Rossi"]], atol=1e-4), "the same in this process"
    guess = together[["Bruno", "Conti", "Rossi"]].idxmax(axis=1)
    assert (guess == wines()["grower"]).mean() > 0.9


def test_a_model_takes_what_real_inputs_look_like(model):
    raw = wines().drop(columns="grower")
    expected = model.predict_values(raw.head(3))
    told: list[str] = []
    mixed = raw.head(3)[raw.columns[::-1]].astype("str").assign(nonsense=1)
    assert np.allclose(model.predict_values(mixed, tell=told.append), expected) and told == []
    hole = raw.head(3).copy().astype({"hue": object})
    hole.loc[1, "hue"] = "red"
    with pytest.raises(RunError, match="NaN"):  # it counts as missing, and this loader imputes nothing
        model.predict_values(hole, tell=told.append)
    assert told == ["hue: 1 cells are no number, such as 'red' in row 2; they count as missing"]
    assert model.predict(raw.head(0)).shape == (0, 4) and model.predict_values(raw.head(0)).shape == (0, 3)
    with pytest.raises(TaskError, match="lack 'alcohol', 'hue'"):
        model.predict(raw.drop(columns=["alcohol", "hue"]))
    assert "bottle" not in model.predict(raw.drop(columns="bottle").head(1)).columns


def test_the_command_line_predicts_and_answers_mistakes_in_one_sentence(run, model, tmp_path):
    raw = wines().drop(columns="grower").head(5)
    raw.to_csv(tmp_path / "new.csv", index=False)
    done = command("predict", run.folder / "model", "--inputs", "new.csv", "--out", "p.csv", cwd=tmp_path)
    assert done.returncode == 0 and pd.read_csv(tmp_path / "p.csv").shape == (5, 4), done.stderr
    piped = subprocess.run([sys.executable, "-c", "from provender.cli import main; main()", "predict", str(run.folder / "model"), "--inputs", "-"],
                           cwd=tmp_path, input=raw.to_csv(index=False), capture_output=True, text=True, check=True)  # fmt: skip
    assert piped.stdout == (tmp_path / "p.csv").read_text()
    nothing = subprocess.run([sys.executable, "-c", "from provender.cli import main; main()", "predict", str(run.folder / "model"), "--inputs", "-"],
                             cwd=tmp_path, input="", capture_output=True, text=True, check=False)  # fmt: skip
    assert nothing.returncode == 2 and "standard input holds no table" in nothing.stderr
    for arguments, words in (
        ((tmp_path, "--inputs", "new.csv"), "is no model"), ((run.folder / "model", "--inputs", "none.csv"), "none.csv"),
        ((run.folder / "model", "--inputs", "new.csv", "--out", "p.docx"), "--out is"),
    ):  # fmt: skip
        wrong = command("predict", *arguments, cwd=tmp_path)
        assert wrong.returncode == 2 and words in wrong.stderr and len(wrong.stderr.splitlines()) == 1, wrong.stderr


def test_a_model_holds_no_training_records_and_a_damaged_one_is_refused(run, model, tmp_path):
    assert not model.about["holds_training_records"] and len(unpack((run.folder / "model" / "loader.wire").read_bytes())["frame"]) == 0
    shutil.copytree(run.folder / "model", tmp_path / "model")
    (tmp_path / "model" / "learner.wire").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"learner\.wire in .* is missing, or has changed"):
        Model.open(tmp_path / "model")
    about = json.loads((tmp_path / "model" / "model.json").read_text())
    (tmp_path / "model" / "model.json").write_text(json.dumps({name: value for name, value in about.items() if name != "facts"}))
    with pytest.raises(UserError, match="does not say facts"):
        Model.open(tmp_path / "model")
    with pytest.raises(UserError, match="exists already"):
        run.study.best.fit(tmp_path / "model")


class Hostile:
    """Unpickling it writes a file, where it can."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return exec, (f"open({str(self.path)!r}, 'w').write('here'); open('/etc/hostname').read()",)


@pytest.mark.parametrize("who", ["loader", "learner"])
def test_a_strangers_model_does_nothing_outside_its_sandbox(run, model, tmp_path, who):
    """Its digests are right, since the stranger wrote them too."""
    shutil.copytree(run.folder / "model", tmp_path / "model")
    path = tmp_path / "model" / f"{who}.wire"
    path.write_bytes(pack({**unpack(path.read_bytes()), who: np.frombuffer(pickle.dumps(Hostile(tmp_path / "escaped")), np.uint8)}))
    about = json.loads((tmp_path / "model" / "model.json").read_text())
    about["files"] |= {path.name: digest_of(path)}
    (tmp_path / "model" / "model.json").write_text(json.dumps(about))
    with Model.open(tmp_path / "model") as hostile, pytest.raises(RunError, match=f"the model's {who} failed"):
        hostile.predict(wines().head(1))
    assert not (tmp_path / "escaped").exists()


def test_the_winner_is_a_scikit_learn_transformer(run):
    table = wines()
    X, y = table.drop(columns=["grower", "bottle"]), table["grower"]
    winner = run.study.best.transformer()
    scores = cross_val_score(make_pipeline(winner, LogisticRegression()), X, y, cv=3)
    assert scores.mean() > 0.9 > cross_val_score(LogisticRegression(), X[["ash", "magnesium"]], y, cv=3).mean()
    fitted = clone(winner).fit(X, y)
    assert fitted.transform(X.head(4)).shape == (4, 4)
    assert np.allclose(pickle.loads(pickle.dumps(fitted)).transform(X.head(4)), fitted.transform(X.head(4)))
    features, labels = fitted.fit_resample(X, y)
    assert len(features) == len(labels) == len(fitted.weight_) > len(X) and set(labels) == {"Bruno", "Conti", "Rossi"}
    with pytest.raises(UserError, match="no class of the task"):
        clone(winner).fit(X, y.replace("Rossi", "Nobody"))


def test_a_notebook_draws_study_tree_report_and_diff_without_scripts(run):
    for drawn in (run.study._repr_html_(), run.study.tree()._repr_html_(), run.study.diff()._repr_html_(), run.study.show_report()._repr_html_()):
        assert drawn.startswith('<iframe sandbox=""') and "<script" not in drawn and ("&lt;svg" in drawn or "&lt;table" in drawn)
    assert "rows of lake" in repr(run.study.diff())


def test_a_study_is_found_again_and_accepts_no_more_than_it_has(run):
    again = provender.Study.open("last", workspace=run.workspace)
    assert again.id == run.study.id and again.best.node == run.study.best.node and again.task.name == run.study.task.name
    with pytest.raises(RunError, match="has begun already"):
        again.run()
    with pytest.raises(RunError, match="no node 77"):
        again.state(77)
    fresh = provender.Study(run.study.task, nodes=1, workspace=run.workspace)
    assert "not begun" in repr(fresh) and fresh._repr_html_() is None
    with pytest.raises(RunError, match="unknown|no run|returned nothing"):
        _ = fresh.best
    with pytest.raises(UserError, match="there is no setting 'speed'"):
        provender.Study(run.study.task, speed=3)


MISTAKES = [
    (lambda t: {"target": "none"}, "none"), (lambda t: {"target": t["grower"].head(5)}, "one value a row"), (lambda t: {"target": "grower", "speed": 1}, "does not know 'speed'"),
    (lambda t: {"target": "grower", "group": "none"}, "group is 'none'"), (lambda t: {"target": "grower", "metric": "none"}, "unknown metric"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_frame_that_is_no_task_is_told_in_one_sentence(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TaskError, match=words):
        provender.Task.from_frame(wines(), **arguments(wines()))


def test_the_same_frame_is_the_same_task_and_the_door_costs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = (provender.Task.from_frame(wines(), target="grower", name="Wine!") for _ in range(2))
    other = provender.Task.from_frame(wines().head(100), target=wines()["grower"].head(100), name="Wine!")
    assert first.folder == second.folder != other.folder and first.record.digest == second.record.digest
    grouped = provender.Task.from_frame(wines(), target="grower", group="bottle", folds=3, slices=["hue"])
    assert (grouped.record.evaluation.group, grouped.record.evaluation.folds, grouped.record.evaluation.slices) == ("bottle", 3, ("hue",))
    code = "import sys, provender; dir(provender); assert not {'numpy', 'pandas', 'sklearn'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = provender.nothing
