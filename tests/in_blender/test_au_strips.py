"""AU strips, from the Sequencer to the request."""

from __future__ import annotations

from pathlib import Path

import pytest
from acting import Formula
from blender_runner import RunCase


def test_strips_over_the_line_go_into_the_request(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    every_blender("au_strips", "strips_go_into_the_request", address=address, wav=wav)
    keyed, plain = actor.requests[0].strips
    assert (keyed.au, keyed.start, keyed.end) == ("AU12", 0.25, 1.25)
    assert keyed.keys[0] == (0.25, 0.0) and keyed.keys[-1][1] == 1.0 and len(keyed.keys) > 3
    assert (plain.au, plain.start, plain.end) == ("AU12L", 0.5, 1.0)
    assert plain.keys == ((0.5, pytest.approx(0.5)),)


def test_strips_in_meta_strips_are_obeyed_as_far_as_they_are_seen(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    every_blender("au_strips", "strips_in_a_trimmed_meta_strip", address=address, wav=wav)
    told = [[(s.au, s.start, s.end) for s in asked.strips] for asked in actor.requests]
    half, outer = ("AU4", 0.5, 0.75), ("AU2", 1.5, 2.0)
    assert told[0] == [("AU12", 0.0, 0.5), half, outer]
    assert told[1:] == [[half, outer], [outer]]


def test_strips_survive_saving(every_blender: RunCase, tmp_path: Path) -> None:
    path = str(tmp_path / "strips.blend")
    every_blender("au_strips", "strips_survive_saving", path=path)


def test_rendering_still_shows_the_scene(every_blender: RunCase, tmp_path: Path) -> None:
    every_blender("au_strips", "rendering_still_shows_the_scene", folder=str(tmp_path))


def test_an_edit_with_pictures_is_left_alone(blender: RunCase, tmp_path: Path) -> None:
    blender("au_strips", "an_edit_with_pictures_is_left_alone", picture=str(tmp_path / "a.png"))


def test_words_become_strips(blender: RunCase) -> None:
    blender("au_strips", "words_become_strips")
