"""Bad input through the real command line: one sentence that names what, which value and the mend; never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from opened import loader, table_of, write_task

pytestmark = pytest.mark.slow

LEARNER = """import numpy as np
class Learner:
    def fit(self, features, y, weight, seed):
        {fit}
    def predict(self, features):
        {predict}
"""


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


SERVER = """
import json, os, sys
import provender.cli.app, provender.cli.run, provender.cli.init, provender.cli.show, provender.search.setup, provender.cli.live, provender.cli.dry
from provender.cli import main
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.chdir(order["cwd"])
        for fd, name in ((0, os.devnull), (1, order["out"]), (2, order["err"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o600), fd)
        sys.argv = ["provender", *order["arguments"]]
        main()
        sys.exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "500", "TERM": "dumb", "PYTHONUNBUFFERED": "1"}
ENVIRONMENT.pop("PROVENDER_HOME", None)


class CommandLine:
    """The real command, each call in a process of its own, forked from one that has imported everything."""

    def __init__(self) -> None:
        self.server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)

    def __call__(self, *arguments: object, cwd: Path) -> Said:
        names = {end: str(cwd / f".std{end}") for end in ("out", "err")}
        for name in names.values():
            Path(name).unlink(missing_ok=True)
        print(json.dumps({"arguments": [str(a) for a in arguments], "cwd": str(cwd), **names}), file=self.server.stdin, flush=True)
        code = int(self.server.stdout.readline())
        return Said(code, *(Path(names[end]).read_text() for end in ("out", "err")))


@pytest.fixture(scope="module", autouse=True)
def provender():
    line = CommandLine()
    yield line
    line.server.stdin.close()
    line.server.stdout.close()
    line.server.wait(timeout=60)


def one_sentence(said: Said, code: int, *words: str) -> None:
    """The last line on standard error is the whole complaint."""
    assert said.code == code, said
    assert said.out == "", said.out
    assert "Traceback" not in said.err and 'File "/' not in said.err, said.err
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("provender: "), said.err
    assert ": " in last.removeprefix("provender: "), last
    for word in words:
        assert word in last, last


def small(**columns: object) -> pd.DataFrame:
    return table_of("wine").iloc[:, [0, 1, 2, -1]].assign(**columns)


def task(folder: Path, table: pd.DataFrame | None = None, **how: object) -> Path:
    how.setdefault("rest", "[evaluation]\nfolds = 3")
    return write_task(folder / "task", small() if table is None else table, **how)


@pytest.fixture
def run(provender, tmp_path) -> Callable[[], Said]:
    return lambda: provender("run", tmp_path / "task", "--no-red", "--nodes", 1, "--json", cwd=tmp_path)


def learner(fit: str = "pass", predict: str = "return np.full((len(features), 3), 1 / 3)") -> dict:
    return {"learner": 'path = "learner.py"', "files": {"learner.py": LEARNER.format(fit=fit, predict=predict)}}


def gaps(column: str) -> pd.DataFrame:
    table = small()
    table.loc[3, column] = np.nan
    return table


TASKS: Mapping[str, tuple[Callable[[Path], object], int, tuple[str, ...]]] = {
    "a train file that is not there": (lambda p: (task(p) / "data" / "train.csv").unlink(), 2, ("data.train", "train.csv", "does not exist")),
    "a metric that does not exist": (lambda p: task(p, metric="acuracy"), 2, ("'acuracy'", "accuracy")),
    "a metric for two classes": (lambda p: task(p, metric="f1"), 2, ("'f1'", "2 classes")),
    "a metric for numbers": (lambda p: task(p, metric="r2"), 2, ("r2", "output")),
    "a target that is no column": (lambda p: task(p, data='target = "tarjet"'), 2, ("'tarjet'",)),
    "an id that is no column": (lambda p: task(p, data='target = "target"\nid = "nr"'), 2, ("'nr'", "data.id")),
    "a weight that is no column": (lambda p: task(p, data='target = "target"\nweight = "w"'), 2, ("'w'", "data.weight")),
    "a weight below zero": (lambda p: task(p, small(w=-1.0), data='target = "target"\nweight = "w"'), 2, ("'w'", "-1.0", "not negative")),
    "a group that is no column": (lambda p: task(p, rest='[evaluation]\ngroup = "g"'), 2, ("'g'", "evaluation.group")),
    "a time that is no column": (lambda p: task(p, rest='[evaluation]\ntime = "when"'), 2, ("'when'", "evaluation.time")),
    "a time that is none": (lambda p: task(p, small(when=["2020-01-01"] * 170 + ["soon"] * 8), rest='[evaluation]\ntime = "when"'), 2, ("'when'", "'soon'", "8 rows")),
    "a slice that is no column": (lambda p: task(p, rest='[evaluation]\nslices = ["region"]'), 2, ("'region'", "evaluation.slices")),
    "one class": (lambda p: task(p, small(target="a")), 2, ("'target'", "'a'")),
    "an empty table": (lambda p: task(p, small().iloc[:0]), 2, ("train.csv", "0 rows", "not empty")),
    "an empty file": (lambda p: (task(p) / "data" / "train.csv").write_text(""), 2, ("train.csv", "empty|no ")),
    "three rows": (lambda p: task(p, small().iloc[:3]), 2, ("3 rows",)),
    "a target with gaps": (lambda p: task(p, gaps("target")), 2, ("'target'", "1 of 178")),
    "numbers asked of words": (lambda p: task(p, kind="regression", metric="r2", learner='preset = "ridge"', output="value"), 2, ("'target'", "'class_0'", "not a number")),
    "a test file without a column": (lambda p: task(p, test=small().drop(columns="ash")), 2, ("data.test", "'ash'")),
    "toml that is none": (lambda p: (task(p) / "task.toml").write_text("[task\nname="), 2, ("task.toml", "TOML")),
    "bytes that are no text": (lambda p: (task(p) / "task.toml").write_bytes(b"\xff\xfe\x00"), 2, ("task.toml",)),
    "an unknown table": (lambda p: task(p, rest="[budgett]\nnodes = 3"), 2, ("[budgett]", "budget")),
    "an unknown key": (lambda p: task(p, rest="[evaluation]\nfold = 3"), 2, ("'fold'", "folds")),
    "a number that is a word": (lambda p: task(p, rest='[evaluation]\nfolds = "many"'), 2, ("evaluation.folds", "'many'")),
    "a table that is a word": (lambda p: task(p, rest="[evaluation]\nslices = 3"), 2, ("evaluation.slices", "3")),
    "a budget of nothing": (lambda p: task(p, rest="[budget]\nnodes = 0"), 2, ("budget.nodes", "0")),
    "a preset that does not exist": (lambda p: task(p, learner='preset = "logistics"'), 2, ("'logistics'", "logistic")),
    "a preset's parameter that does not exist": (lambda p: task(p, learner='preset = "logistic"\nparams = {c = 3}'), 2, ("learner.params.c", "C")),
    "no learner.py": (lambda p: task(p, learner='path = "learner.py"'), 2, ("learner.path", "learner.py", "does not exist")),
    "a learner.py that does not parse": (lambda p: task(p, learner='path = "learner.py"', files={"learner.py": "class Learner(:\n"}), 2, ("learner.py", "line 1")),
    "a learner.py without its class": (lambda p: task(p, learner='path = "learner.py"', files={"learner.py": "x = 1\n"}), 2, ("no class Learner",)),
    "a learner that raises": (lambda p: task(p, **learner(fit="raise ValueError('no such luck')")), 2, ("no such luck", "learner.py line 4")),
    "a learner that gives NaN": (lambda p: task(p, **learner(predict="return np.full((len(features), 3), np.nan)")), 2, ("not finite",)),
    "a learner that gives too few": (lambda p: task(p, **learner(predict="return np.full((3, 3), .3)")), 2, ("3 rows for",)),
    "a learner of another shape": (lambda p: task(p, **learner(predict="return np.full((len(features), 7), .1)")), 2, ("shape", "7")),
    "a loader.py that does not parse": (lambda p: task(p, files={"loader.py": "class DataLoader:\n  def"}), 2, ("loader.py", "line 2")),
    "a loader.py without its class": (lambda p: task(p, files={"loader.py": "x = 1"}), 2, ("loader.py", "no class DataLoader")),
    "a loader.py that raises": (lambda p: task(p, files={"loader.py": loader(fit="raise KeyError('gone')")}), 2, ("gone", "loader.py line")),
    "a loader.py with wrong rows": (lambda p: task(p, files={"loader.py": loader(inputs="return self.numbers(raw)[:-1]")}), 2, ("one row for each",)),
    "a loader.py that looks around": (lambda p: task(p, files={"loader.py": loader(inputs="x = self.numbers(raw)\nreturn x - x.mean(axis=0)")}), 2, ("neighbours",)),
    "a grade.py that is not there": (lambda p: (task(p) / "task.toml").write_text((p / "task" / "task.toml").read_text().replace('"log_loss"', '"grade.py"\ndirection = "minimize"')), 2, ("grade.py", "does not exist")),
}  # fmt: skip


@pytest.mark.parametrize("case", TASKS)
def test_a_wrong_task_is_the_users_mistake(run, tmp_path, case):
    make, code, words = TASKS[case]
    make(tmp_path)
    said = run()
    plain = tuple(word for word in words if "|" not in word)
    one_sentence(said, code, *plain)
    for choice in (word for word in words if "|" in word):
        assert re.search(choice, said.err), said.err


OPTIONS: Mapping[str, tuple[tuple[object, ...], tuple[str, ...]]] = {
    "no task there": (("run", "nowhere"), ("nowhere", "provender init")),
    "a budget of no time": (("run", "task", "--budget", "0"), ("'0'", "90s")),
    "a budget of words": (("run", "task", "--budget", "soon"), ("'soon'", "10m")),
    "a budget below zero": (("run", "task", "--budget=-5m"), ("'-5m'",)),
    "no nodes": (("run", "task", "--nodes", "0"), ("--nodes", "0")),
    "no workers": (("run", "task", "--workers", "0"), ("--workers", "0")),
    "a lake that is no folder": (("run", "task", "--lake", "puddle"), ("--lake", "puddle")),
    "a lake that is a file": (("run", "task", "--lake", "task/task.toml"), ("--lake", "task.toml")),
    "an agent that is unknown": (("run", "task", "--agent", "smith"), ("smith", "playbook")),
    "an agent without loaders": (("run", "task", "--agent", "task/data"), ("--agent", "no *.py")),
    "a schedule that is unknown": (("run", "task", "--schedule", "best"), ("--schedule", "'best'", "branch")),
    "a level that is unknown": (("run", "task", "--isolation", "steel"), ("--isolation", "'steel'", "sealed")),
    "nothing to do": (("run", "task", "--no-red", "--no-black"), ("--no-red", "--no-black")),
    "a run that is not there": (("show", "x"), ("there are no runs", "provender run")),
    "nothing to resume": (("resume", "last"), ("there are no runs",)),
    "data that is not there": (("init", "nowhere.csv", "--target", "y"), ("nowhere.csv",)),
    "a target that is not there": (("init", "task/data/train.csv", "--target", "tarjet", "--into", "n"), ("tarjet", "target")),
    "no target": (("init", "task/data/train.csv", "--into", "n"), ("--target",)),
    "a metric that does not exist": (("init", "task/data/train.csv", "--target", "target", "--metric", "acurate", "--into", "n"), ("'acurate'",)),
    "a learner that does not exist": (("init", "task/data/train.csv", "--target", "target", "--learner", "lgbm", "--into", "n"), ("'lgbm'", "logistic")),
    "a folder that exists": (("init", "task/data/train.csv", "--target", "target", "--into", "task"), ("task", "--into")),
    "a file that is no table": (("init", "noise.csv", "--target", "y", "--into", "n"), ("noise.csv|'y'",)),
}  # fmt: skip


@pytest.mark.parametrize("case", OPTIONS)
def test_a_wrong_option_is_the_users_mistake(provender, tmp_path, case):
    arguments, words = OPTIONS[case]
    task(tmp_path)
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 9)
    said = provender(*arguments, cwd=tmp_path)
    one_sentence(said, 2, *(word for word in words if "|" not in word))
    assert not (tmp_path / "n").exists()


def test_what_no_option_is_called_is_answered_with_the_usage(provender, tmp_path):
    for arguments in (("run", "x", "--nodez", "3"), ("run", "x", "--nodes", "many"), ("fly",)):
        said = provender(*arguments, cwd=tmp_path)
        assert said.code == 2 and said.out == "" and "Usage:" in said.err and "Traceback" not in said.err


def test_bad_loaders_fail_as_nodes_and_the_run_ends_well(provender, tmp_path):
    """One JSON object on standard output, a reason for every failed node, and an honest one scored between them."""
    folder = task(tmp_path)
    agent = tmp_path / "loaders"
    agent.mkdir()
    texts = ["not python(", loader(fit="raise ValueError('told\\nyou')"), loader(inputs="return self.numbers(raw)[1:]"), loader(), loader(assets=("lake:none",))]
    for k, text in enumerate(texts):
        (agent / f"{k}.py").write_text(text)
    said = provender("run", folder, "--no-red", "--agent", agent, "--nodes", 5, "--workers", 1, "--json", cwd=tmp_path)
    assert said.code == 0 and "Traceback" not in said.err, said.err
    found = json.loads(said.out)
    nodes = [node for node in found["nodes"] if node["id"] != 0 and node["status"] in ("scored", "failed")]
    assert found["status"] == "finished" and len(nodes) == 5
    reasons = [node["reason"] for node in nodes if node["status"] == "failed"]
    assert len(reasons) == 4 and all(isinstance(reason, str) and "\n" not in reason for reason in reasons), reasons
    assert all(node["dev"] is None for node in nodes if node["status"] == "failed")
    told = provender("show", found["run"], "--node", nodes[1]["id"], cwd=tmp_path)
    assert told.code == 0 and "told you" in told.out + told.err
    again = provender("resume", found["run"], cwd=tmp_path)
    one_sentence(again, 2, found["run"], "finished", "--budget +10m")


def test_a_second_process_on_the_same_run_is_refused(provender, tmp_path):
    folder = task(tmp_path)
    agent = tmp_path / "loaders"
    agent.mkdir()
    (agent / "slow.py").write_text(loader(init="import time; time.sleep(5)"))
    command = [sys.executable, "-m", "provender", "run", str(folder), "--no-red", "--agent", str(agent), "--nodes", "9", "--json"]
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list(tmp_path.glob(".provender/runs/*/nodes/0/loader.py")):
            time.sleep(0.1)
        one_sentence(provender("resume", "last", cwd=tmp_path), 2, str(first.pid))
    finally:
        first.send_signal(signal.SIGINT)
        out, err = first.communicate(timeout=60)
    assert first.returncode == 130 and out == "" and "Traceback" not in err, err


def test_a_changed_task_voids_its_run(provender, run, tmp_path):
    folder = task(tmp_path)
    found = json.loads(run().out)
    (folder / "task.toml").write_text((folder / "task.toml").read_text().replace("folds = 3", "folds = 4"))
    one_sentence(provender("resume", found["run"], "--nodes", 3, cwd=tmp_path), 2, found["run"], "changed", "new run")


def test_a_full_disk_ends_in_one_sentence_and_loses_nothing(tmp_path):
    """A file system of 400 kB, where one can be mounted."""
    unshare = shutil.which("unshare")
    folder, place = task(tmp_path), tmp_path / "full"
    place.mkdir()
    if unshare is None or subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    script = f'mount -t tmpfs -o size=400k none {place} && cd {place} && "$@"; code=$?; ls -R {place}/.provender >&2; exit $code'
    command = [sys.executable, "-m", "provender", "run", str(folder), "--no-red", "--nodes", "30", "--json", "--workspace", str(place / "w")]
    done = subprocess.run([unshare, "-m", "bash", "-c", script, "bash", *command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and done.stdout == "" and "Traceback" not in done.stderr, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("provender: ")]
    assert len(told) == 1 and "free" in told[0] and "nothing is lost" in told[0], done.stderr


def test_a_workspace_that_cannot_be_written_is_named(provender, tmp_path):
    folder = task(tmp_path)
    (tmp_path / "file").write_text("")
    one_sentence(provender("run", folder, "--nodes", 1, "--workspace", tmp_path / "file" / "w", cwd=tmp_path), 2, "file")
