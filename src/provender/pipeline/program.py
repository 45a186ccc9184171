"""Learners that are programs: training, predicting and judging as commands, each in its own sandboxed process.

The judge (`learner.evaluate`) alone is given the sealed benchmark; it answers with one score an example, never with a
single number, so that gains can be compared example by example.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ..contract.outcome import Failure
from ..contract.split import Fold
from ..contract.task import Task
from ..contract.wire import pack, unpack
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded
from . import clerk
from .clerk import Stopped, stop
from .pool_store import TASK_POOL, PoolStore
from .result import FoldResult

_ENTRY = "provender.pipeline.inside.program"


class ProgramRunner:
    """Runs a task's programs."""

    def __init__(self, task: Task, learners: Executor, limits: Limits) -> None:
        self.task, self.learners = task, learners
        self.limits = Limits(seconds=task.learner.seconds, memory=task.learner.memory_mb << 20, disk=8 << 30)

    def selection(self, message: Mapping, payload: Blob, pool: PoolStore, fold: Fold, seed: int, started: float):
        """Check a choice of pool rows by their ids, train on those rows, judge."""
        parts = unpack(payload.view)
        chosen = self._chosen(parts["ids"], str(message.get("asset")), pool)
        return self.judge(chosen.assign(weight=parts["weight"]), fold, seed, started)

    def judge(self, rows: pd.DataFrame, fold: Fold, seed: int, started: float):
        """Train on the rows (there may be none) and score the benchmark's examples at `fold.evaluation`."""
        training = time.perf_counter()
        with Blob.of(pack({"rows": rows.reset_index(drop=True)})) as given:
            model = self._train(given, seed)
            with Blob.open(self.task.data.test) as benchmark:
                scores = self._job("evaluate", self.task.learner.evaluate, (model, given, benchmark), seed, {"benchmark": self.task.data.test.name})
        values = unpack(scores.view)["scores"]
        if fold.evaluation.max(initial=-1) >= len(values) or not np.isfinite(values[fold.evaluation]).all():
            raise stop("score", f"the judging program gave {len(values)} scores; one finite score is needed for each of the benchmark's examples")
        now = time.perf_counter()
        return FoldResult(
            prediction=values[fold.evaluation], seconds=now - started, training_seconds=now - training,
            rows=len(rows), strength=0.0, lineage={"kept": len(rows)}, changes=(), findings=(),
        )  # fmt: skip

    def predict(self, trained: Blob, inputs: Blob, seed: int, n: int, width: tuple[int, int]) -> tuple[np.ndarray, float]:
        """Train on features as records and predict the inputs."""
        started = time.perf_counter()
        training = unpack(trained.view)
        rows = _records(training["x"]).assign(y=_column(training["y"]), weight=training["weight"])
        with Blob.of(pack({"rows": rows})) as given, Blob.of(pack({"rows": _records(unpack(inputs.view)["x"])})) as asked:
            model = self._train(given, seed)
            payload = self._job("predict", self.task.learner.predict, (model, asked), seed, {})
        return clerk.read_prediction(payload.view, n, self.task.learner.output, *width).copy(), time.perf_counter() - started

    def _train(self, rows: Blob, seed: int) -> Blob:
        if not self.task.learner.train:
            return Blob.of(b"")
        return self._job("train", self.task.learner.train, (rows,), seed, {})

    def _job(self, what: str, argv: tuple[str, ...], files: tuple[Blob, ...], seed: int, extra: Mapping) -> Blob:
        params = {"argv": command(self.task, argv), "seed": seed, **extra}
        with self.learners.start(Job(entry=f"{_ENTRY}:{what}", params=params, files=files, limits=self.limits)) as session:
            try:
                _, payload = session.receive()
            except JobEnded:
                ending = session.end()
                words = ending.failure.message if ending.failure else "it ended without an answer"
                raise Stopped(Failure(kind="learner", message=f"the program learner.{what} failed: {words}", detail=ending.stderr)) from None
            session.end()
        return payload

    def _chosen(self, ids: np.ndarray, asset: str, pool: PoolStore) -> pd.DataFrame:
        rule = self.task.selection
        if rule is None or asset != TASK_POOL:
            raise stop("contract", f"a selection may choose from {TASK_POOL!r} only, not from {asset!r}")
        if len(ids) > rule.rows or len(ids) == 0:
            raise stop("contract", f"the selection names {len(ids)} rows; 1 to {rule.rows} may be chosen")
        frame = pool.frame(TASK_POOL)
        place = pd.Index(frame[rule.id]).get_indexer(ids)
        if (place < 0).any():
            raise stop("contract", f"{int((place < 0).sum())} chosen ids are not in the pool")
        return frame.iloc[place]


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
