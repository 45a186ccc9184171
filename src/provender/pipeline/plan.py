"""Which foldings are evaluated when: development on S, finalists on fresh foldings of S, the proof on S and C, the test on T."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contract.split import Fold, folding, holdout
from ..contract.state import digest
from ..contract.task import Task
from .records import Records

HOLDOUT_FROM = 5_000  # rows from which one holdout is precise enough for development
CONFIRM_FOLDINGS = 5
FINALIST_FOLDINGS = 2
COSTLY_DRAWS = 3  # seeds under which a learner that cannot be refitted often is confirmed


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Foldings of one task. Every one is a pure function of task and purpose, so that states are compared in pairs.

    no confirmation folding is a development folding: their seeds differ, so the best of many has nothing to gain there
    """

    task: Task
    records: Records

    def development(self) -> list[Fold]:
        """The folds that every state is scored on."""
        if self._is_program:
            return [Fold(self.records.training, self.records.split.search)]
        if len(self.records.trusted):
            return self._trusted(self._half(0), seed=self._seed("development"))
        return self._folds(self.records.split.search, self._seed("development"))

    def finalists(self) -> list[list[Fold]]:
        """Foldings of S that the search did not see, to choose among the best."""
        if self._is_program or self.records.time is not None:
            return []
        if len(self.records.trusted):
            return [self._trusted(self._half(0), seed=self._seed("finalist", i)) for i in range(FINALIST_FOLDINGS)]
        return [self._cross(self.records.split.search, self._seed("finalist", i)) for i in range(FINALIST_FOLDINGS)]

    def confirmation(self) -> list[list[Fold]]:
        """Fresh foldings of S and C together; forward windows in time give one. Programs are trained anew and judged on C."""
        split, r = self.records.split, self.records
        if self._is_program:
            return [[Fold(r.training, split.sealed, draw)] for draw in range(COSTLY_DRAWS)]
        if r.time is not None:
            return [[Fold(split.search, split.sealed)]] if len(split.sealed) else [self._folds(split.search, self._seed("confirm"))]
        if len(r.trusted):
            return [self._trusted(self._half(1), seed=self._seed("confirm", i)) for i in range(CONFIRM_FOLDINGS)]
        both = np.sort(np.concatenate([split.search, split.sealed]))
        return [self._cross(both, self._seed("confirm", i)) for i in range(CONFIRM_FOLDINGS)]

    def costly(self) -> list[list[Fold]]:
        """For learners too slow to refit 25 times: trained on S under three seeds, scored on C."""
        return [[Fold(self.records.split.search, self.records.split.sealed, draw)] for draw in range(COSTLY_DRAWS)]

    def test(self) -> Fold:
        """Trained on S and C, scored once on T."""
        if self._is_program:
            return Fold(self.records.training, self.records.split.test)
        return Fold(np.sort(np.concatenate([self.records.split.search, self.records.split.sealed])), self.records.split.test)

    def asked(self) -> Fold:
        """Trained on S and C; predictions are written for test inputs that came without answers."""
        return Fold(self.test().train, self.records.asked)

    def everything(self) -> Fold:
        """All labelled rows of the training file, for what the user keeps; held against the test file's rows, with answers or without."""
        r = self.records
        if self._is_program:
            return Fold(r.training, r.asked)
        return Fold(r.labelled, np.concatenate([np.setdiff1d(r.split.test, r.labelled), r.asked]))

    def redrawn(self, folds: list[Fold], draw: int) -> list[Fold]:
        """The same folds under other seeds."""
        return [Fold(fold.train, fold.evaluation, draw) for fold in folds]

    def thinned(self, folds: list[Fold], number: int) -> list[Fold]:
        """The same folds with a random 95 % of their training rows: a meaningless change, to measure the noise by."""
        thin = []
        for i, fold in enumerate(folds):
            rng = np.random.default_rng(self._seed("noise", 100 * number + i))
            kept = rng.permutation(len(fold.train))[: max(2, round(0.95 * len(fold.train)))]
            thin.append(Fold(fold.train[np.sort(kept)], fold.evaluation))
        return thin

    def seed(self, fold: Fold) -> int:
        """The seed of loader and learner on this fold: the same for every state, so that pairs differ in data only."""
        return int(digest(self.task.digest, fold.evaluation.tobytes(), fold.draw)[:8], 16) >> 1

    @property
    def _is_program(self) -> bool:
        return self.task.kind in ("selection", "program")

    def _seed(self, purpose: str, number: int = 0) -> int:
        return int(digest(self.task.digest, purpose, number)[:8], 16)

    def _half(self, which: int) -> np.ndarray:
        order = np.random.default_rng(self._seed("trusted")).permutation(self.records.trusted)
        return np.sort(np.array_split(order, 2)[which])

    def _trusted(self, scored: np.ndarray, seed: int) -> list[Fold]:
        """Train on four fifths of S, score trusted rows: what varies between folds is the training set."""
        cut = self._cross(self.records.split.search, seed)
        parts = np.array_split(np.random.default_rng(seed).permutation(scored), len(cut))
        return [Fold(fold.train, np.sort(part)) for fold, part in zip(cut, parts, strict=True)]

    def _folds(self, rows: np.ndarray, seed: int) -> list[Fold]:
        evaluation = self.task.evaluation
        single = evaluation.protocol == "holdout" or (evaluation.protocol == "auto" and len(rows) >= HOLDOUT_FROM)
        if single:
            r = self.records
            return holdout(rows, r.bundle, r.strata, r.time, share=0.2, seed=seed)
        return self._cross(rows, seed)

    def _cross(self, rows: np.ndarray, seed: int) -> list[Fold]:
        r = self.records
        return folding(rows, r.bundle, r.strata, r.time, folds=self.task.evaluation.folds, seed=seed)
