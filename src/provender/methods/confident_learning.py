"""Label errors by confident learning: Northcutt, Jiang & Chuang, Confident learning: estimating uncertainty in dataset labels, 2021.

1. Out-of-sample probabilities of every training row, by cross-validation.
2. Threshold of a class: the mean probability of that class among the rows labelled so.
3. A row counts as class j when its probability of j reaches j's threshold (the largest such j).
4. Off-diagonal rows of that count are label issues; the least confident are dropped, or relabelled.

    from the paper      value
    folds               5 (4 of 5 rows train)
    ranking             self-confidence p(given label)
    removed             every off-diagonal row ("confident joint", C_confusion's stricter sibling)
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from ..contract.rows import Rows
from .card import Card
from .labels import require_classes
from .representation import represent

CARD = Card(
    name="confident_learning",
    family="label errors",
    slot="rows",
    kinds=("classification",),
    summary="rows whose label the other rows confidently contradict are dropped",
    paper="Northcutt, Jiang & Chuang: Confident learning: estimating uncertainty in dataset labels",
    year=2021,
    link="https://doi.org/10.1613/jair.1.12125",
    implementation="provender.methods.confident_learning:ConfidentLearning",
    choices={"action": ("relabel",), "most": (0.05, 0.3)},
    helps="labels are wrong at random or between like classes",
    hurts="classes overlap: honest but hard rows are lost",
    cost="5 logistic regressions",
    seconds=0.9,
    random=True,
    only_if=("noise",),
    prior=-0.1,
    signals={"noise": 1.2},
)


class ConfidentLearning(BaseEstimator):
    """action  "drop" or "relabel"
    most    largest share of the rows that may be touched, 0..1; the least self-confident ones are
    folds   of the cross-validation
    """

    def __init__(self, action: str = "drop", most: float = 0.15, folds: int = 5, random_state: int = 0) -> None:
        self.action = action
        self.most = most
        self.folds = folds
        self.random_state = random_state

    def fit_resample(self, rows: Rows) -> Rows:
        y = require_classes(rows.y, CARD)
        classes, given = np.unique(y, return_inverse=True)
        if len(classes) < 2 or np.bincount(given).min() < 2:
            rare = np.isin(given, np.flatnonzero(np.bincount(given) < 2))
            if len(classes) < 2 or (~rare).sum() < 2 * self.folds or len(np.unique(given[~rare])) < 2:
                return rows
        probability = out_of_fold(represent(rows.frame, self.random_state), given, self.folds, self.random_state)
        issue, guess = find_issues(probability, given)
        confidence = probability[np.arange(len(given)), given]
        worst = np.argsort(np.where(issue, confidence, np.inf), kind="stable")[: int(self.most * len(given))]
        worst = worst[issue[worst]]
        if len(worst) == 0:
            return rows
        if self.action == "relabel":
            fixed = y.copy()
            fixed[worst] = classes[guess[worst]]
            return rows.edit("the other rows confidently give another label", y=fixed)
        keep = np.ones(len(y), bool)
        keep[worst] = False
        return rows.take(keep, reason="the other rows confidently contradict the label")


def out_of_fold(X: np.ndarray, y: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """(n, k) probabilities of each row by logistic regressions that did not see it; y are positions 0..k-1."""
    counts = np.bincount(y)
    folds = max(2, min(folds, int(counts[counts >= 2].min())))
    probability = np.zeros((len(y), len(counts)))
    strata = np.where(counts[y] >= folds, y, -1)  # classes too rare to be in every fold are spread freely
    for train, held in StratifiedKFold(folds, shuffle=True, random_state=seed).split(X, strata):
        if len(np.unique(y[train])) < 2:
            probability[held] = np.bincount(y[train], minlength=len(counts)) / len(train)
            continue
        model = LogisticRegression(C=0.5, tol=1e-2, max_iter=300).fit(X[train], y[train])
        probability[np.ix_(held, model.classes_)] = model.predict_proba(X[held])
    return probability


def find_issues(probability: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((n,) whether the row is a label issue, (n,) the class it confidently looks like)."""
    k = probability.shape[1]
    counts = np.maximum(np.bincount(given, minlength=k), 1)
    own = probability[np.arange(len(given)), given]
    threshold = np.bincount(given, weights=own, minlength=k) / counts
    confident = np.where(probability >= np.maximum(threshold, 1e-12), probability, -1.0)
    guess = confident.argmax(axis=1)
    return (confident.max(axis=1) >= 0) & (guess != given), guess
