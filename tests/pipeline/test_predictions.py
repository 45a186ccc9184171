"""Predictions in the task's own terms, and in the form of a sample submission, whatever that form is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opened import table_of, write_task

from provender.contract.task import read_task
from provender.errors import TaskError
from provender.pipeline.predictions import Form, Outline, prediction_table

KINDS = ("benign", "malignant")
SHARES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
IDS = pd.Series([7, 3, 5])


def outline(folder, sample: pd.DataFrame, *, metric: str = "log_loss", output: str = "probability") -> Outline:
    """The outline of a task of tumours whose predictions are wanted in the form of this sample."""
    sample.to_csv(folder / "sample.csv", index=False)
    table = table_of("breast_cancer").assign(case=np.arange(569))
    data = 'target = "target"\nid = "case"\nsample_submission = "../sample.csv"'
    learner = 'preset = "logistic"' if output == "probability" else 'path = "learner.py"'
    text = "class Learner:\n    def fit(self, features, y, weight, seed): ...\n    def predict(self, features): ...\n"
    task = read_task(write_task(folder / "cancer", table, metric=metric, output=output, learner=learner, data=data, files={"learner.py": text}))
    return Outline.of(task, KINDS)


@pytest.mark.parametrize(("metric", "sample", "expected"), [
    ("log_loss", {"malignant": [0.5], "benign": [0.5]}, {"malignant": [0.1, 0.8, 0.4], "benign": [0.9, 0.2, 0.6]}),
    ("roc_auc", {"target": [0.5]}, {"target": [0.1, 0.8, 0.4]}),
    ("roc_auc", {"target": [0]}, {"target": [0.1, 0.8, 0.4]}),
    ("roc_auc", {"target": ["benign"]}, {"target": ["benign", "malignant", "benign"]}),
    ("accuracy", {"target": ["benign"]}, {"target": ["benign", "malignant", "benign"]}),
])  # fmt: skip
def test_a_sample_submission_decides_about_columns_and_what_they_hold(tmp_path, metric, sample, expected):
    found = prediction_table(outline(tmp_path, pd.DataFrame({"case": [7], **sample}), metric=metric), IDS, SHARES)
    pd.testing.assert_frame_equal(found, pd.DataFrame({"case": [7, 3, 5], **expected}), check_dtype=False)


def test_a_sample_of_another_task_is_refused_before_a_run_is_paid_for(tmp_path):
    for number, (sample, words) in enumerate((
        ({"case": [1], "price": [1.0]}, "asks for the column 'price'.* these are target, benign, malignant"),
        ({"case": [1]}, "has no column to predict"), ({"target": [1], "case": [1]}, "row id 'case' as its column 2"),
    )):  # fmt: skip
        (tmp_path / str(number)).mkdir()
        with pytest.raises(TaskError, match=words):
            outline(tmp_path / str(number), pd.DataFrame(sample))


def test_a_form_that_names_rows_needs_their_names(tmp_path):
    with pytest.raises(TaskError, match="names rows by 'case', which the inputs do not have"):
        prediction_table(outline(tmp_path, pd.DataFrame({"case": [1], "target": [0.5]})), None, SHARES)


def test_ranking_scores_stay_scores_even_where_they_could_be_classes(tmp_path):
    plain = Outline(id=None, targets=("target",), classes=KINDS, output="score")
    assert prediction_table(plain, None, np.array([1.0, 0.0]))["target"].tolist() == [1.0, 0.0]
    assert prediction_table(Outline(id=None, targets=("target",), classes=KINDS, output="label"), None, np.array([1.0, 0.0]))["target"].tolist() == ["malignant", "benign"]
    formed = outline(tmp_path, pd.DataFrame({"case": [1], "target": [0.5]}), metric="roc_auc", output="score")
    assert prediction_table(formed, IDS, np.array([1.0, -2.5, 0.0]))["target"].tolist() == [1.0, -2.5, 0.0]


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_predictions_stand_in_the_samples_order_each_with_its_own_row(rows, order):
    form = Form(columns=(("target", "value", 0),), id="case", order=tuple(order))
    wanted = Outline(id="case", targets=("target",), classes=(), output="value", form=form)
    found = prediction_table(wanted, pd.Series(rows), np.array(rows) * 10.0)
    assert found["case"].tolist() == list(order) and (found["target"] == found["case"] * 10).all()
    assert Form.from_json(form.to_json()) == form


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_other_rows_than_the_samples_keep_their_own_order_also_when_they_repeat(rows):
    form = Form(columns=(("target", "value", 0),), id="case", order=(9, 8, 7))
    found = prediction_table(Outline(id="case", targets=("target",), classes=(), output="value", form=form), pd.Series(rows), np.arange(len(rows)) * 1.0)
    assert found["case"].tolist() == rows and found["target"].tolist() == list(range(len(rows)))


def test_several_targets_and_classes_get_their_own_names():
    values = Outline(id="case", targets=("width", "height"), classes=(), output="value")
    assert prediction_table(values, IDS, np.ones((3, 2))).columns.tolist() == ["case", "width", "height"]
    shares = Outline(id=None, targets=("kind",), classes=KINDS, output="probability")
    assert prediction_table(shares, None, SHARES).to_numpy().tolist() == SHARES.tolist()
    assert prediction_table(shares, None, np.zeros((0, 2))).shape == (0, 2)
