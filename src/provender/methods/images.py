"""Pictures out of whatever holds them: encoded files in one column, or one numeric column for each pixel of a square."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image

from ..errors import LoaderError

PLAIN_SIDE = 28  # the longest side of a picture that is taken as it is: MNIST's
COLOUR_SIDE = 16  # three channels of 16 x 16 are as many numbers as one of 28 x 28


def is_encoded(frame: pd.DataFrame | np.ndarray) -> bool:
    """Whether the table holds encoded files (bytes) rather than pixels."""
    return isinstance(frame, pd.DataFrame) and any(dtype.kind == "O" for dtype in frame.dtypes)


def decode(files: Sequence[bytes | None], side: int | None, colour: bool) -> np.ndarray:
    """(n, side, side, channels) float32 in 0..1 of PNG, JPEG … files. A missing or broken file is a black picture."""
    mode, channels = ("RGB", 3) if colour else ("L", 1)
    side = side or PLAIN_SIDE
    pictures = np.zeros((len(files), side, side, channels), np.float32)
    for i, raw in enumerate(files):
        picture = _open(raw)
        if picture is not None:
            picture = picture.convert(mode)
            if picture.size != (side, side):
                picture = picture.resize((side, side), Image.Resampling.BOX)
            pictures[i] = np.asarray(picture, np.float32).reshape(side, side, channels) / 255
    return pictures


def geometry(files: Sequence[bytes | None], most: int = 50) -> tuple[int, bool]:
    """(side, colour) that suits these files: their own size up to 28 grey or 16 coloured pixels a side."""
    sizes, coloured = [], False
    for raw in files:
        picture = _open(raw)
        if picture is None:
            continue
        sizes.append(max(picture.size))
        coloured |= picture.mode not in ("1", "L", "LA", "I", "I;16", "F") and _has_colour(picture)
        if len(sizes) == most:
            break
    side = int(np.median(sizes)) if sizes else PLAIN_SIDE
    return min(side, COLOUR_SIDE if coloured else PLAIN_SIDE), coloured


def square_side(columns: int) -> int:
    """Side of the square picture that has so many pixels. Raises LoaderError when there is none."""
    side = math.isqrt(columns)
    if side * side != columns or side < 4:
        raise LoaderError(f"{columns} columns are not the pixels of a square picture; name the pixel columns only")
    return side


def _open(raw: bytes | None) -> Image.Image | None:
    if not isinstance(raw, bytes):
        return None
    try:
        picture = Image.open(io.BytesIO(raw))
        picture.load()
    except (OSError, SyntaxError, ValueError):
        return None
    return picture


def _has_colour(picture: Image.Image) -> bool:
    pixels = np.asarray(picture.convert("RGB"), np.int16)
    return bool(np.abs(pixels - pixels.mean(axis=2, keepdims=True)).mean() > 2)
