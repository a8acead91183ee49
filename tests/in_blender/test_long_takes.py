"""Takes with so many keys that some are left out."""

from __future__ import annotations

from blender_runner import RunCase


def test_keys_are_left_out_where_nobody_sees_it(
    every_blender: RunCase, address: str, wav: str
) -> None:
    case = "keys_are_left_out_where_nobody_sees_it"
    every_blender("long_takes", case, address=address, wav=wav)


def test_every_frame_has_its_key_when_that_is_asked_for(
    blender: RunCase, address: str, wav: str
) -> None:
    case = "every_frame_has_its_key_when_that_is_asked_for"
    blender("long_takes", case, address=address, wav=wav)


def test_layers_bend_it_where_it_was_straight(
    every_blender: RunCase, address: str, wav: str
) -> None:
    case = "layers_bend_it_where_it_was_straight"
    every_blender("long_takes", case, address=address, wav=wav)


def test_a_part_made_anew_leaves_the_rest_as_it_is(
    every_blender: RunCase, address: str, wav: str
) -> None:
    case = "a_part_made_anew_leaves_the_rest_as_it_is"
    every_blender("long_takes", case, address=address, wav=wav)


def test_what_is_read_at_once_is_what_blender_shows(every_blender: RunCase) -> None:
    every_blender("long_takes", "what_is_read_at_once_is_what_blender_shows")
