"""Kinds of columns, the type of a task, and what is refused, on made and on real tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from provender.contract.metric import find_metric
from provender.errors import TaskError
from provender.profile.cells import is_date, parse_dates, plain_numbers, written_numbers
from provender.profile.infer import column_notes, infer_kind, infer_modality, infer_schema
from provender.profile.target import (
    check_classes_metric,
    check_size,
    check_target,
    class_names,
    encode_target,
    infer_task,
)

RNG = np.random.default_rng(0)
WORDS = np.array(["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "it", "rains"])


def prose(n: int) -> list[str]:
    return [" ".join(RNG.choice(WORDS, RNG.integers(5, 15))) for _ in range(n)]


KINDS = {
    "numeric": [
        ("price", RNG.normal(size=100)),
        ("rooms", RNG.integers(1, 6, 100)),
        ("age", np.where(RNG.random(100) < 0.2, np.nan, RNG.integers(20, 60, 100))),
        ("alive", RNG.random(100) < 0.5),
        ("horsepower", [*["130", "95.5", "?"] * 30, "88"]),
        ("year", RNG.integers(1990, 2024, 100)),
        ("solidity", RNG.permutation(1000)[:100]),
    ],
    "category": [
        ("state", RNG.choice(["TX", "CA", "NY"], 100)),
        ("zipcode", RNG.integers(10000, 99999, 100)),
        ("plz", [f"{i:05d}" for i in RNG.integers(0, 99, 100)]),
        ("customer_id", RNG.integers(0, 20, 100)),
        ("weight", [f"{i} kg" for i in RNG.integers(1, 50, 100)]),
        ("flag", ["Y", None] * 50),
        ("beer", [f"Brand {i}" for i in range(100)]),
    ],
    "text": [
        ("review", prose(100)),
        ("title", [f"{a} {b} {i} of them" for i, (a, b) in enumerate(RNG.choice(WORDS, (100, 2)))]),
    ],
    "date": [
        ("when", pd.date_range("2020-01-01", periods=100)),
        ("iso", [f"2020-{m:02d}-{d:02d}" for m, d in RNG.integers(1, 12, (100, 2))]),
        ("us", [f"{m}/{d}/2020" for m, d in RNG.integers(1, 12, (100, 2))]),
        ("stamp", ["2020-01-02T03:04:05Z", "2021-02-03T04:05:06Z"] * 50),
        ("spoken", ["Jan 5, 2020", "March 12, 2021"] * 50),
    ],
    "image": [("picture", [b"\x89PNG\r\n\x1a\n..", b"\xff\xd8\xff.."] * 50)],
    "id": [
        ("id", np.arange(100) * 7 + 3),
        ("PassengerId", np.arange(1, 101)),
        ("Unnamed: 0", np.arange(100)),
        ("anything", np.arange(100)),
        ("uuid", [f"{i:032x}" for i in range(100)]),
        ("doc_id", [f"d{i}" for i in range(100)]),
    ],
    "constant": [("one", [3] * 100), ("none", [None] * 100), ("same", ["x"] * 100)],
}


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [(k, n, v) for k, columns in KINDS.items() for n, v in columns],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_kind_of_a_column(kind, name, values):
    column = pd.Series(values, name=name)
    assert (
        infer_kind(column.astype("str") if column.dtype == object and kind not in ("image", "constant") else column)
        == kind
    )


@settings(max_examples=40)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=20), st.floats(), st.booleans(), st.dates().map(str)), max_size=40)
)
def test_any_column_has_a_kind(values):
    column = pd.Series(values, dtype=object, name="x").map(str, na_action="ignore").astype("str")
    kind = infer_kind(column)
    assert kind != "numeric" or plain_numbers(column).notna().any()


def test_schema_leaves_out_target_and_id_keeps_order_and_takes_overrides():
    frame = pd.DataFrame({"id": range(30), "b": range(30), "a": list("xyz") * 10, "y": [0, 1] * 15})
    schema = infer_schema(frame, target="y", id="id", overrides={"b": "category"})
    assert [(c.name, c.kind, c.cardinality) for c in schema] == [("b", "category", 30), ("a", "category", 3)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "Yy"}, r"target is 'Yy', but the data has no such column: did you mean 'yy'\?"),
        ({"target": "yy", "id": "ident"}, r"id is 'ident'.*did you mean 'identity'\?"),
        ({"target": "zzzzz"}, r"the columns are identity, yy"),
        ({"target": "yy", "overrides": {"identity": "words"}}, r"columns\.identity is 'words': choose one of numeric"),
    ],
)
def test_unknown_names_are_refused_with_the_closest_one(arguments, message):
    with pytest.raises(TaskError, match=message):
        infer_schema(pd.DataFrame({"identity": [1, 2], "yy": [0, 1]}), **arguments)


def test_modality_is_what_most_of_the_input_is():
    frame = pd.DataFrame({"t": prose(50), "a": RNG.normal(size=50), "b": RNG.normal(size=50), "y": [0, 1] * 25})
    assert infer_modality(infer_schema(frame[["t", "y"]], target="y")) == "text"
    assert infer_modality(infer_schema(frame, target="y")) == "tabular"
    assert (
        infer_modality(infer_schema(frame.assign(i=[b"\xff\xd8\xff"] * 25 + [b"\x89PNG\r\n\x1a\n"] * 25), target="y"))
        == "image"
    )


def test_oddities_are_told_and_nothing_is_changed():
    frame = pd.DataFrame(
        {
            "hp": ["130", "?", "95"] * 10,
            "cost": [f"${i},000" for i in range(1, 31)],
            "open": ["yes", "no", "Yes"] * 10,
            "fine": ["a", "b", "c"] * 10,
        }
    )
    before = frame.copy()
    notes = column_notes(frame, infer_schema(frame, target=[]))
    assert len(notes) == 3
    assert "hp: 10 cells hold '?'" in notes[0] and "'$1,000'" in notes[1] and "yes/no" in notes[2]
    pd.testing.assert_frame_equal(frame, before)


@given(st.floats(-1e9, 1e9), st.sampled_from(["{}", "${}", "{} kg", "{}%", " {} ", "{} USD"]))
def test_written_numbers_are_read(value, form):
    text = form.format(f"{value:.2f}")
    assert written_numbers(pd.Series([text]))[0] == pytest.approx(float(f"{value:.2f}"))
    assert written_numbers(pd.Series([form.format(f"{value:,.2f}")]))[0] == pytest.approx(float(f"{value:.2f}"))


@pytest.mark.parametrize("text", ["", "abc", "12.5.3", "1-2", "10:30", "3 of 4 things", "1,23,4"])
def test_what_is_no_written_number_is_none(text):
    assert np.isnan(written_numbers(pd.Series([text]))[0])


@settings(max_examples=40)
@given(
    st.datetimes(pd.Timestamp("1950-01-01"), pd.Timestamp("2050-01-01")),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y", "%Y-%m-%dT%H:%M:%S"]),
)
def test_common_dates_are_recognised_and_read(moment, form):
    text = moment.strftime(form)
    column = pd.Series([text])
    assert is_date(column)[0]
    assert parse_dates(column)[0] == pd.to_datetime(text, format=form)


def test_order_of_day_and_month_is_decided_by_the_whole_column():
    assert parse_dates(pd.Series(["03/04/2020", "25/04/2020"]))[0] == pd.Timestamp("2020-04-03")
    assert parse_dates(pd.Series(["03/04/2020", "04/25/2020"]))[0] == pd.Timestamp("2020-03-04")
    assert parse_dates(pd.Series(["2020-03-04", "25/04/2020"]))[0] == pd.Timestamp("2020-03-04")


@pytest.mark.parametrize("text", ["1999", "12:30", "3.5", "2020-2021", "May"])
def test_bare_years_and_times_are_no_dates(text):
    assert not is_date(pd.Series([text]))[0] and pd.isna(parse_dates(pd.Series([text]))[0])


def test_real_tasks_are_recognised():
    wine, cancer, diabetes = (load(as_frame=True).frame for load in (load_wine, load_breast_cancer, load_diabetes))
    assert [(g.kind, g.classes) for g in (infer_task(wine, "target"), infer_task(cancer, "target"))] == [
        ("classification", ("0", "1", "2")),
        ("classification", ("0", "1")),
    ]
    guess = infer_task(diabetes, "target")
    assert (guess.kind, guess.metric, guess.learner) == ("regression", "root_mean_squared_error", "ridge")
    assert infer_task(diabetes, ["target", "bmi"]).kind == "regression"
    assert infer_task(cancer.assign(other=1 - cancer["target"]), ["target", "other"]).kind == "multilabel"


def test_few_whole_numbers_are_classes_unless_told_otherwise():
    frame = pd.DataFrame({"stars": RNG.integers(1, 6, 300)})
    guess = infer_task(frame, "stars")
    assert guess.kind == "classification" and "set task.kind to regression" in guess.notes[0]
    assert infer_task(frame, "stars", kind="regression").kind == "regression"


BAD_TARGETS = {
    "missing": (
        ["a", "b", None, "a"] * 10,
        "classification",
        r"'y' is missing in 10 of 40 rows.*--drop-missing-targets",
    ),
    "one class": (["a"] * 40, "classification", r"'y' holds the one value 'a' only.*choose another"),
    "constant number": ([2.5] * 40, "regression", r"one value 2\.5 only"),
    "ids": (
        [f"r{i}" for i in range(40)],
        "classification",
        r"40 different values in 40 rows.*task\.kind to regression",
    ),
    "marker": (["a", "b", "?", "c"] * 10, "classification", r"'\?' in 10 rows.*missing value: drop"),
    "written": (["$1", "$2"] * 20, "regression", r"holds '\$1', which is not a number: write plain"),
    "words": (["low", "high"] * 20, "regression", r"holds 'low'.*task\.kind to classification"),
    "infinite": ([1.0, np.inf] * 20, "regression", r"holds inf: drop"),
    "two": ([0, 1, 2, 0] * 10, "multilabel", r"holds 2: give 0 or 1"),
}


@pytest.mark.parametrize("case", BAD_TARGETS)
def test_target_that_cannot_be_learnt_is_refused_by_name(case):
    values, kind, message = BAD_TARGETS[case]
    with pytest.raises(TaskError, match=message):
        check_target(pd.DataFrame({"y": values}), "y", kind)


def test_small_tables_and_metrics_for_two_classes_are_refused():
    with pytest.raises(TaskError, match="holds 19 rows: at least 20"):
        check_size(pd.DataFrame({"a": range(19)}), "train.csv")
    with pytest.raises(TaskError, match=r"'f1', which is for 2 classes, but the target has 3: choose f1_macro"):
        check_classes_metric(find_metric("f1"), "classification", ("a", "b", "c"))
    check_classes_metric(find_metric("f1"), "classification", ("a", "b"))


def test_classes_are_ordered_by_value_and_numbers_are_one_class_however_stored():
    assert class_names(pd.Series([10, 2, 1])) == ("1", "2", "10")
    assert class_names(pd.Series([1.0, 2.0]), pd.Series(["2", "10"])) == ("1", "2", "10")
    assert class_names(pd.Series([True, False])) == ("False", "True")
    assert class_names(pd.Series(["b", "a "])) == ("a", "b")


def test_targets_become_positions_values_or_columns():
    frame = pd.DataFrame({"c": ["b", "a", "b"], "v": [1, 2, 3], "m": [0, 1, 1], "k": [1, 1, 0]})
    assert encode_target(frame, "c", "classification", ("a", "b")).tolist() == [1, 0, 1]
    assert encode_target(frame, "v", "regression", ()).tolist() == [1.0, 2.0, 3.0]
    assert encode_target(frame, ["m", "k"], "multilabel", ()).tolist() == [[0, 1], [1, 1], [1, 0]]
    assert encode_target(frame, ["m"], "multilabel", ()).shape == (3, 1)
    with pytest.raises(TaskError, match=r"'c' holds the class 'b', which is not among a: correct"):
        encode_target(frame, "c", "classification", ("a",))
