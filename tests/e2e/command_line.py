"""Provender as a stranger uses it: the real command in a process of its own, and what its JSON must look like."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd

from provender.contract.loader import AssetView, PoolView, TaskView
from provender.contract.rows import Rows
from provender.contract.task import read_task
from provender.pipeline.pool_store import PoolStore
from provender.pipeline.records import load_records

NUMBER = (int, float)
SHAPE: Mapping[str, Any] = {
    "run": str,
    "task": str,
    "status": str,
    "metric": {"name": str, "direction": str},
    "noise": {"seed_std": NUMBER, "paired_std": NUMBER},
    "initial": {"node": int, "dev": NUMBER, "test": (*NUMBER, NoneType)},
    "best": {"node": int, "dev": NUMBER, "test": (*NUMBER, NoneType), "loader": str},
    "spent": {"seconds": NUMBER, "training_seconds": NUMBER, "evaluations": int, "cached": int, "tokens": int, "dollars": NUMBER},
    "isolation": str,
    "report": str,
}
NODE = {
    "id": int, "parent": (int, NoneType), "kind": str, "status": str, "dev": (*NUMBER, NoneType), "methods": list, "assets": list,
    "seconds": NUMBER, "reason": (str, NoneType),
}  # fmt: skip
STATUSES = {"black": {"scored", "failed", "pending"}, "red": {"discovered", "failed", "pending"}}


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


def provender(*arguments: object, cwd: Path, timeout: float = 600) -> Said:
    """Run `provender ARGUMENTS` in this folder."""
    command = [sys.executable, "-c", "from provender.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def fold(task: Path, folds: int) -> None:
    """Fewer development folds: what is tested here does not depend on their number, and each costs a process or two."""
    path = task / "task.toml"
    text = path.read_text()
    assert 'protocol = "auto"' in text
    path.write_text(text.replace('protocol = "auto"', f'folds = {folds}\nprotocol = "auto"', 1))


def run_json(task: Path, *arguments: object, cwd: Path) -> dict[str, Any]:
    """The one JSON object of `provender run … --json`, which ended well, looks as promised and is what `show --json` says again."""
    said = provender("run", task, "--workers", 2, *arguments, "--json", cwd=cwd)
    assert said.code == 0 and said.err == "", said.err
    found = json.loads(said.out)
    check_summary(found)
    again = provender("show", found["run"], "--json", cwd=cwd)
    assert json.loads(again.out) == found
    return found


def check_summary(found: Mapping[str, Any]) -> None:
    """A finished, sealed run's object has the promised fields, of the promised types, that agree with one another."""
    check_shape(SHAPE, found)
    assert found["status"] == "finished" and found["isolation"] == "sealed"
    assert found["metric"]["direction"] in ("minimize", "maximize")
    nodes = {node["id"]: node for node in found["nodes"]}
    for node in found["nodes"]:
        check_shape(NODE, node)
        assert node["status"] in STATUSES[node["kind"]], node
        assert (node["dev"] is not None) == (node["status"] == "scored"), node
        assert (node["reason"] is not None) == (node["status"] == "failed"), node
        assert node["reason"] is None or ("\n" not in node["reason"] and node["reason"]), node
        assert node["parent"] is None if node["id"] == 0 else node["parent"] in nodes, node
    assert nodes[0]["dev"] == found["initial"]["dev"] and found["best"]["dev"] == nodes[found["best"]["node"]]["dev"]
    assert not worse(found, found["best"]["dev"], found["initial"]["dev"])
    check_gain(found)
    check_finite(found)
    assert Path(found["best"]["loader"]).is_file()


def check_gain(found: Mapping[str, Any]) -> None:
    """`gain` is the confirmation's; nothing proven means node 0; nothing confirmed means no number."""
    gain, confirm, candidate = found["gain"], found["confirm"], found["candidate"]
    check_shape({"value": (*NUMBER, NoneType), "interval": (list, NoneType), "proven": bool, "states_tried": int}, gain)
    assert found["best"]["node"] == (candidate["node"] if gain["proven"] else 0)
    assert (candidate is None) == (confirm is None)
    if confirm is None:
        assert gain["value"] is None and gain["interval"] is None
        return
    check_shape({"node": int, "dev": NUMBER}, candidate)
    check_shape({"initial": NUMBER, "best": NUMBER, "gain": NUMBER, "interval": list, "rows": int, "foldings": int}, confirm)
    assert gain["value"] == confirm["gain"] and gain["interval"] == confirm["interval"]
    sign = 1 if found["metric"]["direction"] == "maximize" else -1
    assert math.isclose(gain["value"], sign * (confirm["best"] - confirm["initial"]), abs_tol=1e-9, rel_tol=1e-6)
    assert not gain["proven"] or gain["interval"][0] > 0
    assert all(end is None or isinstance(end, NUMBER) for end in gain["interval"]) and len(gain["interval"]) == 2


def check_shape(shape: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Every field of the shape is there and of its type; a number is never a truth value."""
    for name, kind in shape.items():
        assert name in found, name
        if isinstance(kind, Mapping):
            check_shape(kind, found[name])
        else:
            assert isinstance(found[name], kind), (name, found[name])
            assert kind is bool or not isinstance(found[name], bool), (name, found[name])


def check_finite(value: Any) -> None:
    """NaN and infinity are no JSON, though Python reads them."""
    if isinstance(value, float):
        assert math.isfinite(value)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        check_finite(item)


def worse(found: Mapping[str, Any], one: float, other: float) -> bool:
    """Whether the first score is worse than the second, in the run's direction."""
    return one > other if found["metric"]["direction"] == "minimize" else one < other


def gains(found: Mapping[str, Any]) -> list[float]:
    """Development gains over D0 of the scored nodes."""
    sign = 1 if found["metric"]["direction"] == "maximize" else -1
    return [sign * (node["dev"] - found["initial"]["dev"]) for node in found["nodes"] if node["dev"] is not None and node["id"] != 0]


def best_scored(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node with the best development score."""
    scored = [node for node in found["nodes"] if node["dev"] is not None]
    return (max if found["metric"]["direction"] == "maximize" else min)(scored, key=lambda node: node["dev"])


def loader_of(found: Mapping[str, Any], node: int) -> Path:
    """The plain file of a black node."""
    return Path(found["best"]["loader"]).parents[1] / "nodes" / str(node) / "loader.py"


def use_loader(path: Path, task: Path, workspace: Path, *, rows: int = 400, asked: pd.DataFrame | None = None) -> tuple[Any, Any, Rows]:
    """Run a loader.py as any Python would, through the contract's views on some of the task's rows.

    Returns features, inputs of the rows asked for (20 of the task's own unless given) and rows.
    """
    known = read_task(task)
    records = load_records(known)
    train = records.split.search[:rows]
    raw = records.frame.iloc[records.split.search[-20:]].reset_index(drop=True) if asked is None else asked
    view = TaskView(
        train=Rows(records.frame.iloc[train], records.y[train]), schema=records.schema, kind=known.kind, classes=records.classes,
        targets=known.data.target, modality=known.modality, metric=known.metric.name, seed=7,
    )  # fmt: skip
    module: dict[str, Any] = {"__name__": "loader"}
    exec(compile(path.read_text(), str(path), "exec"), module)
    kind = module["DataLoader"]
    store = PoolStore(workspace / "pool" / known.digest[:16])
    assets = {name: AssetView(name, store.manifest(name), _reader(store, name)) for name in getattr(kind, "ASSETS", ())}
    loader = kind(view, PoolView(assets))
    kept = loader.rows()
    features = loader.fit(kept)
    return (features[0] if isinstance(features, tuple) else features), loader.inputs(raw), kept


def _reader(store: PoolStore, asset: str):
    return lambda: store.frame(asset)


def width(features: Any) -> int:
    """Number of columns of features of any form."""
    return int(np.shape(features)[1])
