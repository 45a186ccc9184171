"""The DataTree as a picture: red and black nodes by depth, coloured by what they gained; large trees collapse by branch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from ..journal.tree import ROOT, Node, Tree
from .markup import Html, el
from .words import count, short, signed

NODES_AT_MOST = 60
"""So many nodes are drawn one by one; of a larger tree as many as fit the page, and the rest of each branch becomes one stack."""

_NARROW, _WIDE, _HIGH, _MARGIN = 27, 74, 76, 32
_FILLS = 816
"""Up to this width in pixels nodes move apart; beyond it they stand close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark of the picture. x, y in units of a node's width and a level's height; above: the mark it hangs from.

    node    the node, or the parent of a stack;  stack  ids of the nodes that are drawn as one, empty for a single node
    """

    node: int
    x: float
    y: int
    above: int | None
    stack: tuple[int, ...] = ()


def layout(tree: Tree, wanted: int | None) -> tuple[Mark, ...]:
    """Places for the tree's nodes: leaves side by side, parents in the middle above them. Marks above stand before those below.

    wanted   a node that is always drawn, with its way from the root
    """
    if ROOT not in tree:
        return ()
    shown = [node for node in tree if node.status != "pending"]
    if len(shown) <= NODES_AT_MOST:
        return _arranged(tree, {ROOT} | {step.id for node in shown for step in tree.path(node.id)})
    most = NODES_AT_MOST
    while True:
        marks = _arranged(tree, _kept(tree, shown, wanted, most))
        if most <= 8 or max(mark.x for mark in marks) < _columns_at_most():
            return marks
        most = most * 3 // 4


def _columns_at_most() -> int:
    return (_FILLS - 2 * _MARGIN) // _NARROW


def _arranged(tree: Tree, kept: set[int]) -> tuple[Mark, ...]:
    """Marks for the kept nodes, a set closed upwards, and a stack below each of them that has others under it."""
    below: dict[int, list[int]] = {}
    rest: dict[int, list[int]] = {}
    nearest = {ROOT: ROOT}  # kept node at or above each node; parents were grown before their children
    for node in tree:
        if node.parent is None:
            continue
        nearest[node.id] = node.id if node.id in kept else nearest[node.parent]
        (below if node.id in kept else rest).setdefault(nearest[node.parent], []).append(node.id)
    marks: list[Mark] = []
    order = _walk(below)
    place: dict[int, int] = {}
    for node, depth, above in order:  # parents first; x is set afterwards, from the leaves up
        place[node] = len(marks)
        marks.append(Mark(node=node, x=0.0, y=depth, above=None if above is None else place[above]))
    stacks = {node: Mark(node=node, x=0.0, y=marks[place[node]].y + 1, above=place[node], stack=tuple(ids)) for node, ids in rest.items()}
    return _placed(marks, order, below, stacks, place)


def _walk(below: Mapping[int, list[int]]) -> list[tuple[int, int, int | None]]:
    """(node, depth, parent), depth first, without recursion: a branch may be thousands of nodes deep."""
    found, waiting = [], [(ROOT, 0, None)]
    while waiting:
        node, depth, above = waiting.pop()
        found.append((node, depth, above))
        waiting += [(child, depth + 1, node) for child in reversed(below.get(node, []))]
    return found


def _placed(marks: list[Mark], order: list[tuple[int, int, int | None]], below: Mapping[int, list[int]], stacks: Mapping[int, Mark],
            place: Mapping[int, int]) -> tuple[Mark, ...]:  # fmt: skip
    x: dict[int, float] = {}
    stack_x: dict[int, float] = {}
    column = 0.0
    open_below = {node: len(below.get(node, [])) for node, _, _ in order}
    for node, _, _ in order:
        at: int | None = node
        while at is not None and open_below[at] == 0:  # all below has its place: a stack comes last, then the node itself
            if at in stacks:
                stack_x[at], column = column, column + 1
            ends = [x[child] for child in below.get(at, [])] + ([stack_x[at]] if at in stacks else [])
            if ends:
                x[at] = (ends[0] + ends[-1]) / 2
            else:
                x[at], column = column, column + 1
            above = marks[place[at]].above
            at = None if above is None else marks[above].node
            if at is not None:
                open_below[at] -= 1
    put = [Mark(node=m.node, x=x[m.node], y=m.y, above=m.above) for m in marks]
    return (*put, *(Mark(node=m.node, x=stack_x[m.node], y=m.y, above=m.above, stack=m.stack) for m in stacks.values()))


def _kept(tree: Tree, shown: list[Node], wanted: int | None, most: int) -> set[int]:
    """The most telling nodes, each with its way from the root: what runs, what gained most, what brought data."""
    kept = {ROOT} | ({step.id for step in tree.path(wanted)} if wanted is not None else set())
    best = sorted((n for n in shown if n.gain is not None), key=lambda n: (-n.gain, n.id))
    bringers = [n for n in shown if n.admitted]
    telling = [node for pair in zip_longest(best, bringers) for node in pair if node is not None]
    for node in (*(n for n in shown if n.status == "running"), *telling):
        way = set()
        for step in tree.path(node.id):
            if step.id in kept or len(way) > most:
                break
            way.add(step.id)
        if len(kept) + len(way) <= most:
            kept |= way
        if len(kept) >= most:
            break
    return kept


def tree_picture(tree: Tree, decimals: int, labels: Mapping[int, str]) -> Html:
    """The whole tree as SVG of its natural size. labels: {node: "proven" | "finalist" …}, drawn beside a ring."""
    wanted = next(iter(labels), None)
    marks = layout(tree, wanted)
    if not marks:
        return Html("")
    columns = max(mark.x for mark in marks) + 1
    apart = min(_WIDE, max(_NARROW, (_FILLS - 2 * _MARGIN) / columns))
    width, height = apart * columns + 2 * _MARGIN, _HIGH * max(mark.y for mark in marks) + 2 * _MARGIN + 12
    spots = [(_MARGIN + apart * (mark.x + 0.5), _MARGIN + _HIGH * mark.y) for mark in marks]
    links = [_link(spots[mark.above], spots[i], bool(mark.stack)) for i, mark in enumerate(marks) if mark.above is not None]
    shapes = [_stack(tree, mark, spot, decimals) if mark.stack else _node(tree[mark.node], spot, decimals, (labels.get(mark.node), apart >= 50))
              for mark, spot in zip(marks, spots, strict=True)]  # fmt: skip
    told = f"DataTree of {count(len(tree), 'node')}"
    return el("svg", links, shapes, viewBox=f"0 0 {width:.0f} {height:.0f}", width=f"{width:.0f}", height=f"{height:.0f}", role="img", aria_label=told)


def _link(above: tuple[float, float], below: tuple[float, float], stacked: bool) -> Html:
    (x1, y1), (x2, y2) = above, below
    middle = (y1 + y2) / 2
    return el("path", d=f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}", class_="link thin" if stacked else "link")


def _node(node: Node, spot: tuple[float, float], decimals: int, said: tuple[str | None, bool]) -> Html:
    """said: its label, and whether there is room for its gain."""
    label, roomy = said
    told = [f"node {node.id}, {node.color}, {node.status}"]
    if node.gain is not None:
        told.append(signed(node.gain, decimals))
    if node.failure is not None:
        told.append(short(f"{node.failure.get('kind')}: {node.failure.get('message')}"))
    elif node.summary:
        told.append(short(node.summary))
    parts = [el("title", "\n".join(told)), *_shape(node)]
    below = 22
    if label:
        below = 27
        parts += [el("circle", r=13, class_="ring"), el("text", label, y=-19, class_="label middle halo")]
    parts.append(el("text", str(node.id), y=below, class_="tick middle halo"))
    if roomy and node.gain is not None and node.id != ROOT:
        parts.append(el("text", signed(node.gain, decimals), y=below + 14, class_="tick ink middle halo"))
    return el("g", parts, transform=f"translate({spot[0]:.1f} {spot[1]:.1f})")


def _shape(node: Node) -> list[Html]:
    if node.color == "red":
        kind = "red full" if node.admitted else "red"
        diamond = el("path", d="M0-9 9 0 0 9-9 0z", class_=kind)
        return [diamond, el("path", d="M-4-4 4 4M-4 4 4-4", class_="cross")] if node.status == "failed" else [diamond]
    if node.status == "failed":
        return [el("circle", r=8, class_="hollow"), el("path", d="M-4-4 4 4M-4 4 4-4", class_="cross")]
    if node.gain is None:
        return [el("circle", r=8, class_="hollow waits")]
    # The reward is 0.5 for D0 and 1 for a gain far beyond the noise: what is above 0.5 fills the node.
    fill = max(0.0, 2 * (node.reward or 0.0) - 1)
    return [el("circle", r=8, class_="hollow"), el("circle", r=8, class_="black", fill_opacity=round(fill, 3))]


def _stack(tree: Tree, mark: Mark, spot: tuple[float, float], decimals: int) -> Html:
    nodes = [tree[node] for node in mark.stack]
    kinds = Counter("waiting" if node.status == "pending" else node.status for node in nodes)
    gains = [node.gain for node in nodes if node.gain is not None]
    told = f"{count(len(nodes), 'more node')} below node {mark.node}: " + ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())
    if gains:
        told += f"; best {signed(max(gains), decimals)}"
    return el("g", el("title", told), el("rect", x=-11, y=-9, width=22, height=18, rx=9, class_="stack"),
              el("text", f"+{len(nodes)}", y=4, class_="tick middle"), transform=f"translate({spot[0]:.1f} {spot[1]:.1f})")  # fmt: skip
