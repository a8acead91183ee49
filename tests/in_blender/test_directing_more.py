"""Directions that are no typed words: a pose, a picture, a second one, and the voice's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acting import Formula, hear_everything
from blender_runner import RunCase

from server.language.instruction import InstructionError, described
from server.registry import Registry
from server.service import Service
from server.settings import Settings

SENTENCE = "The lip corners are pulled up slightly."


def _instruct(_samples: Any, *, weights: str, heard: Any) -> Any:
    assert weights == "instruction" and heard is not None
    return described(SENTENCE, np.zeros(256, np.float32), 0.75)


def _no_weights(_samples: Any, *, weights: str, heard: Any) -> Any:
    raise InstructionError("there are no instruction weights", "Install Soliloquy again.")


def _serving(actor: Formula, instruct: Any) -> Iterator[str]:
    transport = pytest.importorskip("server.transport")
    registry = Registry("cpu", {"articulate": lambda _device: actor})
    service = Service(Settings(bind="tcp://127.0.0.1:*"), registry, hear_everything, instruct)
    with transport.ServerThread(service=service) as server:
        yield server.address


@pytest.fixture
def instructing(actor: Formula) -> Iterator[str]:
    yield from _serving(actor, _instruct)


@pytest.fixture
def wordless(actor: Formula) -> Iterator[str]:
    yield from _serving(actor, _no_weights)


def test_a_pose_and_a_second_direction_go_into_the_request(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    every_blender("directing_more", "a_pose_is_the_direction", address=address, wav=wav)
    posed, mixed = actor.requests
    assert dict(posed.pose) == {"mouthSmileLeft": 0.8, "browInnerUp": 0.5}
    assert (posed.direction, posed.intensity, posed.blend) == ("", 0.25, None)
    assert not mixed.pose and mixed.direction == "kept for later"
    assert mixed.blend is not None
    assert (mixed.blend.text, mixed.blend.share) == ("calm", 0.25)


def test_a_pose_is_read_at_a_frame(every_blender: RunCase) -> None:
    every_blender("directing_more", "a_pose_is_read_at_a_frame")


def test_sliders_that_were_left_alone_do_not_weaken_a_pose(blender: RunCase) -> None:
    blender("directing_more", "sliders_that_were_left_alone_do_not_weaken_a_pose")


def test_a_picture_goes_into_the_request(
    blender: RunCase, address: str, wav: str, actor: Formula, tmp_path: Path
) -> None:
    picture = tmp_path / "face.png"
    picture.write_bytes(b"\x89PNG and so on")
    case = "a_picture_is_the_direction"
    blender("directing_more", case, address=address, wav=wav, picture=str(picture))
    assert actor.requests[0].image == picture.read_bytes()


def test_the_voice_fills_the_direction_which_stays_editable(
    blender: RunCase, instructing: str, wav: str, actor: Formula
) -> None:
    case = "the_voice_fills_the_direction"
    blender("directing_more", case, address=instructing, wav=wav, sentence=SENTENCE)
    assert actor.requests[0].direction == "furious"


def test_a_direction_becomes_strips_over_the_line(
    every_blender: RunCase, instructing: str, wav: str, actor: Formula
) -> None:
    every_blender("directing_more", "the_direction_becomes_strips", address=instructing, wav=wav)
    strips = actor.requests[0].strips
    assert strips and all((s.start, s.end) == (0.0, 2.0) for s in strips)


def test_a_question_dies_with_its_file(blender: RunCase, instructing: str, wav: str) -> None:
    blender("directing_more", "a_question_dies_with_its_file", address=instructing, wav=wav)


def test_missing_weights_are_told_in_one_sentence(
    blender: RunCase, wordless: str, wav: str
) -> None:
    blender("directing_more", "a_refusal_is_one_sentence", address=wordless, wav=wav)
