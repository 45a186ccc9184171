"""The card of a method: what it is, where it comes from, what it needs, when it helps and hurts, what it costs.

The same card is the playbook's move, an LLM's reading list and the benchmark's baseline. Everything a policy decides
from is data on the card; no policy names a method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Slot = Literal["source", "rows", "columns"]
"""Where a method stands in a loader.

source   brings rows or columns of a pool asset:   fit_resample(rows, asset), or fit(frame, asset) and transform(frame)
rows     acts on training rows only:               fit_resample(rows) -> Rows
columns  turns columns into features:              fit(X, y), transform(X), fit_transform(X, y)
"""

Stage = Literal["clean", "impute", "shape", "scale", "encode", "reduce"]
"""The order of column methods within one branch of the features; a branch holds at most one method of each stage."""

STAGES: tuple[str, ...] = ("clean", "impute", "shape", "scale", "encode", "reduce")

Place = Literal["within", "beside", "after"]
"""`within`: takes its stage in the existing branch. `beside`: opens a branch of its own, next to the others.
`after`: stands behind all branches and turns all features together into others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One method.

    implementation  "module:Class", ours or scikit-learn's
    defaults        constructor parameters as the paper, or sound practice, sets them
    choices         {parameter: values worth trying}
    takes           kinds of columns a column method reads
    kinds           kinds of task it is made for
    needs           what must hold before it: "complete" (no missing values), "scaled" (columns of like variance),
                    "tfidf" (a sparse matrix of words), "several" (two or more columns)
    only_if         signals of which one must be above zero: without duplicates there is nothing to deduplicate.
                    "appended" is one where the recipe appends an asset's rows
    prior           expected gain in units of four noise deviations where no signal speaks
    signals         {signal of the data: what it adds to `prior` at strength 1}; see agents/playbook/signals.py
    columns         what its parameter `columns` must be given: "inputs" (all feature columns), "pictures", or nothing
    binds           parameters that a loader takes from its task: "classes" is rendered as task.classes
    cost            how it grows with n rows and d columns
    seconds         measured upper bound at 2,000 rows and 20 columns (or 2,000 short texts) on one core
    random          whether it takes `random_state`
    one_target      whether it can do with one target only
    extra           the extra that `pip install 'provender[…]'` names, where it wraps a package that is optional
    imports         modules of that package; without them the method is listed, and is no move of the playbook
    """

    name: str
    family: str
    slot: Slot
    stage: Stage | None = None
    place: tuple[Place, ...] = ("within",)
    modality: tuple[str, ...] = ("tabular", "text", "image", "audio", "timeseries", "instruction")
    kinds: tuple[str, ...] = ("classification", "regression", "multilabel")
    takes: tuple[str, ...] = ()
    summary: str
    paper: str
    year: int
    link: str
    implementation: str
    defaults: Mapping[str, object] = field(default_factory=dict)
    choices: Mapping[str, tuple] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    helps: str
    hurts: str
    cost: str
    seconds: float
    random: bool = False
    one_target: bool = False
    columns: Literal["", "inputs", "pictures"] = ""
    binds: tuple[str, ...] = ()
    only_if: tuple[str, ...] = ()
    prior: float = 0.0
    signals: Mapping[str, float] = field(default_factory=dict)
    extra: str = ""
    imports: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Module that a loader imports the class from."""
        return self.implementation.split(":")[0]

    @property
    def class_name(self) -> str:
        return self.implementation.split(":")[1]

    @property
    def citation(self) -> str:
        """Such as "Northcutt et al., 2021"."""
        return f"{self.paper.split(':')[0]}, {self.year}"
