"""Settings of the whole suite."""

import compileall
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)  # how long one example takes depends on who else computes
settings.load_profile("shared machine")

SOURCE = Path(__file__).parents[1] / "src" / "provender"


def pytest_configure(config: pytest.Config) -> None:
    """Hundreds of processes will import the product. Compiled once, each starts in half the time, also where Python is told to write no bytecode."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(SOURCE, quiet=2)
