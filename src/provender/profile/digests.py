"""Content digests of rows: exact ones, and ones that survive trivial edits (case, spaces, punctuation, rounding).

Digests are 64 bits: among a million rows two different ones agree by chance with probability 3e-8. They depend on
the values and their column order, not on column names, index or storage (1, 1.0 and a boolean True are one value;
integers beyond 2**53 are told apart exactly).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_MISSING = np.uint64(0x5BD1E9955BD1E995)
_NUMBER, _DATE, _WORD = (np.uint64(salt) for salt in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_POWERS = 10.0 ** np.arange(-308, 309)


def row_digests(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> np.ndarray:
    """(n,) uint64 digest of each row's exact content in these columns (all by default). Missing equals missing."""
    return _rows(frame, columns, exact=True)


def normalised_digests(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> np.ndarray:
    """(n,) uint64 digest of each row after normalising its cells.

    Text is NFKC-normalised, lower-cased, and runs of everything but letters and digits become one space (a text
    without any stays as it is); numbers keep 6 significant digits.
    """
    return _rows(frame, columns, exact=False)


def value_digests(column: pd.Series, *, exact: bool = True) -> np.ndarray:
    """(n,) uint64 digest of each cell of one column, exact or normalised."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        categories = value_digests(pd.Series(column.cat.categories), exact=exact)
        return np.where(codes < 0, _MISSING, np.append(categories, _MISSING)[codes])
    if isinstance(dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        dtype = column.dtype
    if dtype.kind in "mM":
        return _mix(column.to_numpy().astype(f"{dtype.kind}8[ns]").view(np.uint64) ^ _DATE)
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        return _numbers(column, exact)
    return _words(column, exact)


def normalise_text(values: pa.Array) -> pa.Array:
    """Strings with case, width, punctuation and spacing taken out; what has no letter or digit is only trimmed."""
    lowered = pc.utf8_lower(pc.utf8_normalize(values, form="NFKC"))
    words = pc.utf8_trim_whitespace(pc.replace_substring_regex(lowered, r"[^\p{L}\p{N}]+", " "))
    return pc.if_else(pc.equal(pc.binary_length(words), 0), pc.utf8_trim_whitespace(lowered), words)


def _rows(frame: pd.DataFrame, columns: Sequence[str] | None, exact: bool) -> np.ndarray:
    total = np.full(len(frame), len(frame.columns if columns is None else columns), np.uint64)
    with np.errstate(over="ignore"):
        for name in frame.columns if columns is None else columns:
            total = _mix(total * np.uint64(0x2545F4914F6CDD1D) + value_digests(frame[name], exact=exact))
    return total


def _mix(z: np.ndarray) -> np.ndarray:
    """splitmix64's finaliser: a bijection of uint64 in which every input bit moves every output bit."""
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _numbers(column: pd.Series, exact: bool) -> np.ndarray:
    value = column.to_numpy(dtype=float, na_value=np.nan)
    if not exact:
        value = _six_digits(value)
    bits = (value + 0.0).view(np.uint64)  # + 0.0 makes -0.0 into 0.0
    digests = np.where(np.isnan(value), _MISSING, _mix(bits ^ _NUMBER))
    if exact and column.dtype.kind in "iu" and not column.hasnans:
        whole = column.to_numpy(dtype=np.uint64 if column.dtype.kind == "u" else np.int64)
        large = np.abs(value) >= 2.0**53  # as floats neighbours would be one
        digests[large] = _mix(whole[large].view(np.uint64) ^ ~_NUMBER)
    return digests


def _six_digits(value: np.ndarray) -> np.ndarray:
    """Numbers rounded to 6 significant digits, as one canonical float for each rounded number."""
    size = np.abs(value)
    finite = np.isfinite(size) & (size > 1e-300)
    exponent = np.floor(np.log10(size, where=finite, out=np.zeros(len(size))))
    scale = _POWERS[np.clip(5 - exponent, -308, 308).astype(np.int64) + 308]
    mantissa = np.round(np.where(finite, value, 0.0) * scale)
    carried = np.abs(mantissa) >= 1e6
    mantissa, exponent = np.where(carried, mantissa / 10, mantissa), exponent + carried
    return np.where(finite, mantissa + np.sign(mantissa) * (exponent + 400) * 1e7, value)


def _words(column: pd.Series, exact: bool) -> np.ndarray:
    arrow = pa.array(column.array, from_pandas=True) if column.dtype != object else _objects(column)
    if isinstance(arrow, pa.ChunkedArray):
        arrow = arrow.combine_chunks()
    codes = arrow.dictionary_encode()
    values = codes.dictionary
    if not exact and not pa.types.is_binary(values.type) and not pa.types.is_large_binary(values.type):
        values = normalise_text(values)
    hashed = pd.util.hash_array(values.to_numpy(zero_copy_only=False).astype(object), categorize=False)
    positions = codes.indices.fill_null(len(hashed)).to_numpy(zero_copy_only=False)
    return np.append(_mix(hashed ^ _WORD), _MISSING)[positions]


def _objects(column: pd.Series) -> pa.Array:
    """Text or bytes as they are; a column of mixed Python objects by what they print."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in ("string", "bytes", "empty"):
        column = column.map(str, na_action="ignore")
    arrow_type = pa.large_binary() if kind == "bytes" else pa.large_string()
    return pa.array(column.to_numpy(), from_pandas=True, type=arrow_type)
