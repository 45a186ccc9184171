"""The wire format: what crosses comes out as it was, and no bytes whatever make its reader do anything but refuse."""

from __future__ import annotations

import datetime
import copy
import json
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy.sparse import csr_matrix, random_array

from provender.contract.wire import MAGIC, pack, unpack
from provender.errors import WireError
from provender.profile.digests import row_digests

NUMBERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "?"]
ARRAYS = st.sampled_from(NUMBERS).flatmap(lambda dtype: nps.arrays(dtype, nps.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | TEXT,
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8)  # fmt: skip


def columns(n: int) -> st.SearchStrategy[pd.Series]:
    def of(values, **how):
        return st.lists(values, min_size=n, max_size=n).map(lambda cells: pd.Series(cells, **how))

    dates = st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1))
    return st.one_of(
        of(st.integers(-(2**53), 2**53), dtype="int64"),
        of(st.integers(0, 200), dtype="uint8"),
        of(st.floats(width=32), dtype="float32"),
        of(st.floats(), dtype="float64"),
        of(st.booleans(), dtype="bool"),
        of(st.booleans() | st.none(), dtype="boolean"),
        of(st.integers(-9, 9) | st.none(), dtype="Int64"),
        of(TEXT, dtype="str"),
        of(TEXT | st.none(), dtype="str"),
        of(TEXT | st.none(), dtype=object),
        of(TEXT | st.none(), dtype="category"),
        of(st.binary(max_size=6), dtype=object),
        of(st.integers(0, 3), dtype="category"),
        of(dates | st.just(pd.NaT), dtype="datetime64[us]"),
        of(dates, dtype="datetime64[s]"),
        of(dates.map(lambda d: pd.Timestamp(d, tz="UTC")), dtype="datetime64[us, Europe/Rome]"),
    )


@st.composite
def frames(draw) -> pd.DataFrame:
    n = draw(st.integers(0, 6))
    names = draw(st.lists(TEXT, max_size=5))  # names may repeat
    frame = pd.DataFrame({i: draw(columns(n)) for i, _ in enumerate(names)}, index=range(n))
    index = draw(st.none() | st.lists(st.integers(-(2**52), 2**52), min_size=n, max_size=n))
    return frame.set_axis(names, axis=1) if index is None else frame.set_axis(names, axis=1).set_axis(pd.Index(index, dtype="int64"))


def same(a: object, b: object) -> bool:
    if isinstance(a, pd.DataFrame):
        return isinstance(b, pd.DataFrame) and list(a.columns) == list(b.columns) and a.index.equals(b.index) and a.equals(b)
    if isinstance(a, csr_matrix):
        return isinstance(b, csr_matrix) and a.shape == b.shape and np.array_equal(a.toarray(), b.toarray(), equal_nan=True)
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


@given(frames())
def test_tables_of_any_types_keep_names_order_index_and_content(frame):
    back = unpack(pack({"t": frame}))["t"]
    assert list(back.columns) == list(frame.columns) and len(back) == len(frame)
    assert list(back.index) == list(frame.index)
    for j in range(frame.shape[1]):
        before, after = frame.iloc[:, j], back.iloc[:, j]
        np.testing.assert_array_equal(before.isna().to_numpy(), after.isna().to_numpy())
        np.testing.assert_array_equal(row_digests(before.to_frame("x")), row_digests(after.to_frame("x")))
        assert after.dtype != object or after.map(lambda v: v is None or isinstance(v, bytes)).all()


@given(frames())
def test_what_came_out_crosses_again_unchanged(frame):
    once = unpack(pack({"t": frame}))["t"]
    assert same(once, unpack(pack({"t": once}))["t"])


@given(ARRAYS)
def test_arrays_keep_shape_and_numbers(array):
    back = unpack(pack({"a": array}))["a"]
    assert back.shape == array.shape and back.dtype == (np.float32 if array.dtype == np.float16 else array.dtype)
    np.testing.assert_array_equal(back, array)


@given(st.integers(0, 6), st.integers(0, 6), st.floats(0, 1), st.integers(0, 99), st.sampled_from(["f8", "f4", "i8", "i4", "u1", "?"]))
def test_sparse_matrices_of_any_numbers_keep_theirs(n, d, density, seed, dtype):
    matrix = csr_matrix((random_array((n, d), density=density, rng=seed) * 9).astype(dtype))
    back = unpack(pack({"m": matrix}))["m"]
    np.testing.assert_array_equal(back.toarray(), matrix.toarray())
    assert back.shape == matrix.shape and back.has_canonical_format


@given(JSON)
def test_json_keeps_its_values(value):
    assert unpack(pack({"j": value}))["j"] == value


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array(["a"]), np.array([1j]), np.array([None]), np.array(["2020"], "M8[D]"), b"raw"])
def test_what_is_neither_numbers_nor_tables_nor_json_does_not_leave(value):
    with pytest.raises(WireError):
        pack({"x": value})


@pytest.mark.parametrize("cells", [[1, "a"], [object()], [[1]], [{}], ["\ud800"], [1j], [pd.Interval(0, 1)]])
def test_a_column_of_mixed_objects_is_named(cells):
    with pytest.raises(WireError, match="odd"):
        pack({"t": pd.DataFrame({"odd": pd.Series(cells, dtype=object)})})


def samples() -> list[bytes]:
    frame = pd.DataFrame({"a": [1.5, None, 3.0], "b": ["x", None, "längst"], "c": pd.to_datetime(["2020", None, "1999"]), "d": [b"\0", b"12", None]},
                         index=[7, 5, 2**51])  # fmt: skip
    values = {"frame": frame, "csr": csr_matrix(np.eye(3)), "y": np.arange(3), "flags": np.array([True, False]), "j": {"k": [1, None, "é"]}}
    return [bytes(pack({name: value})) for name, value in values.items()] + [bytes(pack(values))]


SAMPLES = samples()


def settle(raw: bytes) -> None:
    """Reading these bytes gives values that can be used, or WireError."""
    try:
        values = unpack(raw)
    except WireError:
        return
    for value in values.values():
        if isinstance(value, pd.DataFrame):
            row_digests(value) if value.shape[1] and not value.columns.duplicated().any() else value.isna()
            repr(value)
        elif isinstance(value, csr_matrix):
            value.check_format(full_check=True)
            value.sum(axis=0) if value.shape[1] < 1 << 16 else value.nnz
        elif isinstance(value, np.ndarray):
            value.sum()


@settings(max_examples=150)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_changed_bytes_are_refused_or_read_as_values(raw, changes):
    mutable = bytearray(raw)
    for place, byte in changes:
        mutable[place % len(raw)] = byte
    settle(bytes(mutable))


@given(st.sampled_from(SAMPLES), st.integers(0, 1 << 20))
def test_a_truncated_message_is_refused_or_whole(raw, cut):
    settle(raw[: cut % len(raw)])


@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_refused(raw, marked):
    with pytest.raises(WireError):
        unpack((MAGIC if marked else b"") + raw)


HEADER_VALUES = st.sampled_from([-1, 0, 1, 3, 64, 2**31, 2**40, 2**63, 2**80, 1.5, True, None, "x", "<f8", "|b1", "<i8", "|O", "<M8[ns]", [], {}, [2**40, 0], [1, 1, 1, 1, 1]]).map(copy.deepcopy)


@settings(max_examples=150)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_header_with_any_value_anywhere_is_refused_or_read_as_values(raw, data):
    (length,) = struct.unpack_from("<I", raw, len(MAGIC))
    start = len(MAGIC) + 4
    header = json.loads(raw[start : start + length])
    for _ in range(data.draw(st.integers(1, 3))):
        node = header
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans()):
                node = node[key]
                continue
            node[key] = data.draw(HEADER_VALUES)
            break
    text = json.dumps(header).encode()
    place = -(-(start + length) // 64) * 64
    new = -(-(start + len(text)) // 64) * 64
    settle(MAGIC + struct.pack("<I", len(text)) + text + bytes(new - start - len(text)) + raw[place:])
