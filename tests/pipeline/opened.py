"""Real tables as task folders, and a submit opened on one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn import datasets

from provender.contract.outcome import Failure
from provender.contract.split import Fold
from provender.contract.task import read_task
from provender.execute.executor import Executor, open_executor
from provender.execute.job import Limits
from provender.pipeline.cache import Cache
from provender.pipeline.judge import Judge
from provender.pipeline.plan import Plan
from provender.pipeline.pool_store import PoolStore
from provender.pipeline.records import Records, load_records
from provender.pipeline.result import FoldResult
from provender.pipeline.state import make_state
from provender.pipeline.submit import Submit

LOADERS = ("provender.pipeline.inside.loader", "provender.pipeline.inside.parse", "sklearn.feature_extraction.text", "sklearn.preprocessing")
LEARNERS = ("provender.pipeline.inside.learner", "provender.pipeline.inside.program", "provender.learners", "sklearn.linear_model")
LIMITS = Limits(seconds=30.0, memory=1 << 30, disk=64 << 20, output=256 << 20)


def table_of(name: str) -> pd.DataFrame:
    """A set of scikit-learn's as one table with its target in `target`."""
    found = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = found.frame.set_axis([c.replace(" ", "_") for c in found.frame.columns], axis=1)
    if found.get("target_names") is not None and name != "diabetes":
        frame["target"] = [str(found.target_names[k]) for k in found.target]
    return frame


def write_task(folder: Path, table: pd.DataFrame, *, kind: str = "classification", metric: str = "log_loss", learner: str = 'preset = "logistic"',
               output: str = "probability", data: str = 'target = "target"', rest: str = "", test: pd.DataFrame | None = None,
               files: Mapping[str, str] | None = None) -> Path:  # fmt: skip
    """A task folder around this table; `rest` is more of task.toml, `files` more files."""
    (folder / "data").mkdir(parents=True)
    table.to_csv(folder / "data" / "train.csv", index=False)
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    if test is not None:
        (folder / "sealed").mkdir()
        test.to_csv(folder / "sealed" / "test.csv", index=False)
        data = f'test = "sealed/test.csv"\n{data}'
    (folder / "task.toml").write_text(
        f'[task]\nname = "{folder.name}"\nkind = "{kind}"\n[data]\ntrain = "data/train.csv"\n{data}\n'
        f'[metric]\nname = "{metric}"\n[learner]\n{learner}\noutput = "{output}"\n{rest}\n'
    )
    return folder


@dataclass(frozen=True)
class Opened:
    """A task with everything that evaluates states on it."""

    records: Records
    plan: Plan
    pool: PoolStore
    cache: Cache
    submit: Submit
    judge: Judge

    def run(self, loader: str, fold: Fold | None = None, strongest: float = 0.5) -> FoldResult | Failure:
        """The outcome of this loader text on a fold, the first of development unless named."""
        fold = self.plan.development()[0] if fold is None else fold
        return self.submit.run(make_state(loader, self.plan.task), fold, strongest=strongest)

    def score(self, loader: str, fold: Fold) -> float:
        outcome = self.run(loader, fold)
        assert isinstance(outcome, FoldResult), outcome
        value = self.judge.score(fold, outcome)
        assert isinstance(value, float), value
        return value


def open_task(folder: Path, workspace: Path, loaders: Executor, learners: Executor, limits: Limits = LIMITS) -> Opened:
    task = read_task(folder)
    records = load_records(task)
    plan = Plan(task, records)
    pool, cache = PoolStore(workspace / "pool"), Cache(workspace / "cache")
    submit = Submit(plan, loaders=loaders, learners=learners, cache=cache, pool=pool, limits=limits)
    return Opened(records, plan, pool, cache, submit, Judge(task, records))


@contextmanager
def executors() -> Iterator[tuple[Executor, Executor]]:
    with open_executor(preload=LOADERS) as loaders, open_executor(preload=LEARNERS) as learners:
        yield loaders, learners


def loader(rows: str = "return self.task.train", fit: str = "return self.numbers(rows.frame)", inputs: str = "return self.numbers(raw)",
           init: str = "pass", assets: tuple[str, ...] = (), head: str = "") -> str:  # fmt: skip
    """The text of a loader of numeric columns, with other bodies where they are given."""
    return f'''import numpy as np
import pandas as pd
from provender.contract.rows import Rows, Selection, select
{head}

class DataLoader:
    ASSETS = {assets!r}

    def __init__(self, task, pool):
        self.task, self.pool = task, pool
{_body(init)}

    def numbers(self, frame):
        return frame[self.task.schema.of_kind("numeric")].fillna(0).to_numpy(float)

    def rows(self):
{_body(rows)}

    def fit(self, rows):
{_body(fit)}

    def inputs(self, raw):
{_body(inputs)}
'''


def _body(text: str) -> str:
    return "\n".join("        " + line for line in text.splitlines())


