"""Directions and phones over time, and strips that travel from line to line."""

from __future__ import annotations

from pathlib import Path

import pytest
from acting import Formula
from blender_runner import RunCase


def test_directions_over_the_line_go_into_the_request(
    every_blender: RunCase, address: str, wav: str, actor: Formula, tmp_path: Path
) -> None:
    path = str(tmp_path / "directions.blend")
    every_blender("direction_strips", "directions_go_along", address=address, wav=wav, path=path)
    furious, calm = actor.requests[0].direction_strips
    assert (furious.text, furious.start, furious.end) == ("furious, then cold", 0.25, 1.25)
    assert furious.intensity == pytest.approx(0.6)
    assert (calm.text, calm.start, calm.end) == ("calm", 1.5, 2.0)
    assert calm.intensity == pytest.approx(0.4, abs=0.01), (
        "an animated intensity counts as its mean"
    )


def test_phones_that_were_corrected_are_obeyed(
    every_blender: RunCase, address: str, wav: str, actor: Formula, tmp_path: Path
) -> None:
    path = str(tmp_path / "phones.blend")
    case = "phones_are_shown_corrected_and_obeyed"
    every_blender("direction_strips", case, address=address, wav=wav, path=path)
    assert actor.requests[0].phones == ()
    told = [(p.phone, round(p.start, 3), round(p.end, 3)) for p in actor.requests[1].phones]
    assert told == [("b", 0.1, 0.4), ("l", 0.5, 0.6), ("o", 0.6, 1.5), ("m", 1.583, 1.75)]
    assert actor.requests[2].phones == ()


def test_strips_are_copied_to_another_line_scene_and_character(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    case = "strips_are_copied_to_another_line"
    every_blender("direction_strips", case, address=address, wav=wav)
    first, second, other = actor.requests
    assert [s.au for s in first.strips] == ["AU12"] and first.strips == second.strips
    assert first.direction_strips == second.direction_strips != ()
    assert first.phones == second.phones != ()
    assert not other.strips and not other.direction_strips and not other.phones


def test_expressions_are_searched_and_drawn(every_blender: RunCase) -> None:
    every_blender("direction_strips", "expressions_are_searched_and_drawn")
