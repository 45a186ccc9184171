"""Rows and features taken in hand: what a user exports, compares and keeps is what the learner was trained on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from opened import executors, loader, open_task, table_of, write_task

from provender.contract.outcome import Failure
from provender.contract.part import Part
from provender.contract.wire import pack, unpack
from provender.execute.blob import Blob
from provender.execute.job import Job
from provender.pipeline.clerk import read_inputs
from provender.pipeline.materialise import Ground, Materialised, Wish, materialise
from provender.pipeline.state import make_state
from provender.pipeline.submit import loader_params

BUSY = '''
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler
from provender.methods.winsorise import Winsorise


class DataLoader:
    ASSETS = ("lake:more",)

    def __init__(self, task, pool):
        self.task, self.pool = task, pool

    def rows(self):
        rows = self.task.train
        rows = rows.take(rows.frame["mean_radius"] < 20, reason="large ones are rare")
        y = rows.y.copy()
        y[:7] = 1 - y[:7]
        rows = rows.edit("seven are doubtful", y=y)
        frame = rows.frame.copy()
        frame.iloc[:5, 0] = 1.0
        rows = rows.edit("five were wrong", frame=frame)
        rows = rows.edit("late ones count less", weight=np.where(np.arange(len(rows)) < 50, 0.5, 1.0))
        more = self.pool["lake:more"].frame()
        rows = rows.append(more[list(self.task.schema.names)], more["label"].to_numpy(dtype=int), reason="more of them")
        return rows.synthesise(rows.frame.iloc[:3] * 1.01, rows.y[:3], "near copies", parents=[(int(i),) for i in rows.ids[:3]])

    def fit(self, rows):
        self.scaler = StandardScaler().fit(rows.frame)
        return self.scaler.transform(rows.frame)

    def inputs(self, raw):
        return self.scaler.transform(raw)
'''


@pytest.fixture(scope="module")
def cancer(tmp_path_factory):
    folder = write_task(tmp_path_factory.mktemp("materialise") / "cancer", table_of("breast_cancer"))
    with executors() as (loaders, learners):
        found = open_task(folder, folder.parent, loaders, learners)
        more = table_of("breast_cancer").iloc[:40].drop(columns="target") * 1.001
        found.pool.add("lake:more", more.assign(label=0), {"title": "more"})
        yield found


def take(found, text: str, **wish: object) -> Materialised | Failure:
    return materialise(found.submit.loaders, Ground.of(found.plan), make_state(text, found.plan.task), found.pool, Wish(**wish))


@pytest.fixture(scope="module")
def busy(cancer) -> Materialised:
    made = take(cancer, BUSY, keep=True)
    assert isinstance(made, Materialised), made
    return made


def test_all_labelled_rows_are_given_and_every_change_is_traced_to_its_rows_and_reason(cancer, busy):
    frame, lineage = cancer.records.frame, busy.lineage
    large = int((frame["mean_radius"] >= 20).sum())
    assert len(frame) == 569 and lineage.dropped == large and lineage.appended == {"lake:more": 40} and lineage.synthesised == 3
    assert (int(lineage.renamed.sum()), int(lineage.changed.sum())) == (7, 5)
    assert [(t.kind, t.reason, len(t.rows)) for t in busy.touches] == [
        ("drop", "large ones are rare", large), ("relabel", "seven are doubtful", 7), ("edit", "five were wrong", 5),
        ("weight", "late ones count less", 50), ("append", "more of them", 40), ("synthesise", "near copies", 3),
    ]  # fmt: skip
    own = lineage.place >= 0
    assert (busy.rows.ids[own] == frame.index.to_numpy()[lineage.place[own]]).all() and (lineage.source[-43:-3] == 0).all()
    assert busy.features is not None and busy.features.x.shape == (569 - large + 43, 30)


def test_the_same_state_gives_the_same_digests_and_another_order_of_rows_another(cancer, busy):
    again = take(cancer, BUSY)
    assert (again.rows_digest, again.features_digest) == (busy.rows_digest, busy.features_digest)
    assert np.allclose(again.fingerprint(), busy.fingerprint()) and len(busy.fingerprint()) == 256
    turned = take(cancer, BUSY.replace('["mean_radius"] < 20,', '["mean_radius"] < 21,'))
    assert turned.rows_digest != busy.rows_digest and turned.features_digest != busy.features_digest


@pytest.mark.parametrize(("kind", "subject", "left"), [
    ("source", "lake:more", {"appended": {"lake:more": 0}}), ("drop", "", {"dropped": 0}), ("edit", "", {"edited": 0}),
    ("relabel", "", {"relabelled": 0}), ("synthesise", "", {"synthesised": 0}), ("weight", "", {}),
])  # fmt: skip
def test_a_part_is_undone_by_itself_and_nothing_else_is(cancer, busy, kind, subject, left):
    undone = take(cancer, BUSY, without=Part(kind=kind, subject=subject))
    expected = busy.lineage.to_json() | left
    if kind in ("drop", "edit"):
        expected["kept"] = undone.lineage.kept
    found = undone.lineage.to_json()
    if kind == "edit":
        assert found["kept"] == busy.lineage.kept + 5
    assert found == expected and undone.rows_digest != busy.rows_digest
    if kind == "weight":
        assert (undone.rows.weight == 1).all() and (busy.rows.weight != 1).sum() == 50


def test_a_part_can_be_left_out_of_an_evaluation(cancer):
    state, fold = make_state(BUSY, cancer.plan.task), cancer.plan.development()[0]
    whole = cancer.submit.run(state, fold, strongest=1.0)
    less = cancer.submit.run(state, fold, strongest=1.0, without=Part(kind="relabel"))
    assert not isinstance(whole, Failure) and not isinstance(less, Failure)
    assert whole.lineage["relabelled"] == 7 and less.lineage["relabelled"] == 0 and not less.cached
    assert cancer.submit.run(state, fold, strongest=1.0, without=Part(kind="relabel")).cached


def answer(found, made: Materialised, raw: pd.DataFrame, assets=()) -> np.ndarray:
    """What the kept loader says of these records, in a process of its own."""
    facts = loader_params(found.plan.task, found.records, 0)
    with Blob.of(made.kept) as kept, Blob.of(pack({"raw": raw})) as asked:
        job = Job(entry="provender.pipeline.inside.answer:inputs", params={**facts, "loader": made.state.loader, "assets": list(assets)}, files=(kept,))
        with found.submit.loaders.start(job) as session:
            session.send({"step": "inputs"}, [asked])
            _, payload = session.receive()
            return read_inputs(payload.view, len(raw), made.features.x)


def test_a_kept_loader_answers_without_its_training_records(cancer, busy):
    raw = cancer.records.frame.iloc[:9].reset_index(drop=True)
    expected = (raw.to_numpy() - busy.rows.frame.mean().to_numpy()) / busy.rows.frame.std(ddof=0).to_numpy()
    assert np.allclose(answer(cancer, busy, raw, assets=[{"id": "lake:more"}]), expected)
    assert len(unpack(busy.kept)["frame"]) == 0 and len(busy.kept) < 20_000


def test_a_loader_that_needs_its_records_keeps_them_and_one_that_cannot_be_kept_says_so(cancer):
    raw = cancer.records.frame.iloc[:4].reset_index(drop=True)
    needy = loader(inputs="return raw[['mean_radius']].to_numpy() - self.task.train.frame['mean_radius'].mean()",
                   fit="return rows.frame[['mean_radius']].to_numpy() - self.task.train.frame['mean_radius'].mean()")  # fmt: skip
    made = take(cancer, needy, keep=True)
    assert len(unpack(made.kept)["frame"]) == 569
    assert np.allclose(answer(cancer, made, raw)[:, 0], raw["mean_radius"] - cancer.records.frame["mean_radius"].mean())
    closed = take(cancer, loader(init="self.f = lambda x: x"), keep=True)
    assert isinstance(closed, Failure) and "cannot be pickled" in closed.message


def test_methods_can_be_those_of_another_day(cancer):
    """Vendored texts take the place of the installed ones, for this process alone."""
    text = loader(init="from provender.methods.winsorise import Winsorise as W; self.factor = float(W.__name__ == 'Older')",
                  fit="return rows.frame[['mean_radius']].to_numpy() * self.factor", inputs="return raw[['mean_radius']].to_numpy() * self.factor")  # fmt: skip
    older = {"provender.methods.winsorise": "from ..contract.rows import Rows\nclass Winsorise:\n    pass\nWinsorise.__name__ = 'Older'\n"}
    now, then = take(cancer, text), take(cancer, text, modules=older)
    assert not now.features.x.any() and then.features.x.all()


def test_a_loader_that_fails_is_a_failure_with_its_words(cancer):
    failed = take(cancer, loader(rows="raise ValueError('no rows today')"))
    assert isinstance(failed, Failure) and "no rows today" in failed.message
    missing = take(cancer, BUSY.replace("lake:more", "lake:none"))
    assert isinstance(missing, Failure) and missing.kind == "asset"
