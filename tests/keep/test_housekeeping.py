"""What a workspace keeps and lets go: acceptance, reruns, removal, the cache's quota, what is nobody's; and TAB."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from provender.cli.app import app
from provender.errors import RunError, UserError
from provender.journal.events import (
    Accepted,
    Confirmed,
    Event,
    FinalistFrozen,
    NodeDiscovered,
    NodeFailed,
    NodeGrown,
    NodeScored,
    NodeStarted,
    RunFinished,
    RunInterrupted,
    RunStarted,
    RunVoided,
    Spent,
    StateProposed,
)
from provender.journal.events import TestScored as Tested
from provender.journal.ledger import openings, wall_seconds
from provender.journal.store import Stored
from provender.keep.accept import accept
from provender.keep.housekeeping import clear, remove, size_of
from provender.keep.rerun import FoldTold, rerun
from provender.pipeline.cache import Cache
from provender.pipeline.pool_store import PoolStore
from provender.report.metrics import account
from provender.report.summary import summarise
from provender.report.verdict import verdict
from provender.search.workspace import Workspace

DIGEST = "5" * 32


def began(*, created: float = 1.0, **settings: object) -> list[Event]:
    """A run, and its D0."""
    metric = {"name": "log_loss", "direction": "minimize"}
    return [
        RunStarted(task="wine", folder="/nowhere/wine", task_digest=DIGEST, settings={"metric": metric, **settings}, environment={}, isolation="sealed", created=created),
        NodeGrown(node=0, parent=None, color="black"), NodeStarted(node=0), StateProposed(node=0, state="s0", loader="# D0", author="initial"),
        NodeScored(node=0, dev=1.0, gain=0.0, reward=0.5),
    ]  # fmt: skip


def searched() -> list[Event]:
    """Nodes 1 and 2 are better than D0, 3 failed, 4 is red, 5 pending; 2 was confirmed and nothing proven."""
    story = began()
    for node, gain in ((1, 0.1), (2, 0.3)):
        proposed = StateProposed(node=node, state=f"s{node}", loader=f"# {node}", author="playbook", summary=f"state {node}")
        story += [NodeGrown(node=node, parent=0, color="black"), NodeStarted(node=node), proposed, NodeScored(node=node, dev=1 - gain, gain=gain, reward=0.6)]
    return [
        *story, NodeGrown(node=3, parent=0, color="black"), NodeStarted(node=3), NodeFailed(node=3, failure={"kind": "crashed", "message": "no"}),
        NodeGrown(node=4, parent=0, color="red"), NodeStarted(node=4), NodeDiscovered(node=4, assets=()), NodeGrown(node=5, parent=0, color="black"),
        Spent(what="noise", seconds=1.0), FinalistFrozen(node=2, scores={"2": 0.7}), confirmed(2, proven=False),
        Tested(node=0, initial=0.95, best=0.95, gain=0.0, interval=(0.0, 0.0)), RunFinished(best=0, candidate=2),
    ]  # fmt: skip


def confirmed(node: int, *, proven: bool) -> Confirmed:
    reason = "" if proven else "the interval includes zero"
    return Confirmed(node=node, initial=1.0, best=0.8, gain=0.2, interval=(-0.01, 0.4), level=0.01, rows=100, foldings=5, proven=proven, reason=reason)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace with the finished run `wine-1`."""
    workspace = Workspace(tmp_path / "w")
    workspace.journal.append("wine-1", searched())
    workspace.write("wine-1", "best/loader.py", "# D0")
    return workspace


def command(*arguments: object, place: Workspace) -> None:
    """The command line, in this process: what it raises is what `main` tells in one sentence with exit code 2."""
    app([*map(str, arguments), "--workspace", str(place.folder)], standalone_mode=False)


def told(story: Sequence[Event]) -> tuple[dict, str]:
    """Summary and the report's headline of these events."""
    stored = [Stored(i, 1000.0 + i, event) for i, event in enumerate(story, start=1)]
    return summarise("wine-1", stored, Path("/runs/wine-1")), verdict(account("wine-1", stored), 3).headline


def test_an_accepted_candidate_is_the_result_and_everything_says_that_it_is_not_proven(place: Workspace, capsys: pytest.CaptureFixture) -> None:
    command("show", "last", place=place)
    before = capsys.readouterr().out
    assert "provender accept wine-1" in before and "Nothing is proven" in before
    command("accept", "last", place=place)
    said = capsys.readouterr().out
    assert "Accepted by a person, NOT proven: node 2. The interval includes zero." in said and "provender accept" not in said
    folder = place.run_folder("wine-1")
    assert (folder / "best" / "loader.py").read_text() == "# 2" and "not proven: node 2" in (folder / "report.html").read_text()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["accepted"] and summary["status"] == "finished" and not summary["gain"]["proven"]
    assert (summary["best"]["node"], summary["best"]["test"], summary["initial"]["test"]) == (2, None, 0.95), "the test rows know nothing of it"
    command("accept", "last", place=place)
    assert sum(isinstance(s.event, Accepted) for s in place.journal.read("wine-1")) == 1, "what is the result is not accepted twice"


def test_another_node_can_be_accepted_and_d0_takes_it_back(place: Workspace, capsys: pytest.CaptureFixture) -> None:
    command("accept", "last", "--node", 1, "--json", place=place)
    found = json.loads(capsys.readouterr().out)
    assert found["best"]["node"] == 1 and found["confirm"] is None and found["gain"]["value"] is None, "the confirmation was another node's"
    command("tree", "last", place=place)
    assert "accepted, not proven" in next(line for line in capsys.readouterr().out.splitlines() if "state 1" in line)
    command("accept", "last", "--node", 0, "--json", place=place)
    back = json.loads(capsys.readouterr().out)
    assert (back["best"]["node"], back["accepted"], back["best"]["test"]) == (0, True, 0.95)
    assert (place.run_folder("wine-1") / "best" / "loader.py").read_text() == "# D0"


def test_summary_and_verdict_follow_the_later_of_result_and_acceptance() -> None:
    proven = [*searched()[:-1], confirmed(1, proven=True), RunFinished(best=1, candidate=1)]
    assert told(proven)[1].startswith("Proven")
    summary, headline = told([*proven, Accepted(node=2)])
    assert headline == "Accepted by a person, not proven: node 2." and summary["confirm"]["best"] == 0.8 and not summary["gain"]["proven"]
    summary, headline = told([*proven, Accepted(node=2), Accepted(node=1)])
    assert headline.startswith("Proven") and summary["gain"]["proven"] and summary["accepted"]
    summary, headline = told([*proven, Accepted(node=0)])
    assert "took the initial data back" in headline and summary["best"]["node"] == 0 and not summary["gain"]["proven"]
    summary, headline = told([*proven, Accepted(node=2), RunFinished(best=1, candidate=1)])
    assert headline.startswith("Proven") and not summary["accepted"]
    thinking = [Stored(i, at, event) for i, (at, event) in enumerate(((0.0, proven[0]), (5.0, proven[-1]), (9000.0, Accepted(node=2))), start=1)]
    assert wall_seconds(thinking) == 5.0, "a person's thinking is none of the run's time"


@pytest.mark.parametrize(("words", "said"), [
    (("accept", "last", "--node", 3), "it is failed"),
    (("accept", "last", "--node", 4), "red node"),
    (("accept", "last", "--node", 5), "it is pending"),
    (("accept", "last", "--node", 99), "its nodes are 0 to 5"),
    (("accept", "nothing"), "there is no run"),
    (("rerun", "last", "--node", 4), "red node"),
    (("rerun", "last", "--node", 5), "it is pending"),
    (("rerun", "last", "--node", 99), "its nodes are 0 to 5"),
    (("rerun", "last", "--node", 3, "--loader", "/nowhere.py"), "cannot be read"),
    (("rerun", "last", "--node", 1), "task.toml"),
    (("rm", "last", "nothing", "--yes"), "there is no run"),
    (("rm", "last"), "add --yes"),
    (("gc", "--keep", "much"), "no size"),
])  # fmt: skip
def test_a_wrong_use_is_told_in_one_sentence_and_changes_nothing(place: Workspace, words: tuple, said: str) -> None:
    before = list(place.journal.read("wine-1"))
    with pytest.raises(UserError, match=said) as raised:
        command(*words, place=place)
    assert raised.value.exit_code == 2 and "\n" not in str(raised.value)
    assert list(place.journal.read("wine-1")) == before and place.run_folder("wine-1").is_dir()


def test_a_run_without_a_candidate_a_void_one_and_one_that_is_written_cannot_be_accepted(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.journal.append("stopped", [*began(), RunInterrupted(reason="by hand")])
    place.journal.append("poor", [*began(), RunFinished(best=0)])
    place.journal.append("void", [*searched(), RunVoided(reason="changed")])
    for run, why in (("stopped", "not finished"), ("poor", "no candidate better"), ("void", "is void")):
        with pytest.raises(RunError, match=why):
            accept(place, run, None, tell=print)
    with place.journal.lease("poor"):
        with pytest.raises(RunError, match="is being written"):
            accept(Workspace(tmp_path), "poor", 0, tell=print)
        with pytest.raises(RunError, match="is running"):
            command("rm", "poor", "--yes", place=Workspace(tmp_path))
    assert accept(place, "stopped", 0, tell=print) == 0


def test_a_removed_run_leaves_its_count_of_openings_and_nothing_else(place: Workspace, capsys: pytest.CaptureFixture) -> None:
    place.journal.append("other", began())
    before = openings(place.journal, DIGEST)
    command("rm", "other", "oth", "--yes", "--json", place=place)
    assert json.loads(capsys.readouterr().out)["removed"] == ["other"], "a run named twice goes once"
    assert remove(place, "wine-1") > 0 and not place.run_folder("wine-1").exists()
    assert place.journal.runs() == [] and openings(place.journal, DIGEST) == before and before.confirmations == 1


def test_rm_asks_on_a_terminal_and_takes_anything_but_yes_for_a_no(place: Workspace) -> None:
    code = "from provender.cli import main; main()"
    for answer, left in (("\n", 1), ("y\n", 0)):
        ours, theirs = pty.openpty()
        os.write(ours, answer.encode())
        done = subprocess.run([sys.executable, "-c", code, "rm", "last", "--workspace", str(place.folder)], stdin=theirs, stderr=theirs, timeout=60, check=False)
        os.close(theirs)
        said = os.read(ours, 1 << 16).decode()
        os.close(ours)
        assert done.returncode == 0 and "wine-1  wine, finished" in said and "[y/N]" in said
        assert len(place.journal.runs()) == left == place.run_folder("wine-1").is_dir()


@pytest.mark.parametrize(("text", "size"), [("5GB", 5 * 10**9), ("1.5 GiB", 3 << 29), ("500mb", 5 * 10**8), ("0", 0), ("12", 12)])
def test_sizes_are_read(text: str, size: int) -> None:
    assert size_of(text) == size


def filled(cache: Cache, names: Sequence[str], *, used: Callable[[int], float]) -> list[Path]:
    """Entries of one size, last used at these times."""
    for name in names:
        cache.put(name, {"prediction": np.zeros(100)})
    paths = [cache.folder / name[:2] / f"{name}.wire" for name in names]
    for number, path in enumerate(paths):
        os.utime(path, (used(number), used(number)))
    return paths


def test_the_cache_lets_the_least_recently_used_go_and_what_an_interrupted_run_needs_last(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.journal.clock = lambda: 3000.0
    place.journal.append("stopped", began(created=1000.0))
    place.journal.append("done", [*began(created=1.0), RunFinished(best=0)])
    cache, later = place.cache, time.time() + 5000
    old, needed, fresh = (filled(cache, [f"{mark}{k}" for k in range(4)], used=lambda k, at=at: at + k) for mark, at in (("aa", 10), ("bb", 2000), ("cc", later)))
    told = old[0].stat()
    assert cache.get("aa0") is not None, "reading is using"
    assert old[0].stat().st_mtime_ns == told.st_mtime_ns, "but no change of the entry"
    found = clear(place, keep=9 * told.st_size, dry=True)
    assert [item.path for item in found.freed] == old[1:] and found.resumable == 0 and all(path.exists() for path in old)
    clear(place, keep=7 * told.st_size)
    gone = {path for path in (*old, *needed, *fresh) if not path.exists()}
    assert gone == {*old, fresh[0]}, "what a stopped run may need goes after everything else"
    assert clear(place, keep=0).resumable == 4 and not list(cache.entries())


def test_who_reads_an_entry_while_it_is_deleted_has_it_whole_or_misses(tmp_path: Path) -> None:
    cache, stop, wrong, seen = Cache(tmp_path), threading.Event(), [], [0, 0]

    def read() -> None:
        while not stop.is_set():
            try:
                found = cache.get("ab")
            except Exception as error:  # whatever it is, it must not happen
                wrong.append(error)
                return
            seen[found is None] += 1
            if found is not None and found["prediction"].sum() != 20_000:
                wrong.append(found)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        cache.put("ab", {"prediction": np.ones(20_000)})
        cache.trim(0, lambda entry: False)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == [] and min(seen) > 0, seen


def test_what_is_nobodys_goes_and_what_a_run_uses_stays(place: Workspace) -> None:
    place.journal.append("wine-2", began(lake="/lake", bundled=False))
    mine, theirs = place.pool(DIGEST), PoolStore(place.folder / "pool" / "another")
    for pool in (mine, theirs):
        pool.add("lake:1", pd.DataFrame({"a": [1.0, 2.0]}), {})
    place.write("gone-1", "summary.json", "{}")
    for name in ("lake-index", "bundled-index"):
        (place.folder / name).write_bytes(b"x" * 10)
    halves = [place.folder / "cache" / "ab" / ".part-x", place.run_folder("wine-1") / ".summary.json.part", mine.folder / "lake-2.part77"]
    for half in halves:
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_text("half")
    alive = Workspace(place.folder)
    with place.journal.lease("not-yet-journaled"):
        careful = clear(alive, keep=0, now=time.time() + 4000)
        assert careful.alive and {item.path for item in careful.freed} == set(halves) and theirs.folder.exists()
    would = clear(place, keep=0, dry=True)
    assert clear(place, keep=0).freed == would.freed and would.size > 0
    assert not theirs.folder.exists() and not place.run_folder("gone-1").exists() and not (place.folder / "bundled-index").exists()
    assert "lake:1" in mine and place.run_folder("wine-1").is_dir() and (place.folder / "lake-index").exists()
    assert clear(place, keep=0).freed == (), "twice is once"


def test_the_journal_shrinks_when_big_runs_were_removed(place: Workspace, capsys: pytest.CaptureFixture) -> None:
    text = "# " + "x" * 400_000
    place.journal.append("big", [*began(), *(StateProposed(node=0, state=f"s{k}", loader=text, author="initial") for k in range(10))])
    remove(place, "big")
    before = place.journal.path.stat().st_size
    command("gc", "--json", place=place)
    found = json.loads(capsys.readouterr().out)
    assert found["freed"]["journal"] > 3_000_000 and place.journal.path.stat().st_size < before - 3_000_000
    assert [stored.event for stored in place.journal.read("wine-1")] == searched()


def tab(*words: str, cwd: Path) -> list[str]:
    """What the shell gets to offer for the last word."""
    code = "import sys; sys.argv[0] = 'provender'; from provender.cli import main; main()"
    environment = {**os.environ, "_PROVENDER_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(("provender", *words)), "COMP_CWORD": str(len(words))}
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "" and "Traceback" not in done.stdout
    return done.stdout.split()


def test_tab_offers_runs_and_nodes_and_keeps_quiet_where_there_are_none(place: Workspace, tmp_path: Path) -> None:
    at = ("--workspace", str(place.folder))
    place.journal.append("pine-1", began(created=2.0))
    assert tab("show", *at, "wi", cwd=tmp_path) == ["wine-1"]
    assert tab("run", *at, "--from", "", cwd=tmp_path) == ["pine-1", "wine-1", "last"]
    assert tab("accept", *at, "wine-1", "--node", "", cwd=tmp_path) == ["5", "3", "2", "1", "0"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert tab("show", "", cwd=empty) == [] and list(empty.iterdir()) == []
    (empty / ".provender").mkdir()
    (empty / ".provender" / "journal.db").write_bytes(b"no database at all")
    assert tab("show", "", cwd=empty) == [] and tab("rerun", "--node", "", cwd=empty) == []


LOADER = '''"""{title}"""


class DataLoader:
    ASSETS = ()

    def __init__(self, task, pool):
        self.task = task

    def rows(self):
        print("{title}: so many rows:", len(self.task.train.frame))
        return self.task.train

    def fit(self, rows):
        return rows.frame[{columns!r}].to_numpy()

    def inputs(self, raw):
        return raw[{columns!r}].to_numpy()
'''


@pytest.fixture(scope="module")
def wines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A task with test inputs without answers; a finished run on it whose second state fails, and nothing is better than D0."""
    folder = tmp_path_factory.mktemp("wines")
    found = load_wine(as_frame=True)
    table = found.data.rename(columns=lambda name: name.replace("/", "_")).assign(grower=[("Rossi", "Bruno", "Conti")[k] for k in found.target])
    (folder / "task").mkdir()
    table.iloc[10:].to_csv(folder / "task" / "wine.csv", index=False)
    table.iloc[:10].drop(columns="grower").to_csv(folder / "task" / "asked.csv", index=False)
    (folder / "task" / "task.toml").write_text(
        '[task]\nname = "wine"\n[data]\ntrain = "wine.csv"\ntest = "asked.csv"\ntarget = "grower"\n[metric]\nname = "log_loss"\n'
        '[evaluation]\nfolds = 2\n[learner]\npreset = "logistic"\n'
    )
    (folder / "task" / "loader.py").write_text(LOADER.format(title="Initial", columns=["flavanoids", "hue"]))
    (folder / "mine").mkdir()
    for name, columns in (("a", ["ash"]), ("b", ["ash", "nothing"])):
        (folder / "mine" / f"{name}.py").write_text(LOADER.format(title=name, columns=columns))
    command("run", folder / "task", "--agent", folder / "mine", "--no-red", "--nodes", 2, "--workers", 2, "--json", place=Workspace(folder / "w"))
    return folder


@pytest.mark.slow
def test_a_failed_node_is_run_again_with_all_it_says_and_its_mended_text_too(wines: Path, capsys: pytest.CaptureFixture) -> None:
    place = Workspace(wines / "w")
    (run,) = [line.id for line in place.journal.runs()]
    story, files = list(place.journal.read(run)), sorted((wines / "w").rglob("*.wire"))
    (failed,) = [stored.event.node for stored in story if isinstance(stored.event, NodeFailed)]
    heard: list[FoldTold] = []
    found = rerun(place, run, failed, tell=heard.append)
    assert len(heard) == 2 and found.dev is None and found.journaled_failure.startswith("crashed: KeyError")
    for told in heard:
        assert told.failure.kind == "crashed" and "rows.frame[['ash', 'nothing']]" in told.failure.detail and "loader.py" in told.failure.message
        assert "b: so many rows: " in told.printed and told.peak_memory > 1 << 20 and told.seconds > 0
    command("rerun", run, "--node", failed, "--fold", 1, "--loader", wines / "mine" / "a.py", "--json", place=place)
    mended = json.loads(capsys.readouterr().out)
    (fold,) = mended["folds"]
    sound = next(stored.event for stored in story if isinstance(stored.event, NodeScored) and stored.event.node)
    assert fold["fold"] == 1 and fold["score"] == pytest.approx(sound.folds[1]) and "a: so many rows: " in fold["printed"] and fold["training_seconds"] > 0
    with pytest.raises(RunError, match="folds 0 to 1"):
        command("rerun", run, "--node", failed, "--fold", 2, place=place)
    assert list(place.journal.read(run)) == story and sorted((wines / "w").rglob("*.wire")) == files, "nothing was kept"


@pytest.mark.slow
def test_an_accepted_state_predicts_and_more_time_supersedes_the_acceptance(wines: Path, capsys: pytest.CaptureFixture) -> None:
    place = Workspace(wines / "w")
    (run,) = [line.id for line in place.journal.runs()]
    (worse,) = [s.event.node for s in place.journal.read(run) if isinstance(s.event, NodeScored) and s.event.node]
    path = place.run_folder(run) / "predictions.csv"
    before = pd.read_csv(path)
    command("accept", run, "--node", worse, place=place)
    said = capsys.readouterr()
    assert "to predict the test inputs" in said.err and f"NOT proven: node {worse}" in said.out
    after = pd.read_csv(path)
    assert list(after) == list(before) and len(after) == 10 and np.abs(after - before).to_numpy().max() > 0.1
    command("resume", run, "--budget", "+3s", "--json", place=place)
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "finished" and not found["accepted"] and found["spent"]["seconds"] < 60
    assert found["best"]["node"] == 0 or found["gain"]["proven"]
    toml = wines / "task" / "task.toml"
    toml.write_text(toml.read_text().replace("folds = 2", "folds = 3"))
    for words in (("accept", run, "--node", worse), ("rerun", run, "--node", worse)):
        with pytest.raises(RunError, match="has changed"):
            command(*words, place=place)
