"""A model: the fixed learner fitted on all labelled rows with one state's loader, and kept for new inputs.

    model.json      what it is: task, schema, classes, learner, state, digests, versions
    loader.py       the state;  methods/  what it imports from Provender
    loader.wire     the fitted loader;  learner.wire  the fitted learner: pickles, which only sandboxes open
    README.md       the same in words

A model from a stranger can do no more than a loader from a stranger can: its pickles are opened where foreign code runs.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import __version__
from ..contract.outcome import Failure
from ..contract.schema import Schema
from ..contract.wire import pack, unpack
from ..errors import RunError, UserError
from ..execute.blob import Blob
from ..execute.executor import Executor
from ..execute.job import Job, Limits
from ..execute.session import JobEnded
from ..pipeline import clerk
from ..pipeline.clerk import Stopped
from ..pipeline.materialise import Materialised, Wish, materialise
from ..pipeline.predictions import Form, Outline, prediction_table
from ..profile.conform import conform_like
from ..search.settings import Settings
from ..search.setup import learner_preload, loader_preload, open_sandbox
from .export import digest_of, file_digests
from .method_files import read_methods, write_methods
from .opening import OpenedRun

FORMAT = 1
_ANSWER = "provender.pipeline.inside.answer"
_LIMITS = Limits(seconds=600.0, output=4 << 30)
_TOLD = {
    "facts", "dtypes", "learner", "output", "several", "id", "form", "assets", "methods", "python", "versions", "run", "node", "holds_training_records",
}  # fmt: skip
_VERSIONED = ("numpy", "pandas", "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What `fit` wrote. whole: the model holds the training records, because its loader asks for them when it predicts."""

    folder: Path
    run: str
    node: int
    proven: bool
    rows: int
    features: tuple[int, int]
    seconds: float
    whole: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder), "run": self.run, "node": self.node, "proven": self.proven, "rows": self.rows,
            "features": list(self.features), "seconds": round(self.seconds, 3), "holds_training_records": self.whole,
        }  # fmt: skip


def fit(opened: OpenedRun, to: Path, *, tell: Callable[[str], None] = lambda _: None) -> Fitted:
    """Fit the task's learner on all labelled rows with this node's state, and write the model to the new folder `to`, whole or not at all.

    Raises UserError for a folder that exists and for a learner that is a program, RunError when loader or learner fails.
    """
    to, task = Path(to), opened.task
    if to.exists():
        raise UserError(f"--to is {str(to)!r}, which exists already: choose another folder, or remove it")
    if task.learner.is_program:
        raise UserError("the learner of this task is a program, which keeps its own model: run  provender export  and train it on data/train.parquet")
    outline = Outline.of(task, opened.records.classes)
    with _sandboxes(opened.settings, learner_preload(task.learner.preset, task.learner.source, task.kind)) as (loaders, learners):
        tell("running the loader on all labelled rows")
        ground = opened.ground
        made = materialise(loaders, ground, opened.state, opened.pool, Wish(keep=True))
        if isinstance(made, Failure):
            raise RunError(f"node {opened.node} cannot be fitted ({made.kind}): {made.message}")
        tell("fitting the learner")
        params = {**task.learner.to_json(), "kind": task.kind, "n_classes": len(opened.records.classes), "seed": ground.facts["seed"]}
        learner, seconds = _fit_learner(learners, params, made, Limits(seconds=task.learner.seconds, memory=task.learner.memory_mb << 20))
    whole = len(unpack(made.kept or b"")["y"]) > 0
    proven = bool(opened.returned and opened.returned.proven and opened.returned.node == opened.node)
    assert made.features is not None
    shape = (int(made.features.x.shape[0]), int(made.features.x.shape[1]))
    about = {
        "format": FORMAT, "provender": __version__, "task": task.name, "run": opened.run, "node": opened.node, "state": made.state.id, "proven": proven,
        "facts": dict(ground.facts), "dtypes": {str(name): str(dtype) for name, dtype in ground.train.frame.dtypes.items()},
        "learner": params, "output": task.learner.output, "several": ground.train.y.shape[1] if ground.train.y.ndim == 2 else 1,
        "id": outline.id, "form": outline.form.to_json() if outline.form else None, "rows": len(made.rows.ids), "features": list(shape),
        "rows_digest": made.rows_digest, "features_digest": made.features_digest, "holds_training_records": whole,
        "assets": [{**opened.pool.manifest(asset), "id": asset} for asset in made.state.assets],
        "frame": isinstance(made.features.x, pd.DataFrame), "sparse": hasattr(made.features.x, "toarray"),
        "python": platform.python_version(), "versions": {name: importlib.metadata.version(name) for name in _VERSIONED},
    }  # fmt: skip
    _write(to, about, made, learner)
    return Fitted(folder=to, run=opened.run, node=opened.node, proven=proven, rows=len(made.rows.ids), features=shape, seconds=seconds, whole=whole)


def _fit_learner(learners: Executor, params: Mapping[str, Any], made: Materialised, limits: Limits) -> tuple[bytes, float]:
    assert made.features is not None
    with ExitStack() as held:
        training = held.enter_context(Blob.of(pack({"x": made.features.x, "y": made.features.y, "weight": made.features.weight})))
        session = held.enter_context(learners.start(Job(entry=f"{_ANSWER}:fit", params=params, files=(training,), limits=limits)))
        try:
            message, payload = session.receive()
        except JobEnded as ended:
            raise RunError(f"the learner failed: {ended.failure.message}") from None
        if payload is None:
            raise RunError("the learner failed: it sent no model")
        return bytes(payload.view), float(message.get("seconds", 0.0))


def _write(to: Path, about: Mapping[str, Any], made: Materialised, learner: bytes) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{to.name}.", dir=to.parent))
    try:
        (partial / "loader.py").write_text(made.state.loader)
        methods = write_methods(partial / "methods", made.state.loader)
        (partial / "loader.wire").write_bytes(made.kept or b"")
        (partial / "learner.wire").write_bytes(learner)
        (partial / "model.json").write_text(json.dumps({**about, "methods": methods, "files": file_digests(partial)}, indent=1))
        (partial / "README.md").write_text(_words(about))
        partial.chmod(0o755)
        partial.rename(to)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _words(about: Mapping[str, Any]) -> str:
    state = "the initial state" if about["node"] == 0 else f"node {about['node']}, " + ("whose gain is proven" if about["proven"] else "whose gain is not proven")
    return (
        f"# {about['task']}\n\n"
        f"A model fitted by Provender {about['provender']} on {about['rows']:,} rows and {about['features'][1]:,} features: run `{about['run']}`, {state}.\n\n"
        "```console\n$ provender predict . --inputs new.csv --out predictions.csv\n```\n\n"
        f"It {'holds the training records, which its loader asks for when it predicts' if about['holds_training_records'] else 'holds no training records'}. "
        f"`loader.wire` and `learner.wire` are pickles of Python {about['python']}; Provender opens them in sandboxes only.\n"
    )


class Model:
    """A kept model, ready to predict. A context manager; its sandboxes stay warm between predictions.

    about  model.json;  notes: what differs between the environment it was fitted in and this one
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], sandboxes: ExitStack, executors: tuple[Executor, Executor]) -> None:
        self.folder, self.about = folder, about
        self._sandboxes, self._executors = sandboxes, executors
        self.schema = Schema.from_json(about["facts"]["schema"])
        self.outline = _outline(about)
        self.notes = _version_notes(about)
        self._loader = (folder / "loader.py").read_text()
        self._modules = read_methods(folder / "methods", about["methods"], self._loader)

    @classmethod
    def open(cls, folder: Path, *, unsealed: bool = False) -> Model:
        """The model in this folder. Raises UserError for a folder that is none, or of a later format."""
        folder = Path(folder)
        about = _read(folder)
        learner = about["learner"]
        preload = learner_preload(learner["preset"], learner["source"], learner["kind"])
        with ExitStack() as opening:
            executors = opening.enter_context(_sandboxes(Settings(unsealed=unsealed), preload))
            model = cls(folder, about, opening, executors)
            model._sandboxes = opening.pop_all()  # from here on they are the model's to close
        return model

    def predict(self, frame: pd.DataFrame, *, tell: Callable[[str], None] = lambda _: None) -> pd.DataFrame:
        """(n, d) raw records to (n, …) predictions, as a table: see `pipeline.predictions`.

        Columns in any order; those that the model does not know are passed over. Raises TaskError for missing columns,
        RunError when loader or learner fails.
        """
        ids = frame[self.outline.id].reset_index(drop=True) if self.outline.id in frame.columns else None
        return prediction_table(self.outline, ids, self.predict_values(frame, tell=tell))

    def predict_values(self, frame: pd.DataFrame, *, tell: Callable[[str], None] = lambda _: None) -> np.ndarray:
        """(n, d) raw records to float64: (n, k) probabilities in the order of the classes, (n,) or (n, t) values, (n,) positions of classes or scores."""
        raw, notes = conform_like(frame.reset_index(drop=True), self.schema, self.about["dtypes"])
        for note in notes:
            tell(note)
        if not len(raw):
            width = len(self.outline.classes) if self.about["output"] == "probability" else self.about["several"]
            return np.zeros((0, width) if width > 1 else 0)
        with ExitStack() as held:
            features = held.enter_context(self._features(raw))
            learners = self._executors[1]
            model = held.enter_context(Blob.open(self.folder / "learner.wire"))
            job = Job(entry=f"{_ANSWER}:predict", params=self.about["learner"], files=(model, features), limits=_LIMITS)
            session = held.enter_context(learners.start(job))
            try:
                _, payload = session.receive()
            except JobEnded as ended:
                raise self._failed("learner", ended.failure) from None
            if payload is None:
                raise RunError("the model's learner sent no predictions: fit the model again")
            try:
                return clerk.read_prediction(payload.view, len(raw), self.about["output"], len(self.outline.classes), self.about["several"])
            except Stopped as stopped:
                raise RunError(stopped.failure.message) from None

    def close(self) -> None:
        """End the sandboxes."""
        self._sandboxes.close()

    def _failed(self, who: str, failure: Failure) -> RunError:
        """Its failure, and what of this environment may be to blame."""
        told = "; ".join(self.notes)
        return RunError(f"the model's {who} failed: {failure.message}" + (f" ({told})" if told else ""))

    def _features(self, raw: pd.DataFrame) -> Blob:
        """The features of raw records, as the kept loader gives them: sealed bytes."""
        facts = {**self.about["facts"], "loader": self._loader, "assets": self.about["assets"], "modules": self._modules}
        with ExitStack() as held:
            kept = held.enter_context(Blob.open(self.folder / "loader.wire"))
            asked = held.enter_context(Blob.of(pack({"raw": raw})))
            session = held.enter_context(self._executors[0].start(Job(entry=f"{_ANSWER}:inputs", params=facts, files=(kept,), limits=_LIMITS)))
            try:
                session.send({"step": "inputs"}, [asked])
                _, payload = session.receive()
            except JobEnded as ended:
                raise self._failed("loader", ended.failure) from None
            if payload is None:
                raise RunError("the model's loader sent no features: fit the model again")
            return payload

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _sandboxes:
    """Both sandboxes, opened side by side: (loaders, learners)."""

    def __init__(self, settings: Settings, preload: tuple[str, ...]) -> None:
        self.settings, self.preload = settings, preload
        self.opened: list[Executor] = []

    def __enter__(self) -> tuple[Executor, Executor]:
        with ThreadPoolExecutor(2) as openers:
            futures = [openers.submit(open_sandbox, self.settings, (*names, _ANSWER), ()) for names in (loader_preload(), self.preload)]
            for future in futures:
                if future.exception() is None:
                    self.opened.append(future.result())
        for future in futures:
            if error := future.exception():
                self.__exit__()
                raise error
        return self.opened[0], self.opened[1]

    def __exit__(self, *_: object) -> None:
        for executor in self.opened:
            executor.close()


def _read(folder: Path) -> dict[str, Any]:
    path = folder / "model.json"
    if not path.is_file():
        raise UserError(f"{folder} is no model: it has no model.json; make one with  provender fit RUN --to DIR")
    try:
        about = json.loads(path.read_text())
        version, files = int(about["format"]), dict(about["files"])
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} cannot be read: fit the model again") from None
    if version > FORMAT:
        raise UserError(f"{folder} has format {version}, and this Provender reads up to {FORMAT}: pip install -U provender")
    if lacking := _TOLD - set(about):
        raise UserError(f"{path} does not say {min(lacking)}: fit the model again")
    for name, digest in {"loader.wire": "", "learner.wire": "", **files}.items():
        file = folder / name
        if not file.is_file() or folder.resolve() not in file.resolve().parents or digest_of(file) != digest:
            raise UserError(f"{name} in {folder} is missing, or has changed since the model was fitted: copy the model again, or fit it again")
    return about


def _outline(about: Mapping[str, Any]) -> Outline:
    facts = about["facts"]
    form = Form.from_json(about["form"]) if about["form"] else None
    return Outline(id=about["id"], targets=tuple(facts["targets"]), classes=tuple(facts["classes"]), output=about["output"], form=form)


def _version_notes(about: Mapping[str, Any]) -> tuple[str, ...]:
    """What is of another minor version than when the model was fitted: its pickles may not open, or answer otherwise."""
    now = {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _VERSIONED}}
    then = {"python": about["python"], **about["versions"]}
    minor = {name: (version.split(".")[:2], then[name].split(".")[:2]) for name, version in now.items()}
    return tuple(f"fitted with {name} {then[name]}, and this is {now[name]}: if predictions fail, fit it again" for name, (a, b) in minor.items() if a != b)
