"""Pixels as they are: every picture at one small size, one number for each pixel and channel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from .card import Card
from .images import decode, geometry

CARD = Card(
    name="pixels",
    family="features",
    slot="columns",
    stage="impute",
    modality=("image",),
    takes=("image",),
    summary="each picture at one small size, one number a pixel",
    paper="LeCun et al.: Gradient-based learning applied to document recognition",
    year=1998,
    link="https://doi.org/10.1109/5.726791",
    implementation="provender.methods.pixels:Pixels",
    choices={"side": (12, 20, 28)},
    helps="pictures are small and centred",
    hurts="position, light or size of what is shown varies",
    cost="n side²",
    seconds=0.8,
)


class Pixels(TransformerMixin, BaseEstimator):
    """One column of encoded image files -> (n, side² · channels) float32 in 0..1.

    side    pixels a side; None takes the median of the training pictures, at most 28 (grey) or 16 (coloured)
    """

    def __init__(self, side: int | None = None) -> None:
        self.side = side

    def fit(self, X: pd.DataFrame, y: object = None) -> Pixels:
        side, self.colour_ = geometry(X.iloc[:, 0])
        self.side_ = self.side or side
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        return decode(X.iloc[:, 0].to_list(), self.side_, self.colour_).reshape(len(X), -1)
