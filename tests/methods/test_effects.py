"""Methods do what their papers promise, on real data whose faults are known because we made them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_wine

from provender.contract.rows import ROW, Rows, row_ids
from provender.errors import LoaderError, UserError
from provender.methods.class_balance import ClassBalance
from provender.methods.confident_learning import ConfidentLearning
from provender.methods.dedup import Dedup
from provender.methods.edited_neighbours import EditedNeighbours
from provender.methods.interactions import Interactions
from provender.methods.merge_spellings import MergeSpellings
from provender.methods.registry import find_method
from provender.methods.residual_filter import ResidualFilter
from provender.methods.shift import Shift
from provender.methods.smote import Smote
from provender.methods.target_encoding import TargetEncoding
from provender.methods.tfidf import Tfidf


def rows_of(frame: pd.DataFrame, y: np.ndarray) -> Rows:
    return Rows(frame.set_axis(pd.Index(row_ids("test", len(frame)), name=ROW)), y)


def wine_with_wrong_labels():
    data = load_wine(as_frame=True)
    y = data.target.to_numpy().copy()
    wrong = np.random.default_rng(0).choice(len(y), 18, replace=False)
    y[wrong] = (y[wrong] + 1) % 3
    return rows_of(data.data, y), wrong, data.target.to_numpy()


def test_confident_learning_finds_most_wrong_labels_and_few_right_ones():
    rows, wrong, _ = wine_with_wrong_labels()
    kept = ConfidentLearning().fit_resample(rows)
    dropped = np.flatnonzero(~np.isin(rows.ids, kept.ids))
    assert len(set(dropped) & set(wrong)) >= 14 and len(set(dropped) - set(wrong)) <= 6


def test_relabelling_restores_most_labels():
    rows, wrong, truth = wine_with_wrong_labels()
    fixed = ConfidentLearning(action="relabel").fit_resample(rows)
    assert (fixed.y[wrong] == truth[wrong]).sum() >= 14 and fixed.changes[-1].kind == "relabel"


def test_edited_neighbours_drops_mostly_wrong_labels():
    rows, wrong, _ = wine_with_wrong_labels()
    kept = EditedNeighbours().fit_resample(rows)
    dropped = np.flatnonzero(~np.isin(rows.ids, kept.ids))
    assert len(set(dropped) & set(wrong)) >= 9 and len(set(dropped) - set(wrong)) <= 4


def test_class_methods_refuse_numbers_as_labels():
    rows = rows_of(pd.DataFrame({"x": [1.0, 2.0]}), np.array([0.5, 1.5]))
    with pytest.raises(LoaderError, match="confident_learning needs class labels"):
        ConfidentLearning().fit_resample(rows)


def test_residual_filter_drops_entry_errors():
    data = load_diabetes(as_frame=True)
    y = data.target.to_numpy().copy()
    y[:8] *= 20
    kept = ResidualFilter().fit_resample(rows_of(data.data, y))
    assert len(y) - len(kept) <= 14 and (kept.y < 1000).all()


def test_dedup_keeps_the_most_frequent_label_of_repeated_rows():
    frame = pd.DataFrame({"a": ["X  y", "x y", "X Y", "z"], "b": [1.0, 1.00000001, 1.0, 2.0]})
    kept = Dedup().fit_resample(rows_of(frame, np.array([0, 1, 1, 0])))
    assert kept.y.tolist() == [1, 0] and len(kept) == 2


def test_balance_at_full_power_makes_classes_weigh_alike():
    rows = rows_of(pd.DataFrame({"x": np.arange(10.0)}), np.array([0] * 8 + [1] * 2))
    weight = ClassBalance(power=1.0).fit_resample(rows).weight
    assert weight[:8].sum() == pytest.approx(weight[8:].sum()) and weight.mean() == pytest.approx(1)


def test_synthetic_rows_lie_between_their_parents():
    data = load_wine(as_frame=True)
    rows = rows_of(data.data, data.target.to_numpy()).take(np.arange(20, 178), "fewer of the first class")
    grown = Smote(share=1.0).fit_resample(rows)
    for new in grown.ids[grown.ids < 0]:
        first, second = (rows.frame.loc[parent] for parent in grown.parents[int(new)])
        made = grown.frame.loc[new]
        assert ((made >= np.minimum(first, second) - 1e-9) & (made <= np.maximum(first, second) + 1e-9)).all()
    assert len(set(np.bincount(grown.y))) == 1


def test_shift_moves_pixels_and_keeps_labels():
    data = load_digits()
    rows = rows_of(pd.DataFrame(data.data[:30]).rename(columns=str), data.target[:30])
    grown = Shift(copies=1).fit_resample(rows)
    np.testing.assert_array_equal(grown.y[30:], rows.y)
    moved = grown.frame.to_numpy()[30:].reshape(30, 8, 8)
    still = data.images[:30]
    assert not np.array_equal(moved, still) and np.array_equal(np.unique(moved[:, 2:-2, 2:-2].sum() > 0), [True])
    assert all(np.abs(moved[i].sum() - still[i].sum()) < still[i].sum() for i in range(30))


def test_spellings_become_the_frequent_one_and_unlike_names_stay():
    train = pd.DataFrame({"city": ["New York"] * 9 + ["new york ", "NEW-YORK", "New Yrok", "Newark", "Oslo", None]})
    merged = MergeSpellings().fit(train).transform(pd.DataFrame({"city": ["new  york", "New Yrok", "Newark", "York", None]}))
    assert merged["city"].tolist()[:4] == ["New York", "New York", "Newark", "York"] and merged["city"].isna().iloc[4]


def test_codes_with_digits_are_never_merged_as_typing_errors():
    train = pd.DataFrame({"code": ["item 1001"] * 9 + ["item 1002"]})
    assert MergeSpellings().fit(train).transform(train)["code"].nunique() == 2


def test_target_encoding_of_noise_does_not_leak_the_target():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"c": [f"v{i}" for i in rng.integers(0, 300, 600)]}), rng.integers(0, 2, 600)
    out = TargetEncoding().fit_transform(X, y)[:, 0]
    assert abs(np.corrcoef(out, y)[0, 1]) < 0.15
    assert np.corrcoef(TargetEncoding(smooth=0.0).fit(X, y).transform(X)[:, 0], y)[0, 1] > 0.5, "in-fold codes would"


def test_interactions_find_the_product_that_matters():
    X = np.random.default_rng(0).normal(size=(400, 12))
    found = Interactions(most=3).fit(X, X[:, 2] * X[:, 7])
    assert (2, 7) in set(zip(found.left_, found.right_, strict=True))


def test_missing_texts_are_empty_texts():
    matrix = Tfidf().fit_transform(pd.Series(["a cat", None, float("nan"), "a dog"], dtype=object))
    assert matrix[1].nnz == matrix[2].nnz == 0


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(UserError, match="confident_learning"):
        find_method("magic")
