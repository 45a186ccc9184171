"""Data sets that ship inside installed packages: offline, licensed, and already on the machine.

Found by their files, through the package's place on the import path and `packages.toml`; no package is imported or
run, and no pickle is read.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from .index import Index, Sketch
from .offers import Offer, located, preview, rank
from .source import Lead, Query

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One row of packages.toml: the files (globs) of a module that are tables worth offering."""

    module: str
    distribution: str
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    title: str
    licence: str | None


@cache
def known_packages() -> tuple[Package, ...]:
    """The table packages.toml."""
    rows = tomllib.loads((files(__package__) / "packages.toml").read_text("utf-8"))
    return tuple(
        Package(
            module=module,
            distribution=row.get("distribution", module),
            files=tuple(row["files"]),
            left_out=tuple(row.get("except", ())),
            title=row["title"],
            licence=row.get("licence"),
        )
        for module, row in rows.items()
    )


class Bundled:
    """Tables inside installed packages. Locators are "module/path"; what is not installed is not offered.

    sketch, index  as for `Lake`;  packages  those to look into, by default all of packages.toml
    """

    name = "bundled"

    def __init__(self, *, sketch: Sketch, index: Path, packages: Sequence[Package] | None = None) -> None:
        self.sketch, self.index, self.packages = sketch, Path(index), packages
        self._offers: list[tuple[Path, Offer]] | None = None
        self._lock = threading.Lock()

    def search(self, query: Query) -> list[Lead]:
        """See `Source.search`."""
        return rank(self.name, [offer for _, offer in self.offers()], query)

    def preview(self, lead: Lead) -> Mapping[str, object]:
        """See `Source.preview`."""
        return preview(lead, next((offer.entry.table for _, offer in self.offers() if offer.entry.path == lead.locator), None))

    def locate(self, lead: Lead) -> Path:
        """See `Source.locate`."""
        for root, offer in self.offers():
            if offer.entry.path == lead.locator and lead.id == f"{self.name}:{offer.entry.digest[:12]}":
                return located(lead, root, offer.entry.digest)
        return located(lead, Path(), None)

    def offers(self) -> list[tuple[Path, Offer]]:
        """(folder that the locator starts from, offer) of every table found, made at the first call."""
        with self._lock:
            if self._offers is None:
                packages = known_packages() if self.packages is None else self.packages
                self._offers = [pair for package in packages if (root := package_folder(package.module)) for pair in self._of(package, root)]
            return self._offers

    def _of(self, package: Package, root: Path) -> list[tuple[Path, Offer]]:
        left_out = {f"{root.name}/{path}" for path in package.left_out}
        found = {
            path.relative_to(root.parent).as_posix()
            for pattern in package.files
            for path in root.glob(pattern)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MOST_BYTES
        }
        licence = package.licence or stated_licence(package.distribution)
        entries = Index(self.index, root.parent, self.sketch).refresh(sorted(found - left_out))
        return [(root.parent, Offer(entry=entry, title=_title(package.title, entry.path), licence=licence)) for entry in entries]


def package_folder(module: str) -> Path | None:
    """Where a top-level package lies; None when it is not installed. Finding does not import it."""
    spec = importlib.util.find_spec(module)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def stated_licence(distribution: str) -> str | None:
    """The licence that the installed distribution's metadata states, None when it states none."""
    try:
        metadata = importlib.metadata.metadata(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    for field in ("License-Expression", "License"):
        if (text := (metadata.get(field) or "").strip()) and text.upper() != "UNKNOWN":
            return text.splitlines()[0][:80]
    classifiers = [c for c in metadata.get_all("Classifier") or () if c.startswith("License ::")]
    return classifiers[0].rsplit("::", 1)[1].strip() if classifiers else None


def _title(template: str, path: str) -> str:
    place = Path(path)
    return template.format(stem=place.name.split(".")[0].replace("_", " ").replace("-", " "), folder=place.parent.name.replace("_", " "))
