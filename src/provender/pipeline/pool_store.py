"""The Data Pool's bytes: one regular, read-only file an asset, named by its id. What is known *about* assets is in the journal."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..contract.rows import ROW, row_ids
from ..contract.wire import pack, unpack
from ..execute.blob import Blob

TASK_POOL = "task:pool"
_ASSET = re.compile(r"[A-Za-z0-9][\w.:/-]{0,150}", re.ASCII)  # a loader names assets: no other text becomes part of a path


class PoolStore:
    """Assets of one workspace. An asset is a table in the wire format whose index holds row ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._ids: dict[str, np.ndarray] = {}

    def __contains__(self, asset: str) -> bool:
        return bool(_ASSET.fullmatch(asset)) and self._path(asset).exists()

    def add(self, asset: str, frame: pd.DataFrame, manifest: Mapping[str, Any], *, kept: np.ndarray | None = None) -> None:
        """Store a table under this id; `kept` (n,) bool leaves quarantined rows out, the others keep their ids."""
        ids = row_ids(asset, len(frame))
        kept = np.ones(len(frame), bool) if kept is None else kept
        self.put(asset, frame[kept].set_axis(pd.Index(ids[kept], name=ROW)), manifest)

    def put(self, asset: str, table: pd.DataFrame, manifest: Mapping[str, Any]) -> None:
        """Store a table whose index holds the row ids already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # The table last: an asset that is there has its manifest.
        for path, raw in ((self._about(asset), json.dumps(dict(manifest)).encode()), (self._path(asset), pack({"frame": table}))):
            part = path.with_suffix(f".part{os.getpid()}")
            part.write_bytes(raw)
            part.chmod(0o444)
            os.replace(part, path)

    def open(self, asset: str) -> Blob:
        """The asset's sealed bytes."""
        return Blob.open(self._path(asset))

    def manifest(self, asset: str) -> dict[str, Any]:
        """What loaders may read about the asset: title, schema, licence, uses."""
        return json.loads(self._about(asset).read_text())

    def frame(self, asset: str) -> pd.DataFrame:
        """The asset's table."""
        with self.open(asset) as blob:
            return unpack(bytes(blob.view))["frame"]

    def row_ids(self, asset: str) -> np.ndarray:
        """(n,) int64 ids of the asset's rows."""
        if asset not in self._ids:
            self._ids[asset] = self.frame(asset).index.to_numpy()
        return self._ids[asset]

    def _path(self, asset: str) -> Path:
        return self.folder / f"{asset.replace(':', '-').replace('/', '-')}.wire"

    def _about(self, asset: str) -> Path:
        return self._path(asset).with_suffix(".json")
