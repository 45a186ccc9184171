"""Appends, joins and lexicons: labels are mapped, keys are found, lineage is kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from provender.contract.loader import AssetView
from provender.contract.rows import ROW, Rows, row_ids
from provender.errors import LoaderError
from provender.methods.append_rows import AppendRows
from provender.methods.join_columns import JoinColumns
from provender.methods.lexicon import Lexicon


def asset(**columns) -> AssetView:
    frame = pd.DataFrame(columns)
    frame.index = pd.Index(row_ids("lake:a", len(frame)), name=ROW)
    return AssetView(id="lake:a", manifest={}, read=lambda: frame.copy())


def rows(y, **columns) -> Rows:
    frame = pd.DataFrame(columns)
    return Rows(frame.set_axis(pd.Index(row_ids("task", len(frame)), name=ROW)), np.asarray(y))


def test_class_names_are_found_whatever_their_case():
    task = rows([0, 1], text=["so good", "so bad"])
    view = asset(review=["fine", "awful", "odd"], label=["Good ", "BAD", "unsure"])
    grown = AppendRows("label", mapping={"text": "review"}, classes=("good", "bad")).fit_resample(task, view)
    assert grown.y.tolist() == [0, 1, 0, 1] and grown.y.dtype == task.y.dtype
    assert list(grown.ids[2:]) == list(view.frame().index[:2]), "rows keep the ids of their asset"
    assert grown.frame["text"].tolist()[2:] == ["fine", "awful"]


def test_label_map_and_numeric_labels():
    task = rows([0, 1], text=["a", "b"])
    view = asset(t=["c", "d", "e"], stars=[1.0, 5.0, 3.0])
    method = AppendRows("stars", mapping={"text": "t"}, classes=("no", "yes"), label_map={"1": "no", "5": "yes"})
    assert method.fit_resample(task, view).y.tolist() == [0, 1, 0, 1]


def test_a_numeric_target_is_rescaled():
    task = rows([0.1, 0.9], x=[1.0, 2.0])
    grown = AppendRows("stars", mapping={"x": "v"}, scale=(0.25, -0.25)).fit_resample(task, asset(v=[3, 4], stars=[1, 5]))
    np.testing.assert_allclose(grown.y, [0.1, 0.9, 0.0, 1.0])


def test_columns_that_the_asset_lacks_are_missing():
    task = rows([0.0, 1.0], x=[1.0, 2.0], city=["Rome", "Oslo"])
    grown = AppendRows("y").fit_resample(task, asset(x=["7", "not a number", "9"], y=[1.0, 2.0, None]))
    assert grown.frame["x"].tolist()[2:] == [7.0] and grown.frame["city"].isna().tolist() == [False, False, True]


def test_rows_like_the_tasks_own_weigh_more():
    rng = np.random.default_rng(0)
    task = rows(rng.normal(size=300), x=rng.normal(0, 1, 300), z=rng.normal(size=300))
    x = np.r_[rng.normal(0, 1, 100), rng.normal(4, 1, 100)]
    view = asset(x=x, z=rng.normal(size=200), y=x)
    weight = AppendRows("y", alike=True).fit_resample(task, view).weight[300:]
    assert weight[:100].mean() > 3 * weight[100:].mean() and abs(weight.mean() - 1) < 1e-9


def test_an_asset_without_the_column_is_refused_by_name():
    with pytest.raises(LoaderError, match=r"no column 'stars'.*\['v'\]"):
        AppendRows("stars").fit_resample(rows([0.0], v=[1.0]), asset(v=[1.0]))


def test_keys_are_found_through_case_accents_and_number_formats():
    view = asset(place=["Sao Paulo", "Oslo", "Roma"], year=["2001", "2001", "2002"], people=[12.0, 0.7, 2.8])
    frame = rows([0, 0, 0], city=["São Paulo ", "OSLO", "Oslo"], when=[2001, 2001.0, 1999]).frame
    joined = JoinColumns([["city", "place"], ["when", "year"]], {"people": "people"}).fit(frame, view).transform(frame)
    assert joined["people"].tolist()[:2] == [12.0, 0.7] and np.isnan(joined["people"].iloc[2])
    assert joined.index.equals(frame.index)


def test_several_rows_a_key_are_aggregated():
    view = asset(k=["a", "a", "a", "b"], v=[1.0, 2.0, 6.0, 5.0], w=["x", "y", "y", None])
    columns = {"v": "v", "top": ["v", "max"], "n": ["v", "count"], "w": "w"}
    frame = pd.DataFrame({"key": ["A", "b", "c"]})
    joined = JoinColumns([["key", "k"]], columns).fit(frame, view).transform(frame)
    assert joined["v"].tolist()[:2] == [3.0, 5.0] and joined["top"].iloc[0] == 6.0 and joined["n"].iloc[0] == 3.0
    assert joined["w"].iloc[0] == "y" and joined.iloc[2, 1:].isna().all()


def test_dates_match_dates_written_as_text():
    view = asset(day=["2020-01-02", "2020-02-01"], rain=[1.0, 9.0])
    frame = pd.DataFrame({"when": pd.to_datetime(["2020-02-01", "2020-01-02"])})
    joined = JoinColumns([["when", "day"]], {"rain": "rain"}).fit(frame, view).transform(frame)
    assert joined["rain"].tolist() == [9.0, 1.0]


def test_an_unknown_aggregate_lists_the_known_ones():
    with pytest.raises(LoaderError, match="first, mean"):
        JoinColumns([["k", "k"]], {"v": ["v", "mode"]}).fit(pd.DataFrame(), asset(k=["a"], v=[1.0]))


def test_scores_of_words_are_measured_per_text():
    view = asset(word=["Good", "awful"], valence=[2, "-3"])
    frame = pd.DataFrame({"text": ["A good, GOOD day", "awful but good", None, "nothing known"]})
    scored = Lexicon("text", "word", "valence", "afinn").fit(frame, view).transform(frame)
    assert scored["afinn sum"].tolist() == [4.0, -1.0, 0.0, 0.0]
    assert scored["afinn negative"].tolist() == [0.0, -3.0, 0.0, 0.0] and scored["afinn share"].iloc[0] == 0.5
