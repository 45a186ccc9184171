"""The methods that a loader imports, kept beside it as files: what is opened later runs with them, whatever is installed then."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import UserError
from ..pipeline.state import METHODS, method_texts


def write_methods(folder: Path, loader: str) -> list[str]:
    """Write `folder/NAME.py` for every method that this loader imports; the modules' names, sorted."""
    texts = method_texts(loader)
    if texts:
        folder.mkdir()
    for module, text in texts.items():
        (folder / f"{module.rpartition('.')[2]}.py").write_text(text)
    return sorted(texts)


def read_methods(folder: Path, modules: Iterable[object], loader: str) -> dict[str, str]:
    """{module: text} of the methods kept in this folder; {} where they are the ones that are installed here.

    Raises UserError for a name that is no method's, which would be the path of some other file, and for a file that is not there.
    """
    texts = {}
    for module in map(str, modules):
        name = module.removeprefix(f"{METHODS}.")
        path = folder / f"{name}.py"
        if module == name or not name.isidentifier() or not path.is_file() or path.is_symlink():
            raise UserError(f"{folder.parent} names the method {module!r}, which it does not hold: make it again")
        texts[module] = path.read_text()
    return {} if texts == method_texts(loader) else texts
