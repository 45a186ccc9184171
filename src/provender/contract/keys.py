"""Keys of task.toml, each checked as it is read. Every function raises TaskError naming the key, its value and the mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import TaskError


def table(raw: dict, name: str, keys: set[str] | None) -> dict[str, Any]:
    table = raw.get(name, {})
    if not isinstance(table, dict):
        raise TaskError(f"[{name}] in task.toml must be a table, not {table!r}")
    if keys is not None and (extra := set(table) - keys):
        raise TaskError(f"[{name}] has the unknown key {sorted(extra)[0]!r}: it knows {', '.join(sorted(keys))}")
    return table


def choice(key: str, value: Any, options: tuple[str, ...]) -> Any:
    if value not in options:
        raise TaskError(f"{key} is {value!r}: choose one of {', '.join(options)}")
    return value


def string(key: str, value: Any) -> str:
    if not isinstance(value, str) or (value == "" and key != "task.description"):
        raise TaskError(f"{key} is {value!r}: give a text in quotes")
    return value


def optional(table: dict, key: str) -> str | None:
    name = key.rpartition(".")[2]
    return None if name not in table else string(key, table[name])


def number(key: str, value: Any, low: float, high: float, *, whole: bool = False) -> float:
    """A number of [low, high]; booleans and texts are none, whatever Python says."""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not low <= value <= high:
        reach = f"from {low:g} to {high:g}" if high < 1e12 else f"of at least {low:g}"
        raise TaskError(f"{key} is {value!r}: give a {'whole ' if whole else ''}number {reach}")
    return value


def flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TaskError(f"{key} is {value!r}: write true or false, without quotes")
    return value


def path(folder: Path, key: str, value: Any) -> Path | None:
    if value is None:
        return None
    path = (folder / string(key, value)).resolve()
    if not path.exists():
        raise TaskError(f"{key} is {value!r}, but {path} does not exist: correct the path in task.toml")
    return path


def read(key: str, path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise TaskError(f"{key}: {path} cannot be read as UTF-8 text ({error}): save it so") from None


def names(key: str, value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name for name in names):
        raise TaskError(f"{key} is {value!r}: give a name in quotes or a list of names")
    if repeated := [name for i, name in enumerate(names) if name in names[:i]]:
        raise TaskError(f"{key} names {repeated[0]!r} twice: drop one of them")
    return tuple(names)


def command(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) for part in value):
        raise TaskError(f'{key} is {value!r}: give a list such as ["python", "train.py"]')
    return tuple(value)
