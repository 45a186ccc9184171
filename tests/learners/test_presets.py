"""Presets are honest: they learn, they have converged, and no trick of scale, copies or weights moves them."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from provender.errors import TaskError
from provender.learners import PRESETS, find_preset, make_learner

INSTALLED = {name: preset for name, preset in PRESETS.items() if not preset.library or find_spec(preset.library)}
CASES = [(name, kind) for name, preset in INSTALLED.items() for kind in preset.kinds]
SMALL = {"random_forest": {"n_estimators": 10}, "hist_gradient_boosting": {"max_iter": 10}, "lightgbm": {"n_estimators": 20, "min_child_samples": 5},
         "xgboost": {"n_estimators": 20}, "catboost": {"n_estimators": 30}}  # fmt: skip
LINEAR = ["logistic", "ridge", "linear_svm"]


def data(kind: str, n: int = 150):
    x, y = load_wine(return_X_y=True)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(x))[:n]
    x, y = x[order], y[order]
    if kind == "multilabel":
        y = np.column_stack([y == 0, y == 2]).astype(float)
    elif kind == "regression":
        y = x[:, 0] + 0.1 * rng.normal(size=len(x))
        x = x[:, 1:]
    return x, y


def fitted(name, kind, x, y, weight=None, seed=0):
    return make_learner(name, kind, SMALL.get(name)).fit(x, y, weight, seed)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_preset_learns_more_than_a_constant(name, kind):
    x, y = data(kind)
    train, held = np.arange(100), np.arange(100, 150)
    prediction = fitted(name, kind, x[train], y[train]).predict(x[held])
    if kind == "regression":
        assert np.mean((prediction - y[held]) ** 2) < 0.8 * y[held].var()
    elif kind == "classification":
        assert (prediction.argmax(1) == y[held]).mean() > 0.8
    else:
        cut = 0.0 if PRESETS[name].outputs[kind] == "score" else 0.5
        assert ((prediction > cut) == y[held]).mean() > 0.85


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_shapes_and_outputs_are_what_the_table_says(name, kind):
    x, y = data(kind)
    prediction = fitted(name, kind, x, y).predict(x[:7])
    assert prediction.dtype == float and np.isfinite(prediction).all()
    assert prediction.shape == {"classification": (7, 3), "multilabel": (7, 2), "regression": (7,)}[kind]
    if PRESETS[name].outputs[kind] == "probability":
        assert (prediction >= 0).all() and (prediction <= 1).all()
        assert kind == "multilabel" or np.allclose(prediction.sum(axis=1), 1)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_same_seed_same_predictions(name, kind):
    x, y = data(kind)
    one, two = (fitted(name, kind, x, y, seed=3).predict(x) for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_duplicating_every_row_changes_nothing(name, kind):
    x, y = data(kind, 90)
    once = fitted(name, kind, x, y).predict(x)
    twice = fitted(name, kind, np.concatenate([x, x]), np.concatenate([y, y])).predict(x)
    assert np.allclose(once, twice, atol=1e-10)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_scaling_every_weight_changes_nothing_and_weight_zero_is_absence(name, kind):
    x, y = data(kind, 90)
    weight = np.random.default_rng(1).uniform(0.5, 2, 90)
    assert np.allclose(
        fitted(name, kind, x, y, weight).predict(x), fitted(name, kind, x, y, weight * 37).predict(x), atol=1e-6
    )
    kept = np.arange(90) < 70
    assert np.allclose(
        fitted(name, kind, x, y, kept.astype(float)).predict(x), fitted(name, kind, x[kept], y[kept]).predict(x)
    )


@pytest.mark.parametrize(("name", "kind"), [(n, k) for n, k in CASES if n not in ("random_forest", "decision_tree")])
def test_duplicating_every_column_changes_nothing(name, kind):
    x, y = data(kind, 90)
    once = fitted(name, kind, x, y).predict(x)
    assert np.allclose(
        once, fitted(name, kind, np.hstack([x, x, -3 * x]), y).predict(np.hstack([x, x, -3 * x])), atol=1e-3
    )


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if PRESETS[case[0]].scaled])
def test_units_of_dense_features_change_nothing(name, kind):
    x, y = data(kind, 90)
    other = x * np.geomspace(1e-3, 1e3, x.shape[1]) + 5
    assert np.allclose(fitted(name, kind, x, y).predict(x), fitted(name, kind, other, y).predict(other), atol=1e-3)


@pytest.mark.parametrize("name", ["logistic", "linear_svm", "knn", "naive_bayes"])
def test_units_and_copies_of_sparse_features_change_nothing(name):
    rng = np.random.default_rng(0)
    x = sparse.random(120, 60, 0.15, format="csr", random_state=0, data_rvs=lambda k: rng.uniform(0.2, 1, k))
    y = (np.asarray(x[:, :6].sum(axis=1)).ravel() > 0.5).astype(int)
    scales = np.geomspace(0.01, 100, 60)
    other = sparse.csr_matrix(sparse.hstack([x.multiply(scales), x]))
    one = fitted(name, "classification", x, y).predict(x)
    assert np.allclose(one, fitted(name, "classification", other, y).predict(other), atol=1e-3)


def test_merged_columns_keep_the_words_that_training_could_not_tell_apart():
    x = sparse.csr_matrix(np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]] * 5))
    learner = fitted("logistic", "classification", x, np.array([0, 0, 1, 1] * 5))
    alone = learner.predict(sparse.csr_matrix(np.array([[0.0, 1, 0], [1, 1, 0]])))
    assert alone[0, 0] > 0.52 and alone[1, 0] > alone[0, 0]


def test_soft_labels_that_are_certain_are_hard_labels():
    x, y = data("classification")
    hard, soft = (fitted("logistic", "classification", x, target).predict(x) for target in (y, np.eye(3)[y]))
    assert np.allclose(hard, soft, atol=1e-6)


def test_soft_labels_pull_probabilities_towards_them():
    x, y = data("classification")
    blurred = 0.6 * np.eye(3)[y] + 0.4 / 3
    hard, soft = (fitted("logistic", "classification", x, target).predict(x) for target in (y, blurred))
    assert soft.max(axis=1).mean() < hard.max(axis=1).mean() - 0.05


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_a_weight_of_two_is_the_row_twice(seed):
    x, y = data("classification", 60)
    weight = np.random.default_rng(seed).integers(1, 4, 60)
    rows = np.repeat(np.arange(60), weight)
    for name in ("logistic", "knn", "naive_bayes"):
        weighted = fitted(name, "classification", x, y, weight.astype(float)).predict(x)
        assert np.allclose(weighted, fitted(name, "classification", x[rows], y[rows]).predict(x), atol=1e-6)


def test_classes_absent_from_training_are_named_by_position():
    x, y = data("classification")
    learner = fitted("logistic", "classification", x[y != 1], y[y != 1])
    assert learner.classes_.tolist() == [0, 2] and learner.predict(x).shape == (150, 2)


@pytest.mark.parametrize("name", [n for n, k in CASES if k == "classification"])
def test_one_class_in_training_is_predicted_for_sure(name):
    x, _ = data("classification")
    learner = fitted(name, "classification", x, np.full(150, 2))
    assert learner.classes_.tolist() == [2]
    if PRESETS[name].outputs["classification"] == "probability":
        assert np.array_equal(learner.predict(x), np.ones((150, 1)))


def test_constant_multilabel_column_is_predicted_as_it_is():
    x, y = data("multilabel")
    y[:, 1] = 0
    assert (fitted("logistic", "multilabel", x, y).predict(x)[:, 1] == 0).all()


def test_two_numeric_targets_are_each_fitted():
    x, y = data("regression")
    both = fitted("ridge", "regression", x, np.column_stack([y, -2 * y])).predict(x)
    assert np.allclose(both[:, 0], fitted("ridge", "regression", x, y).predict(x)) and np.allclose(
        both[:, 1], -2 * both[:, 0]
    )


@pytest.mark.parametrize("name", ["decision_tree", "random_forest", "hist_gradient_boosting"])
def test_trees_take_missing_values(name):
    x, y = data("classification")
    x[::3, 0] = np.nan
    assert (fitted(name, "classification", x, y).predict(x).argmax(1) == y).mean() > 0.8


@pytest.mark.parametrize("name", [*LINEAR, "knn", "naive_bayes"])
def test_other_presets_refuse_missing_values_in_one_sentence(name):
    x, y = data(PRESETS[name].kinds[0])
    x[::3, 0] = np.nan
    with pytest.raises(ValueError, match=r"50 feature values are NaN: impute"):
        fitted(name, PRESETS[name].kinds[0], x, y)


def test_features_that_are_no_numbers_are_named():
    frame = pd.DataFrame({"a": [1.0, 2.0], "city": ["Ulm", "Bonn"]})
    with pytest.raises(ValueError, match=r"'city' has dtype str: encode"):
        fitted("logistic", "classification", frame, np.array([0, 1]))


@pytest.mark.parametrize(("weight", "message"), [(-1.0, "not negative"), (np.nan, "finite"), (0.0, "above 0")])
def test_weights_that_are_none_are_refused(weight, message):
    x, y = data("classification")
    with pytest.raises(ValueError, match=message):
        fitted("logistic", "classification", x, y, np.full(150, weight))


def test_inputs_with_other_columns_are_refused():
    x, y = data("classification")
    with pytest.raises(ValueError, match=r"12 features.* 13"):
        fitted("logistic", "classification", x, y).predict(x[:, 1:])


def test_sparse_features_too_large_to_be_dense_are_refused_before_memory_is_taken():
    with pytest.raises(ValueError, match=r"200000 x 100000 sparse features are too many.*reduce"):
        fitted("hist_gradient_boosting", "regression", sparse.csr_matrix((200_000, 100_000)), np.arange(200_000.0))


def test_fit_that_cannot_converge_says_so():
    x, y = load_breast_cancer(return_X_y=True)
    with pytest.raises(RuntimeError, match=r"not converged after 10 iterations.*max_iter"):
        make_learner("logistic", "classification", {"max_iter": 1, "C": 1e6}).fit(x, y, None, 0)


def test_logistic_is_scikit_learns_on_standardised_digits():
    x, y = load_digits(return_X_y=True)
    varied = x[:, x.std(axis=0) > 0]
    reference = LogisticRegression(max_iter=2000, tol=1e-6).fit((varied - varied.mean(0)) / varied.std(0), y)
    ours = make_learner("logistic", "classification", {"tol": 1e-6}).fit(x, y, None, 0)
    expected = reference.predict_proba((varied - varied.mean(0)) / varied.std(0))
    assert np.abs(ours.predict(x) - expected).max() < 1e-3


def test_sparse_text_and_its_dense_twin_are_classified_alike():
    words = ["good fine great", "bad poor awful", "fine plot", "awful plot", "great actor", "poor actor"] * 10
    x = TfidfVectorizer().fit_transform(words)
    y = np.array([1, 0, 1, 0, 1, 0] * 10)
    rows, dense = (fitted("logistic", "classification", features, y).predict(features) for features in (x, x.toarray()))
    assert np.array_equal(rows.argmax(1), dense.argmax(1)) and np.array_equal(rows.argmax(1), y)


@pytest.mark.parametrize("name", ["ridge", "linear_svm", "knn", "hist_gradient_boosting"])
def test_regression_presets_learn_diabetes(name):
    x, y = load_diabetes(return_X_y=True)
    prediction = make_learner(name, "regression").fit(x[::2], y[::2], None, 0).predict(x[1::2])
    assert np.mean((prediction - y[1::2]) ** 2) < 0.75 * y[1::2].var()


def test_unknown_preset_lists_those_that_fit():
    with pytest.raises(TaskError, match=r"'logistics'.*does not exist.*regression choose one of ridge"):
        find_preset("logistics", "regression")
    with pytest.raises(TaskError, match=r"'logistic' does not fit a regression task: choose one of ridge"):
        find_preset("logistic", "regression")


def test_unknown_parameter_lists_the_known():
    with pytest.raises(TaskError, match=r"learner\.params\.alpha .*'logistic'.*C, max_iter, tol"):
        make_learner("logistic", "classification", {"alpha": 1})


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_preset_has_a_summary_a_cost_and_an_output(name, kind):
    preset = find_preset(name, kind)
    assert preset.summary and preset.cost > 0
    assert preset.outputs[kind] in (("value",) if kind == "regression" else ("probability", "score"))


@pytest.mark.parametrize("name", [name for name, preset in INSTALLED.items() if preset.library])
def test_every_parameter_of_a_boosting_library_that_is_offered_does_something(name):
    x, y = data("regression")
    small = SMALL[name]
    plain = make_learner(name, "regression", small).fit(x, y, None, 0).predict(x)
    other = {"n_estimators": 5, "learning_rate": 0.01, "num_leaves": 3, "max_depth": 2, "min_child_samples": 40, "min_child_weight": 30.0, "subsample": 0.4,
             "colsample_bytree": 0.3, "gamma": 5.0, "reg_alpha": 5.0, "reg_lambda": 50.0, "l2_leaf_reg": 60.0}  # fmt: skip
    estimator = type(make_learner(name, "regression", small).fit(x, y, None, 0).models_[0])
    for parameter in set(estimator._get_param_names()) - {"random_state"}:
        changed = make_learner(name, "regression", {**small, parameter: other[parameter]}).fit(x, y, None, 0).predict(x)
        assert not np.allclose(changed, plain), parameter
