"""Frames: what was encoded is decoded, and nothing else is believed."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provender.execute import frame

text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(text, values, max_size=5), st.integers(0, frame.MAX_FILES), st.none() | st.integers(0, 1 << 50))
def test_what_was_encoded_is_decoded(message, files, payload):
    raw = frame.encode(message, files, payload)
    length, told, marked = frame.PREFIX.unpack(raw[: frame.PREFIX.size])
    assert (told, marked) == (files, 0 if payload is None else payload + 1)
    assert frame.decode(raw[frame.PREFIX.size :]) == message
    assert length == len(raw) - frame.PREFIX.size


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:0123456789eE+-.\\uDdNaIinfty ').map(lambda t: t.encode()))
def test_arbitrary_bytes_give_a_clean_object_or_a_value_error(raw):
    try:
        message = frame.decode(raw)
    except ValueError:
        return
    assert isinstance(message, dict)
    json.dumps(message, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("message", [{"x": math.nan}, {"x": math.inf}, {"x": "y" * (5 << 20)}])
def test_what_would_be_refused_is_not_sent(message):
    with pytest.raises(ValueError):
        frame.encode(message)
