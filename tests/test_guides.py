"""The guides of docs/ run as they stand, from their first block to their last, each in a folder of its own.

    ```console    every line after "$ " is a shell command that has to end well
    ```python     runs, all blocks of a page in one namespace
    <!-- file: NAME -->    the block below is the text of this file
    <!-- not run: WHY -->  the block below is only shown
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = ("quickstart", "tasks", "learners", "lake", "trust", "python")
BLOCK = re.compile(r"(?:<!-- (?P<note>file|not run): (?P<what>[^>]+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
SHORTER = ((r"--budget (1?0m|60s)", "--budget 15s"), (r'budget="1?0m"', 'budget="15s"'))
SHOWN_ONLY = ("text", "json", "")  # languages in which nothing can be run


@dataclass(frozen=True)
class Step:
    """One block of a guide. note: file, not run, or none"""

    line: int
    language: str
    note: str | None
    what: str
    text: str


def steps(guide: str) -> list[Step]:
    page = (DOCS / f"{guide}.md").read_text()
    return [
        Step(page.count("\n", 0, m.start()) + 1, m["language"], m["note"], (m["what"] or "").strip(), m["text"]) for m in BLOCK.finditer(page)
    ]


def shell(text: str, folder: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    for command in re.findall(r"^\$ (.*(?:\\\n.*)*)", text, flags=re.MULTILINE):
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"$ {command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr, f"$ {command}\n{done.stderr[-2000:]}"


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_runs_as_it_stands(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__guide__"}
    ran = 0
    for step in steps(guide):
        text = step.text
        for long, short in SHORTER:
            text = re.sub(long, short, text)
        if step.note == "file":
            (tmp_path / step.what).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / step.what).write_text(text)
        elif step.note is None and step.language == "console":
            shell(text, tmp_path)
            ran += 1
        elif step.note is None and step.language == "python":
            exec(compile("\n" * step.line + text, DOCS / f"{guide}.md", "exec"), namespace)
            ran += 1
        else:
            assert step.note == "not run" or step.language in SHOWN_ONLY, f"docs/{guide}.md line {step.line}: nobody runs this {step.language} block"
    assert ran, "a guide that runs nothing shows nothing"


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_does_not_run_it_cannot_run(guide):
    """Only installing, and what needs a key or another machine, may be shown without being run."""
    for step in steps(guide):
        assert step.note != "not run" or re.search(r"install|key|another machine|notebook", step.what), f"docs/{guide}.md line {step.line}"
