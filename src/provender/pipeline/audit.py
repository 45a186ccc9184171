"""The guard's checks applied to one state on one fold: what was handed over, held against what is to be scored."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..contract.split import Fold
from ..guard.finding import Finding
from ..guard.overlap import check_overlap, feature_digests
from ..profile.digests import normalised_digests
from .clerk import HandedFeatures, HandedRows
from .lineage import Lineage
from .records import Records

_EXCUSED = 2  # held-out rows whose features may be met by chance: a text without a known word is all zeros


def audit_rows(rows: HandedRows, lineage: Lineage, records: Records, fold: Fold) -> list[Finding]:
    """Rows brought in must not reproduce inputs that are to be scored.

    Compared are the columns that are left of them, and texts and pictures by themselves: they tell one row from all
    others, whatever stands beside them or is missing there.
    """
    if rows.frame is None or not lineage.brought.any():
        return []
    columns = [name for name in records.schema.names if name in rows.frame.columns]
    telling = [name for name in records.schema.of_kind("text", "image") if name in columns]
    compared = [some for some in (columns, telling) if some] if telling != columns else [columns]
    found = (_overlap(rows.frame.loc[lineage.brought], some, records, fold) for some in compared)
    return [finding for finding in found if finding]


def _overlap(rows: pd.DataFrame, columns: list[str], records: Records, fold: Fold) -> Finding | None:
    brought = normalised_digests(rows, columns)
    if len(columns) == len(records.schema):
        own, held_out = records.normalised[fold.train], records.normalised[fold.evaluation]
    else:
        own, held_out = (normalised_digests(records.frame.iloc[at], columns) for at in (fold.train, fold.evaluation))
    return check_overlap(brought, own, held_out)


def audit_features(features: HandedFeatures, inputs: object, lineage: Lineage) -> list[Finding]:
    """Nor may features of rows brought in, or invented by `fit`, be the very features of rows that are to be scored."""
    brought = np.ones(len(features.y), bool)
    brought[: len(lineage.brought)] = lineage.brought
    if not brought.any():
        return []
    train, held_out = _digests(features.x), _digests(inputs)
    found = check_overlap(train[brought], train[~brought], held_out, excused=_EXCUSED)
    return [found] if found else []


def _digests(x: object) -> np.ndarray:
    return normalised_digests(x) if isinstance(x, pd.DataFrame) else feature_digests(x)
