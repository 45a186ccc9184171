"""D0: the plain recipe of a schema, the one that every gain is measured against.

    text      unigram TF-IDF
    image     pixels at one small size
    numeric   missing ones become the median
    category  one-hot where there are at most 20 values; others are left out and named in the loader's docstring
    date      left out: as one number it carries a trend that rarely holds outside the training span
    id, constant  left out

The preset learners standardise dense features, so D0 does not, except beside a sparse branch.
"""

from __future__ import annotations

from ...contract.schema import Column, Schema
from ...errors import TaskError
from .recipe import Branch, Recipe, Step

LOW_CARDINALITY = 20


def initial_recipe(schema: Schema) -> Recipe:
    """D0's recipe; its `groups` name all usable columns, also those that D0 leaves out.

    Raises TaskError when the schema has no column that could be a feature.
    """
    groups = column_groups(schema)
    sparse = any(name.startswith("text") for name in groups)
    branches: list[Branch] = []
    for group in groups:
        if group == "numbers":
            steps = (Step("median"), Step("standardise")) if sparse else (Step("median"),)
            branches.append(Branch("numbers", group, steps))
        elif group == "categories":
            branches.append(Branch("categories", group, (Step("one_hot"),)))
        elif group.startswith("text"):
            branches.append(Branch("words" if group == "text" else f"words of {groups[group][0]}", group, (Step("tfidf"),)))
        elif group.startswith("pictures"):
            branches.append(Branch(group, group, (Step("pixels"),)))
    if not branches and "many_valued" in groups:  # nothing else to start from
        branches.append(Branch("many_valued", "many_valued", (Step("one_hot", {"min_frequency": 5}),)))
    if not branches:
        kinds = ", ".join(f"{column.name}: {column.kind}" for column in schema) or "no columns"
        raise TaskError(f"no column can be a feature ({kinds}): correct the kinds in [columns] of task.toml")
    return Recipe(groups=groups, branches=tuple(branches))


def column_groups(schema: Schema) -> dict[str, tuple[str, ...]]:
    """{group: columns}: numbers, categories (few values), many_valued, dates, text…, pictures…, in this order."""
    numbers = schema.of_kind("numeric")
    categories = [column.name for column in schema if column.kind == "category" and is_low(column)]
    many_valued = [column.name for column in schema if column.kind == "category" and not is_low(column)]
    groups = {"numbers": numbers, "categories": categories, "many_valued": many_valued, "dates": schema.of_kind("date")}
    for stem, kind in (("text", "text"), ("pictures", "image")):
        columns = schema.of_kind(kind)
        for number, name in enumerate(columns, start=1):
            groups[stem if len(columns) == 1 else f"{stem}_{number}"] = [name]
    return {name: tuple(columns) for name, columns in groups.items() if columns}


def left_out(schema: Schema, recipe: Recipe) -> list[str]:
    """What D0 leaves out, each with its reason, such as "`ticket` (681 distinct values)"."""
    used = {name for branch in recipe.branches for name in recipe.groups[branch.group]}
    reasons = {"id": "an id", "constant": "one single value", "date": "a date"}
    return [
        f"`{column.name}` ({reasons.get(column.kind, f'{column.cardinality} distinct values')})"
        for column in schema
        if column.name not in used
    ]


def is_low(column: Column) -> bool:
    return column.cardinality <= LOW_CARDINALITY
