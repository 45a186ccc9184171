"""Methods as they were when a state was exported: their texts take the place of the installed ones, in one sandboxed process."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Texts(MetaPathFinder, Loader):
    """Finds modules among texts: {full name: source}."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, origin=f"{fullname} (vendored)") if fullname in self.texts else None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        exec(compile(self.texts[name], f"{name.rpartition('.')[2]}.py", "exec"), module.__dict__)


def install(texts: Mapping[str, str]) -> None:
    """From here on, imports of these modules give these texts."""
    if not texts:
        return
    for name in texts:
        sys.modules.pop(name, None)
        package, _, last = name.rpartition(".")
        if package in sys.modules and hasattr(sys.modules[package], last):
            delattr(sys.modules[package], last)
    sys.meta_path.insert(0, Texts(texts))
    importlib.invalidate_caches()
