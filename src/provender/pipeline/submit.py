"""Submit: the fixed pipeline that turns a data state and a fold into predictions, or into a failure with its reason.

    loader ──sandbox A──▶ sealed memfd ──clerk──▶ guard ──▶ learner, sandbox B ──▶ predictions

Every fold has its own process and scratch, so that folds cannot talk: fold 1's training rows hold fold 2's labels.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from ..contract.outcome import Failure
from ..contract.split import Fold
from ..contract.state import DataState, digest
from ..contract.wire import pack
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded, Session
from ..guard.finding import Finding, refused
from ..guard.giveaway import check_giveaway, column_strength
from ..guard.overlap import check_overlap
from ..profile.digests import normalised_digests
from . import clerk
from .cache import Cache
from .clerk import HandedFeatures, HandedRows, Stopped, stop
from .lineage import Lineage, trace
from .plan import Plan
from .pool_store import PoolStore
from .program import ProgramRunner
from .result import FoldResult

_VIEWS_KEPT = 32  # training blobs of development folds, shared by all states


class Submit:
    """Runs states on folds. Thread-safe: workers share it."""

    def __init__(
        self, plan: Plan, *, loaders: Executor, learners: Executor, cache: Cache, pool: PoolStore, limits: Limits | None = None
    ) -> None:
        self.plan, self.task, self.records = plan, plan.task, plan.records
        self.loaders, self.learners, self.cache, self.pool = loaders, learners, cache, pool
        self.limits = limits or Limits(seconds=300.0)
        self.programs = ProgramRunner(plan.task, learners, self.limits)
        self._views: OrderedDict[bytes, Blob] = OrderedDict()
        self._lock = threading.Lock()
        self._learner = digest(self.task.learner.to_json(), self.task.kind)

    def run(self, state: DataState, fold: Fold, *, strongest: float, deadline: float | None = None) -> FoldResult | Failure:
        """Evaluate a state on a fold.

        strongest  D0's strongest single feature on this fold (0 to 1): a stronger one that gives the target away
                   is refused. 1.0 for D0 itself, which is what the user brought.
        deadline   on the clock of `time.monotonic`: what is not done by then is stopped as `timeout`
        """
        key = digest("fold", state.id, fold.train.tobytes(), fold.evaluation.tobytes(), fold.draw, self._learner)
        if (found := self.cache.get(key)) is not None:
            return FoldResult(**{**found["facts"], "prediction": found["prediction"], "cached": True})
        started = time.perf_counter()
        try:
            result = self._evaluate(state, fold, strongest, started, deadline)
        except Stopped as stopped:
            return stopped.failure
        facts = {name: getattr(result, name) for name in
                 ("seconds", "training_seconds", "rows", "strength", "lineage", "changes", "findings")}
        self.cache.put(key, {"prediction": result.prediction, "facts": facts})
        return result

    def _evaluate(self, state: DataState, fold: Fold, strongest: float, started: float, deadline: float | None) -> FoldResult:
        seed = self.plan.seed(fold)
        params = self._params(state, seed)
        blobs = [self._training(fold), *self._assets(state)]
        limits = _until(deadline, self.limits)
        with self.loaders.start(Job(entry="provender.pipeline.inside.loader:main", params=params, files=tuple(blobs), limits=limits)) as session:
            try:
                return self._converse(session, state, fold, seed, strongest, started, deadline)
            except JobEnded:
                raise Stopped(_why(session, "the loader")) from None
            finally:
                for blob in blobs[1:]:
                    blob.close()

    def _converse(
        self, session: Session, state: DataState, fold: Fold, seed: int, strongest: float, started: float, deadline: float | None
    ) -> FoldResult:
        task, records = self.task, self.records
        given = len(fold.train) + sum(len(self.pool.row_ids(a)) for a in state.assets)
        at_most = max(1000, clerk.ROWS_AT_MOST * given)
        message, payload = _expect(session, "rows", "selection")
        if message["step"] == "selection":
            return self.programs.selection(message, payload, self.pool, fold, seed, started)
        rows = clerk.read_rows(message, payload.view, task.kind, len(records.classes), at_most)
        lineage = trace(rows, records.frame.iloc[fold.train], records.y[fold.train], {a: self.pool.row_ids(a) for a in state.assets})
        findings = self._audit_rows(rows, lineage, fold)
        message, trained = _expect(session, "features")
        features = clerk.read_features(message, trained.view, task.kind, len(records.classes), at_most)
        strength, found = self._audit_features(features, strongest)
        findings += found
        if refusal := refused(findings):
            raise stop("leak", f"{refusal.message}: {refusal.mend}")
        order = np.random.default_rng(seed).permutation(len(fold.evaluation))
        whole, inputs = self._inputs(session, fold, order, features)
        half = np.random.default_rng(seed + 1).permutation(len(order))[: max(1, len(order) // 2)]
        again, _ = self._inputs(session, fold, order[half], features)
        clerk.check_alike(whole, again, half)
        session.send({"step": "done"})
        session.end()
        prediction, training = self._train(trained, inputs, seed, len(order), deadline)
        unshuffled = np.empty_like(prediction)
        unshuffled[order] = prediction
        return FoldResult(
            prediction=unshuffled,
            seconds=time.perf_counter() - started,
            training_seconds=training,
            rows=len(features.y),
            strength=strength,
            lineage=lineage.to_json(),
            changes=rows.changes,
            findings=tuple(f.to_json() for f in findings),
        )

    def _inputs(self, session: Session, fold: Fold, order: np.ndarray, features: HandedFeatures) -> tuple[Any, Blob]:
        """Features of the fold's evaluation inputs in this order, under new names, and the sealed bytes they lie in."""
        raw = self.records.frame.iloc[fold.evaluation[order]].reset_index(drop=True)
        with Blob.of(pack({"raw": raw})) as blob:
            session.send({"step": "inputs"}, [blob])
        _, payload = _expect(session, "inputs")
        return clerk.read_inputs(payload.view, len(order), features.x.shape[1]), payload

    def _train(self, trained: Blob, inputs: Blob, seed: int, n: int, deadline: float | None) -> tuple[np.ndarray, float]:
        """Fit the fixed learner and predict; the same features, labels, weights, order and seed are never fitted twice."""
        task, records = self.task, self.records
        if task.learner.is_program:
            return self.programs.predict(trained, inputs, seed, n, self._width())
        key = _content(self._learner, seed, trained.view, inputs.view)
        if (found := self.cache.get(key)) is not None:
            return found["prediction"], 0.0
        params = {**task.learner.to_json(), "kind": task.kind, "n_classes": len(records.classes), "seed": seed}
        limits = _until(deadline, Limits(seconds=task.learner.seconds, memory=task.learner.memory_mb << 20))
        job = Job(entry="provender.pipeline.inside.learner:main", params=params, files=(trained, inputs), limits=limits)
        with self.learners.start(job) as session:
            try:
                message, payload = session.receive()
            except JobEnded:
                failure = _why(session, "the learner")
                raise Stopped(Failure(kind="learner", message=failure.message, detail=failure.detail)) from None
            prediction = clerk.read_prediction(payload.view, n, task.learner.output, *self._width()).copy()
            session.end()
        self.cache.put(key, {"prediction": prediction})
        return prediction, float(message.get("seconds", 0.0))

    def _width(self) -> tuple[int, int]:
        return len(self.records.classes), self.records.y.shape[1] if self.records.y.ndim == 2 else 1

    def _audit_rows(self, rows: HandedRows, lineage: Lineage, fold: Fold) -> list[Finding]:
        if rows.frame is None or not lineage.brought.any():
            return []
        columns = list(self.records.schema.names)
        if not set(columns) <= set(rows.frame.columns):
            return []
        brought = normalised_digests(rows.frame.loc[lineage.brought, columns])
        found = check_overlap(brought, self.records.normalised[fold.train], self.records.normalised[fold.evaluation])
        return [found] if found else []

    def _audit_features(self, features: HandedFeatures, strongest: float) -> tuple[float, list[Finding]]:
        x = features.x
        if isinstance(x, pd.DataFrame):
            x = x.select_dtypes("number").to_numpy(float)
        hard = features.y.argmax(axis=1) if self.task.kind == "classification" and features.y.ndim == 2 else features.y
        if x.shape[1] == 0 or not (issparse(x) or isinstance(x, np.ndarray)):
            return 0.0, []
        found = check_giveaway(x, hard, features.names, strongest)
        strength = column_strength(x, hard)
        return float(strength.max(initial=0.0)), [found] if found else []

    def _params(self, state: DataState, seed: int) -> dict:
        task, records = self.task, self.records
        return {
            "loader": state.loader,
            "assets": [{"id": a, **self.pool.manifest(a)} for a in state.assets],
            "schema": records.schema.to_json(),
            "kind": task.kind,
            "classes": list(records.classes),
            "targets": list(task.data.target),
            "modality": task.modality,
            "metric": task.metric.name,
            "seed": seed,
        }

    def _assets(self, state: DataState) -> list[Blob]:
        missing = [a for a in state.assets if a not in self.pool]
        if missing:
            raise stop("asset", f"the loader names the asset {missing[0]!r}, which the pool does not hold")
        return [self.pool.open(a) for a in state.assets]

    def _training(self, fold: Fold) -> Blob:
        """This fold's training records as sealed bytes, made once and shared by all states."""
        name = fold.train.tobytes() + (fold.evaluation.tobytes() if self.task.evaluation.transductive else b"")
        with self._lock:
            if (blob := self._views.get(name)) is not None:
                self._views.move_to_end(name)
                return blob
        r = self.records
        values = {"frame": r.frame.iloc[fold.train], "y": r.y[fold.train], "weight": r.weight[fold.train]}
        if self.task.evaluation.transductive:
            values["unlabelled"] = r.frame.iloc[fold.evaluation].reset_index(drop=True)
        blob = Blob.of(pack(values))
        with self._lock:
            self._views[name] = blob
            while len(self._views) > _VIEWS_KEPT:
                self._views.popitem(last=False)
        return blob


def _until(deadline: float | None, limits: Limits) -> Limits:
    """The limits, with no more seconds than there are until the deadline."""
    if deadline is None:
        return limits
    return replace(limits, seconds=min(limits.seconds, max(0.1, deadline - time.monotonic())))


def _expect(session: Session, *steps: str) -> tuple[dict, Blob]:
    message, payload = session.receive()
    if message.get("step") not in steps or payload is None:
        raise stop("output", f"the loader's process sent {str(message.get('step'))[:40]!r} where {' or '.join(steps)} was expected")
    return message, payload


def _why(session: Session, who: str) -> Failure:
    ending = session.end()
    if ending.failure is None:
        return Failure(kind="crashed", message=f"{who} ended before it was done", detail=ending.stderr)
    return ending.failure


def _content(learner: str, seed: int, *views: memoryview) -> str:
    h = hashlib.blake2b(f"fit {learner} {seed}".encode(), digest_size=16)
    for view in views:
        h.update(view)
    return h.hexdigest()
