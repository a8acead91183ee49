"""Generate in Blender against a real server."""

from __future__ import annotations

from acting import Formula
from blender_runner import RunCase


def test_a_file_becomes_keys_on_every_shape_key(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("generating", "a_file_becomes_keys", address=address, wav=wav)


def test_direction_emotion_and_words_go_along(
    blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    blender("generating", "direction_goes_along", address=address, wav=wav)
    (request,) = actor.requests
    assert (request.direction, request.emotion, request.intensity) == ("furious", "angry", 0.75)
    assert (request.transcript, request.language, request.seed) == ("hello", "de", 9)
