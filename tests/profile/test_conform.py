"""What the schema calls numeric arrives as numbers, and every column has one type."""

from __future__ import annotations

from datetime import UTC

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.contract.schema import Column, Schema
from provender.contract.wire import pack, unpack
from provender.errors import TaskError
from provender.profile.conform import conform, conform_like
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


def like(cells: list, dtype: str, kind: str = "numeric") -> tuple[pd.Series, list[str]]:
    """One column of new records, as training had it."""
    frame, notes = conform_like(pd.DataFrame({"c": cells}), Schema((Column("c", kind),)), {"c": dtype})
    return frame["c"], notes


@st.composite
def training_column(draw: st.DrawFn) -> pd.Series:
    cells = {
        "int64": st.integers(-(2**63), 2**63 - 1), "int8": st.integers(-128, 127), "uint16": st.integers(0, 2**16 - 1), "float64": st.floats(),
        "float32": st.floats(width=32), "bool": st.booleans(), "str": st.text(), "datetime64[us]": st.datetimes(pd.Timestamp(1700, 1, 1), pd.Timestamp(2200, 1, 1)),
        "datetime64[us, UTC]": st.datetimes(pd.Timestamp(1700, 1, 1), pd.Timestamp(2200, 1, 1), timezones=st.just(UTC)),
    }  # fmt: skip
    dtype = draw(st.sampled_from(sorted(cells)))
    return pd.Series(draw(st.lists(cells[dtype], min_size=1, max_size=5)), dtype=dtype, name="c")


@given(training_column())
def test_records_as_in_training_are_left_alone_together_and_one_by_one(column):
    schema, dtypes = Schema((Column("c", "category"),)), {"c": str(column.dtype)}
    for part in (column, *(column.iloc[[i]] for i in range(len(column)))):
        found, notes = conform_like(part.to_frame(), schema, dtypes)
        pd.testing.assert_series_equal(found["c"], part)
        assert notes == []


@given(st.lists(st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.none()), min_size=1, max_size=4), st.sampled_from(["int8", "uint8", "int64", "float32", "bool", "float64"]))
def test_a_number_is_never_turned_into_another_one(cells, dtype):
    """What does not fit the type of training stays as it is, in a wider one; a float32 column rounds, as it did in training."""
    found, _ = like(cells, dtype)
    expected = np.array([np.nan if cell is None else float(cell) for cell in cells])
    single = dtype == "float32"
    np.testing.assert_allclose(found.to_numpy(float), expected, rtol=1e-6 if single else 0, atol=np.finfo(np.float32).tiny if single else 0)


def test_numbers_that_are_written_out_are_read_as_in_training():
    column = pd.DataFrame({"c": ["1,234", "12 oz", "?", "7"]})
    found, notes = like(column["c"].tolist(), "float64")
    assert found.equals(conform(column, Schema((Column("c", "numeric"),)))["c"]) and notes == []
    assert like(["True", "false"], "bool")[0].tolist() == [True, False]


def test_a_cell_that_cannot_be_read_is_missing_and_told():
    found, notes = like([1.5, "red"], "float64")
    assert np.isnan(found[1]) and notes == ["c: 1 cells are no number, such as 'red' in row 2; they count as missing"]
    found, notes = like(["2020-05-01", "soon"], "datetime64[us]", "date")
    assert found[0] == pd.Timestamp("2020-05-01") and pd.isna(found[1]) and "no date, such as 'soon' in row 2" in notes[0]


def test_codes_are_the_words_they_were_and_times_keep_the_zone_of_training():
    assert like([3.0, np.inf, 2.5], "str", "category")[0].tolist() == ["3", "inf", "2.5"]
    summer = pd.Series(pd.to_datetime(["2024-07-01 12:00"])).dt.tz_localize("Europe/Berlin")
    for dtype in ("datetime64[us]", "datetime64[us, UTC]"):
        found = conform_like(summer.to_frame("c"), Schema((Column("c", "date"),)), {"c": dtype})[0]["c"]
        assert str(found.dtype) == dtype and found[0].hour == 10


def test_every_missing_column_is_named_but_one_that_says_nothing_may_be_missing():
    schema = Schema((Column("a", "numeric"), Column("b", "text"), Column("code", "id"), Column("k", "constant")))
    with pytest.raises(TaskError, match="lack 'a', 'b'"):
        conform_like(pd.DataFrame({"x": [1]}), schema, {})
    dtypes = {"a": "int64", "b": "str", "code": "int64", "k": "str"}
    found, notes = conform_like(pd.DataFrame({"b": ["hello"], "x": [0], "a": [1]}), schema, dtypes)
    assert found.columns.tolist() == ["a", "b", "code", "k"] and found[["code", "k"]].isna().all(axis=None) and notes == []
