"""The bundled demo: a valid task, small, licensed, with nothing of the test set in reach, and worth its external rows."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from provender.contract.task import read_task

DEMO = Path(str(files("provender") / "demo"))
CORPORA = {"tweets": "tweet", "editorials": "snippet", "movie_reviews": "review_sentence"}


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    return pd.read_csv(DEMO / "data" / "train.csv")


@pytest.fixture(scope="module")
def test() -> pd.DataFrame:
    return pd.read_csv(DEMO / "sealed" / "test.csv")


def corpus(name: str) -> pd.DataFrame:
    return pd.read_csv(DEMO / "lake" / f"{name}.csv.gz")


def plain(texts: pd.Series) -> set[str]:
    return {" ".join(re.findall(r"\w+", text.casefold())) for text in texts}


def test_the_task_reads_and_its_columns_are_there(train, test):
    task = read_task(DEMO)
    assert (task.kind, task.metric.name, task.learner.preset) == ("regression", "root_mean_squared_error", "ridge")
    named = {task.data.id, *task.data.target, task.evaluation.group, *task.data.columns}
    assert named <= set(train.columns) and list(train.columns) == list(test.columns)
    assert train["sentiment"].between(-4, 4).all() and test["sentiment"].between(-4, 4).all()


def test_it_is_small_and_says_whose_it_is():
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file() and path.suffix != ".pyc") < 1_500_000
    readme = (DEMO / "README.md").read_text()
    assert "Copyright (c) 2016 C.J. Hutto" in readme and "Permission is hereby granted, free of charge" in readme


def test_no_review_is_on_both_sides_and_no_sentence_twice(train, test):
    assert not set(train["review"]) & set(test["review"])
    sentences = pd.concat([train["sentence"], test["sentence"]])
    assert sentences.is_unique


def test_no_sentence_of_the_task_is_in_the_lake(train, test):
    ours = plain(pd.concat([train["sentence"], test["sentence"]]))
    assert {name: sorted(ours & plain(corpus(name)[column])) for name, column in CORPORA.items()} == {name: [] for name in CORPORA}


def test_no_name_or_link_of_a_person_is_left():
    texts = corpus("tweets")["tweet"]
    assert set(re.findall(r"@\w+", " ".join(texts))) == {"@user"} and not texts.str.contains(r"https?://|www\.").any()


@pytest.mark.slow
def test_tweets_help_on_the_test_set_and_movie_reviews_do_not(train, test):
    """Plain scikit-learn, as in the README's table."""

    def error(*names: str) -> float:
        frames = [corpus(name) for name in names]
        texts = pd.concat([train["sentence"], *(f[CORPORA[n]] for n, f in zip(names, frames, strict=True))])
        columns = {"tweets": "valence", "editorials": "mean_rating", "movie_reviews": "score"}
        y = np.concatenate([train["sentiment"], *(f[columns[n]] for n, f in zip(names, frames, strict=True))])
        model = make_pipeline(TfidfVectorizer(), MaxAbsScaler(), Ridge(alpha=5.0, solver="sparse_cg")).fit(texts, y)
        return float(np.sqrt(np.mean((model.predict(test["sentence"]) - test["sentiment"]) ** 2)))

    initial = error()
    assert initial == pytest.approx(1.392, abs=0.003)
    assert error("tweets") == pytest.approx(1.332, abs=0.003)
    assert error("movie_reviews") > initial - 0.01
