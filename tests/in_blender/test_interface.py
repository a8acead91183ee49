"""What the interface promises: words, reasons for what is greyed, search, other languages."""

from __future__ import annotations

from blender_runner import RunCase


def test_everything_has_a_label_and_a_description(blender: RunCase) -> None:
    blender("interface", "everything_has_a_label_and_a_description")


def test_every_refusal_says_why(every_blender: RunCase) -> None:
    every_blender("interface", "every_refusal_says_why")


def test_what_edits_the_scene_can_be_undone(blender: RunCase) -> None:
    blender("interface", "what_edits_the_scene_can_be_undone")


def test_every_operator_is_found_by_search(every_blender: RunCase) -> None:
    every_blender("interface", "every_operator_is_found_by_search")


def test_every_message_is_translated_with_the_same_places_to_fill(blender: RunCase) -> None:
    blender("interface", "every_message_is_translated")
