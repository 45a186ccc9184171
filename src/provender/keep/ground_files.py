"""A ground in files: the records that a loader stands on, as Parquet, and its facts, as JSON. Read back, they are the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ..contract.rows import ROW, Rows
from ..errors import UserError
from ..pipeline.materialise import Ground
from ..profile.digests import row_digests

_Y, _WEIGHT = "__y_{}__", "__weight__"


def write_ground(folder: Path, ground: Ground) -> None:
    """Write `records.parquet`, `facts.json` and, where there are, `unlabelled.parquet`. Raises UserError when they would not read back alike."""
    folder.mkdir(parents=True)
    train = ground.train
    y = train.y if train.y.ndim == 2 else train.y[:, None]
    columns = {_Y.format(j): y[:, j] for j in range(y.shape[1])} | {_WEIGHT: train.weight}
    table = pd.concat([train.frame, pd.DataFrame(columns, index=train.frame.index)], axis=1)
    table.index.name = ROW
    table.to_parquet(folder / "records.parquet")
    if ground.unlabelled is not None:
        ground.unlabelled.to_parquet(folder / "unlabelled.parquet")
    facts = {"facts": dict(ground.facts), "several": train.y.ndim == 2, "choose": dict(ground.choose) if ground.choose else None}
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))
    again = read_ground(folder)
    same = again.train.frame.dtypes.equals(train.frame.dtypes) and np.array_equal(again.train.y, train.y) and again.train.y.dtype == train.y.dtype
    if not same or not np.array_equal(row_digests(again.train.frame), row_digests(train.frame)):
        raise UserError("the records do not survive Parquet unchanged, so nothing could be rebuilt from them: give the columns in question one plain type")


def read_ground(folder: Path) -> Ground:
    """The ground that `write_ground` wrote."""
    about = json.loads((folder / "facts.json").read_text())
    table = pd.read_parquet(folder / "records.parquet")
    labels = [name for name in table.columns if name.startswith("__y_") and name.endswith("__")]
    y = table[labels].to_numpy()
    unlabelled = folder / "unlabelled.parquet"
    return Ground(
        facts=about["facts"],
        train=Rows(table.drop(columns=[*labels, _WEIGHT]), y if about["several"] else y[:, 0], table[_WEIGHT].to_numpy()),
        unlabelled=pd.read_parquet(unlabelled) if unlabelled.exists() else None,
        choose=about["choose"],
    )
