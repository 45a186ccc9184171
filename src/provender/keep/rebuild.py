"""Rebuild an export: run its loader on its own records, and compare what comes out with what was exported. No agent, no journal.

Its code runs in a sandbox, external files are parsed in one, and every file is held against its digest. Its own Parquet
files are read here: an export is as trustworthy as the person who gave it.
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..contract.outcome import Failure
from ..contract.rows import ROW, row_ids
from ..contract.state import DataState, named_assets
from ..errors import ProvenderError, RunError, UserError
from ..execute.executor import Executor
from ..pipeline.admit import parse_table
from ..pipeline.materialise import Materialised, Wish, materialise
from ..pipeline.pool_store import PoolStore
from ..sources.index import digest_of as content_digest
from .export import FORMAT, asset_file, digest_of
from .ground_files import read_ground
from .method_files import read_methods
from .pins import differences
from .tables import training_table

ROUNDING = 1e-6
"""Relative difference up to which features' fingerprints are those of the same features, computed by other arithmetic."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rebuilt:
    """rows_equal      the rows have the digest they had
    features_equal  so have the features;  rounding: the largest relative difference of their fingerprints, 0 where the digests are equal
    notes           what is installed in another version than it was, and what else may matter
    table           the rebuilt training rows
    """

    folder: Path
    rows: int
    rows_digest: str
    features_digest: str
    rows_equal: bool
    features_equal: bool
    rounding: float
    notes: tuple[str, ...]
    table: pd.DataFrame

    @property
    def same(self) -> bool:
        """Equal rows, and features equal to rounding."""
        return self.rows_equal and (self.features_equal or self.rounding <= ROUNDING)

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder), "same": self.same, "rows": self.rows, "rows_digest": self.rows_digest, "rows_equal": self.rows_equal,
            "features_digest": self.features_digest, "features_equal": self.features_equal, "rounding": self.rounding, "notes": list(self.notes),
        }  # fmt: skip


def read_export(folder: Path) -> dict[str, Any]:
    """The manifest of an export whose files are all as they were written. Raises UserError naming the first that is not."""
    path = Path(folder) / "export.json"
    if not path.is_file():
        raise UserError(f"{folder} is no export: it has no export.json; make one with  provender export RUN --to DIR")
    try:
        about = json.loads(path.read_text())
        version, files = int(about["format"]), dict(about["files"])
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} cannot be read: export again") from None
    if version > FORMAT:
        raise UserError(f"{folder} has format {version}, and this Provender reads up to {FORMAT}: pip install -U provender")
    for name, sha in files.items():
        file = path.parent / name
        if not file.is_file() or file.is_symlink() or path.parent.resolve() not in file.resolve().parents:
            raise UserError(f"{folder} lacks the file {name}: copy the export again, whole")
        if digest_of(file) != sha:
            raise UserError(f"{name} in {folder} has changed since it was exported: copy the export again, or export again")
    return about


def rebuild(folder: Path, executor: Executor, *, places: Sequence[Path] = (), tell: Callable[[str], None] = lambda _: None) -> Rebuilt:
    """Rebuild the export in this folder.

    places  folders and workspaces in which external tables are looked for that the export does not hold

    Raises UserError for a damaged export and for a table that is found nowhere, RunError when the loader fails.
    """
    folder = Path(folder)
    tell("checking the files")
    about = read_export(folder)
    with tempfile.TemporaryDirectory() as scratch:
        pool = PoolStore(Path(scratch))
        for asset in about["assets"]:
            _fetch(folder, str(asset["id"]), pool, executor, places)
        tell("running the loader")
        made = _materialise(folder, about, executor, pool)
    ground = read_ground(folder / "original")
    return Rebuilt(
        folder=folder, rows=len(made.rows.ids), rows_digest=made.rows_digest, features_digest=made.features_digest,
        rows_equal=made.rows_digest == about["rows_digest"], features_equal=made.features_digest == about["features_digest"],
        rounding=_rounding(made, about), notes=tuple(differences(about["pins"])), table=training_table(made, ground.facts),
    )  # fmt: skip


def open_export(folder: Path, executor: Executor, *, places: Sequence[Path] = ()) -> Materialised:
    """The state of an export, materialised anew: for comparisons."""
    about = read_export(Path(folder))
    with tempfile.TemporaryDirectory() as scratch:
        pool = PoolStore(Path(scratch))
        for asset in about["assets"]:
            _fetch(Path(folder), str(asset["id"]), pool, executor, places)
        return _materialise(Path(folder), about, executor, pool)


def _materialise(folder: Path, about: Mapping[str, Any], executor: Executor, pool: PoolStore) -> Materialised:
    loader = (folder / "loader.py").read_text()
    state = DataState(loader=loader, assets=named_assets(loader), imports={}, task=str(about["task_digest"]))
    modules = read_methods(folder / "methods", about["methods"], loader)
    made = materialise(executor, read_ground(folder / "original"), state, pool, Wish(modules=modules))
    if isinstance(made, Failure):
        told = "; ".join(differences(about["pins"]))
        raise RunError(f"the loader of {folder} fails here ({made.kind}): {made.message}" + (f" ({told})" if told else ""))
    return made


def _fetch(folder: Path, asset: str, pool: PoolStore, executor: Executor, places: Sequence[Path]) -> None:
    """Put the asset's table, the same rows of it, into the pool."""
    about = json.loads((folder / "assets" / f"{asset_file(asset)}.json").read_text())
    if about["included"]:
        pool.put(asset, pd.read_parquet(folder / "assets" / f"{asset_file(asset)}.parquet"), about)
        return
    for place in places:
        for store in (PoolStore(path) for path in sorted(place.glob("pool/*")) if path.is_dir()):
            if asset in store and _is_whole(store.row_ids(asset), asset, about):
                pool.put(asset, store.frame(asset), about)
                return
    digest = asset.partition(":")[2][:12]
    for path in _candidates(str(about.get("locator", "")), places):
        if content_digest(path).startswith(digest):
            _admit(path, asset, about, pool, executor)
            return
    raise UserError(
        f"the export names the table {about.get('title')!r} ({asset}, from {about.get('source')}: {about.get('locator')}), which it may not pass on and which is not here: "
        "name a folder that holds it with --assets"
    )


def _is_whole(ids: np.ndarray, asset: str, about: Mapping[str, Any]) -> bool:
    """Whether a pool holds exactly the rows of the asset that the export used."""
    kept = np.delete(row_ids(asset, about["file_rows"]), about["left_out"])
    return np.array_equal(ids, kept)


def _candidates(locator: str, places: Sequence[Path]) -> Iterator[Path]:
    """Files that may be the table: where a package has it, then under the places, the one of the same name first.

    A workspace has tables in its pool only; it has been looked through.
    """
    package = Path(locator).parts[:1]
    if package and package[0].isidentifier() and (spec := importlib.util.find_spec(package[0])) and spec.submodule_search_locations:
        path = Path(spec.submodule_search_locations[0]).parent / locator
        if path.is_file():
            yield path
    for place in (place for place in places if place.exists() and not (place / "journal.db").exists()):
        files = [path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink()] if place.is_dir() else [place]
        yield from sorted(files, key=lambda path: path.name != Path(locator).name)


def _admit(path: Path, asset: str, about: Mapping[str, Any], pool: PoolStore, executor: Executor) -> None:
    try:
        frame = parse_table(executor, path)
    except ProvenderError as error:
        raise UserError(f"{path} could not be read: {error}") from None
    if len(frame) != about["file_rows"]:
        raise UserError(f"{path} gives {len(frame)} rows, and gave {about['file_rows']} when it was exported: install the versions of requirements.txt")
    kept = np.delete(np.arange(len(frame)), about["left_out"])
    pool.put(asset, frame.iloc[kept].set_axis(pd.Index(row_ids(asset, len(frame))[kept], name=ROW)), about)


def _rounding(made: Materialised, about: Mapping[str, Any]) -> float:
    """The largest difference between the fingerprints, relative to their size; inf where they are of other shapes."""
    if made.features_digest == about["features_digest"]:
        return 0.0
    now, then = np.asarray(made.fingerprint(), float), np.asarray(about["fingerprint"], float)
    if now.shape != then.shape:
        return float("inf")
    return float(np.abs(now - then).max() / max(1.0, np.abs(then).max())) if now.size else 0.0
