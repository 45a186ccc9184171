"""What the schema calls numeric arrives as numbers, and every column has one type."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from provender.contract.schema import Column, Schema
from provender.contract.wire import pack, unpack
from provender.errors import TaskError
from provender.profile.conform import conform
from provender.profile.infer import infer_schema


def test_numbers_beside_missing_markers_become_numbers():
    frame = pd.DataFrame({"hp": ["130", "?", "95.5", None] * 10}, index=np.arange(40) + 7)
    schema = infer_schema(frame, target=[])
    assert schema.of_kind("numeric") == ["hp"]
    read = conform(frame, schema)
    assert read["hp"].dtype == float and read["hp"].iloc[0] == 130 and read["hp"].isna().sum() == 20
    assert read.index.equals(frame.index) and frame["hp"].iloc[1] == "?"


def test_written_numbers_count_where_the_user_says_numeric():
    frame = pd.DataFrame({"weight": ["12 oz", "1,200 oz", "16 OZ.", "?"]})
    assert conform(frame, Schema((Column("weight", "category"),)))["weight"].tolist()[0] == "12 oz"
    numbers = conform(frame, Schema((Column("weight", "numeric"),)))["weight"]
    assert numbers.tolist()[:3] == [12.0, 1200.0, 16.0] and np.isnan(numbers[3])


def test_words_are_not_numeric_whatever_the_user_says():
    with pytest.raises(TaskError, match=r"columns\.city is 'numeric', but the data holds 'Ulm': set it to category"):
        conform(pd.DataFrame({"city": ["Ulm", "Bonn", "3"]}), Schema((Column("city", "numeric"),)))


def test_mixed_columns_of_two_joined_tables_cross_the_wire():
    table = pd.concat(
        [pd.DataFrame({"code": [1, 2], "n": [1, 2]}), pd.DataFrame({"code": ["x", "y"], "n": ["3", "?"]})]
    )
    read = conform(table.reset_index(drop=True), Schema((Column("code", "category"), Column("n", "numeric"))))
    back = unpack(pack({"frame": read}))["frame"]
    assert back["code"].tolist() == ["1", "2", "x", "y"] and back["n"].tolist()[:3] == [1.0, 2.0, 3.0]


def test_columns_that_conform_are_left_alone():
    frame = pd.DataFrame(
        {"i": [b"\x89PNG", b"\xff\xd8\xff"], "d": pd.to_datetime(["2020-01-01", None]), "b": [True, False], "z": [1, 2]}
    )
    schema = Schema((Column("b", "numeric"), Column("i", "image"), Column("d", "date")))
    pd.testing.assert_frame_equal(conform(frame, schema), frame[["b", "i", "d"]])
