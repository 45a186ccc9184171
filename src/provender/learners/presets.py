"""The table of preset learners. Data only: a learner's library is imported when one is made."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..contract.metric import Output
from ..errors import MissingExtra, TaskError


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One row of the table.

    estimators  {task kind: "module:Class"} of what is fitted, once for each target
    outputs     {task kind: what it predicts}
    defaults    {task kind: parameters that differ from the class's own}, open to `params` of task.toml
    scaled      dense features are standardised and sparse ones divided by their largest absolute value
    dense       sparse features are made dense first
    missing     NaN features are allowed
    library     the package behind an extra of the preset's own name; "" for those that need none
    cost        seconds of one fit on 2,000 rows x 50 numeric features with two classes, one core, to an order of magnitude
    """

    name: str
    summary: str
    estimators: Mapping[str, str]
    outputs: Mapping[str, Output]
    defaults: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    scaled: bool = True
    dense: bool = False
    missing: bool = False
    library: str = ""
    cost: float = 0.01

    @property
    def kinds(self) -> tuple[str, ...]:
        """Task kinds it fits: classification, regression, multilabel (one classifier a target)."""
        return tuple(self.outputs)

    def __reduce__(self) -> tuple:
        """A kept learner names its preset; it does not copy the table."""
        return _named, (self.name,)


def _named(name: str) -> Preset:
    return PRESETS[name]


_PROBABILITY: Mapping[str, Output] = MappingProxyType({"classification": "probability", "multilabel": "probability"})
_ANY: Mapping[str, Output] = MappingProxyType({**_PROBABILITY, "regression": "value"})


def _both(classifier: str, regressor: str) -> dict[str, str]:
    return {"classification": classifier, "multilabel": classifier, "regression": regressor}


def _same(**defaults: object) -> dict[str, dict[str, object]]:
    return {kind: defaults for kind in ("classification", "multilabel", "regression")}


_TABLE = (
    Preset(
        name="logistic",
        summary="L2-regularised (multinomial) logistic regression, fitted to convergence",
        estimators=_both("provender.learners.linear:Logistic", ""),
        outputs=_PROBABILITY,
        cost=0.01,
    ),
    Preset(
        name="ridge",
        summary="L2-regularised least squares",
        estimators=_both("", "sklearn.linear_model:Ridge"),
        outputs={"regression": "value"},
        defaults=_same(tol=1e-6),
        cost=0.002,
    ),
    Preset(
        name="linear_svm",
        summary="linear support vector machine; gives ranking scores for classes",
        estimators=_both("provender.learners.linear:LinearMargin", "provender.learners.linear:LinearMarginRegressor"),
        outputs={"classification": "score", "multilabel": "score", "regression": "value"},
        cost=0.05,
    ),
    Preset(
        name="knn",
        summary="weighted vote of the 10 nearest neighbours",
        estimators=_both(
            "provender.learners.neighbours:NeighbourClassifier", "provender.learners.neighbours:NeighbourRegressor"
        ),
        outputs=_ANY,
        cost=0.05,
    ),
    Preset(
        name="naive_bayes",
        summary="Gaussian naive Bayes on dense features, multinomial on sparse counts",
        estimators=_both("provender.learners.bayes:NaiveBayes", ""),
        outputs=_PROBABILITY,
        cost=0.005,
    ),
    Preset(
        name="decision_tree",
        summary="one CART tree with at least 5 rows a leaf",
        estimators=_both("sklearn.tree:DecisionTreeClassifier", "sklearn.tree:DecisionTreeRegressor"),
        outputs=_ANY,
        defaults=_same(min_samples_leaf=5),
        scaled=False,
        missing=True,
        cost=0.05,
    ),
    Preset(
        name="random_forest",
        summary="200 bagged trees",
        estimators=_both("sklearn.ensemble:RandomForestClassifier", "sklearn.ensemble:RandomForestRegressor"),
        outputs=_ANY,
        defaults=_same(n_estimators=200) | {"regression": {"n_estimators": 200, "max_features": 1 / 3}},
        scaled=False,
        missing=True,
        cost=1.5,
    ),
    *(
        Preset(
            name=name,
            summary=summary,
            estimators=_both(f"provender.learners.boosting:{kind}", f"provender.learners.boosting:{kind}Regressor"),
            outputs=_ANY,
            scaled=False,
            missing=True,
            library=name,
            cost=cost,
        )
        for name, kind, summary, cost in (
            ("lightgbm", "LightGBM", "100 rounds of LightGBM", 0.3),
            ("xgboost", "XGBoost", "100 rounds of XGBoost", 0.3),
            ("catboost", "CatBoost", "300 rounds of CatBoost", 1.0),
        )
    ),
    Preset(
        name="hist_gradient_boosting",
        summary="100 rounds of histogram gradient boosting",
        estimators=_both(
            "sklearn.ensemble:HistGradientBoostingClassifier", "sklearn.ensemble:HistGradientBoostingRegressor"
        ),
        outputs=_ANY,
        defaults=_same(early_stopping=False),
        scaled=False,
        dense=True,
        missing=True,
        cost=0.5,
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _TABLE})


def find_preset(name: str, kind: str) -> Preset:
    """The preset of this name for this kind of task; raises TaskError that lists those that fit, MissingExtra where its library is not installed."""
    fitting = [preset.name for preset in _TABLE if kind in preset.kinds]
    if name not in PRESETS:
        raise TaskError(
            f"learner.preset is {name!r}, which does not exist: for {kind} choose one of {', '.join(fitting) or 'none'}"
        )
    if kind not in PRESETS[name].kinds:
        raise TaskError(
            f"learner.preset {name!r} does not fit a {kind} task: choose one of {', '.join(fitting) or 'none, but a learner.py'}"
        )
    library = PRESETS[name].library
    if library and importlib.util.find_spec(library) is None:
        raise MissingExtra(library, name, f"the learner {name!r}")
    return PRESETS[name]
