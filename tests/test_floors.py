"""Imports go strictly down the house, peers share nothing, and no package bites its own tail. Lazy imports count.

An import written as text ("provender.pipeline.inside.loader:main", which a sandbox resolves) counts like any other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "provender"
FLOORS = {
    "": 0, "errors": 0, "contract": 1, "profile": 2, "journal": 2, "guard": 3, "methods": 3, "learners": 3, "execute": 3, "sources": 3,
    "pipeline": 4, "agents": 5, "search": 6, "report": 7, "keep": 7, "demo": 7,
    "study": 8, "smith": 8, "bench": 8, "cli": 9, "__main__": 10,
}  # fmt: skip
AS_TEXT = re.compile(r"provender((?:\.[a-z_][a-z0-9_]*)+)(?::\w*)?")


def modules() -> list[str]:
    """Dotted names below `provender`, '' for the package itself."""
    return [module_of(path) for path in sorted(SOURCE.rglob("*.py"))]


def module_of(path: Path) -> str:
    return ".".join(part for part in path.relative_to(SOURCE).with_suffix("").parts if part != "__init__")


def path_of(module: str) -> Path:
    place = SOURCE.joinpath(*module.split(".")) if module else SOURCE
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def is_module(name: str) -> bool:
    return path_of(name).exists()


def imports(module: str, *, for_types: bool) -> set[str]:
    """Modules of ours that this one names: imports anywhere in it, and texts that are import paths."""
    path = path_of(module)
    tree = ast.parse(path.read_text())
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    typed = set() if for_types else {id(node) for guard in ast.walk(tree) if only_for_types(guard) for node in ast.walk(guard)}
    named: set[str] = set()
    for node in ast.walk(tree):
        if id(node) not in typed:
            named.update(named_by(node, package))
    return {name for name in named if name != module}


def only_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def named_by(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == "provender":
                yield alias.name.partition(".")[2]
    elif isinstance(node, ast.ImportFrom):
        yield from from_import(node, package)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (match := AS_TEXT.fullmatch(node.value)):
        name = match[1].lstrip(".")
        while name and not is_module(name):
            name = name.rpartition(".")[0]
        if name:
            yield name


def from_import(node: ast.ImportFrom, package: str) -> Iterator[str]:
    if node.level == 0:
        if (node.module or "").split(".")[0] != "provender":
            return
        origin = (node.module or "").partition(".")[2]
    else:
        above = package.split(".") if package else []
        origin = ".".join([*above[: len(above) - node.level + 1], *([node.module] if node.module else [])])
    for alias in node.names:
        deeper = f"{origin}.{alias.name}".lstrip(".")
        yield deeper if is_module(deeper) else origin


def floor_package(module: str) -> str:
    return module.split(".")[0]


def test_imports_go_strictly_down() -> None:
    wrong = []
    for module in modules():
        mine = floor_package(module)
        assert mine in FLOORS, f"{mine} stands on no floor: draw it into FLOORS and docs/architecture.md"
        for name in sorted(imports(module, for_types=True)):
            if floor_package(name) != mine and FLOORS[floor_package(name)] >= FLOORS[mine] > 0:
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_the_ground_floor_stands_on_nothing() -> None:
    """The package's own file is the front door: it names the Python API, lazily, and nothing else."""
    assert imports("errors", for_types=True) == set()
    assert {floor_package(name) for name in imports("", for_types=True)} <= {"study"}


def test_no_package_imports_itself_in_a_circle() -> None:
    """Between files of one floor-package too, lazy imports included; only annotations may point back."""
    graph = {module: imports(module, for_types=False) - {""} for module in modules()}
    packages = {name for name in graph if path_of(name).name == "__init__.py"}
    for module in graph:  # a package's __init__ may gather its files, and they may name their package's other files
        graph[module] = {name for name in graph[module] if not (name in packages and module.startswith(f"{name}."))}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these files import one another in a circle: {' -> '.join(reversed(error.args[1]))}")


def test_the_reader_of_imports_sees_lazy_relative_and_textual_ones() -> None:
    found = imports("pipeline.admit", for_types=True)
    assert {"contract.wire", "guard.overlap", "pipeline.pool_store"} <= found
    assert "pipeline.inside.loader" in imports("pipeline.submit", for_types=True), "an entry named by text is an import"
    assert "sources.sketching" in imports("pipeline.inside.parse", for_types=True), "an import inside a function is an import"
