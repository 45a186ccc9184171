"""Any estimator of scikit-learn's becomes a learner.py that fits the same model."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import BaggingRegressor, RandomForestClassifier, StackingClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from provender.errors import UserError
from provender.learners.estimator_text import learner_text, output_of

CANCER, SUGAR = load_breast_cancer(), load_diabetes()
COMPOSED = [
    RandomForestClassifier(n_estimators=7, max_depth=3, class_weight={0: 1.0, 1: 2.0}),
    make_pipeline(StandardScaler(), SelectKBest(f_classif, k=5), LogisticRegression(C=0.5, max_iter=500)),
    StackingClassifier([("nb", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=2))], final_estimator=LogisticRegression(), cv=3),
    CalibratedClassifierCV(LinearSVC(dual=False), cv=3), BaggingRegressor(Ridge(alpha=2.0), n_estimators=4),
    GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=3),
    make_pipeline(FunctionTransformer(np.log1p), KNeighborsClassifier(3)), LinearSVC(dual=False, C=np.float64(0.3)), SVC(class_weight="balanced"),
]  # fmt: skip


def learner(text: str):
    namespace: dict[str, object] = {}
    exec(compile(text, "learner.py", "exec"), namespace)
    return namespace["Learner"]()


def data(estimator) -> tuple[np.ndarray, np.ndarray]:
    found = CANCER if is_classifier(estimator) else SUGAR
    return found.data[::3], found.target[::3]


def expected(estimator, seed: int) -> np.ndarray:
    """What a plain script gets: a clone, seeded where the user left it to chance."""
    x, y = data(estimator)
    plain = clone(estimator)
    plain.set_params(**{name: seed for name, value in plain.get_params().items() if name.split("__")[-1] == "random_state" and value is None})
    plain.fit(x, y)
    for method in ("predict_proba", "decision_function", "predict") if is_classifier(estimator) else ("predict",):
        if hasattr(plain, method):
            return getattr(plain, method)(x)
    raise AssertionError


@pytest.mark.parametrize("estimator", COMPOSED, ids=lambda e: type(e).__name__)
def test_the_text_fits_the_same_model_as_a_plain_script(estimator):
    x, y = data(estimator)
    made = learner(learner_text(estimator)).fit(x, y, np.ones(len(y)), 3)
    assert np.allclose(made.predict(x), expected(estimator, 3))
    assert learner_text(clone(estimator).fit(x, y)) == learner_text(estimator), "a fitted one is written as a fresh one"


def test_every_classifier_and_regressor_that_needs_no_arguments_is_written():
    """And those that fit in a blink predict the same, too."""
    written, needy = 0, []
    for name, kind in [*all_estimators("classifier"), *all_estimators("regressor")]:
        try:
            with warnings.catch_warnings(action="ignore"):
                estimator = kind()
                text = learner_text(estimator)
        except (TypeError, AttributeError, UserError):
            needy.append(name)
            continue
        assert f"import {name}" in text and len(text.splitlines()) < 45, text
        written += 1
    assert written > 80 and len(needy) < 15, needy


def test_weights_reach_the_estimator_and_one_that_cannot_take_them_says_so():
    x, y = CANCER.data, CANCER.target
    weight = np.where(y == 1, 1.0, 0.0) + 1e-9
    heavy = learner(learner_text(make_pipeline(StandardScaler(), LogisticRegression()))).fit(x, y, weight, 0)
    assert heavy.predict(x)[:, 1].min() > 0.9
    nearest = learner(learner_text(KNeighborsClassifier()))
    nearest.fit(x, y, np.ones(len(y)), 0)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        nearest.fit(x, y, weight, 0)


def test_a_seed_that_the_user_set_stays_and_one_left_to_chance_is_the_folds():
    x, y = CANCER.data, CANCER.target
    fixed, free = learner_text(RandomForestClassifier(5, random_state=1)), learner_text(RandomForestClassifier(5))
    first, second = (learner(free).fit(x, y, np.ones(len(y)), seed).predict(x) for seed in (0, 1))
    assert not np.array_equal(first, second)
    first, second = (learner(fixed).fit(x, y, np.ones(len(y)), seed).predict(x) for seed in (0, 1))
    assert np.array_equal(first, second)


def test_what_an_estimator_gives_is_known_before_it_is_fitted():
    assert output_of(LogisticRegression()) == ("classification", "probability") and output_of(LinearSVC()) == ("classification", "score")
    assert output_of(Ridge()) == ("regression", "value") and output_of(COMPOSED[5]) == ("classification", "probability")


class Mine(ClassifierMixin, BaseEstimator):
    """An estimator whose parameter can be anything."""

    def __init__(self, odd: object = None) -> None:
        self.odd = odd

    def fit(self, X, y):
        return self


def test_what_cannot_be_written_is_told_with_the_parameter_and_the_mend():
    for estimator, words in (
        (RandomForestClassifier, "give an instance"), ("logistic regression", "is a str"), (make_pipeline(FunctionTransformer(lambda x: x), GaussianNB()), "func"),
        (Mine(odd=object()), r"Mine\.odd"), (StandardScaler(), "neither a classifier nor a regressor"), (Mine(odd=np.zeros(5000)), r"Mine\.odd"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=words):
            learner_text(estimator)
    assert learner_text(Mine(odd=RBF(2.0))).count("RBF") == 2
