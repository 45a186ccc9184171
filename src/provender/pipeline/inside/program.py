"""Run one command of a program learner inside its sandbox: files are laid out in scratch, results are read back.

    train     PROVENDER_ROWS (rows.jsonl), PROVENDER_SEED, PROVENDER_OUT (a folder: whatever it holds is the model)
    predict   PROVENDER_MODEL (that folder), PROVENDER_INPUTS (inputs.jsonl), PROVENDER_OUT/predictions.csv (no header)
    evaluate  PROVENDER_MODEL, PROVENDER_ROWS, PROVENDER_BENCHMARK (the sealed file), PROVENDER_OUT/scores.jsonl
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ...contract.wire import pack, unpack
from ...errors import LoaderError
from ...execute.inside import Channel


def train(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    out = _run(params, {"PROVENDER_ROWS": _rows("rows.jsonl", files[0])})
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(out, arcname=".")
    channel.send({"step": "model"}, archive.getvalue())


def predict(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    out = _run(params, {"PROVENDER_MODEL": _model(files[0]), "PROVENDER_INPUTS": _rows("inputs.jsonl", files[1])})
    table = pd.read_csv(_result(out, "predictions.csv"), header=None)
    channel.send({"step": "prediction"}, pack({"prediction": table.to_numpy(float)}))


def evaluate(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    benchmark = Path(params["benchmark"])
    benchmark.write_bytes(files[2])
    named = {"PROVENDER_MODEL": _model(files[0]), "PROVENDER_ROWS": _rows("rows.jsonl", files[1]), "PROVENDER_BENCHMARK": benchmark}
    lines = [json.loads(line) for line in _result(_run(params, named), "scores.jsonl").read_text().splitlines() if line.strip()]
    scores = np.full(max((int(line["id"]) for line in lines), default=-1) + 1, np.nan)
    for line in lines:
        scores[int(line["id"])] = float(line["score"])
    channel.send({"step": "scores"}, pack({"scores": scores}))


def _run(params: Mapping, named: Mapping[str, Path]) -> Path:
    out = Path("out").absolute()
    out.mkdir()
    environment = {**os.environ, **{k: str(v.absolute()) for k, v in named.items()}, "PROVENDER_OUT": str(out), "PROVENDER_SEED": str(params["seed"])}
    done = subprocess.run(params["argv"], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise LoaderError(f"exit code {done.returncode}: {tail[0]}")
    return out


def _rows(name: str, raw: memoryview) -> Path:
    path = Path(name)
    unpack(raw)["rows"].to_json(path, orient="records", lines=True)
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
        raise LoaderError(f"it wrote no {name} into PROVENDER_OUT")
    return out / name
