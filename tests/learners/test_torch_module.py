"""A torch module as the fixed learner: it learns, is the same for the same seed, and heeds weights. Runs where torch is installed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_diabetes, load_wine

from provender.learners.torch_module import TorchModule

torch = pytest.importorskip("torch")


class Classifier(TorchModule):
    epochs = 20
    learning_rate = 1e-2

    def build(self, n_features, n_outputs):
        return torch.nn.Sequential(torch.nn.Linear(n_features, 16), torch.nn.ReLU(), torch.nn.Linear(16, n_outputs))


class Regressor(Classifier):
    kind = "regression"


def test_it_learns_and_the_same_seed_gives_the_same_model():
    x, y = load_wine(return_X_y=True)
    first, second, other = (Classifier().fit(x, y, np.ones(len(y)), seed).predict(x) for seed in (1, 1, 2))
    assert first.shape == (178, 3) and np.allclose(first.sum(axis=1), 1) and (first.argmax(axis=1) == y).mean() > 0.95
    assert np.array_equal(first, second) and not np.array_equal(first, other)
    assert np.allclose(Classifier().fit(csr_matrix(x), y, np.ones(len(y)), 1).predict(csr_matrix(x)), first)


def test_numbers_are_predicted_in_their_own_units():
    x, y = load_diabetes(return_X_y=True)
    one = Regressor().fit(x, y, np.ones(len(y)), 0)
    assert np.corrcoef(one.predict(x), y)[0, 1] > 0.6 and abs(one.predict(x).mean() - y.mean()) < 20
    both = Regressor().fit(x, np.column_stack([y, -y]), np.ones(len(y)), 0).predict(x)
    assert both.shape == (442, 2) and np.allclose(pickle.loads(pickle.dumps(one)).predict(x), one.predict(x))


def test_rows_that_weigh_nothing_are_not_learnt_and_absent_classes_are_known():
    x, y = load_wine(return_X_y=True)
    weight = np.where(y == 2, 1e-9, 1.0)
    assert Classifier().fit(x, y, weight, 0).predict(x)[:, 2].max() < 0.5
    some = Classifier().fit(x[y != 1], y[y != 1], np.ones((y != 1).sum()), 0)
    assert list(some.classes_) == [0, 2] and some.predict(x).shape == (178, 2)
    with pytest.raises(ValueError, match="missing or infinite"):
        some.predict(x * np.nan)
