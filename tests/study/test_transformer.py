"""A loader as a scikit-learn transformer: labels as they were given, features as in training, one loader for both."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from provender.errors import TaskError, UserError
from provender.study.task import Task
from provender.study.transformer import LoaderTransformer

LOADER = '''
import numpy as np
import pandas as pd


class DataLoader:
    ASSETS = ()

    def __init__(self, task, pool):
        self.task = task

    def rows(self):
        rows = self.task.train
        return rows.take(np.flatnonzero(rows.frame["size"] < 8)[::-1], reason="large ones are wrong")

    def fit(self, rows):
        """Training rows are marked, as if they were cross-fitted."""
        return self.marked(rows.frame, 1.0)

    def inputs(self, raw):
        return self.marked(raw, 0.0)

    def marked(self, frame, mark):
        return pd.DataFrame({"size": frame["size"].to_numpy(float), "seen": mark})
'''
X = pd.DataFrame({"size": np.arange(10.0)}, index=np.arange(10)[::-1])


def transformer(*classes: str) -> LoaderTransformer:
    facts = {"schema": [{"name": "size", "kind": "numeric", "cardinality": 10, "missing": 0.0}], "kind": "classification", "classes": list(classes),
             "targets": ["kind"], "modality": "tabular", "metric": "log_loss", "seed": 0}  # fmt: skip
    return LoaderTransformer(LOADER, facts)


@pytest.mark.parametrize(("labels", "classes"), [
    (np.array([0, 1] * 5), ("0", "1")), (np.array([0.0, 1.0] * 5), ("0", "1")), (np.array([False, True] * 5), ("False", "True")), (np.array(["no ", "yes"] * 5), ("no", "yes")),
])  # fmt: skip
def test_labels_come_back_as_they_were_given(labels, classes):
    features, found = transformer(*classes).fit_resample(X, labels)
    assert found.dtype.kind in (labels.dtype.kind, "O") and found.tolist() == labels[:8][::-1].tolist() and features["size"].tolist() == list(range(8))[::-1]


def test_fit_transform_gives_kept_rows_what_they_were_fitted_with_and_every_row_its_own_place():
    found = transformer("0", "1").fit_transform(X, np.array([0, 1] * 5))
    assert found["size"].tolist() == list(range(10)) and found["seen"].tolist() == [1.0] * 8 + [0.0] * 2
    fitted = transformer("0", "1").fit(X, np.array([0, 1] * 5))
    assert fitted.transform(X)["seen"].tolist() == [0.0] * 10 and fitted.get_feature_names_out().tolist() == ["size", "seen"]


def test_numbers_written_as_text_are_numbers_to_the_loader():
    text = pd.DataFrame({"size": ["1", "2", "?", "1,000", "5"] * 2})
    fitted = transformer("0", "1").fit(text, np.array([0, 1] * 5))
    assert fitted.transform(pd.DataFrame({"size": ["1,000"]}))["size"].tolist() == [1000.0]
    with pytest.raises(UserError, match="y is None"):
        transformer("0", "1").fit(X, None)


@pytest.mark.parametrize(("target", "words"), [
    (pd.Series([0, 1] * 20, index=np.arange(40)[::-1], name="kind"), "another index"), (pd.Series([0, 1] * 20, name="size"), "named 'size', as another column of the table"),
    (np.zeros((40, 2)), "one value a row"), ("kind", "no such column"),
])  # fmt: skip
def test_whose_a_label_is_and_which_column_is_meant_is_never_guessed(tmp_path, target, words):
    table = pd.DataFrame({"size": np.arange(40.0), "name": ["a", "b"] * 20})
    with pytest.raises(TaskError, match=words):
        Task.from_frame(table, target=target, folder=tmp_path / "task")
    assert not (tmp_path / "task").exists()


def test_a_cell_that_no_file_can_hold_is_told_in_one_sentence(tmp_path):
    table = pd.DataFrame({"size": np.arange(40.0), "odd": 1j, "kind": [0, 1] * 20})
    with pytest.raises(TaskError, match="cannot be written as a file"):
        Task.from_frame(table, target="kind", folder=tmp_path / "task")
    task = Task.from_frame(table.drop(columns=["odd", "kind"]), target=np.array([0, 1] * 20), folder=tmp_path / "task")
    assert task.record.data.target == ("target",) and task.record.kind == "classification"
