"""Reports of real runs, through the command line: the demo with its lake, and a run whose loaders fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from reading import Reading
from sklearn.datasets import load_wine

from provender.report.files import write_report
from provender.search.workspace import Workspace

LOADER = '''"""{title}"""


class DataLoader:
    ASSETS = ()

    def __init__(self, task, pool):
        self.task = task

    def rows(self):
        return self.task.train

    def fit(self, rows):
        return rows.frame[{columns!r}]

    def inputs(self, raw):
        return raw[{columns!r}]
'''


def provender(*arguments: object, code: int = 0) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", "from provender.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=600, check=False)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A run over 178 wines with three loaders by hand; one names a column that does not exist. (workspace, summary)"""
    folder = tmp_path_factory.mktemp("wine")
    wines = load_wine(as_frame=True)
    wines.data.rename(columns=lambda name: name.replace("/", "_")).assign(grower=wines.target.map(dict(enumerate("RBC")))).to_csv(folder / "wine.csv", index=False)
    (folder / "task.toml").write_text(
        '[task]\nname = "wine & </script>"\n[data]\ntrain = "wine.csv"\ntarget = "grower"\n[metric]\nname = "log_loss"\n'
        '[evaluation]\nfolds = 2\n[learner]\npreset = "logistic"\n'
    )
    loaders = folder / "loaders"
    loaders.mkdir()
    (folder / "loader.py").write_text(LOADER.format(title="Two columns", columns=["ash", "magnesium"]))
    for k, columns in enumerate((["ash", "hue"], ["ash", "nothing"], ["flavanoids", "hue", "proline"])):
        (loaders / f"{k}.py").write_text(LOADER.format(title=f"Columns <b>{', '.join(columns)}</b>", columns=columns))
    workspace = folder / "runs"
    done = provender("run", folder, "--agent", loaders, "--nodes", 4, "--no-bundled", "--json", "--workspace", workspace)
    return workspace, json.loads(done.stdout)


@pytest.mark.slow
def test_a_run_leaves_its_report_where_its_summary_says(wine: tuple[Path, dict]) -> None:
    _, summary = wine
    read = Reading(Path(summary["report"]).read_text(encoding="utf-8"))
    assert read.broken == [] and read.all("script") == []
    assert "wine & </script>" in read.words
    assert ("Proven: log loss falls" in read.words) == summary["gain"]["proven"]
    assert "the loader crashed" in read.words and "nothing" in read.words


@pytest.mark.slow
def test_the_command_draws_the_same_report_again_where_it_is_asked_to(wine: tuple[Path, dict], tmp_path: Path) -> None:
    workspace, summary = wine
    there = tmp_path / "new folder" / "wine.html"
    said = provender("report", "last", "--to", there, "--workspace", workspace).stdout
    assert said == f"{there}\n"
    assert there.read_bytes() == Path(summary["report"]).read_bytes()
    assert [path.name for path in there.parent.iterdir()] == ["wine.html"]


@pytest.mark.slow
def test_a_report_that_cannot_be_drawn_fails_no_run(wine: tuple[Path, dict]) -> None:
    workspace, summary = wine
    report = Path(summary["report"])
    before = report.read_bytes()
    report.unlink()
    report.mkdir()  # nothing can be written there
    try:
        done = provender("resume", summary["run"], "--nodes", 1, "--json", "--workspace", workspace)
        assert json.loads(done.stdout)["status"] == "finished"
        assert "the report could not be drawn" in done.stderr and "Traceback" not in done.stderr
    finally:
        report.rmdir()
        report.write_bytes(before)


@pytest.mark.slow
def test_an_unknown_run_and_a_folder_as_target_are_told_in_one_sentence(wine: tuple[Path, dict], tmp_path: Path) -> None:
    workspace, _ = wine
    assert "there is no run 'nope'" in provender("report", "nope", "--workspace", workspace, code=2).stderr
    assert "which is a folder: give a file" in provender("report", "last", "--to", tmp_path, "--workspace", workspace, code=2).stderr


@pytest.mark.slow
def test_the_demos_report_tells_what_its_lake_brought(tmp_path: Path) -> None:
    with resources.as_file(resources.files("provender") / "demo") as demo:
        done = provender("run", demo, "--nodes", 5, "--no-bundled", "--lake", demo / "lake", "--json", "--workspace", tmp_path)
    summary = json.loads(done.stdout)
    page = write_report(Workspace(tmp_path), summary["run"]).read_text(encoding="utf-8")
    read = Reading(page)
    assert read.broken == []
    assert {"The search", "The Data Pool", "Where the time went"} <= {part.strip() for part in page.replace("</h2>", "<h2>").split("<h2>")}
    for asset in summary["pool"]:
        assert f"{asset['title']} {asset['id']}" in read.words
