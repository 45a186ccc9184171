"""The frame in which messages cross a job's channel, in both directions.

    length of the JSON text (u32) · number of descriptors (u32) · 0, or 1 + length of the payload (u64) · JSON · payload

Descriptors travel towards the job only (SCM_RIGHTS, beside the prefix); payloads travel from the job only.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import NoReturn

PREFIX = struct.Struct("<IIQ")
MAX_TEXT = 4 << 20
"""A message is a small JSON object; bulk belongs into blobs and payloads. Parsing 4 MiB costs at most ~150 MB."""

MAX_FILES = 200
"""Descriptors with one message; the kernel takes at most 253."""


def encode(message: Mapping[str, object], files: int = 0, payload: int | None = None) -> bytes:
    """Prefix and JSON of a message; ValueError or TypeError when it is not JSON or too large."""
    text = json.dumps(dict(message), allow_nan=False, separators=(",", ":")).encode()
    if len(text) > MAX_TEXT:
        raise ValueError(f"a message has {len(text)} bytes, more than {MAX_TEXT}: send bulk data as a blob or payload")
    if files > MAX_FILES:
        raise ValueError(f"a message has {files} files, more than {MAX_FILES}: send several messages")
    return PREFIX.pack(len(text), files, 0 if payload is None else payload + 1) + text


def decode(text: bytes) -> dict:
    """The message in a frame's JSON text; ValueError for anything but a JSON object of finite numbers and real text."""
    try:
        message = json.loads(text.decode(), parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("the message is nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("the message is not a JSON object")
    if b"\\u" in text:  # half a surrogate pair is no text: it would break the first file or database that it meets
        json.dumps(message, ensure_ascii=False).encode()
    return message


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _refuse(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"the message holds {constant}")
