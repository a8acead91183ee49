"""Where a take is to be written, in words that survive undo, renaming and loading."""

from __future__ import annotations

from dataclasses import dataclass

from .splicing import Splice


@dataclass(frozen=True)
class Target:
    """What a generation is for; everything is looked up again when its takes arrive.

    Attributes:
        scene_uid, scene_name: session identifier, and name as a fallback.
        character_uid: identifier of the character in the scene.
        start_frame: scene frame of the first heard sample.
        label: what takes are named after, usually the sound strip.
        heard_part: what of which recording is performed, "" for what is no line.
        generator: name of the generator. seed: of the first take.
        direction: how it was asked to be played, for the list of takes.
        splice: what of an earlier take is made anew, or None for a take of its own.
        tolerance: how far straight lines between keys may miss the curve; 0 keys every frame, None
            as many as its length asks for.
    """

    scene_uid: int
    scene_name: str
    character_uid: str
    start_frame: float
    label: str
    generator: str
    seed: int
    tolerance: float | None = None
    direction: str = ""
    splice: Splice | None = None
    heard_part: str = ""


def take_name(label: str, number: int) -> str:
    """Name of a take: short enough for Blender's 63 bytes with a mesh name after it."""
    return f"Soliloquy {label[:24]} take {number}"
