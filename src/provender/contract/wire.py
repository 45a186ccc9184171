"""The wire format: how tables, matrices and arrays cross a sandbox's wall, in both directions.

    magic (8 bytes) · header length (u32) · header (JSON) · buffers (each 64-byte aligned, native little-endian)

There is nothing in it to attack: no pickle, no object columns, no compression, no dictionaries, no schema metadata,
no parser in C++ (crafted Arrow files were measured to segfault their readers and to unpack 12.7 kB into 400 MB).
The reader takes a small JSON header and flat buffers, and verifies every dtype, length, offset and index in
NumPy before a single value is used. What it returns are views of the very bytes it verified.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import csr_matrix, issparse

from ..errors import WireError

MAGIC = b"PVWIRE1\n"
_PREFIX = len(MAGIC) + 4
_ALIGN = 64
_MAX_HEADER = 16 << 20
_MAX_COLUMNS = 100_000
_NUMBERS = frozenset("<" + code for code in ("i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8")) | {"|i1", "|u1", "|b1"}
_UNITS = ("s", "ms", "us", "ns")

Value = "pd.DataFrame | csr_matrix | np.ndarray | None | bool | int | float | str | list | dict"


def pack(values: Mapping[str, Any]) -> bytes:
    """Encode named DataFrames, CSR matrices, numeric arrays and JSON values. Raises WireError for anything else."""
    buffers: list[np.ndarray] = []
    parts = {name: _encode(name, value, buffers) for name, value in values.items()}
    places, offset = [], 0
    for buffer in buffers:
        places.append({"dtype": buffer.dtype.str, "shape": list(buffer.shape), "offset": offset})
        offset += -(-buffer.nbytes // _ALIGN) * _ALIGN
    header = json.dumps({"parts": parts, "buffers": places}).encode()
    start = -(-(_PREFIX + len(header)) // _ALIGN) * _ALIGN
    out = bytearray(start + offset)
    out[: len(MAGIC)] = MAGIC
    struct.pack_into("<I", out, len(MAGIC), len(header))
    out[_PREFIX : _PREFIX + len(header)] = header
    view = memoryview(out)
    for buffer, place in zip(buffers, places, strict=True):
        at = start + place["offset"]
        view[at : at + buffer.nbytes] = memoryview(buffer.reshape(-1).view(np.uint8))
    return out  # a bytearray is bytes-like; copying it once more would double the peak memory


def unpack(raw: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Decode and verify. Raises WireError on any byte that does not follow the format."""
    view = memoryview(raw).cast("B")
    if len(view) < _PREFIX or bytes(view[: len(MAGIC)]) != MAGIC:
        raise WireError("the message does not start with the wire format's mark")
    (length,) = struct.unpack_from("<I", view, len(MAGIC))
    if length > _MAX_HEADER or _PREFIX + length > len(view):
        raise WireError(f"the header claims {length} bytes")
    try:
        header = json.loads(bytes(view[_PREFIX : _PREFIX + length]))
        start = -(-(_PREFIX + length) // _ALIGN) * _ALIGN
        buffers = [_buffer(view[start:], place) for place in header["buffers"]]
        return {str(name): _decode(part, buffers) for name, part in header["parts"].items()}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise WireError(f"the message is malformed: {type(error).__name__}: {error}") from None


def _encode(name: str, value: Any, buffers: list[np.ndarray]) -> dict:
    if isinstance(value, pd.DataFrame):
        if len(value.columns) > _MAX_COLUMNS:
            raise WireError(f"{name!r} has {len(value.columns)} columns; at most {_MAX_COLUMNS} cross")
        columns = [{"name": str(label), **_encode_column(str(label), value.iloc[:, i], buffers)}
                   for i, label in enumerate(value.columns)]
        index = _keep(value.index.to_numpy(), buffers) if value.index.dtype.kind == "i" else None
        return {"type": "frame", "rows": len(value), "columns": columns, "index": index}
    if issparse(value):
        matrix = csr_matrix(value)
        matrix.sum_duplicates()
        data = matrix.data.astype(np.uint8) if matrix.dtype == bool else matrix.data
        arrays = (data, matrix.indices.astype(np.int32), matrix.indptr.astype(np.int64))
        return {"type": "csr", "shape": list(matrix.shape), "buffers": [_keep(a, buffers) for a in arrays]}
    if isinstance(value, np.ndarray):
        return {"type": "array", "buffer": _keep(value, buffers, name)}
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        raise WireError(f"{name!r} is a {type(value).__name__}; DataFrames, CSR matrices, numeric arrays and JSON cross") from None
    return {"type": "json", "value": value}


def _keep(array: np.ndarray, buffers: list[np.ndarray], name: str = "an array") -> int:
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    if array.dtype.newbyteorder("<").str not in _NUMBERS and array.dtype.str not in _NUMBERS:
        raise WireError(f"{name!r} has dtype {array.dtype}; only numbers cross, so cast it first")
    buffers.append(np.asarray(array, order="C"))  # unlike ascontiguousarray, one number stays one number
    return len(buffers) - 1


def _encode_column(name: str, column: pd.Series, buffers: list[np.ndarray]) -> dict:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _encode_column(name, column.astype(dtype.categories.dtype if not column.hasnans else object), buffers)
    if isinstance(dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        dtype = column.dtype
    if dtype.kind == "M":
        unit = np.datetime_data(dtype)[0]
        return {"type": "date", "unit": unit, "buffer": _keep(column.to_numpy().view(np.int64), buffers)}
    if dtype.kind == "m":
        return {"type": "number", "buffer": _keep(column.dt.total_seconds().to_numpy(), buffers)}
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        array = column.to_numpy(dtype=float, na_value=np.nan) if column.hasnans else column.to_numpy(dtype=_plain(dtype))
        return {"type": "number", "buffer": _keep(array, buffers, name)}
    return _encode_strings(name, column, buffers)


def _plain(dtype: Any) -> Any:
    return getattr(dtype, "numpy_dtype", dtype)


def _encode_strings(name: str, column: pd.Series, buffers: list[np.ndarray]) -> dict:
    try:
        inferred = pd.api.types.infer_dtype(column, skipna=True) if column.dtype == object else "string"
        if inferred in ("integer", "floating", "mixed-integer-float", "boolean", "decimal"):
            return {"type": "number", "buffer": _keep(column.astype(float).to_numpy(), buffers)}
        kind = "bytes" if inferred == "bytes" else "str"
        arrow = pa.array(column, type=pa.large_binary() if kind == "bytes" else pa.large_string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError):
        raise WireError(f"column {name!r} holds mixed Python objects; cast it to str, float or datetime") from None
    if isinstance(arrow, pa.ChunkedArray):
        arrow = arrow.combine_chunks()
    _, offsets, data = arrow.buffers()
    n = len(arrow)
    ends = np.frombuffer(offsets, np.int64)[arrow.offset : arrow.offset + n + 1] if n else np.zeros(1, np.int64)
    chars = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] if data is not None else np.zeros(0, np.uint8)
    valid = arrow.is_valid().to_numpy(zero_copy_only=False)
    return {"type": kind, "buffers": [_keep(a, buffers) for a in (ends - ends[0], chars, valid)]}


def _buffer(view: memoryview, place: dict) -> np.ndarray:
    dtype, shape, offset = str(place["dtype"]), place["shape"], place["offset"]
    if dtype not in _NUMBERS:
        raise WireError(f"a buffer has dtype {dtype!r}")
    if not all(type(k) is int and 0 <= k <= 1 << 40 for k in (*shape, offset)) or len(shape) > 4 or offset % _ALIGN:
        raise WireError("a buffer has an impossible shape or place")
    count = math.prod(shape)
    size = count * np.dtype(dtype).itemsize
    if offset + size > len(view):
        raise WireError("a buffer reaches beyond the end of the message")
    flat = np.frombuffer(view[offset : offset + size], "|u1" if dtype == "|b1" else dtype)
    return (flat != 0 if dtype == "|b1" else flat).reshape(shape)


def _decode(part: dict, buffers: list[np.ndarray]) -> Any:
    match part["type"]:
        case "json":
            return part["value"]
        case "array":
            return _pick(buffers, part["buffer"])
        case "csr":
            return _decode_csr(part, buffers)
        case "frame":
            return _decode_frame(part, buffers)
    raise WireError(f"unknown part {part['type']!r}")


def _pick(buffers: list[np.ndarray], i: int, ndim: int | None = None, kinds: str = "iufb") -> np.ndarray:
    if type(i) is not int or not 0 <= i < len(buffers):
        raise WireError("a part names a buffer that is not there")
    array = buffers[i]
    if (ndim is not None and array.ndim != ndim) or array.dtype.kind not in kinds:
        raise WireError("a buffer has the wrong form for its part")
    return array


def _decode_csr(part: dict, buffers: list[np.ndarray]) -> csr_matrix:
    n, d = part["shape"]
    data, indices, indptr = (_pick(buffers, i, 1, kinds) for i, kinds in zip(part["buffers"], ("iuf", "i", "i"), strict=True))
    good = (
        type(n) is int and type(d) is int and n >= 0 and 0 <= d < 1 << 31
        and len(indptr) == n + 1 and len(data) == len(indices) and indptr[0] == 0 and indptr[-1] == len(data)
        and bool((np.diff(indptr) >= 0).all())
        and (len(indices) == 0 or (indices.min() >= 0 and indices.max() < d))
    )
    if not good:
        raise WireError("a sparse matrix has impossible indices")
    matrix = csr_matrix((n, d), dtype=data.dtype)
    matrix.data, matrix.indices, matrix.indptr = data, indices.astype(np.int32, copy=False), indptr
    if len(data) < 1 << 31:
        matrix.indptr = indptr.astype(np.int32)
    return matrix


def _decode_frame(part: dict, buffers: list[np.ndarray]) -> pd.DataFrame:
    n, columns = part["rows"], part["columns"]
    if type(n) is not int or n < 0 or len(columns) > _MAX_COLUMNS:
        raise WireError("a table has an impossible size")
    names = [str(column["name"]) for column in columns]
    series = [_decode_column(column, n, buffers) for column in columns]
    index = pd.RangeIndex(n) if part["index"] is None else pd.Index(_pick(buffers, part["index"], 1, "i"), name="__row__")
    if len(index) != n or any(len(s) != n for s in series):
        raise WireError("a table's columns differ in length")
    frame = pd.DataFrame(dict(enumerate(series)), index=index, copy=False)
    frame.columns = pd.Index(names, dtype="str")
    return frame


def _decode_column(column: dict, n: int, buffers: list[np.ndarray]) -> Any:
    kind = column["type"]
    if kind == "number":
        return _pick(buffers, column["buffer"], 1)
    if kind == "date":
        if column["unit"] not in _UNITS:
            raise WireError(f"unknown date unit {column['unit']!r}")
        return _pick(buffers, column["buffer"], 1, "i").view(f"M8[{column['unit']}]")
    if kind not in ("str", "bytes"):
        raise WireError(f"unknown column type {kind!r}")
    ends, chars, valid = (_pick(buffers, i, 1, kinds) for i, kinds in zip(column["buffers"], ("i", "u", "b"), strict=True))
    good = (
        ends.dtype == np.int64 and chars.dtype == np.uint8 and len(ends) == n + 1 and len(valid) == n
        and ends[0] == 0 and ends[-1] == len(chars) and bool((np.diff(ends) >= 0).all())
    )
    if not good:
        raise WireError("a text column has impossible offsets")
    mask = pa.array(valid).buffers()[1] if n and not valid.all() else None
    arrow_type = pa.large_string() if kind == "str" else pa.large_binary()
    arrow = pa.Array.from_buffers(arrow_type, n, [mask, pa.py_buffer(ends), pa.py_buffer(chars)])
    try:
        arrow.validate(full=True)
    except pa.ArrowInvalid as error:
        raise WireError(f"a text column is not valid UTF-8: {error}") from None
    if kind == "bytes":
        return arrow.to_numpy(zero_copy_only=False)
    return pd.array(arrow, dtype=pd.StringDtype("pyarrow", na_value=np.nan))
