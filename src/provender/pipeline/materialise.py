"""Materialise: run a state's loader on all records and take its rows and features in hand, to export, compare or keep them.

The same conversation as an evaluation has, in the same sandbox, read by the same clerk; only nothing is scored. What it
stands on (`Ground`) is a value, so that another machine can build the same rows from an exported one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..contract.outcome import Failure
from ..contract.part import Part
from ..contract.rows import Rows
from ..contract.state import DataState
from ..contract.wire import pack, unpack
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded, Session
from ..guard.overlap import feature_digests
from ..profile.digests import row_digests
from . import clerk
from .clerk import Given, HandedFeatures, HandedRows, Stopped, stop
from .lineage import Lineage, trace
from .plan import Plan
from .pool_store import TASK_POOL, PoolStore
from .submit import loader_params

LIMITS = Limits(seconds=900.0, output=4 << 30)
_SAMPLED = 256  # rows of the features' fingerprint
_DIRECTIONS = 8


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ground:
    """What a loader stands on: all that its process is given beside the assets.

    facts       schema, kind, classes, targets, modality, metric, seed: JSON, as `submit.loader_params` gives them
    train       the records, under the ids that they have had throughout
    unlabelled  inputs without labels, where the task is transductive
    choose      {"rows": at most so many, "id": column of the pool that names rows, "transforms": bool} where rows are chosen
    """

    facts: Mapping[str, Any]
    train: Rows
    unlabelled: pd.DataFrame | None = None
    choose: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, plan: Plan) -> Ground:
        """All labelled records of the task's training file."""
        task, r, fold = plan.task, plan.records, plan.everything()
        rule = task.selection
        transductive = task.evaluation.transductive and len(fold.evaluation)
        return cls(
            facts=loader_params(task, r, plan.seed(fold)),
            train=Rows(r.frame.iloc[fold.train], r.y[fold.train], r.weight[fold.train]),
            unlabelled=r.frame.iloc[fold.evaluation].reset_index(drop=True) if transductive else None,
            choose={"rows": rule.rows, "id": rule.id, "transforms": rule.transforms} if rule else None,
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Touch:
    """One change with the ids of the rows that the loader says it touched, and why."""

    kind: str
    reason: str
    rows: np.ndarray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Materialised:
    """A state's data on all records.

    rows      raw-space rows as the loader handed them over; `rows.frame` is never None here
    touches   what the loader says it did to which rows, in order: a claim that explains; `lineage` is what was checked
    features  what a learner would see; None where programs train on the rows themselves
    kept      the fitted loader's bytes, to be opened in sandboxes only (`inside/kept.py`); None where nobody asked
    """

    state: DataState
    rows: HandedRows
    touches: tuple[Touch, ...]
    lineage: Lineage
    features: HandedFeatures | None
    kept: bytes | None = None

    @property
    def rows_digest(self) -> str:
        """Digest (32 hex digits) of column names, cells by value, labels and weights, in the order of the rows.

        It depends on values alone, not on storage: whoever has the same rows has the same digest.
        """
        assert self.rows.frame is not None
        names = "\n".join(map(str, self.rows.frame.columns))
        return _hex(names.encode(), row_digests(self.rows.frame), _floats(self.rows.y), _floats(self.rows.weight))

    @property
    def features_digest(self) -> str:
        """Digest (32 hex digits) of the features, exact to the last bit: other arithmetic (BLAS) may give another one."""
        if self.features is None:
            return ""
        x = self.features.x
        digests = row_digests(x) if isinstance(x, pd.DataFrame) else feature_digests(x)
        return _hex(str(x.shape[1]).encode(), digests, _floats(self.features.y), _floats(self.features.weight))

    def fingerprint(self) -> list[list[float]]:
        """(at most 256, 8) sums of each sampled row's features under fixed random signs: equal where features are, to rounding.

        Columns of words count by their digests. Empty without features.
        """
        if self.features is None:
            return []
        x = _numbers(self.features.x)
        rng = np.random.default_rng(0)
        signs = rng.choice([-1.0, 1.0], size=(x.shape[1], _DIRECTIONS))
        sampled = np.unique(np.linspace(0, x.shape[0] - 1, min(_SAMPLED, x.shape[0])).astype(int))
        return np.asarray(x[sampled] @ signs, dtype=float).tolist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """keep     the fitted loader is wanted too
    without  a part of the state that is undone
    modules  {module of provender.methods: its text}: methods as they were, in place of the installed ones
    """

    keep: bool = False
    without: Part | None = None
    modules: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = LIMITS


def materialise(executor: Executor, ground: Ground, state: DataState, pool: PoolStore, wish: Wish = Wish()) -> Materialised | Failure:
    """Run the state's loader on the ground's records. Raises SandboxError when the sandbox, not what runs in it, fails."""
    try:
        with ExitStack() as held:
            session = held.enter_context(executor.start(_job(ground, state, pool, wish, held)))
            try:
                return _converse(session, ground, state, pool, wish)
            except JobEnded as ended:
                return ended.failure
    except Stopped as stopped:
        return stopped.failure


def _job(ground: Ground, state: DataState, pool: PoolStore, wish: Wish, held: ExitStack) -> Job:
    if missing := [asset for asset in state.assets if asset not in pool]:
        raise stop("asset", f"the loader names the asset {clerk.words(missing[0])!r}, which the pool does not hold")
    train = ground.train
    records: dict[str, Any] = {"frame": train.frame, "y": train.y, "weight": train.weight}
    if ground.unlabelled is not None:
        records["unlabelled"] = ground.unlabelled
    files = (held.enter_context(Blob.of(pack(records))), *(held.enter_context(pool.open(asset)) for asset in state.assets))
    params = {
        **ground.facts, "loader": state.loader, "assets": [{**pool.manifest(asset), "id": asset} for asset in state.assets],
        "detail": True, "modules": dict(wish.modules), "without": wish.without.to_json() if wish.without else None,
    }  # fmt: skip
    return Job(entry="provender.pipeline.inside.loader:main", params=params, files=files, limits=wish.limits)


def _converse(session: Session, ground: Ground, state: DataState, pool: PoolStore, wish: Wish) -> Materialised:
    message, payload = session.receive()
    if payload is None:
        raise stop("output", "the loader's process handed over no rows")
    with payload:
        if message.get("step") == "selection":
            return _chosen(message, payload.view, ground, state, pool)
        given = _given(ground, state, pool)
        rows = clerk.read_rows(message, payload.view, given)
        touches = _touches(message, payload.view, rows)
    train = ground.train
    lineage = trace(rows, train.frame, train.y, {asset: pool.row_ids(asset) for asset in state.assets})
    if rows.frame is None:
        rows = HandedRows(ids=rows.ids, y=rows.y, weight=rows.weight, frame=train.frame, changes=rows.changes)
    if ground.facts["kind"] in ("selection", "program"):
        return Materialised(state=state, rows=rows, touches=touches, lineage=lineage, features=None)
    message, trained = session.receive()
    if trained is None or message.get("step") != "features":
        raise stop("output", "the loader's process handed over no features")
    features = clerk.read_features(message, trained.view, rows, given)
    trained.close()
    kept = _keep(session) if wish.keep else None
    return Materialised(state=state, rows=rows, touches=touches, lineage=lineage, features=features, kept=kept)


def _keep(session: Session) -> bytes:
    session.send({"step": "keep"})
    _, payload = session.receive()
    if payload is None:
        raise stop("output", "the loader's process handed over nothing to keep")
    with payload:
        return bytes(payload.view)


def _given(ground: Ground, state: DataState, pool: PoolStore) -> Given:
    train, facts = ground.train, ground.facts
    given = len(train) + sum(len(pool.row_ids(asset)) for asset in state.assets)
    at_most = ground.choose["rows"] if ground.choose else max(1000, clerk.ROWS_AT_MOST * given)
    return Given(ids=train.ids, y=train.y, weight=train.weight, kind=facts["kind"], k=len(facts["classes"]), at_most=at_most)


def _chosen(message: Mapping, payload: memoryview, ground: Ground, state: DataState, pool: PoolStore) -> Materialised:
    """The chosen rows of the task's own pool."""
    rule = ground.choose
    asset, ids, weight = clerk.read_selection(message, payload, rule["rows"] if rule else 0)
    if rule is None or asset != TASK_POOL:
        raise stop("contract", f"a selection may choose from {TASK_POOL!r} only, not from {asset!r}")
    table = pool.frame(TASK_POOL)
    place = pd.Index(table[rule["id"]]).get_indexer(ids)
    if (place < 0).any():
        raise stop("contract", f"{int((place < 0).sum())} chosen ids are not in the pool")
    frame = table.iloc[place]
    rows = HandedRows(ids=frame.index.to_numpy(), y=np.zeros(len(frame)), weight=weight, frame=frame, changes=())
    lineage = trace(rows, ground.train.frame, ground.train.y, {TASK_POOL: table.index.to_numpy()})
    return Materialised(state=state, rows=rows, touches=(), lineage=lineage, features=None)


def _touches(message: Mapping, payload: memoryview, rows: HandedRows) -> tuple[Touch, ...]:
    """The loader's changes with their rows' ids; what does not follow the format is passed over."""
    parts = unpack(payload)
    found = []
    for number, change in enumerate(rows.changes):
        ids = parts.get(f"change {number}")
        known = isinstance(ids, np.ndarray) and ids.dtype == np.int64 and ids.ndim == 1
        found.append(Touch(kind=change["kind"], reason=change["reason"], rows=ids.copy() if known else np.zeros(0, np.int64)))
    return tuple(found)


def _numbers(x: Any) -> Any:
    """(n, d) features as numbers without missing ones; words by their digests."""
    if isinstance(x, pd.DataFrame):
        columns = [
            x[name].to_numpy(float, na_value=np.nan) if pd.api.types.is_numeric_dtype(x[name]) else row_digests(x[[name]]) / 2.0**64
            for name in x.columns
        ]
        x = np.column_stack(columns)
    return x if hasattr(x, "toarray") else np.nan_to_num(np.asarray(x, dtype=float))


def _floats(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype="<f8") + 0.0


def _hex(*parts: bytes | np.ndarray) -> str:
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes()
        h.update(len(raw).to_bytes(8, "big") + raw)
    return h.hexdigest()
