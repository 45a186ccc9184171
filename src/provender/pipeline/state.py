"""From the text of a loader.py to a data state with its content address."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from ..contract.state import DataState, imported_modules, named_assets
from ..contract.task import Task

METHODS = "provender.methods"


def make_state(loader: str, task: Task) -> DataState:
    """The data state of this text. Raises LoaderError when it is no loader."""
    imports = {module: found for module in imported_modules(loader, METHODS) if (found := _module_digest(module))}
    return DataState(loader=loader, assets=named_assets(loader), imports=imports, task=task.digest)


@lru_cache
def _module_digest(module: str) -> str:
    """Digest of a method's file and of the method files beside it that it may use; "" for a name that is no module."""
    spec = importlib.util.find_spec(module) if module.count(".") <= 2 else None
    if spec is None or spec.origin is None:
        return ""
    return hashlib.blake2b(Path(spec.origin).read_bytes(), digest_size=8).hexdigest()
