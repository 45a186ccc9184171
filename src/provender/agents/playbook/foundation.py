"""Building on a loader that somebody else wrote: its text is kept, its class becomes `Initial`."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass

from ...errors import LoaderError


@dataclass(frozen=True, slots=True)
class Foundation:
    """Lines of the text: its imports (`from __future__ import …` apart, which must come first), and all others."""

    future: list[str]
    imports: list[str]
    body: list[str]


def embed(text: str) -> Foundation:
    """The text with the class `DataLoader` (and every mention of it in code) called `Initial`.

    Its docstring becomes a comment above it. Raises LoaderError when the text does not parse or has no such class.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise LoaderError(f"loader.py does not parse (line {error.lineno}): {error.msg}") from None
    if not any(isinstance(node, ast.ClassDef) and node.name == "DataLoader" for node in tree.body):
        raise LoaderError("loader.py defines no class DataLoader; give it rows(), fit(rows) and inputs(raw)")
    lines = _renamed(text).splitlines()
    dropped: set[int] = set()
    future: list[str] = []
    imports: list[str] = []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            span = range(node.lineno - 1, node.end_lineno)
            is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
            (future if is_future else imports).extend(lines[i] for i in span)
            dropped.update(span)
    heading: list[str] = ["# The task's own loader, as it came."]
    first = tree.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        dropped.update(range(first.lineno - 1, first.end_lineno))
        heading = [f"# {line}".rstrip() for line in ["The task's own loader:", *first.value.value.strip().splitlines()]]
    body = [line for i, line in enumerate(lines) if i not in dropped]
    while body and not body[0].strip():
        body.pop(0)
    return Foundation(future, imports, [*heading, *body])


def _renamed(text: str) -> str:
    """Rename by token, so that strings and comments that say DataLoader keep saying it."""
    lines = text.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(text).readline))):
        if token.type == tokenize.NAME and token.string == "DataLoader":
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + "Initial" + line[column + len("DataLoader") :]
    return "".join(lines)
