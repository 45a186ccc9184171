"""Provender improves the data behind a model and leaves the model alone."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = ["Study", "Task", "load_model"]

_FRONT = {"Study": "provender.study.study", "Task": "provender.study.task", "load_model": "provender.study.model"}
"""What the package offers at its door. Imported when asked for, so that `import provender` costs nothing."""


def __getattr__(name: str) -> Any:
    if name not in _FRONT:
        raise AttributeError(f"module 'provender' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_FRONT[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
