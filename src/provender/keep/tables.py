"""A materialised state as tables that a person opens: training rows, where each came from, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..contract.rows import ROW, Rows
from ..pipeline.materialise import Ground, Materialised, Touch
from ..profile.digests import value_digests

_CELLS_NAMED = 20  # edited columns that a line names


def training_table(made: Materialised, facts: Mapping) -> pd.DataFrame:
    """The rows with their labels under the task's own names, indexed by row id; `weight` where rows are weighed.

    Soft labels get the likeliest class and a column of probability for each class.
    """
    rows = made.rows
    assert rows.frame is not None
    table = rows.frame.set_axis(pd.Index(rows.ids, name=ROW))
    labels = label_columns(rows.y, facts)
    taken = [name for name in labels if name in table.columns]
    table = pd.concat([table.drop(columns=taken), pd.DataFrame(labels, index=table.index)], axis=1) if labels else table
    if (rows.weight != 1).any():
        table["weight" if "weight" not in table.columns else "__weight__"] = rows.weight
    return table


def label_columns(y: np.ndarray, facts: Mapping) -> dict[str, np.ndarray]:
    """{target: (n,) values}, class names instead of positions; none where programs train on the rows themselves."""
    targets, classes, kind = list(facts["targets"]), list(facts["classes"]), facts["kind"]
    if kind in ("selection", "program") or not targets:
        return {}
    if kind == "classification":
        names = np.asarray(classes, dtype=object)
        if y.ndim == 2:
            shares = {f"probability of {name}": y[:, k] for k, name in enumerate(classes)}
            return {targets[0]: names[y.argmax(axis=1)], **shares}
        return {targets[0]: names[y.astype(int)]}
    columns = y if y.ndim == 2 else y[:, None]
    return {name: columns[:, j].astype(int) if kind == "multilabel" else columns[:, j] for j, name in enumerate(targets)}


def lineage_table(made: Materialised, ground: Ground, parts: Mapping[str, np.ndarray], assets: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One line a training row: status, source, row in the source, part of the split, edited cells, label before, reasons.

    ground  the records as they were given; parts: {part of the split: ids of its records};  assets: {asset: ids of its rows}
    """
    train = ground.train
    lineage, rows = made.lineage, made.rows
    assert rows.frame is not None
    own, names = lineage.place >= 0, list(lineage.appended)
    status = np.select(
        [lineage.changed & lineage.renamed, lineage.changed, lineage.renamed, own, lineage.source >= 0, rows.ids < 0],
        ["edited and relabelled", "edited", "relabelled", "same", "appended", "synthesised"], default="unknown",
    )  # fmt: skip
    source = np.where(own, "task", np.where(rows.ids < 0, "made up", "unknown")).astype(object)
    place = np.where(own, lineage.place, -1)
    for number, asset in enumerate(names):
        here = lineage.source == number
        source[here] = asset
        place[here] = pd.Index(assets[asset]).get_indexer(pd.Index(rows.ids[here]))
    table = pd.DataFrame({"status": status, "source": source, "source_row": place}, index=pd.Index(rows.ids, name=ROW))
    table["part"] = _parts(rows.ids, parts)
    table["cells"] = _cells(made, train)
    table["label_before"] = _labels_before(made, ground)
    table["reasons"] = reasons(rows.ids, made.touches)
    return table


def dropped_table(made: Materialised, train: Rows) -> pd.DataFrame:
    """The task's records that are not among the training rows, with the loader's reason for each."""
    kept = np.unique(made.lineage.place[made.lineage.place >= 0])
    lost = np.setdiff1d(np.arange(len(train)), kept)
    frame = train.frame.iloc[lost].copy()
    frame.insert(0, "reasons", reasons(train.ids[lost], [touch for touch in made.touches if touch.kind == "drop"]))
    frame.index.name = ROW
    return frame


def reasons(ids: np.ndarray, touches: Sequence[Touch]) -> np.ndarray:
    """(n,) the reasons of all changes that touched a row, in order, each once; "" for none."""
    told = np.full(len(ids), "", dtype=object)
    for touch in touches:
        hit = np.isin(ids, touch.rows)
        told[hit] = [touch.reason if not text else text if touch.reason in text else f"{text}; {touch.reason}" for text in told[hit]]
    return told


def _parts(ids: np.ndarray, parts: Mapping[str, np.ndarray]) -> np.ndarray:
    found = np.full(len(ids), "", dtype=object)
    for name, members in parts.items():
        found[np.isin(ids, members)] = name
    return found


def _cells(made: Materialised, train: Rows) -> np.ndarray:
    """(n,) names of the columns whose cells differ from the original's; "" where none does."""
    frame, lineage = made.rows.frame, made.lineage
    assert frame is not None
    at = np.flatnonzero(lineage.changed)
    told = np.full(len(frame), "", dtype=object)
    if not len(at):
        return told
    named: list[list[str]] = [[] for _ in at]
    for name in (column for column in train.frame.columns if column in frame.columns):
        differs = value_digests(frame[name].iloc[at]) != value_digests(train.frame[name].iloc[lineage.place[at]])
        for i in np.flatnonzero(differs):
            named[i].append(str(name))
    told[at] = [", ".join(names[:_CELLS_NAMED]) + (" …" if len(names) > _CELLS_NAMED else "") for names in named]
    return told


def _labels_before(made: Materialised, ground: Ground) -> np.ndarray:
    """(n,) the label that a relabelled row had; "" for the others."""
    told = np.full(len(made.rows.ids), "", dtype=object)
    at = np.flatnonzero(made.lineage.renamed)
    columns = label_columns(ground.train.y[made.lineage.place[at]], ground.facts).values()
    told[at] = [", ".join(map(str, labels)) for labels in zip(*columns, strict=True)] if columns else ""
    return told
