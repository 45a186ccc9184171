"""The library of methods as people read it: one document and one command, both made from the cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provender.cli.methods import as_markdown, methods, show
from provender.errors import UserError
from provender.methods.registry import METHODS


def test_the_document_says_what_the_cards_say():
    assert (Path(__file__).parents[2] / "docs" / "methods.md").read_text() == as_markdown(), "make it: python -m provender.cli.methods > docs/methods.md"


def test_every_method_is_listed(capsys):
    methods(json=True)
    assert [m["name"] for m in json.loads(capsys.readouterr().out)["methods"]] == list(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_shown_with_its_paper(name, capsys):
    show(name, json=True)
    told = json.loads(capsys.readouterr().out)
    show(name, json=False)
    assert told["paper"] in " ".join(capsys.readouterr().out.split())


def test_an_unknown_method_is_refused_with_the_names():
    with pytest.raises(UserError, match="smote"):
        show("magic", json=False)
