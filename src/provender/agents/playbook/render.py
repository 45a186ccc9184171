"""Recipe -> loader.py: a plain file that reads as if a careful person had written it.

Every line is there because the recipe needs it: no dead code, no generic runtime. The file is laid out as
`ruff format` would at 110 columns, and imports scikit-learn and `provender.methods` only.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from ...methods.card import Card
from ...methods.registry import find_method
from .foundation import embed
from .layout import WIDTH, Code, Group, call, lay_out, listed, literal
from .recipe import Recipe, Step

_INDENT = " " * 8  # of the statements in a method
_LITERAL_COLUMNS = 24  # more columns than this are named by a rule, where there is one


def render(recipe: Recipe, *, title: str, why: Sequence[str] = ()) -> str:
    """Text of loader.py.

    title   one sentence: what this state is (the first line of the file)
    why     paragraphs for the module's docstring
    """
    names = _constant_names(recipe)
    parts = _Parts(recipe, names)
    constants = [
        line for group, name in names.items() for line in _constant(name, recipe.groups[group], _is_text(recipe, group))
    ]
    body = ["class DataLoader(Initial):" if recipe.foundation else "class DataLoader:", *parts.assets()]
    for method in (parts.init(), parts.rows(), parts.fit(), parts.inputs()):
        if method:
            body += [*([""] if len(body) > 1 else []), *method]
    sections = [_docstring(title, why, recipe)]
    if recipe.foundation:
        foundation = embed(recipe.foundation)
        sections += ["\n".join(lines) for lines in (foundation.future, [*foundation.imports, *_imports(recipe)]) if lines]
    else:
        sections.append("\n".join(_imports(recipe)))
    if constants:
        sections.append("\n".join(constants))
    text = "\n\n".join(sections)
    if recipe.foundation:
        text += "\n\n\n" + "\n".join(foundation.body).rstrip()
    return text + "\n\n\n" + "\n".join(body) + "\n"


class _Parts:
    """The methods of the class DataLoader, each as lines; [] where the state needs none."""

    def __init__(self, recipe: Recipe, names: Mapping[str, str]) -> None:
        self.recipe = recipe
        self.names = names
        self.own = recipe.foundation is not None
        self.joins = [step for step in recipe.sources if _is_join(step)]

    def assets(self) -> list[str]:
        assets = self.recipe.assets
        return [f"    ASSETS = {literal(assets).flat()}"] if assets else []

    def init(self) -> list[str]:
        lines = ["super().__init__(task, pool)"] if self.own else []
        appends = len(self.joins) < len(self.recipe.sources)
        if not self.own or self.recipe.rows or appends:
            lines.append("self.task = task")
        if appends:
            lines.append("self.pool = pool")
        lines = [_INDENT + line for line in lines]
        for number, step in enumerate(self.joins, start=1):
            lines += _made_and_used(
                f"self.{self._join(number)} = ", construct(step), f"fit(task.train.frame, {self._asset(step, 'pool')})"
            )
        features = self._features()
        if features is not None:
            lines += lay_out("self.more = " if self.own else "self.features = ", features, indent=8)
        return [] if self.own and len(lines) == 1 else ["    def __init__(self, task, pool):", *lines]

    def rows(self) -> list[str]:
        start = "super().rows()" if self.own else "self.task.train"
        appends = [step for step in self.recipe.sources if step not in self.joins]
        steps = [*appends, *self.joins, *self.recipe.rows]
        if not steps:
            return [] if self.own else ["    def rows(self):", f"{_INDENT}return {start}"]
        lines = ["    def rows(self):", f"{_INDENT}rows = {start}"]
        for step in steps:
            lines.append(f"{_INDENT}# {_because(find_method(step.method))}")
            prefix = "return " if step is steps[-1] else "rows = "
            if step in self.joins:
                joined = f"frame=self.{self._join(self.joins.index(step) + 1)}.transform(rows.frame)"
                reason = literal(f"columns joined from {step.asset}")
                lines += lay_out(prefix, Group("rows.edit", "()", (reason, joined)), indent=8)
            else:
                asset = f", {self._asset(step, 'self.pool')}" if step.asset else ""
                lines += _made_and_used(
                    prefix, construct(step, task="self.task"), f"fit_resample(rows{asset})", step.method
                )
        return lines

    def fit(self) -> list[str]:
        if self.own:
            if not self.recipe.branches:
                return []
            made = f"self.more.fit_transform({self._columns('rows.frame')}, rows.y)"
            return _method("fit(self, rows)", [f"return beside(super().fit(rows), {made})"])
        return _method("fit(self, rows)", [f"return self.features.fit_transform({self._columns('rows.frame')}, rows.y)"])

    def inputs(self) -> list[str]:
        if self.own and not self.recipe.branches and not self.joins:
            return []
        lines = [f"raw = self.{self._join(i)}.transform(raw)" for i in range(1, len(self.joins) + 1)]
        if self.own:
            more = f", self.more.transform({self._columns('raw')})" if self.recipe.branches else ""
            lines.append(f"return beside(super().inputs(raw){more})" if more else "return super().inputs(raw)")
        else:
            lines.append(f"return self.features.transform({self._columns('raw')})")
        return _method("inputs(self, raw)", lines)

    def _features(self) -> Group | str | None:
        branches = self.recipe.branches
        if not branches:
            return None
        pipelines = [_pipeline(branch.steps) for branch in branches]
        if len(branches) == 1:
            return _pipeline((*branches[0].steps, *self.recipe.after))
        triples = tuple(
            Group("", "()", (literal(branch.name), pipeline, self.names[branch.group]), is_tuple=True)
            for branch, pipeline in zip(branches, pipelines, strict=True)
        )
        union = Group("ColumnTransformer", "()", (Group("", "[]", triples),))
        if not self.recipe.after:
            return union
        return Group("make_pipeline", "()", (union, *(construct(step) for step in self.recipe.after)))

    def _columns(self, frame: str) -> str:
        """The columns that the features read: all where a ColumnTransformer picks them itself."""
        branches = self.recipe.branches
        return f"{frame}[{self.names[branches[0].group]}]" if len(branches) == 1 else frame

    def _asset(self, step: Step, pool: str) -> str:
        return f"{pool}[self.ASSETS[{self.recipe.assets.index(step.asset)}]]"

    def _join(self, number: int) -> str:
        return "join" if len(self.joins) == 1 else f"join_{number}"


def construct(step: Step, *, task: str = "task") -> Group:
    """The call that makes the step's instance; `task` is how the task is called where it stands."""
    card = find_method(step.method)
    named = {**card.defaults, **step.params}
    if card.random:
        named["random_state"] = Code(f"{task}.seed")
    named.update({name: Code(f"{task}.{name}") for name in card.binds if name in named})
    return call(card.class_name, **named)


def _pipeline(steps: Sequence[Step]) -> Group:
    made = [construct(step) for step in steps]
    return made[0] if len(made) == 1 else Group("make_pipeline", "()", tuple(made))


def _made_and_used(prefix: str, made: Group, use: str, name: str = "") -> list[str]:
    """`rows = Method(…).fit_resample(rows)` where it fits on a line, else the instance by name first."""
    line = f"{_INDENT}{prefix}{made.flat()}.{use}"
    if len(line) <= WIDTH:
        return [line]
    if not name:  # an attribute: it is fitted in place
        return [*lay_out(prefix, made, indent=8), f"{_INDENT}{prefix.removesuffix(' = ')}.{use}"]
    return [*lay_out(f"{name} = ", made, indent=8), f"{_INDENT}{prefix}{name}.{use}"]


def _method(signature: str, lines: Sequence[str]) -> list[str]:
    return [f"    def {signature}:", *(_INDENT + line for line in lines)]


def _is_join(step: Step) -> bool:
    return find_method(step.method).family == "join"


def _is_text(recipe: Recipe, group: str) -> bool:
    first = next(branch for branch in recipe.branches if branch.group == group).steps[0]
    return find_method(first.method).takes == ("text",)


def _constant_names(recipe: Recipe) -> dict[str, str]:
    names = {branch.group: re.sub(r"\W", "_", branch.group).upper() for branch in recipe.branches}
    taken = recipe.foundation or ""
    return {group: f"MORE_{name}" if re.search(rf"\b{name}\b", taken) else name for group, name in names.items()}


def _constant(name: str, columns: Sequence[str], single: bool) -> list[str]:
    if single:
        return [f"{name} = {literal(columns[0])}"]
    rule = _range_rule(columns) if len(columns) > _LITERAL_COLUMNS else None
    return [f"{name} = {rule}"] if rule else lay_out(f"{name} = ", listed(columns))


def _range_rule(columns: Sequence[str]) -> str | None:
    """`[f"pixel{i}" for i in range(784)]` when the names are one stem and consecutive numbers."""
    stem = re.sub(r"\d+$", "", columns[0])
    first = columns[0][len(stem) :]
    if not first or any(c in stem for c in '"\\{}'):
        return None
    start, stop = int(first), int(first) + len(columns)
    if list(columns) != [f"{stem}{i}" for i in range(start, stop)]:
        return None
    return f'[f"{stem}{{i}}" for i in range({f"{start}, " if start else ""}{stop})]'


def _imports(recipe: Recipe) -> list[str]:
    steps = recipe.steps
    names: dict[str, set[str]] = {}
    for card in (find_method(step.method) for step in steps):
        names.setdefault(card.module, set()).add(card.class_name)
    if len(recipe.branches) > 1:
        names.setdefault("sklearn.compose", set()).add("ColumnTransformer")
    chained = any(len(branch.steps) > 1 for branch in recipe.branches) or recipe.after
    if chained and recipe.branches:
        names.setdefault("sklearn.pipeline", set()).add("make_pipeline")
    if recipe.foundation and recipe.branches:
        names.setdefault("provender.methods.beside", set()).add("beside")
    return [f"from {module} import {', '.join(sorted(classes))}" for module, classes in sorted(names.items())]


def _because(card: Card) -> str:
    return f"{card.summary} ({card.citation})" if card.family != "source" else card.summary


def _docstring(title: str, why: Sequence[str], recipe: Recipe) -> str:
    cards = [find_method(name) for name in recipe.methods]
    parts = [f"- {card.name}: {_because(card)}" for card in cards]
    text = [_sentence(title)]
    for paragraph in why:
        text += ["", *textwrap.wrap(paragraph, WIDTH - 10)]
    if parts:
        text.append("")
        for part in parts:
            text += textwrap.wrap(part, WIDTH - 10, subsequent_indent="  ")
    body = "\n".join(text).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{body}\n"""'


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
