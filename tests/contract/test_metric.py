"""Metrics agree with scikit-learn, and say NaN where they are undefined."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from provender.contract.metric import METRICS, find_metric, labels, program_metric
from provender.errors import TaskError

RNG = np.random.default_rng(7)
BINARY = RNG.integers(0, 2, 200)
CLASSES = RNG.integers(0, 4, 200)
P2 = RNG.dirichlet((1, 1), 200)
P4 = RNG.dirichlet((1, 1, 1, 1), 200)
VALUES = RNG.gamma(2.0, size=200)
GUESSES = VALUES + RNG.normal(0, 0.3, 200).clip(-0.5)

BINARY_REFERENCE = {
    "accuracy": lambda: sk.accuracy_score(BINARY, P2.argmax(1)),
    "f1": lambda: sk.f1_score(BINARY, P2.argmax(1)),
    "log_loss": lambda: sk.log_loss(BINARY, P2),
    "brier_score": lambda: sk.brier_score_loss(BINARY, P2[:, 1]),
    "roc_auc": lambda: sk.roc_auc_score(BINARY, P2[:, 1]),
    "average_precision": lambda: sk.average_precision_score(BINARY, P2[:, 1]),
    "matthews_corrcoef": lambda: sk.matthews_corrcoef(BINARY, P2.argmax(1)),
}
MULTICLASS_REFERENCE = {
    "accuracy": lambda: sk.accuracy_score(CLASSES, P4.argmax(1)),
    "balanced_accuracy": lambda: sk.balanced_accuracy_score(CLASSES, P4.argmax(1)),
    "f1_macro": lambda: sk.f1_score(CLASSES, P4.argmax(1), average="macro"),
    "f1_weighted": lambda: sk.f1_score(CLASSES, P4.argmax(1), average="weighted"),
    "matthews_corrcoef": lambda: sk.matthews_corrcoef(CLASSES, P4.argmax(1)),
    "quadratic_weighted_kappa": lambda: sk.cohen_kappa_score(CLASSES, P4.argmax(1), weights="quadratic"),
    "log_loss": lambda: sk.log_loss(CLASSES, P4),
    "brier_score": lambda: sk.brier_score_loss(CLASSES, P4),
    "roc_auc": lambda: sk.roc_auc_score(CLASSES, P4, multi_class="ovr"),
}
REGRESSION_REFERENCE = {
    "mean_squared_error": lambda y, p: sk.mean_squared_error(y, p),
    "root_mean_squared_error": lambda y, p: sk.root_mean_squared_error(y, p),
    "mean_absolute_error": lambda y, p: sk.mean_absolute_error(y, p),
    "r2": lambda y, p: sk.r2_score(y, p),
    "root_mean_squared_log_error": lambda y, p: sk.root_mean_squared_log_error(y, p.clip(0)),
}


@pytest.mark.parametrize("name", BINARY_REFERENCE)
def test_binary_metric_equals_scikit_learn(name):
    assert find_metric(name).score(BINARY, P2) == pytest.approx(BINARY_REFERENCE[name]())


@pytest.mark.parametrize("name", MULTICLASS_REFERENCE)
def test_multiclass_metric_equals_scikit_learn(name):
    assert find_metric(name).score(CLASSES, P4) == pytest.approx(MULTICLASS_REFERENCE[name]())


@pytest.mark.parametrize("name", REGRESSION_REFERENCE)
def test_regression_metric_equals_scikit_learn(name):
    assert find_metric(name).score(VALUES, GUESSES) == pytest.approx(REGRESSION_REFERENCE[name](VALUES, GUESSES))


@pytest.mark.parametrize("name", ["mean_squared_error", "root_mean_squared_error", "mean_absolute_error", "r2"])
def test_two_numeric_targets_are_scored_apart_and_averaged(name):
    y, p = np.column_stack([VALUES, 100 * VALUES]), np.column_stack([GUESSES, 90 * GUESSES])
    assert find_metric(name).score(y, p) == pytest.approx(REGRESSION_REFERENCE[name](y, p))


MULTILABEL_REFERENCE = {
    "accuracy": lambda y, p: sk.accuracy_score(y, p >= 0.5),
    "f1": lambda y, p: sk.f1_score(y, p >= 0.5),
    "log_loss": sk.log_loss,
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "brier_score": sk.brier_score_loss,
}


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("name", MULTILABEL_REFERENCE)
def test_multilabel_probabilities_are_scored_column_by_column(name, targets):
    y = RNG.integers(0, 2, (120, targets)).astype(float)
    p = RNG.random((120, targets))
    expected = np.mean([MULTILABEL_REFERENCE[name](y[:, j], p[:, j]) for j in range(targets)])
    assert find_metric(name).score(y, p) == pytest.approx(expected)


def test_labels_may_be_positions_probabilities_or_probabilities_of_one():
    assert labels(np.array([2.0, 0.0, 1.0])).tolist() == [2, 0, 1]
    assert labels(np.array([[0.2, 0.8], [0.9, 0.1]])).tolist() == [1, 0]
    assert labels(np.array([0.4, 0.5, 0.9])).tolist() == [0, 1, 1]


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "quadratic_weighted_kappa"])
def test_one_class_only_is_undefined_not_a_number(name):
    prediction = np.tile([0.1, 0.9], (5, 1))
    assert np.isnan(find_metric(name).score(np.ones(5, dtype=np.int64), prediction))


@pytest.mark.parametrize("name", ["r2", "spearman"])
def test_constant_truth_is_undefined(name):
    assert np.isnan(find_metric(name).score(np.ones(5), np.arange(5.0)))


def test_constant_prediction_ranks_nothing():
    assert find_metric("spearman").score(np.arange(5.0), np.ones(5)) == 0.0


@pytest.mark.parametrize("name", sorted(METRICS))
def test_no_rows_have_no_score(name):
    assert np.isnan(find_metric(name).score(np.array([], dtype=np.int64), np.zeros((0, 2))))


def test_one_undefined_target_makes_the_mean_undefined():
    y = np.array([[0.0, 1.0], [1.0, 1.0]])
    assert np.isnan(find_metric("roc_auc").score(y, np.array([[0.2, 0.3], [0.8, 0.6]])))


def test_kappa_keeps_the_distance_of_classes_that_are_absent():
    y, p = np.array([0, 0, 3, 3, 1]), np.array([0, 3, 3, 3, 1])
    expected = sk.cohen_kappa_score(y, p, labels=[0, 1, 2, 3], weights="quadratic")
    assert find_metric("quadratic_weighted_kappa").score(y, p.astype(float)) == pytest.approx(expected)


def test_log_loss_of_a_certain_mistake_is_finite():
    assert np.isfinite(find_metric("log_loss").score(np.array([1]), np.array([[1.0, 0.0]])))


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.loss is not None])
def test_losses_average_to_the_metric(name):
    metric = METRICS[name]
    y, p = (VALUES, GUESSES) if metric.needs == ("value",) else (CLASSES, P4)
    mean = float(np.mean(metric.loss(y, p)))
    assert metric.score(y, p) == pytest.approx(metric.finish(mean) if metric.finish else mean)


@given(st.sampled_from(sorted(METRICS)), st.floats(-10, 10), st.floats(-10, 10))
def test_gain_is_positive_when_better_and_antisymmetric(name, a, b):
    metric = METRICS[name]
    better = a > b if metric.direction == "maximize" else a < b
    assert (metric.gain(a, b) > 0) == better
    assert metric.gain(a, b) == -metric.gain(b, a)


@given(st.permutations(range(30)), st.sampled_from(["log_loss", "roc_auc", "f1_macro", "brier_score"]))
def test_row_order_does_not_matter(order, name):
    y, p, order = CLASSES[:30], P4[:30], np.array(order)
    assert find_metric(name).score(y[order], p[order]) == pytest.approx(find_metric(name).score(y, p))


def test_probabilities_serve_metrics_of_labels_and_values_do_not():
    assert find_metric("accuracy").accepts("probability")
    assert find_metric("roc_auc").accepts("score")
    assert not find_metric("log_loss").accepts("label")
    assert not find_metric("accuracy").accepts("value")


def test_aliases_name_the_same_metric_and_unknown_names_list_the_known():
    assert find_metric("rmse") is find_metric("root_mean_squared_error")
    with pytest.raises(TaskError, match=r"'acuracy'.*accuracy.*grade\.py"):
        find_metric("acuracy")


def test_program_metric_is_the_mean_of_what_the_judge_gives():
    metric = program_metric("pass_rate", "maximize")
    assert metric.score(np.zeros(4), np.array([1.0, 0.0, 1.0, 1.0])) == 0.75
