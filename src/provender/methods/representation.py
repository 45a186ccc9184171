"""One plain numeric representation of mixed rows, for the neighbours and models that row methods ask.

    numbers     missing ones at the median, standardised, clipped to -5..5
    categories  one-hot of values seen at least twice, the 50 most frequent
    dates       days, as a number
    texts       128 components of word TF-IDF
    pictures    16 x 16 grey pixels
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.extmath import randomized_svd

from .images import decode

_TEXT_COMPONENTS = 128
_MOST_CATEGORIES = 50


def represent(frame: pd.DataFrame, seed: int = 0) -> np.ndarray:
    """(n, d) float64, finite; every source column has a total variance of about one."""
    parts = [_column(frame[name], seed) for name in frame.columns]
    parts = [part for part in parts if part is not None and part.shape[1]]
    return np.hstack(parts) if parts else np.zeros((len(frame), 1))


def is_prose(column: pd.Series) -> bool:
    """Whether strings are texts rather than names of categories: mostly different, and several words each."""
    present = column.dropna()
    if present.empty or not isinstance(present.iloc[0], str):
        return False
    return present.nunique() > len(present) / 2 and present.str.count(" ").mean() >= 3


def _column(column: pd.Series, seed: int) -> np.ndarray | None:
    if column.dtype.kind == "M":
        return _numbers((column - pd.Timestamp(2000, 1, 1)).dt.total_seconds().to_numpy() / 86400)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _numbers(column.to_numpy(dtype=float, na_value=np.nan))
    present = column.dropna()
    if present.empty:
        return None
    if isinstance(present.iloc[0], bytes):
        pixels = decode(column.to_list(), 16, colour=False).reshape(len(column), -1).astype(float)
        return (pixels - pixels.mean(axis=0)) / max(pixels.std(), 1e-9) / np.sqrt(pixels.shape[1])
    return _texts(column, seed) if is_prose(column) else _categories(column)


def _numbers(values: np.ndarray) -> np.ndarray | None:
    values = np.where(np.isfinite(values), values, np.nan)
    if np.isnan(values).all():
        return None
    values = np.where(np.isnan(values), np.nanmedian(values), values)
    spread = values.std()
    return np.clip((values - values.mean()) / spread, -5, 5)[:, None] if spread > 0 else None


def _categories(column: pd.Series) -> np.ndarray:
    names = column.astype(object).where(column.notna(), "").astype(str).to_numpy()
    values, counts = np.unique(names, return_counts=True)
    kept = values[counts >= 2][np.argsort(-counts[counts >= 2], kind="stable")][:_MOST_CATEGORIES]
    return (names[:, None] == kept[None, :]).astype(float)


def _texts(column: pd.Series, seed: int) -> np.ndarray | None:
    texts = column.astype(object).where(column.notna(), "").astype(str)
    try:
        matrix = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
    except ValueError:  # no word occurs twice
        return None
    components = min(_TEXT_COMPONENTS, matrix.shape[1] - 1, matrix.shape[0] - 1)
    if components < 1:
        return matrix.toarray()
    left, strength, _ = randomized_svd(matrix, components, random_state=seed)
    svd = left * strength
    return svd / np.maximum(np.linalg.norm(svd, axis=1, keepdims=True), 1e-9)
