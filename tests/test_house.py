"""The house rules that a machine can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "provender"
FILES = sorted(SOURCE.rglob("*.py"))
WRITTEN = [*FILES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
VAGUE = {"utils", "util", "base", "common", "helpers", "helper", "misc"}
HEAVY = ("numpy", "pandas", "scipy", "sklearn", "pyarrow", "rich", "sqlite3")


TREES = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in WRITTEN}


def functions_of_ours() -> list[tuple[str, ast.FunctionDef]]:
    return [(f"{name}:{node.lineno} {node.name}", node) for name, tree in TREES.items() if name.startswith("src")
            for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]  # fmt: skip


def test_a_file_has_at_most_400_lines() -> None:
    assert [path for path in FILES if len(path.read_text().splitlines()) > 400] == []


def test_a_function_has_at_most_60_lines() -> None:
    assert [name for name, node in functions_of_ours() if node.end_lineno - node.lineno + 1 > 60] == []


def test_a_function_has_at_most_8_parameters() -> None:
    """A command's options and an estimator's settings apart, which are read by name."""
    crowded = []
    for name, node in functions_of_ours():
        given = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)} - {"self", "cls"}
        if len(given) > 8 and "/cli/" not in name and node.name != "__init__":
            crowded.append(name)
    assert crowded == []


def test_no_failure_is_swallowed() -> None:
    """No bare except, and `except Exception: pass` neither."""
    silent = []
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
                if node.type is None or (broad and isinstance(node.body[0], ast.Pass)):
                    silent.append(f"{name}:{node.lineno}")
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    assert [path for path in WRITTEN if any(mark in path.read_text() for mark in marks)] == []


def test_nothing_has_a_vague_name() -> None:
    assert [path for path in SOURCE.rglob("*") if path.stem in VAGUE] == []


def test_every_module_says_what_it_is() -> None:
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree) and not name.endswith("/__init__.py")] == []


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
