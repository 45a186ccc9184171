"""One data state of a study: its loader, what it is worth, its rows, and what can be made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..contract.outcome import Failure
from ..errors import RunError
from ..journal.events import Confirmed, NodeScored
from ..keep.difference import DataDiff, compare
from ..keep.export import Exported, export
from ..keep.model import Model, fit
from ..keep.opening import OpenedRun, loader_sandbox, open_run
from ..keep.tables import dropped_table, lineage_table, training_table
from ..pipeline.materialise import Materialised, materialise
from ..report.fragments import diff_html
from ..search.workspace import Workspace
from .transformer import LoaderTransformer

if TYPE_CHECKING:
    import pandas as pd


class State:
    """The data state of one node. Everything is read when asked for; nothing is kept open."""

    def __init__(self, place: Workspace, run: str, node: int) -> None:
        self.place, self.run, self.node = place, run, node

    @property
    def loader(self) -> str:
        """Text of its loader.py."""
        return self._opened().state.loader

    @property
    def dev(self) -> float | None:
        """Development score; None where there is none."""
        return self._opened().tree[self.node].dev

    @property
    def proven(self) -> bool:
        """Whether its confirmation proved a gain. The initial state, which gains nothing, is not proven."""
        found = self._confirmed()
        return found is not None and found.proven

    @property
    def accepted(self) -> bool:
        """Whether a person took it as the result."""
        result = self._opened().returned
        return result is not None and result.accepted and result.node == self.node

    @property
    def gain(self) -> float | None:
        """Confirmed gain over the initial state, in the metric's units, + is better; None where it was not confirmed."""
        found = self._confirmed()
        return None if found is None or not found.rows else found.gain

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of the confirmed gain."""
        found = self._confirmed()
        return None if found is None or not found.rows else tuple(found.interval)

    @property
    def dev_gain(self) -> float | None:
        """Development gain: of the best of many, so too rosy."""
        outcome = self._opened().tree[self.node].outcome
        return outcome.gain if isinstance(outcome, NodeScored) else None

    def rows(self) -> pd.DataFrame:
        """Its training rows with labels under the task's own names, and in `attrs["lineage"]` where each came from.

        Runs the loader on all labelled rows, in a sandbox.
        """
        opened, made = self._made()
        table = training_table(made, opened.ground.facts)
        table.attrs["lineage"] = self._lineage(opened, made)
        return table

    def lineage(self) -> pd.DataFrame:
        """One line a training row: status, source, row in the source, part of the split, edited cells, label before, reasons."""
        return self._lineage(*self._made())

    def dropped(self) -> pd.DataFrame:
        """The records that it leaves out, and why."""
        opened, made = self._made()
        return dropped_table(made, opened.ground.train)

    def diff(self, other: State) -> Diff:
        """From the other state to this one."""
        opened, made = self._made()
        _, before = other._made()
        return Diff(compare(before, made, classes=opened.records.classes), before.state.loader, made.state.loader)

    def export(self, to: str | Path, *, with_assets: bool = False) -> Exported:
        """As `provender export`."""
        opened = self._opened()
        with loader_sandbox(opened.settings) as executor:
            return export(opened, executor, Path(to), with_assets=with_assets)

    def fit(self, to: str | Path) -> Model:
        """As `provender fit`; the model is opened, ready to predict. Close it when done, or use it as a context manager."""
        opened = self._opened()
        fit(opened, Path(to))
        return Model.open(Path(to), unsealed=opened.settings.unsealed)

    def transformer(self) -> LoaderTransformer:
        """The state as a scikit-learn transformer, which runs its loader in this very process: look at `loader` first."""
        opened = self._opened()
        assets = {asset: opened.pool.frame(asset) for asset in opened.state.assets}
        manifests = {asset: opened.pool.manifest(asset) for asset in opened.state.assets}
        return LoaderTransformer(loader=opened.state.loader, facts=dict(opened.ground.facts), assets=assets, manifests=manifests)

    def _opened(self) -> OpenedRun:
        return open_run(self.place, self.run, self.node)

    def _made(self) -> tuple[OpenedRun, Materialised]:
        opened = self._opened()
        with loader_sandbox(opened.settings) as executor:
            made = materialise(executor, opened.ground, opened.state, opened.pool)
        if isinstance(made, Failure):
            raise RunError(f"node {self.node} has no rows ({made.kind}): {made.message}")
        return opened, made

    def _lineage(self, opened: OpenedRun, made: Materialised) -> pd.DataFrame:
        ids = opened.records.frame.index.to_numpy()
        split = opened.records.split
        parts = {"search": ids[split.search], "sealed": ids[split.sealed], "test": ids[split.test]}
        return lineage_table(made, opened.ground, parts, {asset: opened.pool.row_ids(asset) for asset in opened.state.assets})

    def _confirmed(self) -> Confirmed | None:
        events = self._opened().events
        return next((e for e in reversed(events) if isinstance(e, Confirmed) and e.node == self.node), None)

    def __repr__(self) -> str:
        gain = "" if self.gain is None else f", gain {self.gain:+.4g}"
        sure = "proven" if self.proven else "accepted, not proven" if self.accepted else "the initial state" if self.node == 0 else "not proven"
        return f"State(node {self.node} of {self.run!r}: {sure}{gain})"


class Diff:
    """What differs between two states: `found` has the numbers; a notebook draws it."""

    def __init__(self, found: DataDiff, before: str, after: str) -> None:
        self.found, self.before, self.after = found, before, after

    def lines(self) -> list[tuple[str, str]]:
        """(what, how much) in the order in which a reader should learn it."""
        found = self.found
        told = [("rows", f"{found.rows[0]:,} → {found.rows[1]:,}"), ("in both, left out, new", f"{found.shared:,}, {found.removed:,}, {found.added:,}")]
        told += [(f"rows of {name}", f"{before:,} → {after:,}") for name, (before, after) in found.sources.items() if before != after]
        told += [("labels changed", f"{found.relabelled:,}"), ("weights changed", f"{found.reweighted:,}")]
        told += [("cells changed", ", ".join(f"{name} {count:,}" for name, count in found.cells.items()) or "none")]
        told += [("columns", " ".join([*(f"+{c}" for c in found.columns_added), *(f"-{c}" for c in found.columns_removed)]) or "the same")]
        told += [("features", " → ".join(f"{shape[0]:,} x {shape[1]:,}" if shape else "none" for shape in found.features))]
        return told + [(kind, f"{count:,} rows: {reason}") for kind, reason, count in found.reasons]

    def __repr__(self) -> str:
        return "\n".join(f"{name:<24}{value}" for name, value in self.lines())

    def _repr_html_(self) -> str:
        return diff_html(self.lines(), self.before, self.after)
