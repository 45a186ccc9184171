"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "provender"
FILES = sorted(SOURCE.rglob("*.py"))
WRITTEN = [*FILES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
VAGUE = {"utils", "util", "base", "common", "helpers", "helper", "misc"}
HEAVY = ("numpy", "pandas", "scipy", "sklearn", "pyarrow", "rich", "sqlite3")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_function_has_at_most_60_lines_and_8_parameters(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            assert lines <= 60, f"{node.name} has {lines} lines"
            given = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if a.arg not in ("self", "cls")]
            settings = "cli" in path.parts or node.name == "__init__"  # a command's options; an estimator's settings
            assert settings or len(given) <= 8, f"{node.name} has {len(given)} parameters"


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_no_failure_is_swallowed_and_nothing_is_left_to_do(path: Path) -> None:
    text = path.read_text()
    marks = [mark for mark in ("TO" + "DO", "FIX" + "ME", "XX" + "X") if mark in text]
    assert not marks
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: a bare except"
            broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            assert not (broad and silent), f"line {node.lineno}: everything is swallowed"


def test_nothing_has_a_vague_name() -> None:
    assert not [name_of(path) for path in SOURCE.rglob("*") if path.stem in VAGUE]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_the_command_line_imports_nothing_heavy_before_a_command_runs() -> None:
    code = f"import sys, provender.cli.app; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_importing_prints_nothing_and_writes_nothing(tmp_path: Path) -> None:
    names = [".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in FILES if path.stem not in ("__init__", "__main__", "make")]
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
