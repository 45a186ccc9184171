"""Counting what differs, held against random changes that are counted as they are made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provender.contract.rows import ROW, row_ids
from provender.contract.state import DataState
from provender.errors import UserError
from provender.keep.difference import compare
from provender.pipeline.clerk import HandedRows
from provender.pipeline.lineage import trace
from provender.pipeline.materialise import Materialised

IDS = row_ids("task", 60)
TRAIN = pd.DataFrame({"a": np.arange(60.0), "b": [f"word {k % 7}" for k in range(60)]}, index=pd.Index(IDS, name=ROW))
Y = np.arange(60) % 3


def made(frame: pd.DataFrame, y: np.ndarray, *, task: str = "t", weight: np.ndarray | None = None) -> Materialised:
    weight = np.ones(len(y)) if weight is None else weight
    rows = HandedRows(ids=frame.index.to_numpy(), y=y, weight=weight, frame=frame, changes=())
    state = DataState(loader=f"# {len(frame)}", imports={}, task=task)
    return Materialised(state=state, rows=rows, touches=(), lineage=trace(rows, TRAIN, Y, {}), features=None)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_counts_are_those_of_what_was_done(seed):
    """Rows left out, repeated, edited, relabelled, weighed and shuffled at random."""
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(rng.random(60) < 0.8)
    kept = kept if len(kept) else np.arange(3)
    frame, y = TRAIN.iloc[kept].copy(), Y[kept].copy()
    edited = rng.random(len(kept)) < 0.2
    frame.loc[edited, "a"] += 1000.0
    relabelled = rng.random(len(kept)) < 0.2
    y[relabelled] = (y[relabelled] + 1) % 3
    weight = np.where(rng.random(len(kept)) < 0.3, 2.0, 1.0)
    repeated = rng.integers(0, len(kept), rng.integers(0, 5))
    order = rng.permutation(len(kept) + len(repeated))
    at = np.r_[np.arange(len(kept)), repeated][order]
    found = compare(made(TRAIN, Y), made(frame.iloc[at], y[at], weight=weight[at]))
    assert (found.shared, found.removed, found.added) == (len(kept), 60 - len(kept), len(repeated))
    assert found.cells == ({"a": int(edited.sum())} if edited.any() else {})
    assert (found.relabelled, found.reweighted) == (int(relabelled.sum()), int((weight != 1).sum()))
    assert found.equal == (len(kept) == 60 and not len(repeated) and not edited.any() and not relabelled.any() and not (weight != 1).any())


def test_columns_come_and_go_and_soft_labels_count_by_their_likeliest_class():
    other = TRAIN.drop(columns="b").assign(c=1.0)
    found = compare(made(TRAIN, Y), made(other, np.eye(3)[(Y + (np.arange(60) < 4)) % 3]))
    assert (found.columns_added, found.columns_removed, found.relabelled, found.equal) == (("c",), ("b",), 4, False)
    assert compare(made(TRAIN, Y), made(TRAIN.iloc[::-1], Y[::-1])).equal


def test_states_of_two_tasks_cannot_be_compared():
    with pytest.raises(UserError, match="belong to different tasks"):
        compare(made(TRAIN, Y), made(TRAIN, Y, task="other"))


def test_a_row_whose_id_was_lost_is_the_row_of_its_content_and_an_unknown_one_is_nobodys():
    """An index that was reset does not make other rows of the task's own, nor the same row of two rows that nobody knows."""
    lost = TRAIN.set_axis(pd.Index(np.zeros(60, int), name=ROW))
    assert compare(made(TRAIN, Y), made(lost.iloc[::-1], Y[::-1])).equal
    strangers = lost.assign(a=-1.0)
    found = compare(made(strangers, Y), made(strangers + strangers.iloc[0], Y))
    assert (found.shared, found.removed, found.added, found.cells) == (0, 60, 60, {})
