"""`provender init` on real data of four forms, and everything it refuses."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from provender.contract.task import read_task
from provender.errors import TaskError, UserError
from provender.pipeline import initialise as of
from provender.pipeline.initialise import InitReport, Wishes
from provender.profile.table import read_table


def initialise(source: Path, *, into: Path, **wishes: object) -> InitReport:
    return of.initialise(source, into, Wishes(**wishes))


@pytest.fixture(scope="module")
def cancer(tmp_path_factory) -> Path:
    frame = load_breast_cancer(as_frame=True).frame
    frame["diagnosis"] = np.where(frame.pop("target") == 0, "malignant", "benign")
    path = tmp_path_factory.mktemp("cancer") / "cancer.csv"
    frame.to_csv(path, index_label="patient_id")
    return path


@pytest.fixture
def cars() -> Path:
    """A real table with gaps, years and names, as vega_datasets ships it."""
    return Path(str(files("vega_datasets") / "_data" / "cars.json"))


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_csv_becomes_a_task_that_reads_back(cancer, tmp_path):
    report = initialise(cancer, target=["diagnosis"], into=tmp_path / "task")
    assert (report.kind, report.modality, report.classes) == ("classification", "tabular", ("benign", "malignant"))
    assert (report.metric, report.learner, report.output, report.id) == (
        "log_loss",
        "logistic",
        "probability",
        "patient_id",
    )
    assert report.schema.of_kind("numeric") == list(load_breast_cancer().feature_names)
    assert (report.rows, report.test_rows) == (569, 0)
    task = read_task(tmp_path / "task")
    assert (task.kind, task.classes, task.data.id) == ("classification", report.classes, "patient_id")
    assert task.data.columns == {column.name: column.kind for column in report.schema}
    assert tree(tmp_path / "task") == {"task.toml", "data/train.csv"}
    assert task.data.train.read_bytes() == cancer.read_bytes()


def test_parquet_regression_task(tmp_path):
    load_diabetes(as_frame=True).frame.to_parquet(tmp_path / "diabetes.parquet")
    report = initialise(tmp_path / "diabetes.parquet", target=["target"], metric="mae", into=tmp_path / "task")
    assert (report.kind, report.metric, report.learner, report.output) == (
        "regression",
        "mean_absolute_error",
        "ridge",
        "value",
    )
    task = read_task(tmp_path / "task")
    assert task.metric.direction == "minimize" and task.classes == () and task.data.train.name == "train.parquet"


def test_json_lines_of_text_become_a_text_task(tmp_path):
    demo = read_table(Path(str(files("provender") / "demo" / "data" / "train.csv")))
    demo[["sentence", "sentiment"]].to_json(tmp_path / "reviews.jsonl", orient="records", lines=True)
    report = initialise(tmp_path / "reviews.jsonl", target=["sentiment"], metric="r2", into=tmp_path / "task")
    assert (report.kind, report.modality, report.metric) == ("regression", "text", "r2")
    assert [column.kind for column in report.schema] == ["text"]
    assert read_table(read_task(tmp_path / "task").data.train)["sentence"].tolist() == demo["sentence"].tolist()


def test_image_folder_becomes_one_parquet_with_the_bytes(tmp_path):
    digits = load_digits()
    for i in range(200):
        folder = tmp_path / "digits" / str(digits.target[i])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((digits.images[i] * 15).astype("uint8")).save(folder / f"{i:04d}.png")
    report = initialise(tmp_path / "digits", metric="accuracy", into=tmp_path / "task")
    assert (report.modality, report.target, report.classes) == ("image", ("label",), tuple("0123456789"))
    assert tree(tmp_path / "task") == {"task.toml", "data/train.parquet"}
    frame = read_table(read_task(tmp_path / "task").data.train)
    with Image.open(io.BytesIO(frame["image"][0])) as image:
        assert image.size == (8, 8)
    assert len(frame) == 200 and set(frame["label"].astype(str)) == set("0123456789")


def test_json_table_with_gaps_tells_what_it_saw(cars, tmp_path):
    report = initialise(cars, target=["Horsepower"], into=tmp_path / "task", drop_missing_targets=True)
    kinds = {column.name: column.kind for column in report.schema}
    assert kinds["Origin"] == "category" and kinds["Year"] == "date" and kinds["Weight_in_lbs"] == "numeric"
    assert report.kind == "regression" and report.rows == 400
    assert report.notes[0] == "6 of 406 rows of the data have no target and were left out"
    assert len(read_table(read_task(tmp_path / "task").data.train)) == 400


def test_test_with_answers_is_sealed_and_without_is_only_predicted(cancer, tmp_path):
    frame = pd.read_csv(cancer)
    frame[:400].to_csv(tmp_path / "train.csv", index=False)
    frame[390:].to_csv(tmp_path / "test.csv", index=False)
    frame[400:].drop(columns="diagnosis").to_csv(tmp_path / "asked.csv", index=False)
    report = initialise(tmp_path / "train.csv", target=["diagnosis"], test=tmp_path / "test.csv", into=tmp_path / "a")
    assert tree(tmp_path / "a") == {"task.toml", "data/train.csv", "sealed/test.csv"} and report.test_rows == 179
    assert any("10 of 179 test rows are also training rows" in note for note in report.notes)
    initialise(tmp_path / "train.csv", target=["diagnosis"], test=tmp_path / "asked.csv", into=tmp_path / "b")
    assert tree(tmp_path / "b") == {"task.toml", "data/train.csv", "data/test.csv"}


def test_own_learner_is_copied(cancer, tmp_path):
    (tmp_path / "mine.py").write_text("class Learner:\n    def fit(self, features, y, weight, seed): ...\n")
    report = initialise(
        cancer, target=["diagnosis"], learner=str(tmp_path / "mine.py"), metric="accuracy", into=tmp_path / "task"
    )
    task = read_task(tmp_path / "task")
    assert (report.output, task.learner.preset) == ("label", None) and task.learner.source.startswith("class Learner")


def test_metric_decides_between_classes_and_numbers(tmp_path):
    frame = pd.DataFrame({"x": np.arange(200) * 0.1, "stars": np.arange(200) % 5})
    frame.to_csv(tmp_path / "stars.csv", index=False)
    classes = initialise(tmp_path / "stars.csv", target=["stars"], into=tmp_path / "a")
    numbers = initialise(tmp_path / "stars.csv", target=["stars"], metric="rmse", into=tmp_path / "b")
    assert (classes.kind, numbers.kind) == ("classification", "regression")
    assert any("set task.kind to regression" in note for note in classes.notes)


def test_learner_of_scores_gets_a_metric_of_scores(cancer, tmp_path):
    report = initialise(cancer, target=["diagnosis"], learner="linear_svm", into=tmp_path / "task")
    assert (report.output, report.metric) == ("score", "roc_auc")


def test_several_targets_make_multilabel_or_regression(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=60), "a": rng.integers(0, 2, 60), "b": rng.integers(0, 2, 60), "v": rng.normal(size=60)}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert initialise(tmp_path / "t.csv", target=["a", "b"], into=tmp_path / "m").kind == "multilabel"
    assert initialise(tmp_path / "t.csv", target=["a", "v"], into=tmp_path / "r").kind == "regression"


def test_task_file_shows_each_column_with_its_facts(cars, tmp_path):
    initialise(cars, target=["Horsepower"], into=tmp_path / "task", drop_missing_targets=True)
    text = (tmp_path / "task" / "task.toml").read_text("utf-8")
    assert 'Origin = "category"    # 3 different, such as USA' in text
    assert 'Miles_per_Gallon = "numeric"    # ' in text and "2.0% missing" in text


REFUSED = [
    ({"target": ["diagnosi"]}, r"target is 'diagnosi'.*did you mean 'diagnosis'\?"),
    ({"target": []}, r"no target is named: say which column to predict with --target, one of patient_id"),
    ({"target": ["diagnosis"], "metric": "acuracy"}, r"unknown metric 'acuracy': choose one of"),
    ({"target": ["diagnosis"], "metric": "rmse"}, r"holds '(benign|malignant)', which is not a number"),
    ({"target": ["diagnosis"], "metric": "grade.py"}, r"'grade\.py'.*set metric\.name and metric\.direction"),
    (
        {"target": ["diagnosis"], "learner": "ridge"},
        r"'ridge' does not fit a classification task: choose one of logistic",
    ),
    ({"target": ["diagnosis"], "learner": "logit"}, r"'logit', which does not exist.*logistic"),
    ({"target": ["diagnosis"], "learner": "none.py"}, r"'none\.py', which is no file"),
    (
        {"target": ["diagnosis"], "learner": "linear_svm", "metric": "log_loss"},
        r"'log_loss', which needs probability.*linear_svm gives a score",
    ),
    ({"target": ["diagnosis"], "id": "patient"}, r"id is 'patient'.*did you mean 'patient_id'\?"),
    ({"target": ["mean radius"], "metric": "accuracy"}, r"too many for classes: choose another target"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_mistake_is_refused_and_leaves_nothing_behind(cancer, tmp_path, arguments, message):
    with pytest.raises(TaskError, match=message):
        initialise(cancer, into=tmp_path / "task", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_unusable_tables_are_refused(cancer, cars, tmp_path):
    frame = pd.read_csv(cancer)
    tables = {
        "one.csv": (frame.assign(diagnosis="benign"), r"one value 'benign' only"),
        "small.csv": (frame.iloc[::40], r"small\.csv holds 15 rows: at least 20"),
        "empty.csv": (frame[:0], r"empty\.csv holds 0 rows"),
    }
    for name, (table, message) in tables.items():
        table.to_csv(tmp_path / name, index=False)
        with pytest.raises(TaskError, match=message):
            initialise(tmp_path / name, target=["diagnosis"], into=tmp_path / "task")
    with pytest.raises(
        TaskError, match=r"'Horsepower' is missing in 6 of 406 rows of the data.*--drop-missing-targets"
    ):
        initialise(cars, target=["Horsepower"], into=tmp_path / "task")
    with pytest.raises(TaskError, match=r"f1', which is for 2 classes, but the target has 3: choose f1_macro"):
        initialise(cars, target=["Origin"], metric="f1", into=tmp_path / "task")
    with pytest.raises(UserError, match="does not exist: correct the path"):
        initialise(tmp_path / "none.csv", target=["x"], into=tmp_path / "task")
    assert not (tmp_path / "task").exists()


def test_folder_that_exists_is_never_touched(cancer, tmp_path):
    (tmp_path / "task").mkdir()
    with pytest.raises(TaskError, match=r"exists already: choose another folder with --into"):
        initialise(cancer, target=["diagnosis"], into=tmp_path / "task")
    assert list((tmp_path / "task").iterdir()) == []


def test_test_data_must_have_the_columns_and_targets_of_the_training_data(cancer, tmp_path):
    frame = pd.read_csv(cancer)
    cases = {
        "lacking.csv": (frame.drop(columns="mean area"), r"lacking\.csv lacks the column 'mean area'.*add it"),
        "holes.csv": (
            frame.assign(diagnosis=frame["diagnosis"].where(frame.index > 9)),
            r"missing in 10 of 569 rows of the test data",
        ),
    }
    for name, (table, message) in cases.items():
        table.to_csv(tmp_path / name, index=False)
        with pytest.raises(TaskError, match=message):
            initialise(cancer, target=["diagnosis"], test=tmp_path / name, into=tmp_path / "task")


def test_learner_without_its_class_is_refused(cancer, tmp_path):
    for text, message in (("x = 1\n", "defines no class Learner"), ("class Learner(\n", "does not parse")):
        (tmp_path / "mine.py").write_text(text)
        with pytest.raises(TaskError, match=message):
            initialise(cancer, target=["diagnosis"], learner=str(tmp_path / "mine.py"), into=tmp_path / "task")
