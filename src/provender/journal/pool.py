"""The Data Pool as a fold: which assets were admitted, by whom, who used them and what came of it.

The bytes lie in the workspace's pool folder; here is what the journal says about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .events import AssetAdmitted, AssetRefused, Event, NodeFailed, NodeScored, StateProposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A black node whose loader names the asset, and what came of it. gain: over D0; None unless scored."""

    node: int
    status: Literal["running", "scored", "failed"] = "running"
    gain: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An asset of the pool. node: the red node that brought it (the first that did); uses: in order of proposal."""

    id: str
    node: int
    manifest: Mapping[str, Any]
    uses: tuple[Use, ...] = ()

    @property
    def best_gain(self) -> float | None:
        """Highest gain of a state that uses it; None when no such state has a score."""
        return max((use.gain for use in self.uses if use.gain is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A find that was not admitted."""

    node: int
    lead: str
    reason: str


class Pool:
    """The fold. `assets`: {id: Asset} in order of admission; `refused`: what was not admitted, in order."""

    def __init__(self) -> None:
        self.assets: dict[str, Asset] = {}
        self.refused: list[Refusal] = []
        self._named: dict[int, tuple[str, ...]] = {}  # node -> assets of its latest proposal

    @classmethod
    def of(cls, events: Iterable[Event]) -> Pool:
        pool = cls()
        for event in events:
            pool.apply(event)
        return pool

    def apply(self, event: Event) -> None:
        """Fold one event in; events that are not about the pool are passed over."""
        if isinstance(event, AssetAdmitted):
            if event.asset not in self.assets:
                self.assets[event.asset] = Asset(id=event.asset, node=event.node, manifest=event.manifest)
        elif isinstance(event, AssetRefused):
            self.refused.append(Refusal(node=event.node, lead=event.lead, reason=event.reason))
        elif isinstance(event, StateProposed):
            self._replace_uses(event.node, ())
            self._named[event.node] = tuple(dict.fromkeys(event.assets))
            self._replace_uses(event.node, (Use(node=event.node),))
        elif isinstance(event, NodeScored):
            self._replace_uses(event.node, (Use(node=event.node, status="scored", gain=event.gain),))
        elif isinstance(event, NodeFailed):
            self._replace_uses(event.node, (Use(node=event.node, status="failed"),))

    def __contains__(self, asset: str) -> bool:
        return asset in self.assets

    def __len__(self) -> int:
        return len(self.assets)

    def __iter__(self) -> Iterator[Asset]:
        """Assets, in order of admission."""
        return iter(self.assets.values())

    def unused(self) -> tuple[str, ...]:
        """Assets that no scored state uses and no running one tries, in order of admission."""
        return tuple(a.id for a in self.assets.values() if all(use.status == "failed" for use in a.uses))

    def untried(self) -> tuple[str, ...]:
        """Assets that no state has named so far."""
        return tuple(a.id for a in self.assets.values() if not a.uses)

    def _replace_uses(self, node: int, uses: tuple[Use, ...]) -> None:
        for name in self._named.get(node, ()):
            asset = self.assets.get(name)
            if asset is not None:
                others = tuple(use for use in asset.uses if use.node != node)
                self.assets[name] = Asset(id=name, node=asset.node, manifest=asset.manifest, uses=others + uses)
