"""What a pool asset offers, as changes of a recipe: rows to append, columns to join, a lexicon to look words up in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...methods.lexicon import MEASURES
from ..agent import TaskFacts
from .recipe import Branch, Recipe, Step

_MOST_COLUMNS = 8
_LOW_CARDINALITY = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """One use of one asset. `worth` 0..1: relevance times coverage or similarity. `apply` gives None to a recipe that has it."""

    asset: str
    use: str
    worth: float
    summary: str
    apply: Callable[[Recipe], Recipe | None]


def offers(manifest: Mapping, facts: TaskFacts) -> list[Offer]:
    """All uses that the asset's manifest names and a loader can make, the best first."""
    made = []
    for use in manifest.get("uses", ()):
        make = _MAKERS.get(str(use.get("use")))
        offer = make(manifest, use, facts) if make else None
        if offer is not None:
            made.append(offer)
    return sorted(made, key=lambda offer: -offer.worth)


def _append(manifest: Mapping, use: Mapping, facts: TaskFacts) -> Offer | None:
    mapping = {ours: theirs for ours, theirs in use["mapping"].items() if ours in facts.schema.names}
    if not mapping or len(facts.targets) != 1 or facts.kind not in ("classification", "regression"):
        return None
    same_names = mapping == {name: name for name in facts.schema.names}
    params: dict = {"target": use["target"]} if same_names else {"mapping": mapping, "target": use["target"]}
    if facts.kind == "classification":
        params["classes"] = True
        if use.get("label_map"):
            params["label_map"] = dict(use["label_map"])
    elif use.get("scale") and list(use["scale"]) != [1.0, 0.0]:
        params["scale"] = [float(part) for part in use["scale"]]
    step = Step("append_rows", params, manifest["id"])
    worth = float(use.get("similarity", 0)) * _relevance(manifest)
    return Offer(manifest["id"], "append", worth, f"adds the labelled rows of {_title(manifest)}", _adding(step, ()))


def _join(manifest: Mapping, use: Mapping, facts: TaskFacts) -> Offer | None:
    on = [list(pair) for pair in use["on"]]
    if any(ours not in facts.schema.names for ours, _ in on):
        return None
    kinds = {str(column["name"]): column for column in manifest.get("schema", ())}
    numbers: dict[str, str] = {}
    categories: dict[str, str] = {}
    taken = set(facts.schema.names)
    for name in use["columns"]:
        kind = kinds.get(name, {}).get("kind", "numeric")
        if kind == "category" and int(kinds[name].get("cardinality", 0) or 0) > _LOW_CARDINALITY:
            continue
        new = name if name not in taken else f"{name} of {_title(manifest, bare=True)}"
        if kind == "numeric":
            numbers[new] = name
        elif kind == "category":
            categories[new] = name
        taken.add(new)
        if len(numbers) + len(categories) == _MOST_COLUMNS:
            break
    if not numbers and not categories:
        return None
    key = _key(manifest)
    step = Step("join_columns", {"on": on, "columns": {**numbers, **categories}}, manifest["id"])
    groups = [(f"numbers_{key}", tuple(numbers), "median"), (f"categories_{key}", tuple(categories), "one_hot")]
    added = len(numbers) + len(categories)
    summary = f"joins {added} column{'s' * (added > 1)} of {_title(manifest)} by {' and '.join(ours for ours, _ in on)}"
    worth = float(use.get("coverage", 0)) * _relevance(manifest)
    return Offer(manifest["id"], "join", worth, summary, _adding(step, [group for group in groups if group[1]]))


def _lexicon(manifest: Mapping, use: Mapping, facts: TaskFacts) -> Offer | None:
    column = use.get("on")
    if column not in facts.schema.names:
        return None
    prefix = _title(manifest, bare=True)
    step = Step("lexicon", {"on": column, "word": use["word"], "score": use["score"], "prefix": prefix}, manifest["id"])
    group = (f"scores_{_key(manifest)}", tuple(f"{prefix} {measure}" for measure in MEASURES), "median")
    worth = float(use.get("coverage", 0.5)) * _relevance(manifest)
    return Offer(manifest["id"], "lexicon", worth, f"scores the words of {column} by {_title(manifest)}", _adding(step, [group]))


_MAKERS = {"append": _append, "join": _join, "lexicon": _lexicon}


def _adding(step: Step, groups: Sequence[tuple[str, tuple[str, ...], str]]) -> Callable[[Recipe], Recipe | None]:
    def apply(recipe: Recipe) -> Recipe | None:
        if step.asset in recipe.assets:
            return None
        grown = replace(recipe, sources=(*recipe.sources, step))
        sparse = any(group.startswith("text") for group in recipe.groups)
        for name, columns, method in groups:
            steps = (Step(method), Step("standardise")) if sparse and method == "median" else (Step(method),)
            grown = replace(grown, groups={**grown.groups, name: columns}).with_branch(Branch(_spoken(name), name, steps))
        return grown

    return apply


def _spoken(group: str) -> str:
    kind, _, key = group.partition("_")
    return f"{kind} of {key}"


def _relevance(manifest: Mapping) -> float:
    return float(manifest.get("relevance", 0.5))


def _title(manifest: Mapping, *, bare: bool = False) -> str:
    title = " ".join(str(manifest.get("title") or manifest["id"]).split())[:40]
    return title if bare else f'"{title}"'


def _key(manifest: Mapping) -> str:
    """A short name for groups of this asset's columns: a word of its title and the end of its id."""
    word = next(iter(re.findall(r"[a-z]{3,}", str(manifest.get("title", "")).lower())), "asset")
    return f"{word}_{re.sub(r'[^0-9a-z]', '', str(manifest['id']).lower())[-4:]}"
