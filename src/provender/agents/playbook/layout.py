"""Python expressions laid out the way formatters do: on one line, else the contents on one line, else one item a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

WIDTH = 110


@dataclass(frozen=True, slots=True)
class Group:
    """Items between brackets; `head` stands before the opening one: "name=", "SplineTransformer", or nothing.

    `is_tuple`: a lone item needs its comma.
    """

    head: str
    brackets: str
    items: tuple[Group | str, ...]
    is_tuple: bool = False

    def flat(self) -> str:
        comma = "," if self.is_tuple and len(self.items) == 1 else ""
        inside = ", ".join(item if isinstance(item, str) else item.flat() for item in self.items)
        return f"{self.head}{self.brackets[0]}{inside}{comma}{self.brackets[1]}"


def call(name: str, *args: Group | str, **named: object) -> Group:
    """name(*args, **named), where values of `named` are plain Python values or `Code`."""
    return Group(name, "()", (*args, *(_prefixed(f"{key}=", literal(value)) for key, value in named.items())))


@dataclass(frozen=True, slots=True)
class Code:
    """Text that is code already, where a value is expected."""

    text: str


def literal(value: object) -> Group | str:
    """A plain value as source: strings in double quotes, sequences as tuples, mappings as dicts."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, Mapping):
        return Group("", "{}", tuple(_prefixed(f"{_plain(key)}: ", literal(item)) for key, item in value.items()))
    if isinstance(value, Sequence):
        return Group("", "()", tuple(map(literal, value)), is_tuple=True)
    return _plain(value)


def listed(values: Sequence[str]) -> Group:
    """A list of strings."""
    return Group("", "[]", tuple(map(literal, values)))


def lay_out(prefix: str, expression: Group | str, suffix: str = "", indent: int = 0) -> list[str]:
    """Lines of `prefix + expression + suffix` at this indent, none longer than WIDTH where that can be had."""
    margin = " " * indent
    if isinstance(expression, str):
        return [f"{margin}{prefix}{expression}{suffix}"]
    line = f"{margin}{prefix}{expression.flat()}{suffix}"
    if len(line) <= WIDTH or not expression.items:
        return [line]
    first, last = f"{margin}{prefix}{expression.head}{expression.brackets[0]}", f"{margin}{expression.brackets[1]}{suffix}"
    inside = ", ".join(item if isinstance(item, str) else item.flat() for item in expression.items)
    one_tuple = expression.is_tuple and len(expression.items) == 1
    if indent + 4 + len(inside) <= WIDTH and not one_tuple:
        return [first, f"{margin}    {inside}", last]
    comma = "," if len(expression.items) > 1 or one_tuple else ""
    body = [line for item in expression.items for line in lay_out("", item, comma, indent + 4)]
    return [first, *body, last]


def _prefixed(prefix: str, item: Group | str) -> Group | str:
    return prefix + item if isinstance(item, str) else replace(item, head=prefix + item.head)


def _plain(value: object) -> str:
    if not isinstance(value, str):
        return repr(value)
    return repr(value) if '"' in value and "'" not in value else json.dumps(value, ensure_ascii=False)
