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
    """The fold. `refused`: what was not admitted, in order."""

    def __init__(self) -> None:
        self.refused: list[Refusal] = []
        self._admitted: dict[str, AssetAdmitted] = {}
        self._uses: dict[str, dict[int, Use]] = {}
        self._unused: set[str] = set()
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
            if event.asset not in self._admitted:
                self._admitted[event.asset] = event
                self._uses[event.asset] = {}
                self._unused.add(event.asset)
        elif isinstance(event, AssetRefused):
            self.refused.append(Refusal(node=event.node, lead=event.lead, reason=event.reason))
        elif isinstance(event, StateProposed):
            self._use(event.node, None)
            self._named[event.node] = tuple(dict.fromkeys(event.assets))
            self._use(event.node, Use(node=event.node))
        elif isinstance(event, NodeScored):
            self._use(event.node, Use(node=event.node, status="scored", gain=event.gain))
        elif isinstance(event, NodeFailed):
            self._use(event.node, Use(node=event.node, status="failed"))

    def __contains__(self, asset: str) -> bool:
        return asset in self._admitted

    def __len__(self) -> int:
        return len(self._admitted)

    def __iter__(self) -> Iterator[Asset]:
        """Assets, in order of admission."""
        return map(self.__getitem__, self._admitted)

    def __getitem__(self, asset: str) -> Asset:
        """Raises KeyError for an asset that was not admitted."""
        admitted = self._admitted[asset]
        return Asset(id=asset, node=admitted.node, manifest=admitted.manifest, uses=tuple(self._uses[asset].values()))

    @property
    def assets(self) -> dict[str, Asset]:
        """{id: asset}, in order of admission."""
        return {asset.id: asset for asset in self}

    def unused(self) -> tuple[str, ...]:
        """Assets that no scored state uses and no running one tries, in order of admission."""
        return tuple(asset for asset in self._admitted if asset in self._unused)

    def untried(self) -> tuple[str, ...]:
        """Assets that no state has named so far, in order of admission."""
        return tuple(asset for asset, uses in self._uses.items() if not uses)

    def _use(self, node: int, use: Use | None) -> None:
        """What is known now of this node's use of the assets that it names."""
        for asset in self._named.get(node, ()):
            uses = self._uses.get(asset)
            if uses is None:
                continue  # the pool does not hold it: the node fails for that
            if use is None:
                uses.pop(node, None)
            else:
                uses[node] = use
            if use is not None and use.status != "failed":
                self._unused.discard(asset)
            elif all(other.status == "failed" for other in uses.values()):
                self._unused.add(asset)
