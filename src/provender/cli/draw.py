"""The DataTree in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from ..journal.tree import ROOT, Node, Tree
from .console import number, signed

_MARKS = {"pending": "·", "running": "▸", "scored": "●", "discovered": "◆", "failed": "✗"}


def node_line(node: Node, best: int | None = None, marked: str = "") -> Text:
    """One node: mark, id, score, what it did."""
    line = Text()
    style = "red" if node.color == "red" else "bold green" if node.id == best else ""
    line.append(f"{_MARKS[node.status]} {node.id}", style=style or ("dim" if node.status in ("pending", "failed") else ""))
    if node.dev is not None:
        line.append(f"  {number(node.dev)}")
        if node.id != ROOT:
            line.append(f" {signed(node.gain)}", style="green" if (node.gain or 0) > 0 else "dim")
    if node.failure is not None:
        line.append(f"  {node.failure.get('kind')}: {node.failure.get('message')}", style="dim")
    elif node.status == "pending":
        line.append(f"  {'look for data' if node.color == 'red' else 'next'}", style="dim")
    elif node.summary:
        line.append(f"  {node.summary}", style="" if node.id == best else "dim")
    if marked:
        line.append(f"  ← {marked}", style="bold green")
    line.no_wrap = True
    line.overflow = "ellipsis"
    return line


def tree_lines(tree: Tree, *, most: int | None = None, marks: dict[int, str] | None = None) -> list[Text]:
    """The tree, children below their parents. With `most`, pending and weak nodes are left out first, and counted."""
    best = tree.best.id if tree.best is not None else None
    rows = list(_walk(tree, ROOT, "", ""))
    if most is not None and len(rows) > most:
        kept = _keep(tree, most - 1)
        left_out = len(rows) - len(kept)
        rows = [row for row in rows if row[1] in kept]
        return [_row(tree, row, best, marks) for row in rows] + [Text(f"  … and {left_out} more nodes", style="dim")]
    return [_row(tree, row, best, marks) for row in rows]


def _row(tree: Tree, row: tuple[str, int], best: int | None, marks: dict[int, str] | None) -> Text:
    line = Text(row[0], style="dim")
    line.append_text(node_line(tree[row[1]], best, (marks or {}).get(row[1], "")))
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _walk(tree: Tree, node: int, lead: str, below: str) -> Iterator[tuple[str, int]]:
    if node not in tree:
        return
    yield lead, node
    children = tree.children(node)
    for i, child in enumerate(children):
        last = i == len(children) - 1
        yield from _walk(tree, child.id, below + ("└ " if last else "├ "), below + ("  " if last else "│ "))


def _keep(tree: Tree, most: int) -> set[int]:
    """The nodes worth their line: what runs, what was found, the best, and the way to each from the root."""
    order = sorted(tree, key=lambda n: (n.status != "running", n.status != "discovered", -(n.gain if n.gain is not None else -1e300), n.id))
    kept: set[int] = {ROOT}
    for node in order:
        way = {step.id for step in tree.path(node.id)}
        if len(kept | way) <= most:
            kept |= way
    return kept
