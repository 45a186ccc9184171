"""Submit on real tables: the numbers of a plain script, trained once; refusals and failures told as they are."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from opened import Opened, executors, loader, open_task, table_of, write_task
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from provender.contract.outcome import Failure
from provender.contract.rows import ROW
from provender.execute.job import Limits
from provender.learners import make_learner
from provender.pipeline.result import FoldResult

LEARNER = """
from sklearn.linear_model import LogisticRegression
class Learner:
    def fit(self, features, y, weight, seed):
        self.model = LogisticRegression(max_iter=500).fit(features, y, weight)
    def predict(self, features):
        return self.model.predict_proba(features)
"""
SCALED = loader(
    head="from sklearn.preprocessing import StandardScaler",
    fit="self.scaler = StandardScaler()\nreturn self.scaler.fit_transform(self.numbers(rows.frame))",
    inputs="return self.scaler.transform(self.numbers(raw))",
)


@pytest.fixture(scope="module")
def pair():
    with executors() as both:
        yield both


@pytest.fixture(scope="module")
def wine(pair, tmp_path_factory) -> Opened:
    place = tmp_path_factory.mktemp("wine")
    folder = write_task(place / "wine", table_of("wine"), learner='path = "learner.py"', files={"learner.py": LEARNER})
    return open_task(folder, place / "workspace", *pair)


@pytest.fixture(scope="module")
def diabetes(pair, tmp_path_factory) -> Opened:
    place = tmp_path_factory.mktemp("diabetes")
    table = table_of("diabetes").assign(other=lambda t: t.target * 2 - t.bmi)
    folder = write_task(
        place / "diabetes", table, kind="regression", metric="root_mean_squared_error", learner='preset = "ridge"', output="value",
        data='target = ["target", "other"]',
    )  # fmt: skip
    return open_task(folder, place / "workspace", *pair)


def plain(opened: Opened, fold) -> np.ndarray:
    """What a script would do that has the whole table."""
    r = opened.records
    train, evaluation = r.frame.iloc[fold.train].to_numpy(float), r.frame.iloc[fold.evaluation].to_numpy(float)
    scaler = StandardScaler().fit(train)
    model = LogisticRegression(max_iter=500).fit(scaler.transform(train), r.y[fold.train], r.weight[fold.train])
    return model.predict_proba(scaler.transform(evaluation))


def failure(outcome: FoldResult | Failure, kind: str, *said: str) -> Failure:
    assert isinstance(outcome, Failure), outcome
    assert outcome.kind == kind, outcome
    assert all(word in outcome.message for word in said), outcome.message
    assert "\n" not in outcome.message
    return outcome


def test_submit_predicts_what_a_plain_script_predicts(wine):
    for fold in wine.plan.development():
        outcome = wine.run(SCALED, fold)
        assert isinstance(outcome, FoldResult), outcome
        np.testing.assert_allclose(outcome.prediction, plain(wine, fold), rtol=1e-9)
        assert outcome.rows == len(fold.train) and outcome.lineage["kept"] == len(fold.train)
    assert wine.score(SCALED, fold) < 0.3


def test_two_targets_are_predicted_with_the_preset_as_it_is(diabetes):
    fold, r = diabetes.plan.development()[1], diabetes.records
    outcome = diabetes.run(loader(), fold)
    learner = make_learner("ridge", "regression")
    learner.fit(r.frame.iloc[fold.train].to_numpy(float), r.y[fold.train], r.weight[fold.train], diabetes.plan.seed(fold))
    np.testing.assert_allclose(outcome.prediction, learner.predict(r.frame.iloc[fold.evaluation].to_numpy(float)), rtol=1e-9)
    assert outcome.prediction.shape == (len(fold.evaluation), 2)


def test_the_second_time_nothing_is_trained_and_nothing_changes(wine):
    fold = wine.plan.development()[2]
    text = SCALED + "\n# asked twice\n"
    first, second = wine.run(text, fold), wine.run(text, fold)
    assert not first.cached and second.cached
    np.testing.assert_array_equal(first.prediction, second.prediction)
    assert replace(first, prediction=None, cached=True, changes=()) .to_values()["facts"] == {**second.to_values()["facts"], "changes": ()}


def test_the_same_features_are_fitted_once_for_all_states(wine):
    fold = wine.plan.development()[3]
    wine.run(SCALED + "\n# one\n", fold)
    outcome = wine.run(SCALED + "\n# two\n", fold)
    assert not outcome.cached and outcome.training_seconds == 0.0


def test_another_draw_is_another_evaluation(wine):
    fold = wine.plan.development()[0]
    wine.run(SCALED, fold)
    again = wine.run(SCALED, replace(fold, draw=1))
    assert not again.cached


def test_a_give_away_is_refused_also_when_the_result_is_known(wine):
    """As the user's own D0 it is scored, with a warning; as a candidate beside a D0 without one it is not."""
    given = loader(fit="self.y = rows.y\nreturn np.column_stack([self.numbers(rows.frame), rows.y])",
                   inputs="return np.column_stack([self.numbers(raw), np.zeros(len(raw))])")  # fmt: skip
    fold = wine.plan.development()[0]
    own = wine.run(given, fold, strongest=1.0)
    assert isinstance(own, FoldResult) and own.findings[0]["kind"] == "giveaway" and own.findings[0]["severity"] == "warn"
    assert wine.run(given, fold, strongest=1.0).cached
    failure(wine.run(given, fold, strongest=0.5), "leak", "number 13")
    assert wine.run(given, fold, strongest=1.0).cached


def test_a_word_that_gives_the_target_away_is_found_in_a_table_too(wine):
    named = "frame = {0}[['alcohol']].assign(told=['abc'[k] for k in {1}])\nreturn frame"
    text = loader(fit=named.format("rows.frame", "rows.y"), inputs=named.format("raw", "[0] * len(raw)"))
    failure(wine.run(text), "leak", "told", "alone gives the target away")


def test_evaluation_inputs_come_shuffled_by_no_seed_that_a_loader_knows(wine):
    """The first input's rank in the file, guessed from the seed, must not be its rank."""
    fold = wine.plan.development()[0]
    order, half = wine.submit._order(fold)
    assert sorted(order) == list(range(len(fold.evaluation)))
    assert len(half) == len(order) // 2 and len(set(half)) == len(half)
    seed = wine.plan.seed(fold)
    assert (np.random.default_rng(seed).permutation(len(order)) != order).any()
    assert (np.random.default_rng(seed + 1).permutation(len(order)) != order).any()


def test_a_loader_is_given_its_fold_and_nothing_else(wine):
    """It raises what it was given: those rows, those labels, no index of the file."""
    fold, r = wine.plan.development()[4], wine.records
    text = loader(fit="t = self.task.train\nraise ValueError(f'{len(t)} {t.y.sum()} {t.frame.alcohol.sum():.6f} {sorted(vars(self))}')")
    told = failure(wine.run(text, fold), "crashed", "loader.py line")
    assert f"{len(fold.train)} {r.y[fold.train].sum()} {r.frame.alcohol.iloc[fold.train].sum():.6f} ['pool', 'task']" in told.message


def test_labels_and_weights_given_to_a_loader_cannot_be_changed_unseen(wine):
    failure(wine.run(loader(rows="self.task.train.y[:] = 0\nreturn self.task.train")), "crashed", "read-only")
    failure(wine.run(loader(rows="self.task.train.weight[0] = 9\nreturn self.task.train")), "crashed", "read-only")


def test_a_change_in_place_is_told_in_the_lineage(wine):
    text = loader(rows="self.task.train.frame['alcohol'] = self.task.train.frame['alcohol'].round(0)\nreturn self.task.train")
    outcome = wine.run(text)
    assert outcome.lineage["edited"] > 50 and outcome.lineage["kept"] < 70


def test_labels_are_changed_in_rows_or_not_at_all(wine):
    swapped = loader(fit="return self.numbers(rows.frame), (rows.y + 1) % 3, rows.weight")
    failure(wine.run(swapped), "contract", "change them in rows()")
    outcome = wine.run(loader(rows="t = self.task.train\nreturn t.edit('all wrong', y=(t.y + 1) % 3)"))
    assert outcome.lineage["relabelled"] == outcome.rows
    assert outcome.changes[0] == {"kind": "relabel", "reason": "all wrong", "count": outcome.rows}


def test_rows_that_fit_invents_are_counted(wine):
    text = loader(fit="x = self.numbers(rows.frame)\nmade = (x[:-1:2] + x[1::2]) / 2\ny = rows.y[:-1:2]\n"
                      "return np.vstack([x, made[:len(y)]]), np.concatenate([rows.y, y]), np.ones(len(x) + len(y))")  # fmt: skip
    outcome = wine.run(text)
    assert outcome.lineage["invented"] == outcome.rows - outcome.lineage["kept"] > 40


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (loader(rows="return 5"), "crashed", "return Rows"),
        (loader(rows="return self.task.train.take([], 'none')"), "contract", "no rows"),
        (loader(rows="t = self.task.train\nreturn Rows(t.frame, t.y + 5)"), "contract", "outside the 3 classes"),
        (loader(rows="t = self.task.train\nreturn Rows(t.frame, t.y * 0.5)"), "contract", "outside the 3 classes"),
        (loader(rows="t = self.task.train\nreturn Rows(t.frame, np.full((len(t), 3), .5))"), "contract", "soft labels"),
        (loader(rows="t = self.task.train\nreturn t.edit('w', weight=np.where(t.y == 0, np.nan, 1.0))"), "contract", "one weight a row"),
        (loader(rows="t = self.task.train\nreturn t.edit('w', weight=-t.weight)"), "contract", "not negative"),
        (loader(rows="t = self.task.train\nreturn t.take(t.y == 1, 'one class')"), "contract", "one class only"),
        (loader(rows="t = self.task.train\nreturn Rows(pd.concat([t.frame, t.frame], axis=1), t.y)"), "contract", "several columns"),
        (loader(rows="t = self.task.train\nreturn Rows(t.frame.assign(a=[{}] * len(t)), t.y)"), "crashed", "mixed Python objects"),
        (loader(rows="t = self.task.train\nreturn t.take(np.zeros(100_000, int), 'many')"), "contract", "at most"),
        (loader(fit="return self.numbers(rows.frame)[:-1]"), "contract", "labels for"),
        (loader(fit="return self.numbers(rows.frame)[:, :0]"), "contract", "rows and columns"),
        (loader(fit="return self.numbers(rows.frame)[:5], rows.y[:5], rows.weight[:5]"), "contract", "one class only|drop rows in rows"),
        (loader(fit="return [1, 2]"), "crashed", "must be a DataFrame"),
        (loader(fit="return np.array([['a']] * len(rows))"), "crashed", "only numbers cross"),
        (loader(inputs="return self.numbers(raw)[:-1]"), "contract", "one row for each"),
        (loader(inputs="return self.numbers(raw)[:, :-1]"), "contract", "the same features"),
        (loader(inputs="from scipy.sparse import csr_matrix\nreturn csr_matrix(self.numbers(raw))"), "contract", "a sparse matrix"),
        (loader(inputs="x = self.numbers(raw)\nreturn x - x.mean(axis=0)"), "batch", "neighbours"),
        (loader(inputs="x = self.numbers(raw)\nreturn x * (1 + np.arange(len(x)))[:, None]"), "batch", "neighbours"),
        (loader(inputs="return np.full((len(raw), 13), np.nan)"), "learner", "learner.py line"),
        (loader(inputs="raise KeyError('gone')"), "crashed", "KeyError"),
        (loader(init="self.task.unlabelled()"), "crashed", "transductive = true"),
        (loader(init="self.pool['x:1']"), "crashed", "not named in ASSETS"),
        (loader(assets=("lake:none",)), "asset", "'lake:none'"),
        (loader(assets=("x" * 5000,)), "asset", "does not hold"),
        (loader(assets=("../../etc/passwd", "a\0b")), "asset", "does not hold"),
        (loader(init="raise SystemExit(0)"), "crashed", "SystemExit"),
        (loader(init="import os; os._exit(0)"), "crashed", "before its entry had returned"),
        (loader(init="import ctypes; ctypes.string_at(0)"), "crashed", "SIGSEGV"),
    ],
)  # fmt: skip
def test_what_breaks_the_contract_fails_with_its_reason(wine, text, kind, said):
    outcome = wine.run(text)
    assert isinstance(outcome, Failure), outcome
    assert outcome.kind == kind, outcome
    assert any(part in outcome.message for part in said.split("|")), outcome.message
    assert "\n" not in outcome.message and len(outcome.message) < 700


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ("raise ValueError('no such luck')", "learner", "ValueError: no such luck (learner.py line"),
        ("return np.full((len(features), 3), np.nan)", "score", "not finite"),
        ("return np.full((len(features), 2), .5)", "score", "shape"),
        ("return np.full((len(features) - 1, 3), .3)", "score", "rows for"),
        ("return np.full((len(features), 3), 7.0)", "score", "lies in 0 to 1"),
        ("return ['a'] * len(features)", "learner", "ValueError"),
        ("return None", "score|learner", ""),
        ("import time; time.sleep(60)", "learner", "seconds"),
        ("import os; os._exit(3)", "learner", "exit code 3"),
        ("bytearray(4 << 30)", "learner", "Memory|memory"),
    ],
)
def test_a_learner_that_fails_is_the_learners_failure(pair, tmp_path, body, kind, said):
    text = f"import numpy as np\nclass Learner:\n    def fit(self, features, y, weight, seed):\n        pass\n    def predict(self, features):\n        {body}\n"
    learner = 'path = "learner.py"\nseconds = 1.5\nmemory_mb = 512'
    opened = open_task(write_task(tmp_path / "t", table_of("wine"), learner=learner, files={"learner.py": text}), tmp_path / "w", *pair)
    outcome = opened.run(loader())
    assert isinstance(outcome, Failure) and outcome.kind in kind.split("|"), outcome
    assert any(part in outcome.message for part in said.split("|")), outcome.message


def test_a_learner_without_its_class_says_so(pair, tmp_path):
    opened = open_task(write_task(tmp_path / "t", table_of("wine"), learner='path = "learner.py"', files={"learner.py": "x = 1\n"}), tmp_path / "w", *pair)
    failure(opened.run(loader()), "learner", "no class Learner")


def test_time_is_limited_by_the_state_and_by_the_deadline(wine, pair, tmp_path):
    import time

    endless = loader(fit="while True: pass")
    quick = open_task(wine.plan.task.folder, tmp_path / "w", *pair, limits=Limits(seconds=0.7))
    failure(quick.run(endless), "timeout", "0.7 seconds")
    from provender.pipeline.state import make_state

    started = time.monotonic()
    outcome = wine.submit.run(make_state(endless, wine.plan.task), wine.plan.development()[0], strongest=1.0, deadline=started + 0.5)
    failure(outcome, "timeout", "seconds")
    assert time.monotonic() - started < 10


def test_no_descriptor_is_left_open_whatever_becomes_of_a_state(wine):
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    texts = [SCALED, loader(fit="raise ValueError"), loader(inputs="return self.numbers(raw)[:-1]"), loader(assets=("a:b",)),
             loader(inputs="x = self.numbers(raw)\nreturn x - x.mean(axis=0)")]  # fmt: skip
    fold = wine.plan.development()[1]
    for text in texts:
        wine.run(text, fold)
    before = descriptors()
    for k in range(4):
        for text in texts:
            wine.run(f"{text}\n# {k}", fold)
    assert descriptors() <= before


def test_unlabelled_inputs_are_given_only_where_the_task_says_so(pair, tmp_path):
    folder = write_task(tmp_path / "t", table_of("wine"), rest="[evaluation]\ntransductive = true")
    opened = open_task(folder, tmp_path / "w", *pair)
    fold = opened.plan.development()[0]
    text = loader(init="self.u = task.unlabelled()", fit="raise ValueError(f'{len(self.u)} {list(self.u.columns) == list(rows.frame.columns)} {self.u.index[0]}')")
    failure(opened.run(text, fold), "crashed", f"{len(fold.evaluation)} True 0")


def test_an_asset_s_rows_reach_the_learner_and_are_counted(wine):
    outside = wine.records.frame.sample(40, random_state=0).reset_index(drop=True) * 1.01
    wine.pool.add("lake:more", outside.assign(kind="class_1"), {"title": "more wine"})
    rows = "asset = self.pool['lake:more'].frame()\nreturn self.task.train.append(asset, np.ones(len(asset), int), 'more of class 1')"
    outcome = wine.run(loader(rows=rows, assets=("lake:more",)))
    assert isinstance(outcome, FoldResult), outcome
    assert outcome.lineage["appended"] == {"lake:more": 40} and outcome.lineage["dropped"] == 0
    assert outcome.changes[0]["kind"] == "append" and outcome.rows == outcome.lineage["kept"] + 40


def test_rows_that_repeat_evaluation_inputs_are_refused_however_they_come(wine):
    fold = wine.plan.development()[0]
    leaked = wine.records.frame.iloc[fold.evaluation].reset_index(drop=True)
    wine.pool.add("lake:leak", leaked, {"title": "more wine"})
    table = "a = self.pool['lake:leak'].frame()\nt = self.task.train\n"
    ways = {
        "appended": table + "return t.append(a, np.ones(len(a), int), 'more')",
        "with a column less": table + "f = pd.concat([t.frame, a]).drop(columns='hue')\nreturn Rows(f.rename_axis('__row__'), np.r_[t.y, np.ones(len(a), int)])",
        "under other names": table + "f = pd.concat([t.frame, a]).rename(columns=str.upper)\nreturn Rows(f, np.r_[t.y, np.ones(len(a), int)])",
        "under the task's own ids": table + "f = t.frame.copy()\nf.iloc[:len(a)] = a.to_numpy()\nreturn Rows(f, t.y)",
        "beside a thousand harmless ones": table + "b = a.iloc[np.zeros(1000, int)] * 3.3\nreturn t.append(pd.concat([a, b]), np.ones(len(a) + 1000, int), 'more')",
    }
    numbers = "x = {}\nreturn x.drop(columns=['hue', 'HUE'], errors='ignore').to_numpy(float)"
    for way, rows in ways.items():
        text = loader(rows=rows, fit=numbers.format("rows.frame"), inputs=numbers.format("raw"), assets=("lake:leak",))
        outcome = wine.run(text, fold)
        assert isinstance(outcome, Failure) and outcome.kind == "leak", (way, outcome)
    invented = loader(
        fit="a = self.numbers(self.pool['lake:leak'].frame())\nx = self.numbers(rows.frame)\n"
            "return np.vstack([x, a]), np.r_[rows.y, np.ones(len(a), int)], np.ones(len(x) + len(a))",
        assets=("lake:leak",),
    )  # fmt: skip
    failure(wine.run(invented, fold), "leak", "rows brought in equal rows that are to be scored")


def test_harmless_rows_of_a_table_that_repeats_itself_are_not_refused(pair, tmp_path):
    """Two small-valued columns: every row stands in the held-out data by nature."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(0, 3, 300), "b": rng.integers(0, 4, 300), "c": rng.normal(size=300).round(0)})
    table["target"] = np.where(table.a + rng.normal(size=300) > 1, "yes", "no")
    folder = write_task(tmp_path / "t", table, rest='[columns]\na = "numeric"\nb = "numeric"\nc = "numeric"')
    opened = open_task(folder, tmp_path / "w", *pair)
    opened.pool.add("lake:more", pd.DataFrame({"a": rng.integers(0, 3, 80), "b": rng.integers(0, 4, 80), "c": rng.normal(size=80).round(0)}), {})
    rows = "a = self.pool['lake:more'].frame()\nreturn self.task.train.append(a, np.zeros(len(a), int), 'more')"
    outcome = opened.run(loader(rows=rows, assets=("lake:more",)))
    assert isinstance(outcome, FoldResult), outcome
    assert ROW not in opened.records.frame.columns
