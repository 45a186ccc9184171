"""Admission: a lead's bytes become a pool asset. Fetch, parse in a sandbox, screen, quarantine, store.

All parsing of fetched bytes happens in a sandbox; what the harness sees of them is a table in the wire format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..contract.wire import unpack
from ..errors import ProvenderError, WireError
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded
from ..guard.blocklist import check_name
from ..guard.overlap import quarantine
from ..profile.digests import normalised_digests
from .pool_store import PoolStore
from .records import Records

LIMITS = Limits(seconds=120.0, memory=4 << 30, output=2 << 30)
BYTES_AT_MOST = 1 << 30
NEARLY_ALL = 0.8  # share of the task's inputs on which rows must agree to be called its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The asset's id and manifest, or why the lead was refused (one sentence)."""

    asset: str | None
    manifest: Mapping[str, Any]
    reason: str = ""


class Customs:
    """Admits leads to the pool of one task: everything from outside passes here, once."""

    def __init__(self, executor: Executor, pool: PoolStore, records: Records, targets: tuple[str, ...]) -> None:
        self.executor, self.pool, self.records, self.targets = executor, pool, records, targets

    def admit(self, lead: Mapping[str, Any], path: Path) -> Admission:
        """Admit the file at `path`, which the source located for this lead. What was admitted before stays as it is."""
        if lead["id"] in self.pool:
            return Admission(asset=str(lead["id"]), manifest=self.pool.manifest(lead["id"]))
        if finding := check_name(str(lead.get("title", "")), str(lead.get("locator", ""))):
            return Admission(asset=None, manifest={}, reason=f"{finding.message}: {finding.mend}")
        if path.stat().st_size > BYTES_AT_MOST:
            return Admission(asset=None, manifest={}, reason=f"{path.name} has {path.stat().st_size >> 20} MiB; at most {BYTES_AT_MOST >> 20} are admitted")
        try:
            frame = parse_table(self.executor, path)
        except ProvenderError as error:
            return Admission(asset=None, manifest={}, reason=f"{path.name} could not be read: {error}")
        if frame.empty:
            return Admission(asset=None, manifest={}, reason=f"{path.name} holds no rows")
        return self._screened(frame, lead)

    def readmit(self, asset: str, earlier: PoolStore) -> Admission:
        """Admit a table that another task's pool holds, parsed and screened there: its rows are held against this task's own."""
        if asset in self.pool:
            return Admission(asset=asset, manifest=self.pool.manifest(asset))
        if asset not in earlier:
            return Admission(asset=None, manifest={}, reason="the earlier run's pool does not hold it any more: search for it again with its lake")
        try:
            frame, manifest = earlier.frame(asset), earlier.manifest(asset)
        except WireError as error:
            return Admission(asset=None, manifest={}, reason=f"the earlier run's copy of it is damaged: {error}")
        return self._screened(frame.reset_index(drop=True), {**manifest, "id": asset})

    def _screened(self, frame: pd.DataFrame, lead: Mapping[str, Any]) -> Admission:
        barred = self._barred(frame, lead.get("uses", ()))
        if barred.all():
            return Admission(asset=None, manifest={}, reason="all its rows equal rows of the task: it would leak held-out data")
        manifest = {**lead, "rows": int((~barred).sum()), "quarantined": int(barred.sum())}
        self.pool.add(str(lead["id"]), frame, manifest, kept=~barred)
        return Admission(asset=str(lead["id"]), manifest=manifest)

    def _barred(self, frame: pd.DataFrame, uses: Any) -> np.ndarray:
        """(n,) bool: rows that equal any row of the task (S, C or T) on the input columns an append would map.

        A text or picture tells by itself. Of other columns nearly all must agree: a join table shares keys by nature.
        """
        barred = np.zeros(len(frame), bool)
        schema = self.records.schema
        inputs = [column.name for column in schema if column.kind not in ("id", "constant")]
        for use in uses:
            if use.get("use") != "append":
                continue
            mapping = {t: a for t, a in use["mapping"].items() if t in inputs and a in frame.columns}
            telling = [name for name in schema.of_kind("text", "image") if name in mapping]
            columns = telling or list(mapping)
            if not columns or (not telling and len(columns) < NEARLY_ALL * len(inputs)):
                continue
            theirs = frame[[mapping[c] for c in columns]].set_axis(columns, axis=1)
            ours = normalised_digests(self.records.frame[columns])
            repeated = 1 - len(np.unique(ours)) / len(ours)
            barred |= quarantine(normalised_digests(theirs), ours, repeated)
        return barred


def parse_table(executor: Executor, path: Path) -> pd.DataFrame:
    """A file's table, parsed inside a sandbox. Raises ProvenderError in the parser's words."""
    frame = _ask(executor, "table", path).get("frame")
    if not isinstance(frame, pd.DataFrame) or frame.columns.duplicated().any():
        raise ProvenderError("it holds no table whose columns have names of their own")
    return frame


def parse_sketch(executor: Executor, path: Path) -> Mapping[str, Any]:
    """A file's sketch (schema, column sketches, samples), made inside a sandbox. Raises ProvenderError."""
    sketch = _ask(executor, "sketch", path).get("sketch")
    if not isinstance(sketch, Mapping):
        raise ProvenderError("its sketch is no record")
    return sketch


def _ask(executor: Executor, what: str, path: Path) -> dict[str, Any]:
    with Blob.open(path) as raw:
        job = Job(entry=f"provender.pipeline.inside.parse:{what}", params={"name": path.name}, files=(raw,), limits=LIMITS)
        with executor.start(job) as session:
            try:
                _, payload = session.receive()
            except JobEnded as ended:
                raise ProvenderError(ended.failure.message) from None
        if payload is None:
            raise ProvenderError("its parser sent nothing")
        with payload:
            return unpack(payload.view)
