"""Export a state: the curated rows with the origin of each, the loader that makes them, and all that a rebuild needs.

    README.md          the data card                    croissant.json     the same for machines (mlcommons.org/croissant)
    loader.py          the state, methods/ what it imports from Provender
    data/              train.parquet · lineage.parquet · dropped.parquet
    original/          the records that the loader stands on, and what it is told of the task
    assets/            external tables, or where to fetch them when their licence does not allow passing them on
    audit.json         guard, proof, test, credits, methods     requirements.txt   pins
    export.json        state, digests of rows and features, and the digest of every file
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..contract.outcome import Failure
from ..contract.rows import row_ids
from ..contract.state import imported_modules
from ..errors import RunError, UserError
from ..execute.executor import Executor
from ..journal.events import Confirmed, Credited, RunStarted, TestScored
from ..methods.registry import METHODS, find_method
from ..pipeline.audit import audit_rows
from ..pipeline.materialise import Ground, Materialised, materialise
from ..pipeline.pool_store import PoolStore
from ..pipeline.state import METHODS as METHODS_PACKAGE
from ..pipeline.state import method_texts
from .card import data_card
from .croissant import croissant
from .ground_files import write_ground
from .licence import may_pass_on
from .method_files import write_methods
from .opening import OpenedRun
from .pins import pins, requirements
from .tables import dropped_table, lineage_table, training_table

FORMAT = 1
"""Version of the layout. A rebuild refuses a later one."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written. passed_on: {asset: whether its table is in the export}"""

    folder: Path
    run: str
    node: int
    state: str
    rows: int
    features: tuple[int, int] | None
    rows_digest: str
    features_digest: str
    passed_on: Mapping[str, bool]
    findings: int

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder), "run": self.run, "node": self.node, "state": self.state, "rows": self.rows,
            "features": list(self.features) if self.features else None, "rows_digest": self.rows_digest,
            "features_digest": self.features_digest, "assets": dict(self.passed_on), "findings": self.findings,
        }  # fmt: skip


def export(opened: OpenedRun, executor: Executor, to: Path, *, with_assets: bool = False, tell: Tell = lambda _: None) -> Exported:
    """Write the state of this node to the new folder `to`, whole or not at all.

    with_assets  include external tables whatever their licence says: the user answers for it

    Raises UserError for a folder that is there already, RunError when the state cannot be materialised.
    """
    to = Path(to)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UserError(f"--to is {str(to)!r}, which exists and is not empty: choose another folder, or remove it")
    tell("running the loader on all labelled rows")
    ground = opened.ground
    made = materialise(executor, ground, opened.state, opened.pool)
    if isinstance(made, Failure):
        raise RunError(f"node {opened.node} cannot be exported ({made.kind}): {made.message}")
    to.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{to.name}.", dir=to.parent))
    try:
        tell("writing rows, lineage and card")
        found = _write(partial, opened, ground, made, with_assets)
        partial.chmod(0o755)
        if to.exists():
            to.rmdir()
        partial.rename(to)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return Exported(folder=to, **found)


def _write(folder: Path, opened: OpenedRun, ground: Ground, made: Materialised, with_assets: bool) -> dict[str, Any]:
    (folder / "data").mkdir()
    training_table(made, ground.facts).to_parquet(folder / "data" / "train.parquet")
    ids = {asset: opened.pool.row_ids(asset) for asset in opened.state.assets}
    lineage_table(made, ground, _parts(opened), ids).to_parquet(folder / "data" / "lineage.parquet")
    dropped_table(made, ground.train).to_parquet(folder / "data" / "dropped.parquet")
    write_ground(folder / "original", ground)
    assets = [_write_asset(folder / "assets", opened.pool, asset, with_assets) for asset in opened.state.assets]
    (folder / "loader.py").write_text(made.state.loader)
    methods = write_methods(folder / "methods", made.state.loader)
    wanted = pins([made.state.loader, *method_texts(made.state.loader).values()])
    (folder / "requirements.txt").write_text(requirements(wanted))
    audit = audit_of(opened, made, assets)
    (folder / "audit.json").write_text(json.dumps(audit, indent=1))
    shape = made.features.x.shape if made.features is not None else None
    about: dict[str, Any] = {
        "format": FORMAT, "provender": __version__, "created": _started(opened).created, "task": opened.task.name, "run": opened.run, "node": opened.node, "state": made.state.id,
        "task_digest": opened.task.digest, "rows": len(made.rows.ids), "features": list(shape) if shape else None,
        "rows_digest": made.rows_digest, "features_digest": made.features_digest, "fingerprint": made.fingerprint(),
        "methods": methods, "assets": assets, "pins": wanted,
    }  # fmt: skip
    (folder / "README.md").write_text(data_card(opened, ground, made, about, audit))
    files = file_digests(folder)
    (folder / "croissant.json").write_text(json.dumps(croissant(folder, about, opened.task.description, files), indent=1))
    about["files"] = {**files, "croissant.json": digest_of(folder / "croissant.json")}
    (folder / "export.json").write_text(json.dumps(about, indent=1))
    return {
        "run": opened.run, "node": opened.node, "state": made.state.id, "rows": len(made.rows.ids),
        "features": shape, "rows_digest": made.rows_digest, "features_digest": made.features_digest,
        "passed_on": {asset["id"]: asset["included"] for asset in assets}, "findings": len(audit["findings"]),
    }  # fmt: skip


def audit_of(opened: OpenedRun, made: Materialised, assets: list[dict]) -> dict[str, Any]:
    """What is known about the state: what the guard says of all its rows, how its gain was proven, what it is made of."""
    fold = opened.plan.everything()
    checked = len(fold.evaluation) > 0 and made.features is not None
    findings = audit_rows(made.rows, made.lineage, opened.records, fold) if checked else []
    confirmed = next((e for e in reversed(opened.events) if isinstance(e, Confirmed) and e.node == opened.node), None)
    tested = next((e for e in reversed(opened.events) if isinstance(e, TestScored) and e.node == opened.node), None)
    names = [*opened.tree[opened.node].methods, *(m.rpartition(".")[2] for m in imported_modules(made.state.loader, METHODS_PACKAGE))]
    cards = [find_method(name) for name in dict.fromkeys(names) if name in METHODS]
    return {
        "run": opened.run, "node": opened.node, "state": made.state.id, "isolation": _started(opened).isolation,
        "metric": {"name": opened.task.metric.name, "direction": opened.task.metric.direction},
        "proven": bool(confirmed and confirmed.proven), "accepted": bool(opened.returned and opened.returned.accepted and opened.returned.node == opened.node),
        "confirmation": None if confirmed is None else {
            "initial": confirmed.initial, "state": confirmed.best, "gain": confirmed.gain, "interval": list(confirmed.interval),
            "rows": confirmed.rows, "foldings": confirmed.foldings, "level": confirmed.level, "reason": confirmed.reason,
        },
        "test": None if tested is None else {"initial": tested.initial, "state": tested.best, "gain": tested.gain, "interval": list(tested.interval)},
        "credits": [{**e.part, "credit": e.credit, "reason": e.reason} for e in opened.events if isinstance(e, Credited) and e.node == opened.node],
        "lineage": made.lineage.to_json(invented=0 if made.features is None else len(made.features.y) - len(made.rows.ids)),
        "changes": [{"kind": t.kind, "reason": t.reason, "rows": len(t.rows)} for t in made.touches],
        "held_out_rows_checked_against": len(fold.evaluation) if checked else 0,
        "findings": [finding.to_json() for finding in findings],
        "methods": [{"name": c.name, "citation": c.citation, "paper": c.paper, "link": c.link} for c in cards],
        "assets": assets,
    }  # fmt: skip


def _started(opened: OpenedRun) -> RunStarted:
    return next(e for e in opened.events if isinstance(e, RunStarted))


def file_digests(folder: Path) -> dict[str, str]:
    """{path: SHA-256} of all files of the folder, in the order of their names."""
    return {path.relative_to(folder).as_posix(): digest_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def asset_file(asset: str) -> str:
    """The name of an asset's files, without suffix."""
    return asset.replace(":", "-").replace("/", "-")


def _parts(opened: OpenedRun) -> dict[str, np.ndarray]:
    ids, split = opened.records.frame.index.to_numpy(), opened.records.split
    return {"search": ids[split.search], "sealed": ids[split.sealed], "test": ids[split.test]}


def _write_asset(folder: Path, pool: PoolStore, asset: str, with_assets: bool) -> dict[str, Any]:
    """The asset's table, or which rows of which file it is."""
    folder.mkdir(exist_ok=True)
    manifest = pool.manifest(asset)
    included = with_assets or may_pass_on(manifest.get("licence")) or asset == "task:pool"
    total = int(manifest.get("rows", 0)) + int(manifest.get("quarantined", 0))
    places = row_ids(asset, total)
    kept = np.flatnonzero(np.isin(places, pool.row_ids(asset)))
    left_out = np.setdiff1d(np.arange(total), kept)
    about = {**manifest, "id": asset, "included": included, "file_rows": total, "left_out": left_out.tolist()}
    if included:
        pool.frame(asset).to_parquet(folder / f"{asset_file(asset)}.parquet")
    (folder / f"{asset_file(asset)}.json").write_text(json.dumps(about, indent=1))
    return {"id": asset, "included": included, **{name: manifest.get(name) for name in ("title", "source", "locator", "licence", "rows")}}
