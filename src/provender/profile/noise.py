"""How often a row's target is contradicted by the rows most like it: a cheap estimate of label noise.

Classification follows confident learning (Northcutt et al. 2021, https://doi.org/10.1613/jair.1.12125): a row counts
when its neighbours give another class a majority, and at least the probability that this class's own rows get on average. Regression counts rows whose residual to the neighbours' median lies beyond 4 robust deviations.
"""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from scipy import sparse

from ..contract.schema import Schema
from .cells import parse_dates, plain_numbers

_MOST_ROWS = 2_000
_NEIGHBOURS = 10
_MOST_CATEGORIES = 30
_BEYOND = 4 * 1.4826  # median absolute deviations: 6e-5 of a normal distribution


def target_noise(frame: pd.DataFrame, y: np.ndarray, schema: Schema, kind: str) -> float:
    """Share of (at most 2,000, evenly spaced) rows contradicted by their 10 nearest neighbours, 0 to 1; 0 below 50 rows."""
    chosen = (
        np.unique(np.linspace(0, len(frame) - 1, min(len(frame), _MOST_ROWS)).astype(int))
        if len(frame)
        else np.array([], int)
    )
    if len(chosen) < 50:
        return 0.0
    features = _features(frame.iloc[chosen], schema)
    if features is None:
        return 0.0
    near = _neighbours(features)
    y = np.asarray(y)[chosen]
    if kind == "classification":
        share = contradicted_classes(y.astype(np.int64), near)
    else:
        targets = y.reshape(len(y), -1).astype(float)
        contradicted = contradicted_numbers if kind == "regression" else contradicted_classes
        share = np.mean(
            [contradicted(column if kind == "regression" else column.astype(np.int64), near) for column in targets.T]
        )
    return round(float(share), 4)


def contradicted_classes(y: np.ndarray, near: np.ndarray) -> float:
    """Share of rows that confident learning calls mislabelled. y (n,) class positions, near (n, k) neighbours' rows."""
    k = int(y.max()) + 1
    probability = np.eye(k)[y][near].mean(axis=1)
    own = probability[np.arange(len(y)), y]
    threshold = np.array([own[y == c].mean() if (y == c).any() else np.inf for c in range(k)])
    confident = np.where(probability >= np.maximum(threshold, 0.5), probability, 0.0)
    guess = confident.argmax(axis=1)
    return float(((confident.max(axis=1) > 0) & (guess != y) & (confident.max(axis=1) > own)).mean())


def contradicted_numbers(y: np.ndarray, near: np.ndarray) -> float:
    """Share of rows whose residual to the median of their neighbours is beyond 4 robust standard deviations."""
    residual = y - np.median(y[near], axis=1)
    deviation = np.median(np.abs(residual - np.median(residual)))
    return float((np.abs(residual - np.median(residual)) > _BEYOND * deviation).mean()) if deviation > 0 else 0.0


def _neighbours(features) -> np.ndarray:
    """(n, 10) rows of largest cosine (sparse) or smallest Euclidean distance (dense), never the row itself."""
    if sparse.issparse(features):
        nearness = (features @ features.T).toarray()
    else:
        nearness = 2 * features @ features.T - (features**2).sum(axis=1)
    np.fill_diagonal(nearness, -np.inf)
    return np.argpartition(-nearness, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]


def _features(frame: pd.DataFrame, schema: Schema):
    """Texts as unit TF-IDF vectors when there are any, else standardised numbers, one-hot categories and small images."""
    if texts := schema.of_kind("text"):
        from sklearn.feature_extraction.text import TfidfVectorizer

        filled = [frame[name].fillna("").astype("str").str.slice(0, 1_000) for name in texts]
        joined = filled[0].str.cat(filled[1:], sep=" ") if len(filled) > 1 else filled[0]
        try:
            return TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=20_000).fit_transform(joined)
        except ValueError:  # no word occurs twice
            return None
    blocks = [_standard(plain_numbers(frame[name])) for name in schema.of_kind("numeric")]
    blocks += [
        _standard(parse_dates(frame[name]).astype("datetime64[s]").astype("int64").astype(float))
        for name in schema.of_kind("date")
    ]
    for name in schema.of_kind("category"):
        common = frame[name].value_counts().index[:_MOST_CATEGORIES]
        hot = (frame[name].to_numpy()[:, None] == common.to_numpy()[None, :]).astype(float)
        blocks.append(hot / np.sqrt(0.5))  # two different categories are as far apart as two standard deviations
    blocks += [_thumbnails(frame[name]) for name in schema.of_kind("image")]
    return np.column_stack(blocks) if blocks else None


def _standard(values: pd.Series) -> np.ndarray:
    number = values.to_numpy(dtype=float, na_value=np.nan)
    number = np.where(np.isfinite(number), number, np.nan)
    if np.isnan(number).all():
        return np.zeros((len(number), 1))
    spread = np.nanstd(number)
    scaled = (number - np.nanmean(number)) / (spread if spread > 0 else 1.0)
    return np.clip(np.nan_to_num(scaled), -5, 5)[:, None]


def _thumbnails(images: pd.Series) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    pixels = np.zeros((len(images), 64))
    for i, raw in enumerate(images):
        try:
            with Image.open(io.BytesIO(raw)) as image:
                pixels[i] = np.asarray(image.convert("L").resize((8, 8))).ravel() / 255.0
        except (UnidentifiedImageError, OSError, TypeError):
            continue  # an unreadable or absent image stays black: it says nothing about noise
    return pixels
