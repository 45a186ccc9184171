"""Cleaning, encoding and augmentation do what their papers promise: on real tables with faults we planted, or by definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from provender.contract.rows import ROW, Rows, row_ids
from provender.methods.adasyn import Adasyn
from provender.methods.adversarial_validation import AdversarialValidation
from provender.methods.ecod import Ecod, outlyingness
from provender.methods.isolation_forest import IsolatedRows
from provender.methods.mrmr import Mrmr
from provender.methods.representation import represent
from provender.methods.screening import Screening
from provender.methods.semdedup import SemDeDup
from provender.methods.source_balance import SourceBalance
from provender.methods.weight_of_evidence import WeightOfEvidence
from provender.methods.word_noise import WordNoise


def rows_of(X: np.ndarray, y: np.ndarray) -> Rows:
    frame = pd.DataFrame(X).rename(columns=lambda i: f"x{i}")
    return Rows(frame.set_axis(pd.Index(row_ids("test", len(frame)), name=ROW)), y)


def test_ecod_ranks_broken_records_above_real_ones_and_drops_many_of_them():
    X, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    broken = np.zeros(len(X), bool)
    broken[rng.choice(len(X), 11, replace=False)] = True
    for i in np.flatnonzero(broken):  # a third of its numbers lost a decimal point
        X[i, rng.choice(30, 10, replace=False)] *= 10
    assert roc_auc_score(broken, outlyingness(X)) > 0.9
    rows = rows_of(X, y)
    left_out = ~np.isin(rows.ids, Ecod(share=0.05).fit_resample(rows).ids)
    assert left_out.sum() == 28 and (left_out & broken).sum() >= 7, "a blind choice would find less than one"


def test_adasyn_grows_only_rows_that_have_others_near_and_balances():
    X, y = load_breast_cancer(return_X_y=True)
    kept = np.r_[np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:60]]
    rows = rows_of(X[kept], y[kept])
    grown = Adasyn(share=1.0).fit_resample(rows)
    assert np.abs(np.diff(np.bincount(grown.y))) <= 10  # the paper rounds every row's part
    near = NearestNeighbors(n_neighbors=6).fit(represent(rows.frame)).kneighbors(return_distance=False)[:, :5]
    hard = pd.Series((rows.y[near] != rows.y[:, None]).mean(axis=1), index=rows.ids)
    firsts = pd.Series([grown.parents[int(i)][0] for i in grown.ids[grown.ids < 0]])
    assert (hard[firsts] > 0).all()
    times = firsts.value_counts()
    np.testing.assert_allclose(times / hard[times.index], (times / hard[times.index]).median(), rtol=0.1)


def test_weight_of_evidence_is_the_log_ratio_of_the_papers_definition():
    X = pd.DataFrame({"c": list("aaaabbbbbb") * 30})
    y = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0] * 30)
    weights = WeightOfEvidence(smooth=1e-9).fit(X, y).transform(X)[:, 0]
    assert weights[0] == pytest.approx(np.log((90 / 120) / (30 / 180))) and weights[9] == pytest.approx(np.log((30 / 120) / (150 / 180)))


def test_weight_of_evidence_of_noise_does_not_leak_the_target():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame({"c": [f"v{i}" for i in rng.integers(0, 300, 600)]}), rng.integers(0, 2, 600)
    assert abs(np.corrcoef(WeightOfEvidence().fit_transform(X, y)[:, 0], y)[0, 1]) < 0.15
    assert np.corrcoef(WeightOfEvidence().fit(X, y).transform(X)[:, 0], y)[0, 1] > 0.5, "in-fold codes would"


def test_mrmr_takes_no_copy_where_relevance_alone_takes_them_first():
    X, y = load_breast_cancer(return_X_y=True)
    best = Screening(most=1).fit(X, y).kept_[0]
    noise = np.random.default_rng(0).normal(size=(len(X), 5))
    copies = np.column_stack([X[:, best], X[:, best], X[:, best]]) + 0.01 * X[:, best].std() * noise[:, :3]
    wide = np.hstack([X, copies])
    assert set(range(30, 33)) <= set(Screening(most=6).fit(wide, y).kept_)
    kept = Mrmr(most=6).fit(wide, y).kept_
    assert len(kept) == 6 and len(set(kept) & {best, 30, 31, 32}) == 1


def test_semdedup_leaves_one_of_every_near_copy_and_nearly_all_other_rows():
    X, y = load_breast_cancer(return_X_y=True)
    copied = np.random.default_rng(0).choice(len(X), 60, replace=False)
    noise = np.random.default_rng(1).normal(size=(60, 30))
    rows = rows_of(np.vstack([X, X[copied] + 0.01 * X.std(axis=0) * noise]), np.r_[y, y[copied]])
    kept = np.isin(rows.ids, SemDeDup(epsilon=0.001).fit_resample(rows).ids)
    pairs = kept[copied].astype(int) + kept[569:]
    assert (pairs == 1).mean() >= 0.9 and kept[np.setdiff1d(np.arange(569), copied)].mean() >= 0.98


def test_isolation_forest_leaves_out_nearly_all_broken_records():
    X, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    broken = rng.choice(len(X), 11, replace=False)
    for i in broken:  # a third of its numbers lost a decimal point
        X[i, rng.choice(30, 10, replace=False)] *= 10
    rows = rows_of(X, y)
    kept = IsolatedRows(share=0.05).fit_resample(rows).ids
    assert len(rows) - len(kept) == 28 and np.isin(rows.ids[broken], kept).sum() <= 1


def test_adversarial_validation_leaves_out_strangers_and_keeps_kin():
    X, y = load_breast_cancer(return_X_y=True)
    own = rows_of(X[:300], y[:300])
    kin, strange = X[300:420], X[420:].copy()
    strange[:, :10] += 3 * X[:, :10].std(axis=0)
    source = pd.DataFrame(np.vstack([kin, strange]), columns=own.frame.columns)
    index = pd.Index(row_ids("source", len(source)), name=ROW)
    grown = own.append(source.set_axis(index), y[300:], "another source")
    kept = np.isin(grown.ids, AdversarialValidation(share=0.5).fit_resample(grown).ids)
    assert kept[:300].all() and kept[300:420].mean() > 0.9 and kept[420:].mean() < 0.2
    alike = own.append(source[:120].set_axis(index[:120]), y[300:420], "more of the same")
    assert AdversarialValidation(share=0.5).fit_resample(alike) is alike, "one population loses nothing"


def test_word_noise_changes_a_tenth_of_the_words_and_makes_up_none():
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{word}" for word in rng.permutation(1000)[:40]) for _ in range(100)]
    rows = rows_of(np.array(texts, dtype=object)[:, None], np.arange(100) % 2)
    grown = WordNoise(copies=2, rate=0.1).fit_resample(rows)
    assert len(grown) == 300 and np.array_equal(grown.y[100:], np.repeat(rows.y, 2))
    words = [text.split() for text in grown.frame["x0"]]
    swapped, deleted = words[100::2], words[101::2]
    assert all(sorted(new) == sorted(old) for new, old in zip(swapped, words[:100], strict=True))
    moved = np.mean([sum(a != b for a, b in zip(new, old, strict=True)) for new, old in zip(swapped, words[:100], strict=True)])
    assert 5 < moved <= 8, "four swaps of two words, some of them back"
    assert 34 < np.mean([len(new) for new in deleted]) < 38
    assert all([word for word in old if word in new] == new for new, old in zip(deleted, words[:100], strict=True))


def test_source_balance_gives_the_tasks_own_rows_their_share():
    own = rows_of(np.zeros((50, 2)), np.arange(50) % 2)
    source = own.frame.iloc[np.arange(500) % 50].set_axis(pd.Index(row_ids("source", 500), name=ROW))
    weight = SourceBalance(own=0.3).fit_resample(own.append(source, np.arange(500) % 2, "another source", 2.0)).weight
    assert weight[:50].sum() / weight.sum() == pytest.approx(0.3) and weight.mean() == pytest.approx(1)
    assert SourceBalance().fit_resample(own) is own
