"""Models that a user keeps: fit one, and let kept ones answer. Each entry runs in a sandbox; no pickle is opened anywhere else.

    fit      files: training (x, y, weight)            sends the fitted learner's bytes
    inputs   files: a kept loader                      answers each file of raw records with their features
    predict  files: a kept learner, features (x)       sends the predictions as one float64 array
"""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from ...contract.wire import pack, unpack
from ...errors import LoaderError
from ...execute.inside import Channel
from .kept import loads
from .learner import make, spread
from .loader import define, plain, task_view
from .vendored import install


def fit(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """Fit the fixed learner and send its bytes."""
    warnings.simplefilter("ignore")
    training = unpack(files[0])
    learner = make(params)
    started = time.perf_counter()
    learner.fit(training["x"], training["y"], training["weight"], params["seed"])
    seconds = time.perf_counter() - started
    try:
        raw = pickle.dumps(learner, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise LoaderError(f"the fitted learner cannot be pickled ({error}): keep only plain values, arrays and estimators on it") from None
    channel.send({"seconds": seconds}, pack({"learner": np.frombuffer(raw, np.uint8)}))


def inputs(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """Features of raw records by a kept loader."""
    warnings.simplefilter("ignore")
    install(params.get("modules", {}))
    parts = unpack(files[0])
    define(params["loader"])  # its class must be there before its bytes are opened
    loader = loads(parts, task_view(params, parts), params["assets"])
    while True:
        _, arrived = channel.receive()
        channel.send({"step": "inputs"}, pack({"x": plain(loader.inputs(unpack(arrived[0])["raw"]))}))


def predict(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """Predictions of a kept learner for these features."""
    warnings.simplefilter("ignore")
    make(params)  # its class must be there before its bytes are opened
    learner = pickle.loads(unpack(files[0])["learner"].tobytes())
    prediction = np.asarray(learner.predict(unpack(files[1])["x"]), dtype=float)
    channel.send({}, pack({"prediction": spread(prediction, getattr(learner, "classes_", None), params["n_classes"])}))
