"""Mixed rows with everything that real tables do: gaps, skew, misspellings, rare values, dates, prose, pictures."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import issparse

from provender.contract.rows import ROW, Rows, row_ids
from provender.methods.card import Card

_WORDS = ["good", "bad", "warm", "cold", "fast", "slow", "bright", "dark", "rain", "sun", "tree", "road", "river", "house", "never", "always"]
_CITIES = ["Rome", "rome ", "ROME", "Oslo", "Osloo", "São Paulo", "sao paulo", "Lima", "Quito"]


def mixed_frame(n: int, seed: int, strange: bool = False) -> tuple[pd.DataFrame, np.ndarray]:
    """n rows and a class target that depends on them; `strange` rows hold only what training never showed."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n, 6))
    numbers[:, 1] = np.exp(2 * numbers[:, 1])
    numbers[:, 2] = rng.integers(0, 3, n)
    y = (numbers[:, 0] + 0.5 * numbers[:, 3] ** 2 > 0.4).astype(np.int64)
    numbers[rng.random((n, 6)) < 0.1] = np.nan
    frame = pd.DataFrame(numbers, columns=[f"n{i}" for i in range(6)])
    frame["c0"] = _gaps(rng.choice(_CITIES, n), rng)
    frame["c1"] = _gaps(np.array([f"code {i}" for i in rng.integers(0, max(2, n // 4), n)]), rng)
    frame["d0"] = pd.Timestamp(2020, 1, 1) + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    frame.loc[rng.random(n) < 0.1, "d0"] = pd.NaT
    frame["text"] = _gaps(np.array([" ".join(rng.choice(_WORDS, rng.integers(4, 12))) for _ in range(n)]), rng)
    frame["image"] = pd.Series([_picture(rng) for _ in range(n)], dtype=object)
    if strange:
        frame = frame.assign(c0="Atlantis", c1="\u00ffñ?", text="zzzz qqqq", d0=pd.Timestamp(1887, 5, 5))
        frame.loc[0, [f"n{i}" for i in range(6)]] = np.nan
        frame.loc[1, [f"n{i}" for i in range(6)]] = 1e9
        frame.loc[0, ["c0", "c1", "text"]] = np.nan
        frame.loc[0, "d0"] = pd.NaT
        frame["image"] = pd.Series([None, b"not a picture", _picture(rng)], dtype=object)
    return frame, y


def rows_for(name: str, n: int, seed: int, kind: str) -> Rows:
    frame, y = mixed_frame(n, seed)
    if len(y) >= 2:
        y[:2] = [0, 1]
    if name == "shift":
        frame = frame[["image"]]
    target = y if kind == "classification" else y + np.nan_to_num(frame.get("n0", pd.Series(np.zeros(n))).to_numpy())
    return Rows(frame.set_axis(pd.Index(row_ids("test", n), name=ROW)), target)


def needs_before(card: Card) -> list[str]:
    """Methods that bring what the card needs."""
    if "tfidf" in card.needs or card.name == "screening":
        return ["tfidf"]
    if "complete" not in card.needs:
        return []
    start = ["pixels"] if card.takes[0] == "image" else ["median"]
    return [*start, *(["standardise"] if "scaled" in card.needs else [])]


def same_rows(a: Rows, b: Rows) -> bool:
    return a.frame.equals(b.frame) and np.array_equal(a.y, b.y) and np.array_equal(a.weight, b.weight)


def dense(features) -> np.ndarray:
    if issparse(features):
        return features.toarray()
    if isinstance(features, pd.DataFrame):
        return features.apply(lambda c: pd.util.hash_array(c.astype(object).to_numpy(), categorize=False) % 1000 if c.dtype.kind not in "iuf" else c).to_numpy()
    return np.asarray(features, dtype=float)


def _gaps(values: np.ndarray, rng: np.random.Generator) -> pd.Series:
    return pd.Series(values, dtype="str").mask(rng.random(len(values)) < 0.1)


def _picture(rng: np.random.Generator) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).save(out, "PNG")
    return out.getvalue()
