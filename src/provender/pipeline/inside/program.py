"""Run one command of a program learner inside its sandbox: files are laid out in scratch, results are read back.

    train     PROVENDER_ROWS (rows.jsonl), PROVENDER_SEED, PROVENDER_OUT (a folder: whatever it holds is the model)
    predict   PROVENDER_MODEL (that folder), PROVENDER_INPUTS (inputs.jsonl), PROVENDER_OUT/predictions.csv (no header)
    evaluate  PROVENDER_MODEL, PROVENDER_ROWS, PROVENDER_BENCHMARK (the sealed file), PROVENDER_OUT/scores.jsonl

What a program did wrong is told in a message {"step": "failed", "message", "detail"}, in its own words.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from ...contract.wire import pack, unpack
from ...execute.inside import Channel

_EXAMPLES_AT_MOST = 1 << 24


class ProgramFailed(Exception):
    """A program ended badly, or left something else than was asked for; never leaves this module."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


def train(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """Entry point: rows -> a model, as the bytes of a tar archive."""
    with _told(channel):
        out = _run(params, {"PROVENDER_ROWS": _rows("rows.jsonl", files[0])})
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(out, arcname=".")
        channel.send({"step": "model"}, archive.getvalue())


def predict(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """Entry point: a model and inputs -> predictions (n,) or (n, k), one line of predictions.csv an input."""
    with _told(channel):
        out = _run(params, {"PROVENDER_MODEL": _model(files[0]), "PROVENDER_INPUTS": _rows("inputs.jsonl", files[1])})
        try:
            table = pd.read_csv(_result(out, "predictions.csv"), header=None).to_numpy(float)
        except ValueError as error:
            raise ProgramFailed(f"its predictions.csv holds no table of numbers without a header ({error})") from None
        channel.send({"step": "prediction"}, pack({"prediction": table}))


def evaluate(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """Entry point: a model, the rows it was trained on and the benchmark -> one score an example, NaN where none was given."""
    with _told(channel):
        benchmark = Path(params["benchmark"])
        benchmark.write_bytes(files[2])
        named = {"PROVENDER_MODEL": _model(files[0]), "PROVENDER_ROWS": _rows("rows.jsonl", files[1]), "PROVENDER_BENCHMARK": benchmark}
        lines = _result(_run(params, named), "scores.jsonl").read_text().splitlines()
        scores = [_score(line) for line in lines if line.strip()]
        values = np.full(max((position for position, _ in scores), default=-1) + 1, np.nan)
        for position, score in scores:
            values[position] = score
        channel.send({"step": "scores"}, pack({"scores": values}))


def _score(line: str) -> tuple[int, float]:
    try:
        told = json.loads(line)
        position, score = told["id"], told["score"]
    except (ValueError, KeyError, TypeError):
        position, score = None, None
    if type(position) is int and 0 <= position < _EXAMPLES_AT_MOST and type(score) in (int, float):
        return position, float(score)
    raise ProgramFailed(f'a line of its scores.jsonl is {line[:80]}: write {{"id": position in the benchmark, "score": number}}')


@contextmanager
def _told(channel: Channel) -> Iterator[None]:
    try:
        yield
    except ProgramFailed as failed:
        channel.send({"step": "failed", "message": str(failed), "detail": failed.detail})


def _run(params: Mapping, named: Mapping[str, Path]) -> Path:
    """Run the command in a process of its own; the folder that it filled. Raises ProgramFailed."""
    out = Path("out").absolute()
    out.mkdir()
    environment = {**os.environ, **{k: str(v.absolute()) for k, v in named.items()}, "PROVENDER_OUT": str(out), "PROVENDER_SEED": str(params["seed"])}
    try:
        done = subprocess.run(params["argv"], env=environment, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise ProgramFailed(f"it could not be started ({error.strerror}: {params['argv'][0]})") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ProgramFailed(f"exit code {done.returncode}: {(said.splitlines() or ['it said nothing'])[-1]}", said[-4000:])
    return out


def _rows(name: str, raw: memoryview) -> Path:
    path = Path(name)
    rows = unpack(raw)["rows"]
    path.write_text(rows.to_json(orient="records", lines=True) if len(rows) else "")  # pandas writes an empty line for no rows
    return path


def _model(raw: memoryview) -> Path:
    path = Path("model")
    path.mkdir()
    if len(raw):
        with tarfile.open(fileobj=io.BytesIO(bytes(raw))) as tar:
            tar.extractall(path, filter="data")
    return path


def _result(out: Path, name: str) -> Path:
    if not (out / name).exists():
        raise ProgramFailed(f"it wrote no {name} into PROVENDER_OUT")
    return out / name
