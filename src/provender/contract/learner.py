"""The learner: the fixed algorithm a0, which Provender never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .metric import Output

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

    Features = pd.DataFrame | csr_matrix | np.ndarray


class Learner(Protocol):
    """What learner.py defines under the name `Learner`.

        class Learner:
            def fit(self, features, y, weight, seed):
                self.model = LogisticRegression(random_state=seed).fit(features, y, weight)

            def predict(self, features):
                return self.model.predict_proba(features)     # columns in the order of `self.model.classes_`

    `y` holds class positions for classification. A learner whose predictions cover only the classes that it saw
    has an attribute `classes_` ((k,) int64 positions); the harness spreads the columns over the task's classes.
    """

    def fit(self, features: Features, y: np.ndarray, weight: np.ndarray, seed: int) -> object: ...

    def predict(self, features: Features) -> np.ndarray: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerSpec:
    """The `[learner]` table of task.toml: a preset, a file with a class, or programs.

    preset    name of a preset in `provender.learners`
    source    text of the user's learner.py (read once, digested, sent to the sandbox)
    train     argv of a program that reads PROVENDER_ROWS and PROVENDER_SEED, writes a model into PROVENDER_OUT
    predict   argv of a program that reads PROVENDER_MODEL and PROVENDER_INPUTS, writes PROVENDER_OUT/predictions.csv
    evaluate  argv of a judge program that alone sees the sealed benchmark, writes PROVENDER_OUT/scores.jsonl:
              {"id": …, "score": …} a line, never a single number
    mounts    folders the programs may read (base models)
    seconds   time limit for one fit and predict
    """

    output: Output
    preset: str | None = None
    source: str | None = None
    train: tuple[str, ...] = ()
    predict: tuple[str, ...] = ()
    evaluate: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)
    seconds: float = 600.0
    memory_mb: int = 8192

    @property
    def is_program(self) -> bool:
        return bool(self.train or self.evaluate)

    def to_json(self) -> dict:
        return {
            "output": self.output,
            "preset": self.preset,
            "source": self.source,
            "train": list(self.train),
            "predict": list(self.predict),
            "evaluate": list(self.evaluate),
            "mounts": list(self.mounts),
            "params": dict(self.params),
        }
