"""A data state: one plain loader.py and the assets it names."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import LoaderError


def digest(*parts: object) -> str:
    """Hex digest (32 characters) of JSON-like parts; bytes are taken as they are."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True, default=str).encode()
        h.update(len(raw).to_bytes(8, "big"))
        h.update(raw)
    return h.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataState:
    """loader   text of loader.py
    assets   ids of the pool assets it reads, as its literal ASSETS names them
    imports  {module of provender.methods: digest of its file}: an upgrade of a method is another state
    task     digest of the task
    """

    loader: str
    assets: tuple[str, ...] = ()
    imports: Mapping[str, str]
    task: str

    @property
    def id(self) -> str:
        """Content address of the state (16 hex characters)."""
        return digest(self.loader, sorted(self.assets), dict(self.imports), self.task)[:16]


def named_assets(loader: str) -> tuple[str, ...]:
    """The literal ASSETS of the class DataLoader in this text; () when it names none.

    Raises LoaderError when the text does not parse, defines no class DataLoader, or computes ASSETS.
    """
    for node in _loader_class(loader).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == "ASSETS" for target in targets):
            try:
                value = ast.literal_eval(node.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                value = None
            if isinstance(value, (tuple, list)) and all(isinstance(v, str) for v in value):
                return tuple(value)
            raise LoaderError("ASSETS must be a literal tuple of asset ids, such as ASSETS = ('lake:9f3a21c0',)")
    return ()


def imported_modules(loader: str, package: str) -> tuple[str, ...]:
    """Modules of this package that the text imports, sorted."""
    found = set()
    for node in ast.walk(_parse(loader)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(sorted(m for m in found if m == package or m.startswith(package + ".")))


def _parse(loader: str) -> ast.Module:
    try:
        loader.encode()
        return ast.parse(loader)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f" (line {line})" if line else ""
        raise LoaderError(f"loader.py does not parse{place}: {getattr(error, 'msg', error)}; correct it") from None
    except (MemoryError, RecursionError):
        raise LoaderError("loader.py does not parse: it is nested too deeply; write it flatter") from None


def _loader_class(loader: str) -> ast.ClassDef:
    classes = [n for n in _parse(loader).body if isinstance(n, ast.ClassDef) and n.name == "DataLoader"]
    if not classes:
        raise LoaderError("loader.py defines no class DataLoader; give it rows(), fit(rows) and inputs(raw)")
    return classes[-1]
