"""Cuts the demo's task and lake out of vaderSentiment-3.3.2.tar.gz (PyPI) and scikit-learn. The same bytes every time.

    python make.py vaderSentiment-3.3.2.tar.gz INTO

README.md beside this file says what the data is, whose it is and why it was cut so.
"""

from __future__ import annotations

import gzip
import io
import re
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes, load_wine
from sklearn.feature_extraction.text import CountVectorizer

INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
TRAIN, TEST, LAKE = 1_200, 600, 3_000
NEAR = 0.4  # Jaccard index of word 3-grams from which a lake row counts as a copy of a task row
SEED = 20140601  # the month of the paper


def read_ratings(sdist: Path, name: str) -> pd.DataFrame:
    """id, mean rating (-4 to 4, of 20 people) and text of one of the paper's four corpora; repeated texts once."""
    with tarfile.open(sdist) as outer, tarfile.open(fileobj=io.BytesIO(outer.extractfile(INNER).read())) as inner:
        raw = inner.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt").read()
    lines = [line.split("\t", 2) for line in raw.decode("utf-8").splitlines()]
    frame = pd.DataFrame(lines, columns=["id", "rating", "text"])
    frame["rating"] = frame["rating"].astype(float).round(4)
    frame["text"] = frame["text"].map(clean)
    return frame[frame["text"] != ""].drop_duplicates("text", ignore_index=True)


def clean(text: str) -> str:
    """Names and links of people out, spaces squeezed."""
    text = re.sub(r"https?://\S+|www\.\S+", "http", re.sub(r"@\w+", "@user", text))
    return re.sub(r"\s+", " ", text).strip()


def cut_reviews(frame: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and test sentences of the product reviews; no review gives sentences to both."""
    frame = frame.assign(review=frame["id"].str.split("_").str[0])
    frame = frame.rename(columns={"rating": "sentiment", "text": "sentence"})[["id", "review", "sentence", "sentiment"]]
    reviews = rng.permutation(frame["review"].unique())
    place = frame["review"].map(dict(zip(reviews, range(len(reviews)), strict=True)))
    ordered = frame.iloc[np.argsort(place.to_numpy(), kind="stable")]
    first = ordered["review"].isin(ordered["review"].iloc[:TRAIN])  # whole reviews, so a few rows more than TRAIN
    train, rest = ordered[first], ordered[~first]
    test = rest[rest["review"].isin(rest["review"].iloc[:TEST])]
    return train.sample(frac=1, random_state=rng), test.sample(frac=1, random_state=rng)


def far_from(texts: pd.Series, corpus: pd.DataFrame) -> pd.DataFrame:
    """The rows of the corpus that share less than NEAR of their word 3-grams with each of these texts."""
    counter = CountVectorizer(ngram_range=(3, 3), token_pattern=r"(?u)\b\w+\b", binary=True, dtype=np.int32)
    grams = counter.fit_transform(pd.concat([corpus["text"], texts]))
    theirs, ours = grams[: len(corpus)], grams[len(corpus) :]
    shared = (theirs @ ours.T).tocoo()
    union = theirs.sum(axis=1).A1[shared.row] + ours.sum(axis=1).A1[shared.col] - shared.data
    near = np.zeros(len(corpus), bool)
    near[shared.row[shared.data >= NEAR * union]] = True
    same = corpus["text"].map(normalised).isin(set(texts.map(normalised)))
    print(f"  {(near | same).sum()} rows overlap with the task and are left out")
    return corpus[~(near | same.to_numpy())]


def normalised(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def write(frame: pd.DataFrame, path: Path) -> None:
    """CSV, gzipped (with no time stamp in it) when the name says so."""
    raw = frame.to_csv(index=False, lineterminator="\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw, 9, mtime=0) if path.suffix == ".gz" else raw)
    print(f"  {path.name}: {len(frame)} rows, {path.stat().st_size} bytes")


def make(sdist: Path, into: Path) -> None:
    rng = np.random.default_rng(SEED)
    train, test = cut_reviews(read_ratings(sdist, "amazonReviewSnippets"), rng)
    write(train, into / "data" / "train.csv")
    write(test, into / "sealed" / "test.csv")
    texts = pd.concat([train["sentence"], test["sentence"]])
    for name, corpus, columns in (
        ("tweets", "tweets", {"id": "tweet_id", "text": "tweet", "rating": "valence"}),
        ("editorials", "nytEditorialSnippets", {"id": "snippet_id", "text": "snippet", "rating": "mean_rating"}),
        ("movie_reviews", "movieReviewSnippets", {"id": "id", "rating": "score", "text": "review_sentence"}),
    ):
        rows = far_from(texts, read_ratings(sdist, corpus)).sample(LAKE, random_state=rng)
        write(rows[list(columns)].rename(columns=columns), into / "lake" / f"{name}.csv.gz")
    write(load_wine(as_frame=True).frame, into / "lake" / "wine.csv")
    write(load_diabetes(as_frame=True, scaled=False).frame, into / "lake" / "diabetes.csv")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    make(Path(sys.argv[1]), Path(sys.argv[2]))
