"""Run one node's loader again on its development folds, to see what it says and where it fails. Nothing is journaled."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..contract.outcome import Failure
from ..contract.task import read_task
from ..errors import LoaderError, RunError, UserError
from ..execute.ending import Ending
from ..execute.executor import Executor
from ..execute.job import Job, Level, Limits
from ..execute.session import Session
from ..journal.events import NodeFailed, RunStarted
from ..journal.tree import ROOT, Tree
from ..pipeline.cache import Cache
from ..pipeline.state import make_state
from ..pipeline.submit import Submit
from ..search.settings import Settings
from ..search.setup import Setup, open_setup
from ..search.trial import Attempt, try_together
from ..search.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldTold:
    """What happened on one fold.

    fold         counts from 0
    score        the metric there; None where it failed, and then `failure` says how: kind, message, the program's own words
    seconds      wall time of the whole evaluation;  training_seconds: inside the learner
    peak_memory  bytes that the loader's processes held at most
    printed      the end of what the loader wrote to standard output and error
    """

    fold: int
    score: float | None
    failure: Failure | None
    seconds: float
    training_seconds: float
    peak_memory: int
    printed: str

    def to_json(self) -> dict:
        return {
            "fold": self.fold, "score": self.score, "failure": self.failure.to_json() if self.failure else None, "seconds": round(self.seconds, 3),
            "training_seconds": round(self.training_seconds, 3), "peak_memory": self.peak_memory, "printed": self.printed,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """What happened, and what the journal says of the node: its development score, or its failure, or neither."""

    run: str
    node: int
    state: str
    folds: tuple[FoldTold, ...]
    journaled_dev: float | None
    journaled_failure: str | None

    @property
    def dev(self) -> float | None:
        """Mean over the folds that were run; None when one of them failed."""
        scores = [told.score for told in self.folds if told.score is not None]
        return sum(scores) / len(scores) if len(scores) == len(self.folds) else None

    def to_json(self) -> dict:
        return {
            "run": self.run, "node": self.node, "state": self.state, "dev": self.dev, "folds": [told.to_json() for told in self.folds],
            "journaled": {"dev": self.journaled_dev, "failure": self.journaled_failure},
        }  # fmt: skip


class Watched:
    """An executor that remembers the jobs that it started, so that their endings can be asked for."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.sessions: list[Session] = []

    @property
    def level(self) -> Level:
        return self.executor.level

    def start(self, job: Job) -> Session:
        self.sessions.append(self.executor.start(job))
        return self.sessions[-1]

    def close(self) -> None:
        self.executor.close()

    def last(self) -> Ending | None:
        """How the latest job ended; None when none was started."""
        return self.sessions[-1].end() if self.sessions else None


def rerun(
    place: Workspace, run: str, node: int, *, fold: int | None = None, loader: Path | None = None, tell: Callable[[FoldTold], None]
) -> Rerun:
    """Evaluate the node's state on its development folds (or one of them), without any result of the cache.

    loader  a file whose text is tried in place of the node's own;  tell  hears of each fold as it ends

    Raises RunError for a node without a loader, an unknown fold and a changed task, UserError for a text that is no loader.
    """
    events = [stored.event for stored in place.journal.read(run)]
    started = next(event for event in events if isinstance(event, RunStarted))
    tree = Tree.of(events)
    text = _text(run, tree, node, loader)
    task = read_task(Path(started.folder))
    if task.digest != started.task_digest:
        raise RunError(f"the task in {task.folder} has changed since run {run}, so its folds are others now: put it back, or try its states with  provender run TASK --from {run}")
    try:
        state = make_state(text, task)
    except LoaderError as error:
        raise UserError(f"{loader or 'the loader'}: {error}") from None
    with _opened(place, started) as setup, tempfile.TemporaryDirectory(prefix="provender-rerun-") as scratch:
        folds = setup.plan.development()
        if fold is not None and not 0 <= fold < len(folds):
            raise RunError(f"--fold is {fold}, but run {run} has the folds 0 to {len(folds) - 1}")
        strongest = 1.0 if node == ROOT and loader is None else _strongest(setup, tree)
        watched = Watched(setup.loaders)
        submit = Submit(
            setup.plan, loaders=watched, learners=setup.learners, cache=Cache(Path(scratch)), pool=place.pool(task.digest),
            limits=Limits(seconds=setup.settings.state_seconds),
        )  # fmt: skip
        told: list[FoldTold] = []
        for number in range(len(folds)) if fold is None else [fold]:
            begun = time.perf_counter()
            outcome = submit.run(state, folds[number], strongest=strongest)
            score = outcome if isinstance(outcome, Failure) else setup.judge.score(folds[number], outcome)
            ending = watched.last()
            told.append(FoldTold(
                fold=number, score=None if isinstance(score, Failure) else float(score), failure=score if isinstance(score, Failure) else None,
                seconds=time.perf_counter() - begun, training_seconds=0.0 if isinstance(outcome, Failure) else outcome.training_seconds,
                peak_memory=ending.peak_memory if ending else 0, printed=ending.stderr if ending else "",
            ))  # fmt: skip
            tell(told[-1])
    outcome = tree[node].outcome
    failed = f"{outcome.failure.get('kind')}: {outcome.failure.get('message')}" if isinstance(outcome, NodeFailed) else None
    return Rerun(run=run, node=node, state=state.id, folds=tuple(told), journaled_dev=tree[node].dev, journaled_failure=failed)


def _text(run: str, tree: Tree, node: int, loader: Path | None) -> str:
    if node not in tree:
        raise RunError(f"run {run} has no node {node}: its nodes are 0 to {len(tree) - 1}")
    at = tree[node]
    if at.color == "red":
        raise RunError(f"node {node} of run {run} is a red node, which found data and has no loader: choose a black one; provender tree {run} shows them")
    if loader is not None:
        try:
            return loader.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--loader names {str(loader)!r}, which cannot be read as text ({error}): give a loader.py") from None
    if at.loader is None:
        raise RunError(f"node {node} of run {run} has no loader, because it is {at.status}: choose another; provender tree {run} shows them")
    return at.loader


@contextmanager
def _opened(place: Workspace, started: RunStarted) -> Iterator[Setup]:
    setup = open_setup(read_task(Path(started.folder)), Settings.from_json(started.settings), place)
    try:
        yield setup
    finally:
        setup.close()


def _strongest(setup: Setup, tree: Tree) -> float:
    """D0's strongest single feature, by which the guard judged the run's states; from the cache, unless that was trimmed."""
    attempt = Attempt(make_state(tree[ROOT].loader or "", setup.task), setup.plan.development())
    (trial,) = try_together(setup, [attempt], stop=threading.Event(), tell=lambda done, total: None)
    return trial.strongest
