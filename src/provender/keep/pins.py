"""The environment that made something, as pins: what another machine needs to make it again."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Iterable, Mapping

_CORE = ("provender", "numpy", "pandas", "scipy", "scikit-learn", "pyarrow")
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv-python", "yaml": "pyyaml"}


def pins(texts: Iterable[str]) -> dict[str, str]:
    """{distribution: version} of the core and of what these Python texts import; what is not installed is left out."""
    found: dict[str, str] = {}
    named = set(_CORE)
    for text in texts:
        named.update(_DISTRIBUTIONS.get(name, name) for name in re.findall(r"^\s*(?:from|import)\s+([A-Za-z_]\w*)", text, flags=re.MULTILINE))
    for name in sorted(named):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of the standard library, or the loader's own
    return found


def differences(wanted: Mapping[str, str]) -> list[str]:
    """Sentences about what is installed in another version than wanted."""
    told = []
    for name, version in wanted.items():
        try:
            here = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            here = "none"
        if here != version:
            told.append(f"{name} is {here} here and was {version}")
    return told


def requirements(wanted: Mapping[str, str]) -> str:
    """The text of a requirements.txt."""
    lines = [f"# Python {platform.python_version()} on {platform.system()} {platform.machine()}"]
    return "\n".join([*lines, *(f"{name}=={version}" for name, version in wanted.items())]) + "\n"
