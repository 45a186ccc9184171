"""Fit the fixed learner on one fold's features and predict, inside its own sandbox."""

from __future__ import annotations

import linecache
import sys
import time
import types
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from ...contract.learner import Learner
from ...contract.wire import pack, unpack
from ...errors import LoaderError
from ...execute.inside import Channel


def main(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """files: training (x, y, weight), then inputs (x). Sends the predictions as one float64 array."""
    warnings.simplefilter("ignore")
    training, inputs = unpack(files[0]), unpack(files[1])
    learner = make(params)
    started = time.perf_counter()
    learner.fit(training["x"], training["y"], training["weight"], params["seed"])
    prediction = np.asarray(learner.predict(inputs["x"]), dtype=float)
    seconds = time.perf_counter() - started
    prediction = spread(prediction, getattr(learner, "classes_", None), params["n_classes"])
    channel.send({"seconds": seconds}, pack({"prediction": prediction}))


def make(params: Mapping) -> Learner:
    """The learner of these params, not fitted yet."""
    if params["preset"]:
        from ...learners import make_learner

        return make_learner(params["preset"], params["kind"], params["params"])
    name, text = "learner.py", params["source"]
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    module = types.ModuleType("learner")
    sys.modules["learner"] = module
    exec(compile(text, name, "exec"), module.__dict__)
    if not hasattr(module, "Learner"):
        raise LoaderError("learner.py defines no class Learner; give it fit(features, y, weight, seed) and predict(features)")
    return module.Learner(**params["params"])


def spread(prediction: np.ndarray, seen: np.ndarray | None, k: int) -> np.ndarray:
    """(n, k) probabilities over all classes of the task from those over the classes `seen` in training."""
    if prediction.ndim != 2 or seen is None or k == 0 or prediction.shape[1] == k:
        return prediction
    full = np.zeros((len(prediction), k))
    full[:, np.asarray(seen, dtype=int)] = prediction
    return full
