"""The proof keeps its word where the habit it replaces does not: the same searches among meaningless states, and a
candidate that helps. Small; benchmarks/calibration.py measures rates closely and on more populations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import binom

from provender.contract.metric import find_metric
from provender.contract.split import Fold, folding, make_split
from provender.pipeline import proof

ACCURACY = find_metric("accuracy")
ROWS, WIDTH, STATES = 200, 8, 20


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Classes that eight seen columns explain in part, and one hidden column that explains a good part of the rest."""

    x: np.ndarray
    hidden: np.ndarray
    y: np.ndarray

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> Sample:
        x, hidden = rng.normal(size=(n, WIDTH)), rng.normal(size=(n, 1))
        value = x.sum(axis=1) / np.sqrt(WIDTH) + 0.75 * hidden[:, 0] + 0.6 * rng.normal(size=n)
        return cls(x, hidden, (value > 0).astype(np.int64))


def fit_predict(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Classes by ridge regression on -1 and 1, in closed form."""
    a = np.column_stack([np.ones(len(x)), x])
    w = np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T @ (2 * y - 1))
    return (w[0] + new @ w[1:] > 0).astype(np.int64)


def out_of_fold(x: np.ndarray, y: np.ndarray, folds: list[Fold]) -> tuple[np.ndarray, np.ndarray]:
    parts = [fit_predict(x[fold.train], y[fold.train], x[fold.evaluation]) for fold in folds]
    return np.concatenate([fold.evaluation for fold in folds]), np.concatenate(parts)


def cut(y: np.ndarray, rows: np.ndarray, seed: int) -> list[Fold]:
    return folding(rows, np.arange(len(y)), y, None, folds=5, seed=seed)


def confirm(sample: Sample, columns: np.ndarray, seed: int) -> proof.Verdict:
    rows, pairs = np.arange(len(sample.y)), []
    for k in range(5):
        folds = cut(sample.y, rows, seed + k)
        scored, initial = out_of_fold(sample.x, sample.y, folds)
        candidate = out_of_fold(np.column_stack([sample.x, columns]), sample.y, folds)[1]
        pairs.append(proof.Paired(rows=scored, initial=initial, candidate=candidate))
    return proof.confirm(ACCURACY, sample.y, pairs, proof.blocks(rows, seed=seed))


def search(sample: Sample, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """The best by development score of twenty states that append two columns of noise, with its development gain."""
    folds = cut(sample.y, rows, 0)
    states = [np.empty((len(sample.y), 0)), *(rng.normal(size=(len(sample.y), 2)) for _ in range(STATES))]
    scores = []
    for columns in states:
        scored, predicted = out_of_fold(np.column_stack([sample.x, columns]), sample.y, folds)
        scores.append(ACCURACY.score(sample.y[scored], predicted))
    best = 1 + int(np.argmax(scores[1:]))
    return states[best], scores[best] - scores[0]


@pytest.mark.slow
def test_meaningless_searches_fool_the_development_score_and_not_the_proof():
    trials, fooled, proven = 150, 0, 0
    for trial in range(trials):
        rng = np.random.default_rng([1, trial])
        sample = Sample.draw(ROWS, rng)
        split = make_split(np.arange(ROWS), sample.y, None, digest=f"{trial:032x}", test_size=None, seal=True)
        columns, gain = search(sample, split.search, rng)
        fooled += gain > 0
        proven += confirm(sample, columns, 1000 * (trial + 1)).proven
    assert fooled >= 0.8 * trials
    assert proven <= binom.ppf(0.95, trials, 0.025)


@pytest.mark.slow
def test_a_candidate_that_helps_is_proven_more_often_with_more_rows():
    power = {}
    for n in (150, 600):
        samples = (Sample.draw(n, np.random.default_rng([2, trial])) for trial in range(40))
        power[n] = np.mean([confirm(sample, sample.hidden, 7).proven for sample in samples])
    assert power[150] < power[600] and power[600] >= 0.9
