"""Choosing rows of a pool without an LLM: plain and published ways, one after the other, each a readable loader.

A choice is a value like a recipe: JSON that is journaled and told to later nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from ...contract.outcome import Failure
from ...methods.card import Card
from ...methods.registry import find_method
from ..agent import Brief, Proposal, TaskFacts
from .initial import LOW_CARDINALITY
from .layout import literal

_COVERED_AT_MOST = 20_000  # pool rows among which centres can be looked for in seconds
_PAPER_OF_LENGTH = "Zhao et al.: Long is more for alignment, 2024, https://arxiv.org/abs/2402.04833"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """way     random | shares (equally many of each value of a column) | cover (k-center) | longest (texts)
    column  the one that shares and longest look at
    once    whether rows that repeat another are left out first
    draw    0 for the task's own seed, else the number of one particular random draw
    """

    way: str = "random"
    column: str = ""
    once: bool = False
    draw: int = 0

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods of the registry that it uses."""
        return ("dedup",) * self.once + ("k_center",) * (self.way == "cover")

    @property
    def title(self) -> str:
        """What is chosen, as a phrase."""
        rows = {
            "random": "random rows", "cover": "rows that cover the others",
            "shares": f"equally many rows of each {self.column}", "longest": f"the rows with the longest {self.column}",
        }[self.way]  # fmt: skip
        return rows + (", repeated ones once" if self.once else "") + (f", draw {self.draw}" if self.draw else "")


def first_choice(facts: TaskFacts) -> Proposal:
    """D0 of a task that chooses rows: as many random ones as may be chosen."""
    return replace(_proposal(facts, Choice(), f"D0 of {facts.name}: "), author="initial")


def next_choice(brief: Brief) -> Proposal:
    """The first way that nobody has tried, beginning at the node's own, so that nodes in flight differ; then other random draws."""
    known = list(choices(brief.task))
    seen = (*brief.record, *brief.siblings, brief.parent)
    tried = {Choice(**record.recipe["choice"]) for record in seen if record.recipe is not None}  # type: ignore[arg-type]
    turn = (brief.node - 1) % len(known) if known else 0
    made = next((choice for choice in known[turn:] + known[:turn] if choice not in tried), Choice(draw=brief.node))
    return _proposal(brief.task, made, "")


def choices(facts: TaskFacts) -> Iterator[Choice]:
    """Every way that the pool's columns allow, the most promising first; D0's own is not among them."""
    texts = facts.schema.of_kind("text")
    labels = [c.name for c in facts.schema if c.kind == "category" and 2 <= c.cardinality <= LOW_CARDINALITY]
    ways = [Choice(way="shares", column=name) for name in labels]
    if int(facts.profile.get("n_rows", 0)) <= _COVERED_AT_MOST:  # type: ignore[call-overload]
        ways.append(Choice(way="cover"))
    ways += [Choice(way="longest", column=name) for name in texts]
    yield Choice(once=True)
    yield from ways
    for way in ways:
        yield replace(way, once=True)


def unchanged(facts: TaskFacts) -> Proposal:
    """D0 of a task whose learner is a program: the training records as they are, none where the task has none."""
    title = f"D0 of {facts.name}: the task's own records" if facts.profile.get("n_rows") else f"D0 of {facts.name}: no training records"
    text = f'"""{title}."""\n\n\nclass DataLoader:\n    def __init__(self, task, pool):\n        self.task = task\n\n    def rows(self):\n        return self.task.train\n'
    return Proposal(loader=text, summary="the plain starting point", author="initial")


def nothing_to_try() -> Failure:
    """What the playbook says to a task whose records only a program reads."""
    return Failure(
        kind="agent",
        message="the playbook knows no way to change records that only a program reads: bring loaders of your own with --agent DIR",
    )


def _proposal(facts: TaskFacts, choice: Choice, before: str) -> Proposal:
    return Proposal(
        loader=render(facts, choice, before),
        assets=("task:pool",),
        methods=choice.methods,
        recipe={"choice": asdict(choice)},
        summary=f"chooses {choice.title}",
        author="playbook",
    )


def render(facts: TaskFacts, choice: Choice, before: str = "") -> str:
    """Text of the loader that makes this choice; `before` begins its title."""
    cards = [find_method(name) for name in choice.methods]
    sources = [f"- {card.name}: {card.summary} ({card.citation})" for card in cards]
    sources += [f"- long texts: {_PAPER_OF_LENGTH}"] if choice.way == "longest" else []
    title = f"{before}{choice.title}" if before else choice.title[0].upper() + choice.title[1:]
    lines = [f'"""{title}.' + ('"""' if not sources else "")]
    lines += ["", *sources, '"""'] if sources else []
    needs_rows = bool(choice.methods)
    lines += ["", *(["import numpy as np", ""] if needs_rows else [])]
    lines.append(f"from provender.contract.rows import {'Rows, select' if needs_rows else 'select'}")
    lines += [_import(card) for card in cards]
    seeded = choice.way in ("random", "shares") and not choice.draw
    lines += [
        "",
        f"COUNT = {facts.choose}  # rows that may be chosen",
        "",
        "",
        "class DataLoader:",
        '    ASSETS = ("task:pool",)',
        "",
        "    def __init__(self, task, pool):",
        *(["        self.task = task"] if seeded else []),
        '        self.pool = pool["task:pool"].frame()',
        "",
        "    def rows(self):",
        f"        pool = self.pool.drop(columns={literal(facts.row_id)})",
        *(f"        {line}" for line in _steps(choice)),
        f'        return select("task:pool", self.pool.loc[chosen, {literal(facts.row_id)}])',
    ]
    return "\n".join(lines) + "\n"


def _steps(choice: Choice) -> list[str]:
    """Statements that leave the chosen index labels of `pool` in `chosen`."""
    seed = choice.draw or "self.task.seed"
    once = ["pool = Dedup().fit_resample(Rows(pool, np.zeros(len(pool)))).frame"] if choice.once else []
    column: Mapping[str, list[str]] = {
        "random": [f"chosen = pool.sample(n=min(COUNT, len(pool)), random_state={seed}).index"],
        "shares": [
            f"shuffled = pool.sample(frac=1, random_state={seed})",
            f"turn = shuffled.groupby({literal(choice.column)}, dropna=False).cumcount()  # the first of each, then the second of each",
            'chosen = turn.sort_values(kind="stable").index[:COUNT]',
        ],
        "cover": [
            "centres = KCenter(share=min(1.0, COUNT / len(pool)))",
            "chosen = centres.fit_resample(Rows(pool, np.zeros(len(pool)))).ids",
        ],
        "longest": [f"chosen = pool[{literal(choice.column)}].str.len().nlargest(COUNT).index"],
    }
    return once + column[choice.way]


def _import(card: Card) -> str:
    return f"from {card.module} import {card.class_name}"
