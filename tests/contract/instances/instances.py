"""Four tiny tasks of the kinds that a table with one target is not, on real data.

    selection                choose reviews from a pool by their ids; a naive Bayes program is trained on them and judged
    program                  no training data at all: the model as it is, judged; rows come from what a red node finds
    two_numbers, two_labels  two targets of one table
    competition              a folder as MLE-bench prepares it
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

EXAMPLES = 700  # of the benchmark: a fifth is the test, a fifth of the rest is sealed, and 100 are needed for a proof
NAIVE_BAYES = '''"""Multinomial naive Bayes over words, from PROVENDER_ROWS to PROVENDER_OUT/model.json. No rows make an empty model."""
import json, math, os
from collections import Counter
from pathlib import Path

rows = [json.loads(line) for line in open(os.environ["PROVENDER_ROWS"])]
labels = sorted({row["label"] for row in rows})
counts = {label: Counter() for label in labels}
shares = Counter()
for row in rows:
    shares[row["label"]] += row["weight"]
    for word in row["text"].lower().split():
        counts[row["label"]][word] += row["weight"]
vocabulary = sorted(set().union(*counts.values())) if counts else []
model = {"labels": labels, "prior": [math.log(shares[label] / sum(shares.values())) for label in labels], "words": {}}
totals = {label: sum(counts[label].values()) + len(vocabulary) for label in labels}
for word in vocabulary:
    model["words"][word] = [math.log((counts[label][word] + 1) / totals[label]) for label in labels]
Path(os.environ["PROVENDER_OUT"], "model.json").write_text(json.dumps(model))
'''

JUDGE = '''"""The log probability of the right label for every example of the sealed benchmark; a fair coin where nothing was learnt."""
import csv, json, math, os
from pathlib import Path

path = Path(os.environ["PROVENDER_MODEL"], "model.json")
model = json.loads(path.read_text()) if path.exists() else {"labels": []}
with open(os.environ["PROVENDER_BENCHMARK"]) as file, open(Path(os.environ["PROVENDER_OUT"], "scores.jsonl"), "w") as out:
    for i, example in enumerate(csv.DictReader(file)):
        score = math.log(0.5)
        if example["label"] in model["labels"] and len(model["labels"]) == 2:
            total = list(model["prior"])
            for word in example["text"].lower().split():
                for k, value in enumerate(model["words"].get(word, (0.0, 0.0))):
                    total[k] += 0.3 * value
            norm = max(total) + math.log(sum(math.exp(value - max(total)) for value in total))
            score = max(total[model["labels"].index(example["label"])] - norm, -5.0)
        out.write(json.dumps({"id": i, "score": score}) + "\\n")
'''


def reviews() -> pd.DataFrame:
    """Sentences of film reviews that ship with the demo, those of a clear opinion: columns text and label (good, bad)."""
    with resources.as_file(resources.files("provender") / "demo" / "lake" / "movie_reviews.csv.gz") as path:
        found = pd.read_csv(path)
    clear = found[found["score"].abs() > 0.5]
    label = np.where(clear["score"] > 0, "good", "bad")
    return pd.DataFrame({"text": clear["review_sentence"].to_numpy(), "label": label}).sample(frac=1, random_state=0, ignore_index=True)


def _benchmark_and_rest(size: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """So many examples, half of them good, and all other reviews."""
    table = reviews()
    half = [table[table["label"] == label].head(size // 2) for label in ("good", "bad")]
    benchmark = pd.concat(half).sample(frac=1, random_state=1)
    return benchmark.reset_index(drop=True), table.drop(benchmark.index).reset_index(drop=True)


def selection(folder: Path) -> Path:
    """120 of 800 reviews may be chosen. Five in six of them are good; a benchmark that is half good wants another mixture.

    Twenty of the benchmark's own examples have strayed into the pool.
    """
    benchmark, rest = _benchmark_and_rest(EXAMPLES)
    good, bad = (rest[rest["label"] == label] for label in ("good", "bad"))
    pool = pd.concat([good.head(650), bad.head(130), benchmark.head(20)]).sample(frac=1, random_state=2)
    pool.insert(0, "review", np.random.default_rng(3).permutation(10_000)[: len(pool)])
    _write(folder, {"train.py": NAIVE_BAYES, "judge.py": JUDGE})
    pool.to_csv(folder / "pool.csv", index=False)
    return _sealed(folder, benchmark, 'kind = "selection"', '[selection]\npool = "pool.csv"\nrows = 120\nid = "review"\n')


def program(folder: Path, *, trains: bool = True) -> Path:
    """A model without training data, judged; `trains` says whether what it is given could change it."""
    benchmark, _ = _benchmark_and_rest(EXAMPLES)
    _write(folder, {"train.py": NAIVE_BAYES, "judge.py": JUDGE})
    return _sealed(folder, benchmark, 'kind = "program"\ndescription = "film reviews, good or bad"', trains=trains)


def program_with_rows(folder: Path) -> Path:
    """The same with 60 training records of its own."""
    _, rest = _benchmark_and_rest(EXAMPLES)
    task = program(folder)
    rest.tail(60).assign(stars=range(60)).to_csv(folder / "train.csv", index=False)
    text = (folder / "task.toml").read_text()
    (folder / "task.toml").write_text(text.replace("[data]\n", '[data]\ntrain = "train.csv"\n'))
    return task


def lake_of_reviews(folder: Path) -> Path:
    """A folder with 500 more film reviews, and with the benchmark itself under another name."""
    benchmark, rest = _benchmark_and_rest(EXAMPLES)
    folder.mkdir()
    rest.head(500).to_csv(folder / "film_reviews.csv", index=False)
    benchmark.to_csv(folder / "film_sentences.csv", index=False)
    return folder


def two_numbers() -> tuple[pd.DataFrame, tuple[str, str]]:
    """303 school districts of California: how many pupils score above and below the national median of mathematics."""
    from statsmodels.datasets import star98

    found = star98.load_pandas().data
    columns = ["NABOVE", "NBELOW", "LOWINC", "PERASIAN", "PERBLACK", "PERHISP", "PERMINTE", "AVYRSEXP", "AVSALK", "PERSPENK", "PTRATIO", "PCTAF"]
    return found[columns], ("NABOVE", "NBELOW")


def two_labels() -> tuple[pd.DataFrame, tuple[str, str]]:
    """944 Americans of 1996: whether they vote for Dole, and whether they went to college."""
    from statsmodels.datasets import anes96

    found = anes96.load_pandas().data
    table = found[["TVnews", "selfLR", "ClinLR", "DoleLR", "age", "income"]].assign(
        dole=found["vote"].astype(int), college=(found["educ"] >= 5).astype(int)
    )
    return table, ("dole", "college")


def competition(folder: Path, *, a_column_a_class: bool) -> Path:
    """A competition as MLE-bench's `prepare` leaves it. Its submission holds the target, or a probability for each class."""
    public, private = folder / "prepared" / "public", folder / "prepared" / "private"
    public.mkdir(parents=True)
    private.mkdir()
    found = (datasets.load_wine if a_column_a_class else datasets.load_diabetes)(as_frame=True)
    table = found.frame.rename(columns={"target": "answer"}).sample(frac=1, random_state=0, ignore_index=True)
    if a_column_a_class:
        table["answer"] = [("Barolo", "Grignolino", "Barbera")[k] for k in table["answer"]]
    table.insert(0, "id", np.random.default_rng(1).permutation(5000)[: len(table)])
    cut = len(table) * 3 // 4
    train, test = table.iloc[:cut], table.iloc[cut:]
    submission = test[["id", "answer"]]
    if a_column_a_class:
        wines = sorted(table["answer"].unique())
        submission = pd.concat([test[["id"]], pd.get_dummies(test["answer"])[wines].astype(int)], axis=1)
    plain = {column: (1 / 3 if a_column_a_class else 150.0) for column in submission.columns[1:]}
    train.to_csv(public / "train.csv", index=False)
    test.drop(columns="answer").to_csv(public / "test.csv", index=False)
    submission.assign(**plain).to_csv(public / "sample_submission.csv", index=False)
    submission.to_csv(private / "test.csv", index=False)
    (public / "description.md").write_text("# Wines\n\nName the grape.\n" if a_column_a_class else "# Diabetes\n\nPredict its progression.\n")
    return folder


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)


def _sealed(folder: Path, benchmark: pd.DataFrame, head: str, rest: str = "", *, trains: bool = True) -> Path:
    """Write the sealed benchmark and a task.toml whose programs train a model and judge it."""
    (folder / "sealed").mkdir()
    benchmark.to_csv(folder / "sealed" / "benchmark.csv", index=False)
    train = 'train = ["python", "train.py"]\n' if trains else ""
    (folder / "task.toml").write_text(
        f'[task]\nname = "{folder.name}"\nmodality = "text"\n{head}\n[data]\ntest = "sealed/benchmark.csv"\n'
        f'[metric]\nname = "log_probability"\ndirection = "maximize"\n[learner]\n{train}evaluate = ["python", "judge.py"]\n{rest}'
    )
    return folder
