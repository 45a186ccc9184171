"""What the documents say is what the product does: their commands run, their loader loads, and nothing is left unsaid."""

from __future__ import annotations

import re
import shlex
import subprocess
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
import typer
from command_line import loader_of, provender, run_json, use_loader, width

from provender.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CLI = (ROOT / "docs" / "cli.md").read_text()
COMMANDS = typer.main.get_command(app).commands


def blocks(language: str) -> list[str]:
    """The README's fenced blocks of this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def console() -> list[str]:
    """Every command of the README's console blocks, without its comment."""
    lines = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    return [part.strip() for line in lines for part in line.partition("#")[0].split("&&")]


def sections() -> dict[str, str]:
    """{command: its section} of docs/cli.md."""
    parts = re.split(r"^## provender (\w+).*$", CLI, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options(command: str) -> set[str]:
    return {name for parameter in COMMANDS[command].params for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_documented_with_every_option_it_has_and_no_other(command):
    told = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", sections()[command]))
    assert told == options(command) - {"--help"}
    assert re.search(rf"provender {command}\b|`[^`\n]*\b{command}\b", README), f"README does not mention {command}"


def test_the_documents_name_no_command_that_does_not_exist():
    named = set(re.findall(r"provender ([a-z]+)\b", " ".join(console()))) | set(sections())
    assert named == set(COMMANDS) & named and set(sections()) == set(COMMANDS)


def test_the_first_command_is_the_demo_after_the_one_that_installs():
    assert console()[:2] == ["pip install -e .", "provender demo"]


@pytest.mark.slow
def test_the_demo_of_the_first_screen_runs(tmp_path):
    """With a budget that is enough to say something."""
    said = provender("demo", "--budget", "20s", cwd=tmp_path)
    assert said.code == 0 and "Traceback" not in said.err, said.err
    assert "root_mean_squared_error" in said.out and (tmp_path / "provender-demo" / "task.toml").is_file()
    shown = provender("show", "last", cwd=tmp_path)
    assert shown.code == 0 and shown.out == said.out


@pytest.mark.slow
def test_the_commands_for_a_task_of_ones_own_run_as_they_stand(tmp_path):
    """On 450 real sentences of three kinds of writers; only the ten minutes are shortened."""
    frames = []
    for name, column, author in (("tweets", "tweet", "a twitterer"), ("editorials", "snippet", "an editor"), ("movie_reviews", "review_sentence", "a critic")):
        with resources.as_file(resources.files("provender") / "demo" / "lake" / f"{name}.csv.gz") as path:
            frames.append(pd.DataFrame({"sentence": pd.read_csv(path)[column].head(150), "author": author}))
    (tmp_path / "data").mkdir()
    pd.concat(frames).to_csv(tmp_path / "data" / "train.csv", index=False)
    own = [command for command in console() if command.startswith("provender") and command != "provender demo"]
    assert [command.split()[1] for command in own] == ["init", "run", "run", "show"]
    for command in own:
        said = provender(*shlex.split(command.replace("--budget 10m", "--budget 15s"))[1:], cwd=tmp_path)
        assert said.code == 0 and "Traceback" not in said.err, (command, said.err)
        assert said.out.strip(), command
        if "--dry-run" in command:
            assert "log_loss" in said.out and "sealed for the proof" in said.out


@pytest.mark.slow
def test_the_loader_of_the_readme_loads_and_improves_the_demo(tmp_path):
    """As a state of a search on the demo's task, and standing alone."""
    block = next(block for block in blocks("python") if "class DataLoader" in block)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "loader.py").write_text(block)
    with resources.as_file(resources.files("provender") / "demo") as demo:
        found = run_json(demo, "--agent", tmp_path / "mine", "--nodes", 1, "--no-red", cwd=tmp_path)
        (node,) = [node for node in found["nodes"] if node["id"] and node["status"] == "scored"]
        assert loader_of(found, node["id"]).read_text() == block and node["dev"] < found["initial"]["dev"]
        features, inputs, rows = use_loader(tmp_path / "mine" / "loader.py", demo, tmp_path / ".provender")
    assert features.shape[0] == len(rows) and width(features) == width(inputs) > 1000


@pytest.mark.slow
def test_the_python_of_the_readme_runs_as_it_stands(tmp_path, monkeypatch):
    """Only the ten minutes are shortened."""
    monkeypatch.chdir(tmp_path)
    block = next(block for block in blocks("python") if "import provender" in block)
    names: dict[str, object] = {}
    exec(compile(block.replace('"10m"', '"12s"'), "README.md", "exec"), names)
    names["model"].close()
    assert (tmp_path / "curated" / "README.md").is_file() and (tmp_path / "model" / "model.json").is_file()


def test_continuous_integration_runs_the_test_command_of_the_readme():
    """Extracted by the script's own lines, and nothing else than the block says."""
    script = (ROOT / ".ci" / "run").read_text()
    line = next(line for line in script.splitlines() if line.startswith("test_command="))
    done = subprocess.run(["bash", "-c", f'{line}\nprintf %s "$test_command"'], cwd=ROOT, capture_output=True, text=True, check=True)
    told = re.search(r"<!-- test -->\n```\w*\n(.*?)\n```\n<!-- /test -->", README, flags=re.DOTALL)
    assert told and done.stdout == told.group(1) == "pip install -e '.[test]' && pytest"
    assert 'eval "$test_command"' in script


def test_every_path_that_the_documents_link_to_exists():
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), (document.name, target)
