"""Histograms of oriented gradients: Dalal & Triggs, Histograms of oriented gradients for human detection, 2005.

    from the paper   value here
    gradient         centred [-1, 0, 1], no smoothing
    orientations     9 unsigned bins over 180 degrees, linear vote between bins
    cells            a grid of `cells` x `cells` over the picture (the paper: 8 x 8 pixels each)
    blocks           2 x 2 cells, L2 norm, clipped at 0.2 and normalised again (L2-Hys)
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from .card import Card
from .images import decode, geometry, is_encoded, square_side

CARD = Card(
    name="hog",
    family="features",
    slot="columns",
    stage="encode",
    modality=("image",),
    place=("beside",),
    takes=("image", "pixels"),
    summary="how often edges of each direction occur in each cell of the picture",
    paper="Dalal & Triggs: Histograms of oriented gradients for human detection",
    year=2005,
    link="https://doi.org/10.1109/CVPR.2005.177",
    implementation="provender.methods.hog:Hog",
    choices={"cells": (3, 6, 8), "orientations": (12,)},
    helps="shape decides, light and small shifts do not",
    hurts="colour or texture decides",
    cost="n side² orientations",
    seconds=0.9,
    prior=0.8,
    signals={"image": 0.4},
)

_SIDE = 32  # encoded pictures are read at least this large: gradients need more than a thumbnail


class Hog(TransformerMixin, BaseEstimator):
    """One column of encoded pictures, or d pixel columns of a square grey picture -> (n, features) float64.

    cells         a side; a picture of fewer pixels than 2 · cells a side gets fewer
    orientations  bins over 180 degrees
    """

    def __init__(self, cells: int = 4, orientations: int = 9) -> None:
        self.cells = cells
        self.orientations = orientations

    def fit(self, X: pd.DataFrame, y: object = None) -> Hog:
        encoded = is_encoded(X)
        self.side_ = max(geometry(X.iloc[:, 0])[0], _SIDE) if encoded else square_side(X.shape[1])
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        if is_encoded(X):
            pictures = decode(X.iloc[:, 0].to_list(), self.side_, colour=False)[..., 0].astype(float)
        else:
            pictures = np.nan_to_num(np.asarray(X, dtype=float)).reshape(-1, self.side_, self.side_)
        return self._describe(pictures)

    def _describe(self, pictures: np.ndarray) -> np.ndarray:
        n, side = len(pictures), self.side_
        padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
        dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
        dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
        strength = np.hypot(dx, dy)
        angle = (np.arctan2(dy, dx) % np.pi) / np.pi * self.orientations - 0.5
        low = np.floor(angle).astype(int)
        share = angle - low
        cells = max(1, min(self.cells, side // 2))
        edges = np.linspace(0, side, cells + 1).round().astype(int)[:-1]
        votes = np.zeros((n, cells, cells, self.orientations))
        for orientation in range(self.orientations):
            vote = strength * np.where(low % self.orientations == orientation, 1 - share, 0.0)
            vote += strength * np.where((low + 1) % self.orientations == orientation, share, 0.0)
            votes[..., orientation] = np.add.reduceat(np.add.reduceat(vote, edges, axis=1), edges, axis=2)
        return _blocks(votes)


def _blocks(votes: np.ndarray) -> np.ndarray:
    """Blocks of 2 x 2 cells, each normalised by L2-Hys: (n, blocks · 4 · orientations)."""
    n, cells = votes.shape[:2]
    if cells < 2:
        return _hys(votes.reshape(n, 1, -1)).reshape(n, -1)
    corners = [votes[:, i : cells - 1 + i, j : cells - 1 + j] for i in (0, 1) for j in (0, 1)]
    blocks = np.concatenate(corners, axis=-1).reshape(n, (cells - 1) ** 2, -1)
    return _hys(blocks).reshape(n, -1)


def _hys(blocks: np.ndarray) -> np.ndarray:
    for _ in range(2):
        blocks = blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 1e-6)
        blocks = np.minimum(blocks, 0.2)
    return blocks
