"""From the text of a loader.py to a data state with its content address."""

from __future__ import annotations

import ast
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


def method_texts(loader: str) -> dict[str, str]:
    """{module: its text} of every method file that this loader imports, those that they import in turn included."""
    found: dict[str, bytes] = {}
    for module in imported_modules(loader, METHODS):
        found |= _texts(module)
    return {name: text.decode() for name, text in sorted(found.items()) if name != METHODS}


@lru_cache
def _module_digest(module: str) -> str:
    """Digest of a method's file and of the method files beside it that it uses; "" for a name that is no module."""
    texts = _texts(module)
    if module not in texts:
        return ""
    h = hashlib.blake2b(digest_size=8)
    for name in sorted(texts):
        h.update(f"{name} {len(texts[name])} ".encode() + texts[name])
    return h.hexdigest()


def _texts(module: str) -> dict[str, bytes]:
    """{module: text} of this method's file and of those beside it that it uses; {} for a name that is no module."""
    texts: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        spec = importlib.util.find_spec(name) if name.count(".") <= 2 else None
        if name in texts or spec is None or spec.origin is None:
            continue
        texts[name] = Path(spec.origin).read_bytes()
        waiting += _beside(texts[name])
    return texts


def _beside(text: bytes) -> list[str]:
    """Modules of the same package that this one imports: from .name import …"""
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level == 1]
    return [f"{METHODS}.{node.module}" for node in imports if node.module]
