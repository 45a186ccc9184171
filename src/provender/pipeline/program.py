"""Learners that are programs: training, predicting and judging as commands, each in its own sandboxed process.

The judge (`learner.evaluate`) alone is given the sealed benchmark; it answers with one score an example, never with a
single number, so that gains can be compared example by example.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ..contract.split import Fold
from ..contract.task import SelectionRule, Task
from ..contract.wire import pack, unpack
from ..errors import TaskError
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded
from ..guard.overlap import check_overlap, quarantine
from ..profile.digests import normalised_digests
from ..profile.table import read_table
from . import clerk
from .clerk import stop
from .pool_store import TASK_POOL, PoolStore
from .result import FoldResult

_ENTRY = "provender.pipeline.inside.program"


class ProgramRunner:
    """Runs a task's programs."""

    def __init__(self, task: Task, learners: Executor) -> None:
        self.task, self.learners = task, learners
        self.limits = Limits(seconds=task.learner.seconds, memory=task.learner.memory_mb << 20, disk=8 << 30)

    def chosen(self, asset: str, ids: np.ndarray, weight: np.ndarray, pool: PoolStore) -> pd.DataFrame:
        """The pool's rows with these ids, and their weights. Raises Stopped (`contract`)."""
        rule = self.task.selection
        if rule is None or asset != TASK_POOL:
            raise stop("contract", f"a selection may choose from {TASK_POOL!r} only, not from {asset!r}")
        frame = pool.frame(TASK_POOL)
        place = pd.Index(frame[rule.id]).get_indexer(ids)
        if (place < 0).any():
            raise stop("contract", f"{int((place < 0).sum())} chosen ids are not in the pool")
        return frame.iloc[place].assign(weight=weight).reset_index(drop=True)

    def judge(self, rows: pd.DataFrame, fold: Fold, seed: int, limits: Limits) -> FoldResult:
        """Train on the rows (there may be none) and score the benchmark's examples at `fold.evaluation`.

        Raises Stopped (`leak`, `learner`, `score`).
        """
        started = time.perf_counter()
        self._refuse_examples(rows)
        with ExitStack() as held:
            given = held.enter_context(Blob.of(pack({"rows": rows})))
            model = held.enter_context(self._train(given, seed, limits))
            trained = time.perf_counter() - started
            benchmark = held.enter_context(Blob.open(self.task.data.test))
            scores = self._job("evaluate", (model, given, benchmark), seed, limits, {"benchmark": self.task.data.test.name})
            values = clerk.read_scores(held.enter_context(scores).view)
        given = values[fold.evaluation[fold.evaluation < len(values)]]
        if (lacking := len(fold.evaluation) - int(np.isfinite(given).sum())) > 0:
            raise stop("score", f"the judging program gave no finite score to {lacking} of {len(fold.evaluation)} examples: "
                                'write a line {"id": position in the benchmark, "score": number} for each')  # fmt: skip
        return FoldResult(
            prediction=given, seconds=time.perf_counter() - started, training_seconds=trained,
            rows=len(rows), lineage={"chosen": len(rows)},
        )  # fmt: skip

    def predict(
        self, trained: Blob, inputs: Blob, seed: int, n: int, width: tuple[int, int], limits: Limits
    ) -> tuple[np.ndarray, float]:
        """Train on features as records and predict the inputs. Raises Stopped (`learner`, `score`)."""
        started = time.perf_counter()
        training = unpack(trained.view)
        rows = _records(training["x"]).assign(y=_column(training["y"]), weight=training["weight"])
        with ExitStack() as held:
            given = held.enter_context(Blob.of(pack({"rows": rows})))
            asked = held.enter_context(Blob.of(pack({"rows": _records(unpack(inputs.view)["x"])})))
            model = held.enter_context(self._train(given, seed, limits))
            payload = held.enter_context(self._job("predict", (model, asked), seed, limits, {}))
            prediction = clerk.read_prediction(payload.view, n, self.task.learner.output, *width)
        return prediction, time.perf_counter() - started

    def _refuse_examples(self, rows: pd.DataFrame) -> None:
        """Rows to train on must not be the benchmark's own examples. Raises Stopped (`leak`)."""
        known, none = self._benchmark, np.zeros(0, np.uint64)
        columns = shared_columns(rows, known, self.task)
        if len(rows) and columns:
            found = check_overlap(normalised_digests(rows, columns), none, normalised_digests(known, columns))
            if found:
                raise stop("leak", f"{found.message}: {found.mend}")

    @cached_property
    def _benchmark(self) -> pd.DataFrame:
        return read_table(self.task.data.test)

    def _train(self, rows: Blob, seed: int, limits: Limits) -> Blob:
        return self._job("train", (rows,), seed, limits, {}) if self.task.learner.train else Blob.of(b"")

    def _job(self, what: str, files: tuple[Blob, ...], seed: int, limits: Limits, extra: Mapping) -> Blob:
        argv = {"train": self.task.learner.train, "predict": self.task.learner.predict, "evaluate": self.task.learner.evaluate}[what]
        params = {"argv": command(self.task, argv), "seed": seed, **extra}
        with self.learners.start(Job(entry=f"{_ENTRY}:{what}", params=params, files=files, limits=limits)) as session:
            try:
                message, payload = session.receive()
            except JobEnded as ended:
                raise stop("learner", f"the program learner.{what} failed: {ended.failure.message}", ended.failure.detail) from None
        if message.get("step") == "failed":
            raise stop("learner", f"the program learner.{what} failed: {clerk.words(message.get('message'))}", str(message.get("detail", "")))
        if payload is None:
            raise stop("learner", f"the program learner.{what} left nothing")
        return payload


def read_pool(task: Task, rule: SelectionRule) -> tuple[pd.DataFrame, np.ndarray]:
    """The table to choose from, and (n,) bool: which of its rows may be chosen, being none of the benchmark's examples.

    Raises TaskError where the id column is missing or does not name each row by a whole number of its own.
    """
    pool = read_table(rule.pool)
    if rule.id not in pool.columns:
        raise TaskError(f"selection.id names the column {rule.id!r}, which the pool does not have: it has {', '.join(map(str, pool.columns[:12]))}")
    ids = pool[rule.id]
    if ids.dtype.kind not in "iu" or ids.duplicated().any():
        told = f"repeats {ids[ids.duplicated()].iloc[0]}" if ids.dtype.kind in "iu" else f"holds {ids.iloc[0]!r}"
        raise TaskError(f"selection.id names the column {rule.id!r}, which {told}: give every row of the pool a whole number of its own")
    benchmark = read_table(task.data.test) if task.data.test else pd.DataFrame()
    columns = shared_columns(pool, benchmark, task)
    if not columns:
        return pool, np.ones(len(pool), bool)
    examples = normalised_digests(benchmark, columns)
    repeated = 1 - len(np.unique(examples)) / max(1, len(examples))
    return pool, ~quarantine(normalised_digests(pool, columns), examples, repeated)


def shared_columns(rows: pd.DataFrame, benchmark: pd.DataFrame, task: Task) -> list[str]:
    """Columns that both tables have, without those that merely name rows."""
    names = {task.data.id, task.selection.id if task.selection else None, "weight"}
    return [str(column) for column in benchmark.columns if column in rows.columns and column not in names]


def program_files(task: Task) -> list[Path]:
    """The files of the task folder that its programs' commands name: they, and nothing else of it, are readable to them."""
    words = (*task.learner.train, *task.learner.predict, *task.learner.evaluate)
    return sorted({task.folder / word for word in words if (task.folder / word).is_file()})


def command(task: Task, argv: tuple[str, ...]) -> list[str]:
    """The command with the folder's files by absolute path and `python` as the interpreter Provender runs on."""
    python = {"python": sys.executable, "python3": sys.executable}
    return [str(task.folder / word) if (task.folder / word).is_file() else python.get(word, word) for word in argv]


def _records(x) -> pd.DataFrame:
    frame = x if isinstance(x, pd.DataFrame) else pd.DataFrame(x.toarray() if hasattr(x, "toarray") else x)
    return frame.set_axis([str(c) for c in frame.columns], axis=1).reset_index(drop=True)


def _column(y: np.ndarray):
    return y if y.ndim == 1 else [[float(v) for v in row] for row in y]
