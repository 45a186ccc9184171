"""Run a task's grade.py inside a sandbox: foreign code never enters the process that holds the labels."""

from __future__ import annotations

import linecache
import types
from collections.abc import Mapping, Sequence

from ...contract.wire import unpack
from ...errors import LoaderError
from ...execute.inside import Channel


def main(channel: Channel, params: Mapping, files: Sequence[memoryview]) -> None:
    """files: submission and answers, row by row; sends {"score": float}.

    grade.py defines score(submission, answers) -> float and may define validate(submission, answers), which raises.
    """
    tables = unpack(files[0])
    name, text = "grade.py", params["source"]
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    module = types.ModuleType("grade")
    exec(compile(text, name, "exec"), module.__dict__)
    if not hasattr(module, "score"):
        raise LoaderError("grade.py defines no score(submission, answers)")
    if hasattr(module, "validate"):
        module.validate(tables["submission"], tables["answers"])
    channel.send({"score": float(module.score(tables["submission"], tables["answers"]))})
