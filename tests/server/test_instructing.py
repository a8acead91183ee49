"""Instructions over the same road as performances, and directions that are no words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_generator import ToyGenerator, toy_listen

from server.commands.directions import read_blend, read_image, read_pose
from server.errors import BadRequest
from server.generators.base import Speech
from server.language.instruction import InstructionError, described
from server.registry import GENERATORS, Offer, Registry
from server.service import Service
from server.settings import Limits, Settings
from server.wire.client import Client
from server.wire.errors import DecodeError
from server.wire.messages import (
    Accepted,
    AudioInfo,
    Cancel,
    DirectionBlend,
    Failed,
    GenerateRequest,
    Instruction,
    InstructRequest,
    Progress,
    Result,
    TimedPhone,
)

SAMPLES = np.full(16000 * 2, 0.1, np.float32)
SENTENCE = "The lip corners are pulled up slightly."
REQUEST = InstructRequest("i1", AudioInfo("f32le", 16000))


class Told:
    """Stands for the networks: always one sentence, and what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, str, Speech | None]] = []

    def __call__(self, samples: Any, *, weights: str, heard: Speech | None) -> Any:
        self.calls.append((len(samples), weights, heard))
        return described(SENTENCE, np.zeros(256, np.float32), 0.75, ("Heard clearly.",))


def service_of(told: Told | None = None, **limits: Any) -> Service:
    registry = Registry("cpu", {"toy": lambda _device: ToyGenerator()})
    settings = Settings(bind="tcp://127.0.0.1:*", limits=Limits(**limits))
    return Service(settings, registry, toy_listen, told or Told())


def answer_to(request: InstructRequest, service: Service | None = None) -> list[Any]:
    events: list[Any] = []
    audio = SAMPLES if request.audio is not None else None
    (service or service_of()).perform(request, audio, events.append)
    return events


def test_a_voice_gives_one_instruction_after_listening() -> None:
    told = Told()
    events = answer_to(REQUEST, service_of(told))
    assert isinstance(events[0], Accepted) and isinstance(events[1], Progress)
    (found,) = (e for e in events if isinstance(e, Instruction))
    assert events[-1] is found
    assert (found.text, found.emotion, found.confidence) == (SENTENCE, "happy", 0.75)
    assert set(found.aus) == {"AU12"} and 0 < found.aus["AU12"] <= 1
    (strip,) = found.strips
    assert (strip.au, strip.start, strip.end) == ("AU12", 0.0, 2.0)
    assert found.notes[0] == "Heard clearly."
    assert found.provenance["weights"] == "instruction"
    assert len(found.provenance["audio_sha256"]) == 64
    assert told.calls[0][2] is not None, "the ears listen once"


def test_research_weights_are_only_used_when_they_are_named() -> None:
    told = Told()
    answer_to(replace(REQUEST, weights="research"), service_of(told))
    assert told.calls[0][1] == "instruction-research"
    (failed,) = answer_to(replace(REQUEST, weights="/etc/passwd"))
    assert failed.message == "There are no instruction weights '/etc/passwd'."


def test_a_strip_that_plays_faster_is_heard_as_it_was_spoken() -> None:
    told = Told()
    fast = replace(REQUEST, audio=AudioInfo("f32le", 16000, playback_rate=2.0))
    found = answer_to(replace(fast, phones=(TimedPhone("m", 0.5, 0.75),)), service_of(told))[-1]
    assert told.calls[0][0] == 32000
    heard = told.calls[0][2]
    assert heard is not None and heard.phones[0].start == 1.0
    assert found.strips[0].end == 1.0


def test_words_are_read_without_a_voice() -> None:
    request = InstructRequest("i2", text="raise the left eyebrow", seconds=3.0)
    found = answer_to(request)[-1]
    assert found.text == request.text
    assert any(au.endswith("L") for au in found.aus)
    assert found.strips and all(0.0 <= s.start < s.end <= 3.0 for s in found.strips)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"audio": None}, "neither a recording nor a direction"),
        ({"text": "calm"}, "There is a recording and a direction."),
        ({"request_id": ""}, "request_id is empty"),
        ({"language": "e" * 65}, "language is"),
        ({"transcript": "a" * 101}, "The transcript has 101 characters; the limit is 100."),
        ({"audio": None, "text": "a" * 101}, "The direction has 101 characters"),
        ({"audio": None, "text": "a", "seconds": float("nan")}, "The length is nan s."),
        ({"audio": None, "text": "a", "seconds": 1e9}, "The motion has 1e+09 seconds"),
        ({"audio": AudioInfo("f32le", 0)}, "sample rate"),
    ],
)
def test_an_impossible_request_is_refused_in_one_sentence(
    changes: dict[str, Any], says: str
) -> None:
    (failed,) = answer_to(replace(REQUEST, **changes), service_of(text=100))
    assert isinstance(failed, Failed)
    assert says.lower() in failed.message.lower()


def test_missing_weights_are_told_with_what_to_do() -> None:
    def absent(_samples: Any, *, weights: str, heard: Speech | None) -> Any:
        raise InstructionError(f"there are no weights '{weights}'", "Build them.")

    registry = Registry("cpu", {"toy": lambda _device: ToyGenerator()})
    service = Service(Settings(), registry, toy_listen, absent)
    failed = answer_to(replace(REQUEST, weights="research"), service)[-1]
    assert (failed.code, failed.hint) == ("unavailable", "Build them.")
    assert "instruction-research" in failed.message


def test_over_the_wire_it_takes_the_same_road() -> None:
    transport = pytest.importorskip("server.transport")
    with (
        transport.ServerThread(service=service_of()) as server,
        Client(server.address) as client,
    ):
        events = list(client.perform(REQUEST, SAMPLES))
        assert isinstance(events[-1], Instruction) and events[-1].text == SENTENCE
        words = list(client.perform(InstructRequest("i2", text="furious"), None))
        assert words[-1].emotion == "angry"
        performed = GenerateRequest("r1", generator="toy", audio=AudioInfo("f32le", 16000))
        assert isinstance(list(client.perform(performed, SAMPLES))[-1], Result)


def test_a_server_of_before_says_what_to_update() -> None:
    from server.wire import codec

    older = {name: t for name, t in codec.CLIENT_TYPES.items() if name != "instruct_request"}
    with pytest.raises(DecodeError, match="'instruct_request' is unknown here") as caught:
        codec.decode(codec.encode(REQUEST), older)
    assert (caught.value.code, caught.value.request_id) == ("version", "i1")


def test_a_request_that_waits_is_cancelled_like_any_other() -> None:
    transport = pytest.importorskip("server.transport")
    with (
        transport.ServerThread(service=service_of()) as server,
        Client(server.address) as client,
    ):
        client.submit(REQUEST, SAMPLES)
        client.cancel(REQUEST.request_id)
        last: Any = None
        while not isinstance(last, Failed | Instruction):
            last = client.wait(10.0)
            assert last is not None
    assert isinstance(last, Instruction) or last.code == "cancelled"
    assert Cancel(REQUEST.request_id).request_id == "i1"


PERFORM = GenerateRequest("r1", generator="toy", seconds=1.0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"blend": DirectionBlend("", 0.5)}, "The second direction has no text."),
        ({"blend": DirectionBlend("calm", 1.5)}, "The share of the second direction is 1.5."),
        ({"blend": DirectionBlend("a" * 101)}, "The second direction has 101 characters"),
        ({"image": bytes(11)}, "The picture has 11 bytes; the limit is 10."),
        ({"pose": {"smile": 1.0}}, "The pose names 'smile'"),
    ],
)
def test_an_impossible_direction_is_refused(changes: dict[str, Any], says: str) -> None:
    events: list[Any] = []
    service = service_of(text=100, image_bytes=10)
    service.perform(replace(PERFORM, **changes), None, events.append)
    assert says in events[-1].message


def test_directions_that_a_generator_has_no_notion_of_are_told() -> None:
    events: list[Any] = []
    asked = replace(PERFORM, image=b"png", blend=DirectionBlend("calm"), pose={"jawOpen": 0.1})
    service_of().perform(asked, None, events.append)
    (note, *_) = events[-1].notes
    assert note.startswith("Pose, image, blend were not used: the generator 'toy'")


def test_a_picture_is_refused_before_any_work_with_what_to_get() -> None:
    offer = Offer(lambda _device: ToyGenerator(), image=f"{__name__}:no_image")
    service = Service(Settings(), Registry("cpu", {"toy": offer}), toy_listen)
    events: list[Any] = []
    service.perform(replace(PERFORM, image=b"png"), None, events.append)
    (failed,) = events
    assert (failed.code, failed.message, failed.hint) == ("unavailable", "No CLIP.", "Get it.")
    assert GENERATORS["expclip"].image


def no_image() -> tuple[str, str]:
    return "No CLIP.", "Get it."


def test_the_picture_is_kept_in_provenance_as_its_digest() -> None:
    events: list[Any] = []
    service_of().perform(replace(PERFORM, image=b"png"), None, events.append)
    facts = events[-1].provenance
    assert len(facts["image_sha256"]) == 64 and "image" not in facts["request"]


def test_a_pose_is_read_from_json_and_from_what_express_prints(tmp_path: Path) -> None:
    path = tmp_path / "face.json"
    path.write_text(json.dumps({"jawOpen": 1}))
    assert read_pose(path) == {"jawOpen": 1.0}
    path.write_text(json.dumps({"aus": {}, "blendshapes": {"mouthPucker": 0.5}}))
    assert read_pose(path) == {"mouthPucker": 0.5}
    assert read_pose(None) == {}


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"jawOpen": "wide"}', '{"jawOpen": true}'])
def test_a_file_that_is_no_pose_says_how_to_write_one(text: str, tmp_path: Path) -> None:
    path = tmp_path / "face.json"
    path.write_text(text)
    with pytest.raises(BadRequest, match="mouthSmileLeft"):
        read_pose(path)


def test_a_share_without_a_second_direction_is_refused(tmp_path: Path) -> None:
    assert read_blend("calm", None) == DirectionBlend("calm", 0.5)
    assert read_blend("", None) is None
    with pytest.raises(BadRequest, match="--direction-b"):
        read_blend("", 0.3)
    with pytest.raises(BadRequest, match="cannot be read"):
        read_image(tmp_path / "missing.png")


def test_expclip_names_what_a_picture_needs_and_offers_it_when_it_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from server.generators.expclip.facts import PROJECTOR, facts, image_problem

    monkeypatch.delenv("SOLILOQUY_ENCODERS", raising=False)
    assert "SOLILOQUY_ENCODERS is not set" in image_problem()[0]
    assert "image" not in facts().controls and "blend" in facts().controls
    monkeypatch.setenv("SOLILOQUY_ENCODERS", str(tmp_path))
    assert "no CLIP checkpoint" in image_problem()[0]
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "config.json").write_text("{}")
    assert (
        "no image projector" in image_problem()[0] and "train the projector" in image_problem()[1]
    )
    (tmp_path / PROJECTOR).write_bytes(b"")
    assert image_problem() == ("", "") and "image" in facts().controls
