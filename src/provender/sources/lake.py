"""A lake: a folder of tables and texts, whatever lies in it. Nothing outside the folder is read, no link is followed."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from .index import Entry, Index, Sketch
from .offers import Offer, located, preview, rank
from .sketching import file_format
from .source import Lead, Query

MOST_BYTES = 256 << 20
MOST_FILES = 20_000


class Lake:
    """The source behind `--lake DIR`.

    folder  the folder;  index  file of the index, made when absent;  sketch  see `index.Sketch`
    notes   {relative path: why it is not offered}, filled by the first search

    The folder is looked through once, at the first search, so that all nodes of a run see the same lake.
    """

    def __init__(self, folder: Path, *, sketch: Sketch, index: Path, name: str = "lake", most_bytes: int = MOST_BYTES) -> None:
        self.folder, self.sketch, self.index, self.name, self.most_bytes = Path(folder), sketch, Path(index), name, most_bytes
        self.notes: dict[str, str] = {}
        self._entries: list[Entry] | None = None
        self._lock = threading.Lock()

    def search(self, query: Query) -> list[Lead]:
        """See `Source.search`."""
        offers = [Offer(entry=entry, title=_title(entry.path), licence=stated_licence(self.folder, entry.path)) for entry in self.entries()]
        return rank(self.name, offers, query)

    def preview(self, lead: Lead) -> Mapping[str, object]:
        """See `Source.preview`."""
        entry = self._find(lead)
        return preview(lead, entry.table if entry else None)

    def locate(self, lead: Lead) -> Path:
        """See `Source.locate`."""
        entry = self._find(lead)
        return located(lead, self.folder, entry.digest if entry else None)

    def entries(self) -> list[Entry]:
        """Every file that a reader knows, sketched or with a note."""
        with self._lock:
            if self._entries is None:
                self._entries = Index(self.index, self.folder, self.sketch).refresh(self._walk())
                self.notes.update({entry.path: entry.note for entry in self._entries if entry.table is None})
            return self._entries

    def _walk(self) -> list[str]:
        """Relative paths of the readable files, sorted. Hidden ones, links and what is no regular file are left out."""
        found = []
        for folder, folders, files in os.walk(self.folder, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = Path(folder) / name
                if name.startswith(".") or path.is_symlink() or not path.is_file() or not file_format(path):
                    continue
                relative = path.relative_to(self.folder).as_posix()
                if (size := path.stat().st_size) > self.most_bytes:
                    self.notes[relative] = f"it has {size >> 20} MiB; at most {self.most_bytes >> 20} are looked at"
                elif len(found) == MOST_FILES:
                    self.notes[relative] = f"only the first {MOST_FILES:,} files are looked at"
                else:
                    found.append(relative)
        return found

    def _find(self, lead: Lead) -> Entry | None:
        return next((entry for entry in self.entries() if entry.path == lead.locator and lead.id == f"{self.name}:{entry.digest[:12]}"), None)


def stated_licence(lake: Path, relative: str) -> str | None:
    """The first line of the licence beside a file: `sales.csv.licence`, else LICENSE or LICENCE in its folder or one above it. None without one."""
    file = lake / relative
    own = [file.with_name(f"{file.name}{suffix}") for suffix in (".licence", ".license")]
    folders = [folder for folder in file.parents if folder == lake or lake in folder.parents]
    theirs = [folder / f"{name}{suffix}" for folder in folders for name in ("LICENSE", "LICENCE") for suffix in ("", ".txt", ".md")]
    for path in (*own, *theirs):
        if path.is_file() and not path.is_symlink():
            with path.open(encoding="utf-8", errors="replace") as stream:
                lines = (line.strip().lstrip("#").strip() for line in stream.read(2000).splitlines())
                return next((line[:120] for line in lines if line), None)
    return None


def _title(path: str) -> str:
    """ "sales/us_2020.csv.gz" gives "sales us 2020"."""
    stem = path
    for suffix in reversed(Path(path).suffixes[-2:]):
        stem = stem.removesuffix(suffix) if suffix.lower() == ".gz" or file_format(Path(f"x{suffix}")) else stem
    return " ".join(stem.replace("/", " ").replace("_", " ").replace("-", " ").split())
