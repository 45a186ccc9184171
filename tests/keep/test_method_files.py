"""Methods beside a loader: they are its own, whatever is installed later, and nothing else is read under their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from provender.errors import UserError
from provender.keep.method_files import read_methods, write_methods

LOADER = "from provender.methods.winsorise import Winsorise\n"
MODULE = "provender.methods.winsorise"


def test_methods_of_today_need_no_text_and_those_of_another_day_bring_their_own(tmp_path: Path) -> None:
    names = write_methods(tmp_path / "methods", LOADER)
    assert MODULE in names and read_methods(tmp_path / "methods", names, LOADER) == {}
    file = tmp_path / "methods" / "winsorise.py"
    file.write_text(file.read_text() + "# older\n")
    found = read_methods(tmp_path / "methods", names, LOADER)
    assert found[MODULE].endswith("# older\n") and set(found) == set(names)
    assert write_methods(tmp_path / "none", "import numpy\n") == [] and not (tmp_path / "none").exists()


@pytest.mark.parametrize("module", ["os", MODULE + "x", "provender.methods", "provender.methods.", "provender.methods.a.b", "provender.methods./SECRET", "provender.methods.../SECRET", 3])
def test_a_name_that_is_no_kept_methods_is_refused_and_nothing_is_read(tmp_path: Path, module: object) -> None:
    (tmp_path / "SECRET.py").write_text("secret")
    write_methods(tmp_path / "methods", LOADER)
    with pytest.raises(UserError, match=r"names the method .* which it does not hold"):
        read_methods(tmp_path / "methods", [str(module).replace("SECRET", str(tmp_path / "SECRET"))], LOADER)


def test_a_link_to_another_file_is_no_method(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "winsorise.py").symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="does not hold"):
        read_methods(tmp_path / "methods", [MODULE], LOADER)
