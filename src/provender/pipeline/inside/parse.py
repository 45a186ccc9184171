"""Parse fetched bytes inside a sandbox: a table for the pool, or a sketch for an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...contract.wire import pack
from ...execute.inside import Channel
from ...sources.sketching import read_offered, sketch_file


def table(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """files: one file's bytes; params: its name (the suffix names the format). Sends the table."""
    channel.send({"step": "table"}, pack({"frame": read_offered(_land(params["name"], files[0])).reset_index(drop=True)}))


def sketch(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """files: one file's bytes; params: its name. Sends the table's sketch as JSON."""
    channel.send({"step": "sketch"}, pack({"sketch": dict(sketch_file(_land(params["name"], files[0])))}))


def _land(name: str, raw: memoryview) -> Path:
    """The bytes as a file in the job's own scratch, since readers look at names."""
    path = Path(Path(name).name)
    path.write_bytes(raw)
    return path
