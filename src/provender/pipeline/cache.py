"""Finished results by content address. A file that has its final name is complete: resume adopts it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..contract.wire import pack, unpack
from ..errors import WireError

QUOTA = 5_000_000_000
"""Bytes to which the cache of a workspace is trimmed at the end of every run."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the cache. used: when it was written or last read, in seconds since the epoch."""

    path: Path
    size: int
    used: float


class Cache:
    """A folder of wire-format files, each written aside and renamed into place.

    An entry's time of access says when it was last used; its time of change, when it was made. Any entry may be deleted
    at any time, by any process: who reads it then has it whole or not at all, and what is absent is computed again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def get(self, key: str) -> dict[str, Any] | None:
        """The values stored under this key, or None. A damaged file counts as absent and is removed."""
        path = self._path(key)
        try:
            values = unpack(path.read_bytes())
        except FileNotFoundError:
            return None
        except WireError:
            path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):  # deleted meanwhile, or somebody else's file
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # 6 µs; no mount option forbids it
        return values

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

    def entries(self) -> Iterator[Entry]:
        """Every finished result, in no order."""
        for path in self.folder.glob("*/*.wire"):
            with contextlib.suppress(FileNotFoundError):  # another process has just deleted it
                told = path.stat()
                yield Entry(path, told.st_size, max(told.st_atime, told.st_mtime))

    def beyond(self, quota: int, spared: Callable[[Entry], bool]) -> list[Entry]:
        """What has to go for the rest to fit into `quota` bytes: the least recently used first, and of `spared` ones none before the others."""
        kept = sorted(self.entries(), key=lambda entry: (spared(entry), entry.used))
        over = sum(entry.size for entry in kept) - quota
        count = 0
        while over > 0:
            over -= kept[count].size
            count += 1
        return kept[:count]

    def trim(self, quota: int, spared: Callable[[Entry], bool]) -> list[Entry]:
        """Delete what is beyond the quota; what was deleted. Folders stay: somebody may be writing into them."""
        gone = self.beyond(quota, spared)
        for entry in gone:
            entry.path.unlink(missing_ok=True)
        return gone

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.wire"
