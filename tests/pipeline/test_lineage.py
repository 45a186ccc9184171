"""Lineage: what became of the rows, however a loader handles them; and that a claim which the content belies is not believed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, load_wine

from provender.contract.rows import ROW, Rows, row_ids
from provender.contract.wire import pack, unpack
from provender.errors import LoaderError
from provender.pipeline.clerk import HandedRows
from provender.pipeline.inside.loader import _ids
from provender.pipeline.lineage import Lineage, trace


def iris() -> Rows:
    frame = load_iris(as_frame=True).frame
    frame["kind"] = ["abc"[k] for k in frame.pop("target")]
    y = np.repeat([0, 1, 2], 50)
    return Rows(frame.set_axis(pd.Index(row_ids("task", 150), name=ROW)), y)


def outside() -> pd.DataFrame:
    wine = load_wine(as_frame=True).data.iloc[:40, :4]
    return wine.set_axis(pd.Index(row_ids("lake:wine", 40), name=ROW)).set_axis(iris().frame.columns[:4], axis=1).assign(kind="w")


OWN, ASSETS = iris(), {"lake:wine": row_ids("lake:wine", 40)}


def traced(rows: Rows) -> Lineage:
    """As it goes in submit: over the wire, ids found inside."""
    handed = unpack(pack({"ids": _ids(rows.frame), "frame": rows.frame.drop(columns=ROW, errors="ignore"), "y": rows.y, "weight": rows.weight}))
    return trace(HandedRows(**handed, changes=()), OWN.frame, OWN.y, ASSETS)


def counts(found: Lineage) -> dict:
    told = found.to_json()
    told |= told.pop("appended")
    return {name: count for name, count in told.items() if count}


def merged(rows: Rows) -> pd.DataFrame:
    table = pd.DataFrame({"kind": ["a", "b", "c"], "height": [1.0, 2.0, 3.0]})
    return rows.frame.merge(table, on="kind", how="left")


CASES = {
    "untouched": (lambda r: r, {"kept": 150}),
    "dropped": (lambda r: r.take(np.arange(100), "no c"), {"kept": 100, "dropped": 50}),
    "in another order": (lambda r: r.take(np.arange(150)[::-1], "turned"), {"kept": 150}),
    "taken twice": (lambda r: r.take(np.repeat(np.arange(75), 2), "half, twice"), {"kept": 150, "dropped": 75}),
    "relabelled": (lambda r: r.edit("all a", y=np.where(r.y == 1, 0, r.y)), {"kept": 150, "relabelled": 50}),
    "soft labels": (lambda r: r.edit("soft", y=np.full((150, 3), 1 / 3)), {"kept": 150, "relabelled": 150}),
    "edited": (lambda r: r.edit("rounded", frame=r.frame.assign(kind=r.frame.kind.replace("a", "A"))), {"kept": 100, "edited": 50}),
    "weighed": (lambda r: r.edit("weighed", weight=np.arange(150) + 1.0), {"kept": 150}),
    "a column more": (lambda r: r.edit("joined", frame=r.frame.assign(more=1)), {"kept": 150, "columns_added": ["more"]}),
    "a column less": (lambda r: r.edit("dropped", frame=r.frame.drop(columns="kind")), {"kept": 150, "columns_removed": ["kind"]}),
    "appended": (lambda r: r.append(outside(), np.zeros(40, int), "wine"), {"kept": 150, "lake:wine": 40}),
    "synthesised": (lambda r: r.synthesise(r.frame.iloc[:7] * 1, r.y[:7], "copies"), {"kept": 150, "synthesised": 7}),
    "of nowhere": (lambda r: Rows(pd.concat([r.frame, outside().reset_index(drop=True)]), np.r_[r.y, np.zeros(40, int)]), {"kept": 150, "unknown": 40}),
    "merged, index lost": (lambda r: Rows(merged(r), r.y), {"kept": 150, "columns_added": ["height"]}),
    "index ignored": (lambda r: Rows(pd.concat([r.frame.iloc[:9], r.frame.iloc[20:]], ignore_index=True), np.r_[r.y[:9], r.y[20:]]), {"kept": 139, "dropped": 11}),
    "index of words": (lambda r: Rows(r.frame.set_axis([f"r{i}" for i in range(150)]), r.y), {"kept": 150}),
    "index as a column": (lambda r: Rows(r.frame.assign(kind="z").reset_index(), r.y), {"edited": 150}),
    "sorted, index lost": (lambda r: Rows(r.frame.iloc[::-1].reset_index(drop=True), r.y[::-1]), {"kept": 150}),
    "means of groups": (lambda r: Rows(r.frame.groupby("kind").mean().reset_index()[r.frame.columns], np.array([0, 1, 2])), {"dropped": 150, "unknown": 3}),
    "numbers as floats": (lambda r: Rows(r.frame.astype({c: "float32" for c in ()} | {"kind": "category"}), r.y), {"kept": 150}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_rows_are_counted_as_what_they_are(case):
    change, expected = CASES[case]
    assert counts(traced(change(OWN))) == expected


def test_an_integer_column_that_grew_gaps_is_not_an_edit():
    frame = OWN.frame.assign(whole=np.arange(150))
    own = Rows(frame, OWN.y)
    grown = pd.concat([frame, outside()])
    handed = HandedRows(ids=grown.index.to_numpy(), y=np.r_[own.y, np.zeros(40, int)], weight=np.ones(190), frame=grown, changes=())
    found = trace(handed, frame, own.y, ASSETS)
    assert (found.kept, found.edited, found.appended["lake:wine"]) == (150, 0, 40)


def test_interpolated_rows_never_take_a_known_id():
    """SMOTE on a frame whose index travels along as numbers: midpoints of ids name nothing."""
    first, second = OWN.frame.iloc[:75], OWN.frame.iloc[75:]
    middle = (first.iloc[:, :4].to_numpy() + second.iloc[:, :4].to_numpy()) / 2
    ids = (first.index.to_numpy() + second.index.to_numpy()) // 2
    made = pd.DataFrame(middle, columns=OWN.frame.columns[:4], index=ids).assign(kind="a")
    found = traced(Rows(pd.concat([OWN.frame, made]), np.r_[OWN.y, OWN.y[:75]]))
    assert counts(found) == {"kept": 150, "unknown": 75}
    assert found.brought.tolist() == [False] * 150 + [True] * 75


def test_a_foreign_row_under_an_own_id_counts_as_brought():
    frame = OWN.frame.copy()
    frame.iloc[:40] = outside().to_numpy()
    found = traced(Rows(frame, OWN.y))
    assert counts(found) == {"kept": 110, "edited": 40}
    assert found.brought.tolist() == [True] * 40 + [False] * 110


def test_equal_originals_are_each_met_once():
    frame = pd.concat([OWN.frame.iloc[:1]] * 3).set_axis(pd.Index(row_ids("twins", 3), name=ROW))
    lost = HandedRows(ids=np.zeros(2, np.int64), y=np.zeros(2, int), weight=np.ones(2), frame=frame.iloc[:2].reset_index(drop=True), changes=())
    found = trace(lost, frame, np.zeros(3, int), {})
    assert (found.kept, found.dropped, found.unknown) == (2, 1, 0)


@given(st.data())
def test_whatever_is_done_every_row_is_counted_once(data):
    """kept + edited + appended + synthesised + unknown is all rows; own rows are there or dropped."""
    rows = OWN
    for _ in range(data.draw(st.integers(0, 4))):
        match data.draw(st.sampled_from(["take", "append", "synthesise", "edit", "relabel", "lose"])):
            case "take":
                rows = rows.take(np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=60))), "some")
            case "append":
                count = data.draw(st.integers(1, 40))
                rows = rows.append(outside().iloc[:count], np.zeros(count, int), "wine")
            case "synthesise":
                rows = rows.synthesise(rows.frame.iloc[:3], rows.y[:3], "copies")
            case "edit":
                rows = rows.edit("said twice", frame=rows.frame.assign(kind=rows.frame.kind + "x"))
            case "relabel":
                rows = rows.edit("next", y=(rows.y + 1) % 3)
            case "lose":
                rows = Rows(rows.frame.reset_index(drop=True), rows.y, rows.weight)
    found = traced(rows)
    assert found.kept + found.edited + sum(found.appended.values()) + found.synthesised + found.unknown == len(rows)
    assert 0 <= found.dropped <= 150 and found.relabelled <= found.kept + found.edited
    assert found.brought.sum() >= sum(found.appended.values()) + found.synthesised + found.unknown


def test_appended_labels_that_would_be_cut_to_whole_numbers_are_refused():
    with pytest.raises(LoaderError, match="no whole numbers"):
        OWN.append(outside(), np.full(40, 0.7), "soft")
    with pytest.raises(LoaderError, match="positions in task"):
        OWN.append(outside(), np.full(40, "a"), "names")
    with pytest.raises(LoaderError, match="one label a row"):
        OWN.append(outside(), np.zeros(39, int), "one short")


def test_an_edit_that_moves_rows_is_refused():
    with pytest.raises(LoaderError, match="in another"):
        OWN.edit("sorted", frame=OWN.frame.sort_values("sepal length (cm)"))
