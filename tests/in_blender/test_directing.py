"""What is done with takes after they were generated."""

from __future__ import annotations

import wave

from blender_runner import RunCase


def test_layer_weights_keep_hand_edits(every_blender: RunCase, address: str, wav: str) -> None:
    every_blender("directing", "layer_weights_keep_hand_edits", address=address, wav=wav)


def test_fewer_keys_stay_within_the_tolerance(blender: RunCase, address: str, wav: str) -> None:
    blender("directing", "fewer_keys_stay_within_the_tolerance", address=address, wav=wav)


def test_a_deleted_take_gives_way_to_the_one_before(
    blender: RunCase, address: str, wav: str
) -> None:
    blender("directing", "a_deleted_take_gives_way_to_the_one_before", address=address, wav=wav)


def test_earlier_animation_cannot_be_deleted(blender: RunCase, address: str, wav: str) -> None:
    blender("directing", "earlier_animation_cannot_be_deleted", address=address, wav=wav)


def test_only_the_chosen_part_is_made_anew(every_blender: RunCase, address: str, wav: str) -> None:
    every_blender("directing", "only_the_chosen_part_is_made_anew", address=address, wav=wav)


def test_a_line_that_was_trimmed_is_not_spliced(blender: RunCase, address: str, wav: str) -> None:
    with wave.open(wav) as whole, wave.open(wav.replace("hello line", "short"), "wb") as short:
        short.setparams(whole.getparams())
        short.writeframes(whole.readframes(16000))
    blender("directing", "a_line_that_was_trimmed_is_not_spliced", address=address, wav=wav)
