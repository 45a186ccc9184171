"""Pieces for notebooks: framed, without scripts, deaf to what their texts say."""

from __future__ import annotations

from html import unescape

import pytest
from reading import Reading
from stories import credited, hostile, opening, stored, unproven

from provender.report.fragments import credits_html, report_html, run_html, tree_html


@pytest.mark.parametrize("draw", [credits_html, run_html, tree_html, report_html])
@pytest.mark.parametrize("story", [opening()[:1], hostile(), credited()], ids=["begun", "hostile", "credited"])
def test_a_piece_is_one_sandboxed_frame_that_runs_nothing(draw, story: list) -> None:
    (frame,) = Reading(draw("run-1", stored(story))).elements
    assert frame[0] == "iframe" and frame[1]["sandbox"] == ""
    inside = Reading(frame[1]["srcdoc"])
    assert inside.broken == []
    assert not {"script", "img", "iframe", "link", "form", "a"} & {tag for tag, _ in inside.elements}


def test_credits_are_drawn_or_their_absence_is_told() -> None:
    assert "What each part is worth" in unescape(credits_html("r", stored(credited())))
    assert "No part of a state has been credited." in unescape(credits_html("r", stored(unproven())))
