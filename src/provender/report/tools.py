"""What the nodes worked with: sources that red nodes searched, families of methods that black nodes used.

The node ratio, the tool-intensity ratio and the tool mix are DataMaster's (https://arxiv.org/abs/2605.10906, section 4.4 and
its appendix on ratios), with these tools in the place of a language model's calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..journal.events import (
    AssetAdmitted,
    AssetRefused,
    Event,
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    StateProposed,
)
from ..journal.tree import ROOT
from ..methods.registry import METHODS, find_method

Use = tuple[str, int, str]  # the colour whose tool it is, the node, the tool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMix:
    """red, black   (tool, nodes that used it) of the executed nodes of a colour, the most used first
    intensity    tools a red node over tools a black node; None where either colour used none
    """

    red: tuple[tuple[str, int], ...]
    black: tuple[tuple[str, int], ...]
    intensity: float | None


def tool_mix(events: Iterable[Event]) -> ToolMix:
    """D0 is not counted, and a tool counts once a node."""
    color: dict[int, str] = {}
    done: set[int] = set()
    used: set[Use] = set()
    for event in events:
        if isinstance(event, NodeGrown):
            color[event.node] = event.color
        elif isinstance(event, NodeScored | NodeFailed | NodeDiscovered) and event.node != ROOT:
            done.add(event.node)
        used.update(_uses(event))
    counts = {"red": Counter(), "black": Counter()}
    for wanted, node, tool in used:
        if node in done and color[node] == wanted:  # a warm start's tables come with a black node, which searched nothing
            counts[color[node]][tool] += 1
    nodes = Counter(color[node] for node in done)
    each = [counts[c].total() / nodes[c] if nodes[c] else 0.0 for c in ("red", "black")]
    ordered = {c: tuple(sorted(found.items(), key=lambda item: (-item[1], item[0]))) for c, found in counts.items()}
    return ToolMix(red=ordered["red"], black=ordered["black"], intensity=each[0] / each[1] if all(each) else None)


def _uses(event: Event) -> Iterator[Use]:
    """The tools that an event tells of; an agent's journaled calls would be told apart here."""
    if isinstance(event, AssetAdmitted):
        yield "red", event.node, str(event.manifest.get("source") or "an unnamed source")
    elif isinstance(event, AssetRefused):
        yield "red", event.node, event.lead.partition(":")[0].strip() if ":" in event.lead else "an unnamed source"
    elif isinstance(event, StateProposed):
        for name in event.methods:
            yield "black", event.node, find_method(name).family if name in METHODS else name


def node_ratio(events: Iterable[Event]) -> tuple[float, ...]:
    """Red over black nodes after each execution but D0's, from the first black one on."""
    color: dict[int, str] = {}
    done = Counter()
    found: list[float] = []
    for event in events:
        if isinstance(event, NodeGrown):
            color[event.node] = event.color
        elif isinstance(event, NodeScored | NodeFailed | NodeDiscovered) and event.node != ROOT:
            done[color[event.node]] += 1
            if done["black"]:
                found.append(done["red"] / done["black"])
    return tuple(found)
