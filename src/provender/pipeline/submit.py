"""Submit: the fixed pipeline that turns a data state and a fold into predictions, or into a failure with its reason.

    loader ──sandbox A──▶ sealed memfd ──clerk──▶ guard ──▶ learner, sandbox B ──▶ predictions

Every fold has its own process and scratch, so that folds cannot talk: fold 1's training rows hold fold 2's labels.
"""

from __future__ import annotations

import hashlib
import math
import platform
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from ..contract.outcome import Failure
from ..contract.part import Part
from ..contract.split import Fold
from ..contract.state import DataState, digest
from ..contract.task import Task
from ..contract.wire import pack
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded, Session
from ..guard.finding import Finding, refused
from ..guard.giveaway import check_giveaway, strongest_column
from . import clerk
from .audit import audit_features, audit_rows
from .cache import Cache
from .clerk import Given, HandedFeatures, Stopped, stop
from .lineage import trace
from .plan import Plan
from .pool_store import PoolStore
from .program import ProgramRunner, program_files
from .records import Records
from .result import FoldResult

_PACKED_AT_MOST = 512 << 20  # bytes of training records and inputs kept packed, shared by all states
_ASSETS_AT_MOST = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """One state, or what is left of it without one part, on one fold; `deadline` on the clock of `time.monotonic`."""

    state: DataState
    fold: Fold
    seed: int
    strongest: float
    deadline: float | None
    without: Part | None
    started: float


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """What is left of a loader when its process is gone: sealed features, in the order in which inputs were asked for."""

    trained: Blob
    inputs: Blob
    order: np.ndarray
    facts: Mapping[str, Any]


class Submit:
    """Runs states on folds. Thread-safe: workers share it."""

    def __init__(
        self, plan: Plan, *, loaders: Executor, learners: Executor, cache: Cache, pool: PoolStore, limits: Limits | None = None
    ) -> None:
        self.plan, self.task, self.records = plan, plan.task, plan.records
        self.loaders, self.learners, self.cache, self.pool = loaders, learners, cache, pool
        self.limits = limits or Limits(seconds=300.0, output=2 << 30)
        self.programs = ProgramRunner(plan.task, learners)
        self._packed: OrderedDict[bytes, Blob] = OrderedDict()
        self._lock = threading.Lock()
        programs = [path.read_bytes() for path in program_files(self.task)]
        self._learner = digest(self.task.learner.to_json(), self.task.kind, _environment(), *programs)

    def run(
        self, state: DataState, fold: Fold, *, strongest: float, deadline: float | None = None, without: Part | None = None
    ) -> FoldResult | Failure:
        """Evaluate a state on a fold.

        strongest  D0's strongest single feature on this fold (0 to 1): a stronger one that gives the target away
                   is refused. 1.0 for D0 itself, which is what the user brought.
        deadline   on the clock of `time.monotonic`: what is not done by then is stopped as `timeout`
        without    a part of the state that is undone, to see what it is worth

        Raises SandboxError when the sandboxes, not what runs in them, fail.
        """
        undone = [without.kind, without.subject] if without else []
        key = digest("fold 3", state.id, fold.train.tobytes(), fold.evaluation.tobytes(), fold.draw, self._learner, undone)
        try:
            if (found := self.cache.get(key)) is not None:
                result = FoldResult.from_values(found)
                _refuse([check_giveaway(result.strength, result.column, strongest)])
                return result
            result = self._evaluate(_Question(state, fold, self.plan.seed(fold), strongest, deadline, without, time.perf_counter()))
        except Stopped as stopped:
            return stopped.failure
        self.cache.put(key, result.to_values())
        return result

    def _evaluate(self, question: _Question) -> FoldResult:
        state, fold = question.state, question.fold
        with ExitStack() as held:
            files = (self._training(fold), *(held.enter_context(self.pool.open(a)) for a in self._assets(state)))
            limits = _until(question.deadline, self.limits)
            job = Job(entry="provender.pipeline.inside.loader:main", params=self._params(question), files=files, limits=limits)
            with self.loaders.start(job) as session:
                try:
                    if self.task.kind in ("selection", "program"):
                        rows = self._chosen(session, question)
                    else:
                        prepared = self._converse(session, question, held)
                except JobEnded as ended:
                    raise Stopped(_told("loader", ended.failure)) from None
            # Only now that the loader's process is gone does anything train on what it left.
            if self.task.kind in ("selection", "program"):
                return self.programs.judge(rows, fold, question.seed, _until(question.deadline, self.programs.limits))
            prediction, training = self._train(prepared, question)
        unshuffled = np.empty_like(prediction)
        unshuffled[prepared.order] = prediction
        seconds = time.perf_counter() - question.started
        return FoldResult(prediction=unshuffled, seconds=seconds, training_seconds=training, **prepared.facts)

    def _converse(self, session: Session, question: _Question, held: ExitStack) -> _Prepared:
        """Rows, then features, then inputs. Raises JobEnded, Stopped."""
        state, fold, r = question.state, question.fold, self.records
        given = self._given(state, fold)
        message, payload = _expect(session, "rows")
        with payload:
            rows = clerk.read_rows(message, payload.view, given)
        lineage = trace(rows, r.frame.iloc[fold.train], given.y, {a: self.pool.row_ids(a) for a in state.assets})
        findings = audit_rows(rows, lineage, r, fold)
        message, trained = _expect(session, "features")
        held.enter_context(trained)
        features = clerk.read_features(message, trained.view, rows, given)
        strength, column = strongest_column(features.x, _hard(features.y, self.task.kind), features.names)
        findings = _refuse([*findings, check_giveaway(strength, column, question.strongest)])
        order, half = self._order(fold)
        whole, inputs = self._inputs(session, fold, order, features)
        held.enter_context(inputs)
        again, second = self._inputs(session, fold, order[half], features)
        with second:
            clerk.check_alike(whole, again, half)
        findings += _refuse(audit_features(features, whole, lineage))
        facts = {
            "rows": len(features.y), "strength": strength, "column": column, "changes": rows.changes,
            "lineage": lineage.to_json(invented=len(features.y) - len(rows.ids)),
            "findings": tuple(finding.to_json() for finding in findings),
        }  # fmt: skip
        return _Prepared(trained, inputs, order, facts)

    def _chosen(self, session: Session, question: _Question) -> pd.DataFrame:
        """The rows that a program is to train on: chosen from the task's pool by their ids, or handed over."""
        rule, kind = self.task.selection, self.task.kind
        message, payload = _expect(session, "rows", "selection")
        with payload:
            if message["step"] == "selection":
                at_most = rule.rows if rule else 0
                return self.programs.chosen(*clerk.read_selection(message, payload.view, at_most), self.pool)
            if kind == "selection" and not (rule and rule.transforms):
                raise stop("contract", "rows() must return a selection here: select('task:pool', ids), from provender.contract.rows")
            given = self._given(question.state, question.fold)
            rows = clerk.read_rows(message, payload.view, given if rule is None else replace(given, at_most=rule.rows))
        frame = self.records.frame.iloc[question.fold.train] if rows.frame is None else rows.frame
        return frame.assign(weight=rows.weight).reset_index(drop=True)

    def _given(self, state: DataState, fold: Fold) -> Given:
        r = self.records
        rows = len(fold.train) + sum(len(self.pool.row_ids(a)) for a in state.assets)
        return Given(
            ids=r.frame.index.to_numpy()[fold.train],
            y=r.y[fold.train],
            weight=r.weight[fold.train],
            kind=self.task.kind,
            k=len(r.classes),
            at_most=max(1000, clerk.ROWS_AT_MOST * rows),
        )

    def _order(self, fold: Fold) -> tuple[np.ndarray, np.ndarray]:
        """The order in which inputs are asked for, and which of them are asked for again.

        Drawn from what no loader knows: from the seed that it is told it could find the rows' places in the file.
        """
        rng = np.random.default_rng(int(digest("order", self.task.digest, fold.evaluation.tobytes())[:16], 16))
        order = rng.permutation(len(fold.evaluation))
        return order, rng.permutation(len(order))[: max(1, len(order) // 2)]

    def _inputs(self, session: Session, fold: Fold, order: np.ndarray, features: HandedFeatures) -> tuple[Any, Blob]:
        """Features of the fold's evaluation inputs in this order, under new names, and the sealed bytes they lie in."""
        asked = fold.evaluation[order]
        blob = self._pack(b"inputs" + asked.tobytes(), lambda: {"raw": self.records.frame.iloc[asked].reset_index(drop=True)})
        session.send({"step": "inputs"}, [blob])
        _, payload = _expect(session, "inputs")
        return clerk.read_inputs(payload.view, len(order), features.x), payload

    def _train(self, prepared: _Prepared, question: _Question) -> tuple[np.ndarray, float]:
        """Fit the fixed learner and predict; the same features, labels, weights, order and seed are never fitted twice."""
        task, records, n = self.task, self.records, len(prepared.order)
        trained, inputs, seed = prepared.trained, prepared.inputs, question.seed
        if task.learner.is_program:
            return self.programs.predict(trained, inputs, seed, n, self._width(), _until(question.deadline, self.programs.limits))
        key = _content(self._learner, seed, trained.view, inputs.view)
        if (found := self.cache.get(key)) is not None:
            return found["prediction"], 0.0
        params = {**task.learner.to_json(), "kind": task.kind, "n_classes": len(records.classes), "seed": seed}
        limits = _until(question.deadline, Limits(seconds=task.learner.seconds, memory=task.learner.memory_mb << 20))
        job = Job(entry="provender.pipeline.inside.learner:main", params=params, files=(trained, inputs), limits=limits)
        with self.learners.start(job) as session:
            try:
                message, payload = session.receive()
            except JobEnded as ended:
                raise Stopped(_told("learner", ended.failure)) from None
        if payload is None:
            raise stop("score", "the learner sent no predictions")
        with payload:
            prediction = clerk.read_prediction(payload.view, n, task.learner.output, *self._width())
        self.cache.put(key, {"prediction": prediction})
        return prediction, _seconds(message.get("seconds"))

    def _width(self) -> tuple[int, int]:
        return len(self.records.classes), self.records.y.shape[1] if self.records.y.ndim == 2 else 1

    def _params(self, question: _Question) -> dict:
        state, without = question.state, question.without
        assets = [{**self.pool.manifest(a), "id": a} for a in state.assets]
        undone = {"without": without.to_json()} if without else {}
        return {**loader_params(self.task, self.records, question.seed), "loader": state.loader, "assets": assets, **undone}

    def _assets(self, state: DataState) -> tuple[str, ...]:
        missing = [a for a in state.assets if a not in self.pool]
        if missing:
            raise stop("asset", f"the loader names the asset {clerk.words(missing[0])!r}, which the pool does not hold")
        if len(state.assets) > _ASSETS_AT_MOST:
            raise stop("asset", f"the loader names {len(state.assets)} assets; at most {_ASSETS_AT_MOST} can be read at once")
        return state.assets

    def _training(self, fold: Fold) -> Blob:
        """This fold's training records as sealed bytes."""
        transductive = self.task.evaluation.transductive

        def values() -> dict[str, Any]:
            r = self.records
            found = {"frame": r.frame.iloc[fold.train], "y": r.y[fold.train], "weight": r.weight[fold.train]}
            if transductive:
                found["unlabelled"] = r.frame.iloc[fold.evaluation[self._order(fold)[0]]].reset_index(drop=True)
            return found

        return self._pack(b"train" + fold.train.tobytes() + (fold.evaluation.tobytes() if transductive else b""), values)

    def _pack(self, name: bytes, values: Callable[[], dict[str, Any]]) -> Blob:
        """These values as sealed bytes, made once for all states. The latest are kept."""
        with self._lock:
            if (blob := self._packed.get(name)) is not None:
                self._packed.move_to_end(name)
                return blob
        blob = Blob.of(pack(values()))
        with self._lock:
            blob = self._packed.setdefault(name, blob)
            while len(self._packed) > 1 and sum(map(len, self._packed.values())) > _PACKED_AT_MOST:
                self._packed.popitem(last=False)  # its descriptor goes with its last user
        return blob


def loader_params(task: Task, records: Records, seed: int) -> dict[str, Any]:
    """What a loader's process is told of the task."""
    return {
        "schema": records.schema.to_json(), "kind": task.kind, "classes": list(records.classes), "targets": list(task.data.target),
        "modality": task.modality, "metric": task.metric.name, "seed": seed,
    }  # fmt: skip


def _until(deadline: float | None, limits: Limits) -> Limits:
    """The limits, with no more seconds than there are until the deadline."""
    if deadline is None:
        return limits
    return replace(limits, seconds=min(limits.seconds, max(0.1, deadline - time.monotonic())))


def _expect(session: Session, *steps: str) -> tuple[dict, Blob]:
    message, payload = session.receive()
    if message.get("step") not in steps or payload is None:
        raise stop("output", f"the loader's process sent {clerk.words(message.get('step'))[:40]!r} where {' or '.join(steps)} was expected")
    return message, payload


def _refuse(findings: list[Finding | None]) -> list[Finding]:
    """The findings, unless one of them refuses. Raises Stopped (`leak`)."""
    found = [finding for finding in findings if finding is not None]
    if refusal := refused(found):
        raise stop("leak", f"{refusal.message}: {refusal.mend}")
    return found


def _told(who: str, failure: Failure) -> Failure:
    """The failure with the place in loader.py or learner.py where it happened; a learner's failure is of that kind."""
    lines = re.findall(rf'File "{who}\.py", line (\d+)', failure.detail) if failure.kind == "crashed" else []
    place = f" ({who}.py line {lines[-1]})" if lines else ""
    if who == "learner":
        return Failure(kind="learner", message=f"the learner failed: {failure.message}{place}", detail=failure.detail)
    return replace(failure, message=f"{failure.message}{place}")


def _hard(y: np.ndarray, kind: str) -> np.ndarray:
    """Class positions, also of soft labels."""
    return y.argmax(axis=1) if kind == "classification" and y.ndim == 2 else y


def _seconds(said: object) -> float:
    return float(said) if isinstance(said, (int, float)) and math.isfinite(said) and said >= 0 else 0.0


@lru_cache
def _environment() -> dict[str, str]:
    """What a fit depends on beside its inputs: with other versions nothing of the cache is true."""
    names = ("provender", "numpy", "pandas", "scipy", "scikit-learn", "pyarrow")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def _content(learner: str, seed: int, *views: memoryview) -> str:
    h = hashlib.blake2b(f"fit {learner} {seed}".encode(), digest_size=16)
    for view in views:
        h.update(view)
    return h.hexdigest()
