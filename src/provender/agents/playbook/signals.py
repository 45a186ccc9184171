"""Signals: what the profile says about a task, as strengths from 0 to 1 that the cards of methods speak about.

    missing, outliers, skew, spellings, written, many_valued   of the columns that have it most
    noise, duplicates, imbalance, few_rows, wide               of the rows
    text, image, date                                          1 where there is such a column
    linear, tree                                               of the fixed learner, where it is told
    class_metric, probability_metric                           of the metric
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..agent import TaskFacts
from .initial import column_groups

_LINEAR = frozenset(("logistic", "ridge", "linear_svm", "naive_bayes"))
_TREES = frozenset(("decision_tree", "random_forest", "hist_gradient_boosting"))
_CLASS_METRICS = ("balanced", "macro", "recall", "kappa", "matthews", "f1")
_PROBABILITY_METRICS = ("log_loss", "brier", "cross_entropy")
_FEW = 1000


def signals(facts: TaskFacts) -> dict[str, float]:
    """{signal: strength 0..1}; a fact that the profile lacks counts as 0."""
    profile = facts.profile
    columns: Sequence[Mapping] = profile.get("columns", ())  # type: ignore[assignment]
    numbers = [c for c in columns if c.get("kind") == "numeric"]
    categories = [c for c in columns if c.get("kind") == "category"]
    groups = column_groups(facts.schema)
    rows = _number(profile, "n_rows") or _FEW
    metric = facts.metric.lower()
    values = {
        "missing": max((3 * _number(c, "missing") + 10 * _number(c, "missing_association") for c in numbers), default=0),
        "outliers": _mean(10 * max(0.0, _number(c, "outliers") - 0.01) for c in numbers),
        "skew": _mean(abs(_number(c, "skew")) / 2 for c in numbers),
        "curved": max((5 * (_number(c, "association") - _number(c, "linear")) for c in numbers), default=0),
        "spellings": max((5 * _number(c, "variants") for c in categories), default=0),
        "written": max((_number(c, "written") for c in categories), default=0),
        "many_valued": 1.0 if "many_valued" in groups else 0.0,
        "noise": 3 * (_number(profile, "target_noise") - 0.03),
        "duplicates": 5 * _number(profile, "duplicate_share") + 10 * _number(profile, "conflict_share"),
        "imbalance": _imbalance(profile.get("class_shares")),
        "few_rows": (_FEW - rows) / _FEW,
        "wide": len(facts.schema) / max(rows / 10, 1) - 0.5,
        "text": 1.0 if any(name.startswith("text") for name in groups) else 0.0,
        "image": 1.0 if facts.modality == "image" else 0.0,
        "date": 1.0 if "dates" in groups else 0.0,
        "linear": 1.0 if facts.learner in _LINEAR else 0.0 if facts.learner else 0.5,
        "tree": 1.0 if facts.learner in _TREES else 0.0,
        "class_metric": 1.0 if any(word in metric for word in _CLASS_METRICS) else 0.0,
        "probability_metric": 1.0 if any(word in metric for word in _PROBABILITY_METRICS) else 0.0,
    }
    return {name: min(1.0, max(0.0, float(value))) for name, value in values.items()}


def _number(facts: Mapping, name: str) -> float:
    value = facts.get(name, 0.0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _mean(values) -> float:
    values = [min(1.0, value) for value in values]
    return sum(values) / len(values) if values else 0.0


def _imbalance(shares: object) -> float:
    if not isinstance(shares, Mapping) or len(shares) < 2:
        return 0.0
    return 1 - min(map(float, shares.values())) * len(shares)
