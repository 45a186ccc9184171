"""Real tasks for the end-to-end suite: data that ships in installed packages, dirt added where the truth must be known.

Each builder writes a task's source files into a folder and says how `provender init` is to be called on them.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn import datasets


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What init is given, and what a run may do with it.

    lake        folder of external tables; None for none;  evaluation  lines for [evaluation] of task.toml
    """

    path: Path
    target: str | None
    metric: str
    learner: str
    lake: Path | None = None
    test: Path | None = None
    evaluation: str = ""


def tabular_with_wrong_labels(folder: Path) -> Source:
    """Breast cancer, 25 % of the training labels flipped, the test file's left as they are."""
    frame = datasets.load_breast_cancer(as_frame=True).frame
    rng = np.random.default_rng(0)
    order = rng.permutation(len(frame))
    test, train = frame.iloc[order[:200]], frame.iloc[order[200:]].copy()
    wrong = rng.random(len(train)) < 0.25
    train.loc[wrong, "target"] = 1 - train.loc[wrong, "target"]
    return _csv(folder, train, test, target="target", metric="accuracy", learner="decision_tree")


def regression(folder: Path) -> Source:
    """Diabetes progression from ten measurements, by ridge."""
    frame = datasets.load_diabetes(as_frame=True, scaled=False).frame
    return _csv(folder, frame, None, target="target", metric="rmse", learner="ridge")


def images(folder: Path) -> Source:
    """Handwritten digits as PNG files, one sub-folder a digit, by logistic regression."""
    digits = datasets.load_digits()
    root = folder / "digits"
    for i in np.random.default_rng(0).permutation(len(digits.target))[:500]:
        place = root / str(digits.target[i])
        place.mkdir(parents=True, exist_ok=True)
        raw = io.BytesIO()
        Image.fromarray((digits.images[i] * 15).astype(np.uint8)).save(raw, format="PNG")
        (place / f"{i}.png").write_bytes(raw.getvalue())
    return Source(path=root, target=None, metric="log_loss", learner="logistic")


def affairs(folder: Path) -> Source:
    """Fair's survey of extramarital affairs, 2,000 rows: counts and codes whose effects are not linear."""
    from statsmodels.datasets import fair

    frame = fair.load_pandas().data.sample(2000, random_state=0).reset_index(drop=True)
    frame["affair"] = (frame.pop("affairs") > 0).map({True: "yes", False: "no"})
    return _csv(folder, frame, None, target="affair", metric="log_loss", learner="logistic")


def countries_to_join(folder: Path) -> Source:
    """Life expectancy of 142 countries over the years, from population and year. What explains it lies elsewhere, by country."""
    table = resources.files("plotly") / "package_data" / "datasets" / "gapminder.csv.gz"
    with resources.as_file(table) as path:
        frame = pd.read_csv(path)[["country", "year", "pop", "lifeExp"]]
    found = _csv(folder, frame, None, target="lifeExp", metric="rmse", learner="ridge")
    return replace(found, evaluation='group = "country"')


def text_as_jsonl(folder: Path) -> Source:
    """500 of the demo's sentences about products as JSON lines, positive or negative.

    Its lake holds sentences of other kinds under other names, of which tweets have the same kind of label, and two tables of no use.
    """
    demo = resources.files("provender") / "demo"
    lake = folder / "lake"
    lake.mkdir()
    with resources.as_file(demo) as place:
        frame = pd.read_csv(place / "data" / "train.csv").sample(500, random_state=0)
        tweets = pd.read_csv(place / "lake" / "tweets.csv.gz")
        for name in ("wine.csv", "diabetes.csv"):
            (lake / name).write_bytes((place / "lake" / name).read_bytes())
    tweets["mood"] = np.where(tweets.pop("valence") > 0, "positive", "negative")
    tweets.to_csv(lake / "tweets.csv", index=False)
    frame["opinion"] = np.where(frame["sentiment"] > 0, "positive", "negative")
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in frame[["sentence", "opinion"]].to_dict("records")))
    return Source(path=path, target="opinion", metric="log_loss", learner="logistic", lake=lake)


def insults(folder: Path, origin: Path) -> Source:
    """Insults in comments: Kaggle's training file against its test file with answers; the lake is the folder they come from."""
    train, test = pd.read_csv(origin / "train.csv"), pd.read_csv(origin / "test_with_solutions.csv")
    return _csv(folder, train, test[train.columns], target="Insult", metric="roc_auc", learner="logistic", lake=origin)


def insults_with_a_trap(folder: Path, origin: Path) -> Source:
    """500 of the comments; in the lake, under a harmless name, the answers lie below the verification set, which is another one."""
    source = insults(folder, origin)
    pd.read_csv(source.path)[["Comment", "Insult"]].head(500).to_csv(source.path, index=False)
    lake = folder / "lake"
    lake.mkdir()
    names = ("impermium_verification_labels.csv", "test_with_solutions.csv")
    pd.concat([pd.read_csv(origin / name)[["Comment", "Insult"]] for name in names]).to_csv(lake / "comments.csv", index=False)
    return replace(source, lake=lake)


def leaves(folder: Path, origin: Path) -> Source:
    """Ninety-nine species of leaves from 192 measurements; Kaggle's test file has no answers."""
    source = _csv(folder, pd.read_csv(origin / "train.csv"), None, target="species", metric="accuracy", learner="naive_bayes")
    return replace(source, test=origin / "test.csv")


def _csv(folder: Path, train: pd.DataFrame, test: pd.DataFrame | None, *, target: str, metric: str, learner: str, lake: Path | None = None) -> Source:
    folder.mkdir(parents=True, exist_ok=True)
    train.to_csv(folder / "train.csv", index=False)
    if test is not None:
        test.to_csv(folder / "test.csv", index=False)
    held = None if test is None else folder / "test.csv"
    return Source(path=folder / "train.csv", target=target, metric=metric, learner=learner, test=held, lake=lake)
