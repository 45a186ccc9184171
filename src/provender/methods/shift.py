"""Copies of pictures moved by a pixel: Simard, Steinkraus & Platt, Best practices for convolutional neural networks
applied to visual document analysis, 2003 (its translations, the first thing the paper recommends)."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.base import BaseEstimator

from ..contract.rows import Rows
from .card import Card
from .images import square_side

CARD = Card(
    name="shift",
    family="augmentation",
    slot="rows",
    modality=("image",),
    takes=("image", "pixels"),
    summary="copies of the pictures, moved by a pixel or so, are added",
    paper="Simard, Steinkraus & Platt: Best practices for convolutional neural networks",
    year=2003,
    link="https://doi.org/10.1109/ICDAR.2003.1227801",
    implementation="provender.methods.shift:Shift",
    choices={"copies": (1, 4), "reach": (0.1,)},
    helps="what is shown is not always in the same place",
    hurts="position carries the meaning",
    cost="copies n side²",
    seconds=0.8,
    random=True,
    columns="pictures",
    prior=0.2,
    signals={"image": 0.3},
)


class Shift(BaseEstimator):
    """columns  the one column of encoded pictures, or all pixel columns of a square picture, row by row
    copies   moved copies of each training picture
    reach    how far, as a share of the side (at least one pixel)
    """

    def __init__(self, columns: Sequence[str] = (), copies: int = 2, reach: float = 0.04, random_state: int = 0) -> None:
        self.columns = columns
        self.copies = copies
        self.reach = reach
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        rng = np.random.default_rng(self.random_state)
        columns = list(self.columns) or list(rows.frame.columns)
        at = np.repeat(np.arange(len(rows)), self.copies)
        frame = rows.frame.iloc[at].reset_index(drop=True)
        if len(columns) == 1:
            moved = [self._move_file(raw, rng) for raw in frame[columns[0]]]
            frame[columns[0]] = pd.Series(moved, dtype=object)
        else:
            side = square_side(len(columns))
            pictures = frame[columns].to_numpy(dtype=float).reshape(-1, side, side)
            frame[columns] = self._move(pictures, rng).reshape(len(frame), -1)
        parents = [(int(rows.ids[i]),) for i in at]
        return rows.synthesise(frame, rows.y[at], "a picture moved a little", parents, weight=rows.weight[at])

    def _move(self, pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Every picture moved by its own step; what comes in from outside repeats the edge."""
        n, side, _ = pictures.shape
        steps = _steps(n, max(1, round(self.reach * side)), rng)
        place = np.arange(side)
        down = np.clip(place[None, :] - steps[:, :1], 0, side - 1)
        across = np.clip(place[None, :] - steps[:, 1:], 0, side - 1)
        return pictures[np.arange(n)[:, None, None], down[:, :, None], across[:, None, :]]

    def _move_file(self, raw: object, rng: np.random.Generator) -> object:
        if not isinstance(raw, bytes):
            return raw
        picture = Image.open(io.BytesIO(raw))
        pixels = np.asarray(picture.convert("L" if picture.mode in ("1", "L", "LA", "I", "I;16", "F") else "RGB"))
        height, width = pixels.shape[:2]
        down, across = _steps(1, max(1, round(self.reach * max(height, width))), rng)[0]
        rows = np.clip(np.arange(height) - down, 0, height - 1)
        columns = np.clip(np.arange(width) - across, 0, width - 1)
        out = io.BytesIO()
        Image.fromarray(pixels[rows][:, columns]).save(out, "PNG", compress_level=1)
        return out.getvalue()


def _steps(n: int, reach: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) steps of -reach..reach pixels, never (0, 0)."""
    side = 2 * reach + 1
    code = rng.integers(0, side * side - 1, n)
    code += code >= (side * side) // 2  # leave out the middle, which moves nothing
    return np.column_stack(np.divmod(code, side)) - reach
