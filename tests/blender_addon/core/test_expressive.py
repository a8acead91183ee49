"""The moment that stands for a take."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.clip import ArkitClip
from arkit.names import INDEX
from blender_addon.core.expressive import expressive_pose, pose_of_text, pose_text
from blender_addon.core.story import told_direction
from server.wire.messages import DirectionStrip, GenerateRequest, StripSpec


def clip(*moments: tuple[int, dict[str, float]], lips: dict[int, float] | None = None) -> ArkitClip:
    """A second at 24 fps with bumps of five frames."""
    frames, said = np.zeros((24, 52), np.float32), np.zeros((24, 52), np.float32)
    for middle, values in moments:
        for name, value in values.items():
            frames[middle - 2 : middle + 3, INDEX[name]] = value
    for middle, value in (lips or {}).items():
        said[middle - 2 : middle + 3, INDEX["jawOpen"]] = value
    layers = {"lips": said, "emotion": frames}
    return ArkitClip(np.clip(frames + said, 0, 1), 24.0, layers=layers)


def test_the_strongest_expression_is_chosen_and_not_the_most_open_mouth() -> None:
    pose = expressive_pose(clip((5, {"mouthSmileLeft": 0.8}), lips={15: 1.0}))
    assert pose == {"mouthSmileLeft": pytest.approx(0.8, abs=1e-3)}


def test_closed_eyes_are_avoided() -> None:
    blink = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    pose = expressive_pose(clip((5, blink), (15, {"browDownLeft": 0.5})))
    assert "browDownLeft" in pose and "eyeBlinkLeft" not in pose


def test_a_take_of_speech_alone_shows_an_open_mouth() -> None:
    pose = expressive_pose(ArkitClip(clip(lips={15: 0.02}).coefficients, 24.0))
    assert pose == {"jawOpen": pytest.approx(0.02)}
    assert expressive_pose(ArkitClip(np.zeros((0, 52), np.float32), 24.0)) == {}


def test_a_pose_survives_its_text_and_damage_is_the_face_at_rest() -> None:
    assert pose_of_text(pose_text({"jawOpen": 0.25})) == {"jawOpen": 0.25}
    for text in ("", "{", "[]", '{"jawOpen": "wide"}'):
        assert pose_of_text(text) == {}
    assert pose_of_text('{"nothing": 1}') == {}


def test_a_take_says_what_it_was_asked_for() -> None:
    request = GenerateRequest(
        "1", direction=" sly ", emotion="angry", intensity=0.75,
        direction_strips=(DirectionStrip("calm", 0, 1), DirectionStrip("furious", 1, 2)),
        strips=(StripSpec("AU12", 0, 1), StripSpec("AU12", 1, 2), StripSpec("AU4", 0, 1)),
    )  # fmt: skip
    assert told_direction(request) == "sly · calm → furious · angry 0.75 · AU12, AU4"
    assert told_direction(GenerateRequest("1")) == ""
    assert len(told_direction(GenerateRequest("1", direction="x" * 900))) == 200
