"""Finished results by content address. A file that has its final name is complete: resume adopts it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..contract.wire import pack, unpack
from ..errors import WireError


class Cache:
    """A folder of wire-format files, each written aside and renamed into place."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def get(self, key: str) -> dict[str, Any] | None:
        """The values stored under this key, or None. A damaged file counts as absent and is removed."""
        path = self._path(key)
        try:
            return unpack(path.read_bytes())
        except FileNotFoundError:
            return None
        except WireError:
            path.unlink(missing_ok=True)
            return None

    def put(self, key: str, values: Mapping[str, Any]) -> None:
        """Store values under this key, whole or not at all. Raises OSError when the disk is full."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(pack(values))
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.wire"
