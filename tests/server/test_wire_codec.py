"""The wire, byte for byte: golden frames for version 1, and everything that must be refused."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.wire import codec
from server.wire import messages as m
from server.wire.errors import DecodeError, EncodeError, WireError

ALL_TYPES = codec.CLIENT_TYPES | codec.SERVER_TYPES

REQUEST = m.GenerateRequest(
    "r1",
    "articulate",
    m.AudioInfo("file", 0, 0.5, 2.25, 1.0, "line.wav"),
    direction="bitter",
    direction_strips=(m.DirectionStrip("smile", 0.0, 1.5, 0.5),),
    pose={"jawOpen": 0.25},
    emotion="angry",
    intensity=0.75,
    style="calm",
    strips=(m.StripSpec("AU12L", 1.0, 2.0, ((1.0, 0.5), (2.0, 1.0)), "accent", 0.1, 0.2),),
    transcript="Grüße",
    language="de",
    phones=(m.TimedPhone("ʃ", 0.0, 0.1),),
    guidance={"audio": 1.5},
    seed=7,
    takes=2,
    output="arkit51",
    fps=23.976,
    regenerate_start=0.5,
    regenerate_end=1.0,
    regenerate_regions=("mouth",),
    steps=20,
)
CLIP = m.ClipData(
    ("jawOpen",),
    24.0,
    np.array([[0.5], [0.25]], np.float32),
    np.zeros((0, 3), np.float32),
    np.zeros((0, 2, 3), np.float32),
    {"lips": np.array([[0.5], [0.25]], np.float32)},
)
CHUNK = m.Chunk(
    "r1",
    0,
    10,
    ("jawOpen", "mouthClose"),
    np.array([[0.5, 0.25]], np.float32),
    np.array([[0.0, 1.0, -1.0]], np.float32),
    np.zeros((1, 2, 3), np.float32),
    {"lips": np.array([[0.5, -0.25]], np.float32)},
)
FLAME = m.FlameFrames(
    "head-1",
    np.array([[1.0, -2.0]], np.float32),
    np.array([[0.25, 0.0, 0.0]], np.float32),
    np.zeros((1, 3), np.float32),
    np.zeros((1, 2, 3), np.float32),
)
RESULT = m.Result(
    "r1",
    1,
    250,
    25.0,
    (("lips", 0.5, 0.625),),
    (m.TimedPhone("m", 0.5, 0.625),),
    ("A note.",),
    {"seed": 7, "nested": {"a": [1, None, True]}},
    {"total": 1.5},
    False,
)

GOLDEN: list[tuple[Any, str, list[str]]] = [
    (
        REQUEST,
        '{"v":1,"type":"generate_request","request_id":"r1","generator":"articulate","audio":'
        '{"encoding":"file","sample_rate":0,"trim_start":0.5,"trim_end":2.25,"playback_rate":1.0,'
        '"filename":"line.wav"},"seconds":0.0,"direction":"bitter","direction_strips":[{"text":'
        '"smile","start":0.0,"end":1.5,"intensity":0.5}],"pose":{"jawOpen":0.25},"emotion":'
        '"angry","intensity":0.75,"style":"calm","strips":[{"au":"AU12L","start":1.0,"end":2.0,'
        '"keys":[[1.0,0.5],[2.0,1.0]],"mode":"accent","ease_in":0.1,"ease_out":0.2}],'
        '"transcript":"Grüße","language":"de","phones":[{"phone":"ʃ","start":0.0,"end":0.1}],'
        '"guidance":{"audio":1.5},"seed":7,"takes":2,"output":"arkit51","fps":23.976,'
        '"regenerate_start":0.5,"regenerate_end":1.0,"regenerate_regions":["mouth"],"steps":20}',
        [],
    ),
    (
        m.GenerateRequest("r2", seconds=0.5, guidance_mode="paper", base=CLIP),
        '{"v":1,"type":"generate_request","request_id":"r2","generator":"","audio":null,'
        '"seconds":0.5,"direction":"","direction_strips":[],"pose":{},"emotion":"neutral",'
        '"intensity":0.5,"style":"","strips":[],"transcript":"","language":"en","phones":[],'
        '"guidance":{},"seed":0,"takes":1,"output":"arkit52","fps":30.0,"regenerate_start":null,'
        '"regenerate_end":null,"regenerate_regions":[],"steps":null,"guidance_mode":"paper",'
        '"base":{"names":["jawOpen"],"fps":24.0,"coefficients":{"frame":1,"shape":[2,1]},'
        '"head":{"frame":2,"shape":[0,3]},"eyes":{"frame":3,"shape":[0,2,3]},'
        '"layers":{"lips":{"frame":4,"shape":[2,1]}}}}',
        ["0000003f0000803e", "", "", "0000003f0000803e"],
    ),
    (
        m.GenerateRequest(
            "r3",
            seconds=0.5,
            output="flame",
            blend=m.DirectionBlend("calm", 0.25),
            image=b"\x89PNG",
            flame_basis="head-1",
        ),
        '{"v":1,"type":"generate_request","request_id":"r3","generator":"","audio":null,'
        '"seconds":0.5,"direction":"","direction_strips":[],"pose":{},"emotion":"neutral",'
        '"intensity":0.5,"style":"","strips":[],"transcript":"","language":"en","phones":[],'
        '"guidance":{},"seed":0,"takes":1,"output":"flame","fps":30.0,"regenerate_start":null,'
        '"regenerate_end":null,"regenerate_regions":[],"steps":null,"blend":{"text":"calm",'
        '"share":0.25},"image":{"frame":1},"flame_basis":"head-1"}',
        ["89504e47"],
    ),
    (
        m.GenerateRequest("r4", seconds=0.5, guess_words=True),
        '{"v":1,"type":"generate_request","request_id":"r4","generator":"","audio":null,'
        '"seconds":0.5,"direction":"","direction_strips":[],"pose":{},"emotion":"neutral",'
        '"intensity":0.5,"style":"","strips":[],"transcript":"","language":"en","phones":[],'
        '"guidance":{},"seed":0,"takes":1,"output":"arkit52","fps":30.0,"regenerate_start":null,'
        '"regenerate_end":null,"regenerate_regions":[],"steps":null,"guess_words":true}',
        [],
    ),
    (
        m.InstructRequest(
            "i1",
            m.AudioInfo("f32le", 16000),
            transcript="no",
            phones=(m.TimedPhone("n", 0.0, 0.5),),
            weights="research",
        ),
        '{"v":1,"type":"instruct_request","request_id":"i1","audio":{"encoding":"f32le",'
        '"sample_rate":16000,"trim_start":0.0,"trim_end":null,"playback_rate":1.0,"filename":""},'
        '"text":"","seconds":0.0,"transcript":"no","language":"en","phones":[{"phone":"n",'
        '"start":0.0,"end":0.5}],"weights":"research"}',
        [],
    ),
    (
        m.Instruction(
            "i1",
            "The lip corners rise a little.",
            "happy",
            0.25,
            {"AU12": 0.5},
            0.75,
            (m.StripSpec("AU12", 0.0, 1.5),),
            ("A note.",),
            {"weights": "instruction"},
            {"instruct": 0.5},
        ),
        '{"v":1,"type":"instruction","request_id":"i1","text":"The lip corners rise a little.",'
        '"emotion":"happy","intensity":0.25,"aus":{"AU12":0.5},"confidence":0.75,"strips":'
        '[{"au":"AU12","start":0.0,"end":1.5,"keys":[[0.0,1.0]],"mode":"hold","ease_in":0.15,'
        '"ease_out":0.2}],"notes":["A note."],"provenance":{"weights":"instruction"},"timings":'
        '{"instruct":0.5}}',
        [],
    ),
    (
        m.AudioChunk("r1", 3, True, b"\x00\x01RIFF"),
        '{"v":1,"type":"audio_chunk","request_id":"r1","seq":3,"last":true,"data":{"frame":1}}',
        ["000152494646"],
    ),
    (m.Cancel("r1"), '{"v":1,"type":"cancel","request_id":"r1"}', []),
    (m.Ping(5), '{"v":1,"type":"ping","nonce":5}', []),
    (m.Pong(6), '{"v":1,"type":"pong","nonce":6}', []),
    (m.Hello("blender 5.0"), '{"v":1,"type":"hello","client":"blender 5.0"}', []),
    (
        m.Welcome("0.1.0", "cpu", ("articulate",), {"takes": 16.0}),
        '{"v":1,"type":"welcome","server_version":"0.1.0","device":"cpu","generators":'
        '["articulate"],"limits":{"takes":16.0}}',
        [],
    ),
    (
        m.Welcome(
            "0.1.0",
            "cpu",
            ("cafe_talk",),
            facts={"cafe_talk": m.GeneratorFacts("", ("Ada",), ("happy",), ("strips",))},
        ),
        '{"v":1,"type":"welcome","server_version":"0.1.0","device":"cpu","generators":'
        '["cafe_talk"],"limits":{},"facts":{"cafe_talk":{"problem":"","styles":["Ada"],'
        '"emotions":["happy"],"controls":["strips"]}}}',
        [],
    ),
    (
        m.Welcome("0.1.0", "cpu", ("cafe_talk",), warming=("instruction",)),
        '{"v":1,"type":"welcome","server_version":"0.1.0","device":"cpu","generators":'
        '["cafe_talk"],"limits":{},"warming":["instruction"]}',
        [],
    ),
    (
        m.Accepted("r1", 2),
        '{"v":1,"type":"accepted","request_id":"r1","queue_position":2}',
        [],
    ),
    (
        m.Progress("r1", "listen", 0.25),
        '{"v":1,"type":"progress","request_id":"r1","stage":"listen","fraction":0.25}',
        [],
    ),
    (m.Credit("r1", 8), '{"v":1,"type":"credit","request_id":"r1","chunks":8}', []),
    (
        CHUNK,
        '{"v":1,"type":"chunk","request_id":"r1","take":0,"start_frame":10,"names":["jawOpen",'
        '"mouthClose"],"coefficients":{"frame":1,"shape":[1,2]},"head":{"frame":2,"shape":[1,3]},'
        '"eyes":{"frame":3,"shape":[1,2,3]},"layers":{"lips":{"frame":4,"shape":[1,2]}}}',
        ["0000003f0000803e", "000000000000803f000080bf", "00" * 24, "0000003f000080be"],
    ),
    (
        dataclasses.replace(CHUNK, layers={}, flame=FLAME),
        '{"v":1,"type":"chunk","request_id":"r1","take":0,"start_frame":10,"names":["jawOpen",'
        '"mouthClose"],"coefficients":{"frame":1,"shape":[1,2]},"head":{"frame":2,"shape":[1,3]},'
        '"eyes":{"frame":3,"shape":[1,2,3]},"layers":{},"flame":{"basis_id":"head-1",'
        '"expression":{"frame":4,"shape":[1,2]},"jaw":{"frame":5,"shape":[1,3]},"neck":{"frame":6,'
        '"shape":[1,3]},"eyes":{"frame":7,"shape":[1,2,3]}}}',
        [
            "0000003f0000803e",
            "000000000000803f000080bf",
            "00" * 24,
            "0000803f000000c0",
            "0000803e0000000000000000",
            "00" * 12,
            "00" * 24,
        ],
    ),
    (
        RESULT,
        '{"v":1,"type":"result","request_id":"r1","take":1,"n_frames":250,"fps":25.0,"contacts":'
        '[["lips",0.5,0.625]],"phones":[{"phone":"m","start":0.5,"end":0.625}],"notes":'
        '["A note."],"provenance":{"seed":7,"nested":{"a":[1,null,true]}},"timings":'
        '{"total":1.5},"last":false}',
        [],
    ),
    (
        m.Failed("r1", "limit", "Too long.", "Trim it."),
        '{"v":1,"type":"failed","request_id":"r1","code":"limit","message":"Too long.",'
        '"hint":"Trim it."}',
        [],
    ),
]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)
        )
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b


def request_frames(**changes: Any) -> list[bytes]:
    header = json.loads(GOLDEN[0][1]) | changes
    return [json.dumps(header).encode()]


@pytest.mark.parametrize(("message", "header", "raw"), GOLDEN, ids=lambda v: type(v).__name__)
def test_each_message_has_its_golden_bytes(message: Any, header: str, raw: list[str]) -> None:
    frames = codec.encode(message)
    assert bytes(frames[0]).decode() == header
    assert [bytes(frame).hex() for frame in frames[1:]] == raw
    assert same(codec.decode(frames, ALL_TYPES), message)


def test_every_message_type_has_golden_bytes() -> None:
    assert {type(message) for message, _, _ in GOLDEN} == set(ALL_TYPES.values())


def test_a_request_survives_json_as_provenance_keeps_it() -> None:
    text = json.dumps(codec.as_json(REQUEST))
    assert same(codec.from_json(json.loads(text), m.GenerateRequest), REQUEST)


def test_a_field_that_came_later_is_left_out_where_it_says_nothing() -> None:
    for message, header, _ in GOLDEN:
        later = [f.name for f in fields(message) if f.metadata.get("later")]
        for name in later:
            assert (f'"{name}":' in header) == bool(getattr(message, name))


@pytest.mark.parametrize("name", ["expression", "jaw", "neck", "eyes"])
def test_flame_frames_that_are_not_as_many_as_the_others_are_refused(name: str) -> None:
    longer = np.repeat(getattr(FLAME, name), 2, axis=0)
    bad = dataclasses.replace(CHUNK, flame=dataclasses.replace(FLAME, **{name: longer}))
    with pytest.raises(EncodeError, match=rf"chunk\.flame\.{name} has shape \[2, "):
        codec.encode(bad)


def test_arrays_of_a_clip_that_do_not_fit_are_refused_on_both_sides() -> None:
    short = dataclasses.replace(CLIP, head=np.zeros((1, 3), np.float32))
    says = r"generate_request.base.head has shape \[1, 3\] instead of \[2, 3\]"
    with pytest.raises(EncodeError, match=says):
        codec.encode(m.GenerateRequest("r", seconds=1.0, base=short))
    frames = codec.encode(m.GenerateRequest("r", seconds=1.0, style_clip=CLIP))
    for shape in ([1, 2], []):
        header = json.loads(bytes(frames[0]))
        header["style_clip"]["coefficients"] = {"frame": 1, "shape": shape}
        changed = [json.dumps(header).encode(), *frames[1:]]
        changed[1] = changed[1][: 4 * int(np.prod(shape))]
        with pytest.raises(DecodeError, match=r"style_clip\.coefficients has shape"):
            codec.decode(changed)


def test_nan_in_a_clip_neither_leaves_nor_enters() -> None:
    bad = dataclasses.replace(CLIP, coefficients=np.full((2, 1), np.nan, np.float32))
    with pytest.raises(EncodeError, match="NaN"):
        codec.encode(m.GenerateRequest("r", seconds=1.0, base=bad))
    frames = codec.encode(m.GenerateRequest("r", seconds=1.0, base=CLIP))
    frames[1] = bad.coefficients.tobytes()
    with pytest.raises(DecodeError, match=r"base\.coefficients' holds NaN"):
        codec.decode(frames)


def test_an_unknown_field_is_named_and_says_what_to_update() -> None:
    with pytest.raises(DecodeError, match=r"'generate_request' has a field 'mood'.*[Uu]pdate"):
        codec.decode(request_frames(mood="blue"))


@pytest.mark.parametrize("version", [0, 2, "1", None, True, 1.5])
def test_another_version_is_refused_with_the_request_it_belongs_to(version: Any) -> None:
    with pytest.raises(DecodeError) as caught:
        codec.decode(request_frames(v=version))
    assert caught.value.code == "version"
    assert caught.value.request_id == "r1"
    assert "Update the" in caught.value.hint


def test_a_newer_client_asks_for_a_newer_server_and_an_older_one_for_a_newer_client() -> None:
    with pytest.raises(DecodeError, match="Update the Soliloquy server"):
        codec.decode(request_frames(v=2))
    with pytest.raises(DecodeError, match="Update the Blender add-on"):
        codec.decode(request_frames(v=0))


def test_a_server_message_is_not_taken_from_a_client() -> None:
    with pytest.raises(DecodeError, match="'failed' is unknown here"):
        codec.decode(codec.encode(m.Failed("r1", "limit", "no")))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fps": "30"}, "fps' should be a finite number"),
        ({"fps": True}, "fps' should be a finite number"),
        ({"seed": 1.5}, "seed' should be a 64-bit integer"),
        ({"seed": 2**63}, "seed' should be a 64-bit integer"),
        ({"direction": 5}, "direction' should be text"),
        ({"direction": "\ud800"}, "direction' should be text"),
        ({"takes": None}, "takes' should be a 64-bit integer"),
        ({"strips": {}}, "strips' should be a list"),
        ({"strips": [{"au": "AU1"}]}, "lacks the field 'start'"),
        ({"strips": [{"au": "AU1", "start": 0, "end": 1, "keys": [[1]]}]}, "has 1 entries"),
        ({"pose": [1]}, "pose' should be an object"),
        ({"audio": "file"}, "audio' should be an object"),
        ({"regenerate_regions": "mouth"}, "should be a list"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DecodeError, match=says):
        codec.decode(request_frames(**changes))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    header = GOLDEN[0][1].replace("23.976", number)
    with pytest.raises(DecodeError):
        codec.decode([header.encode()])


def test_a_missing_field_is_named() -> None:
    with pytest.raises(DecodeError, match="'cancel' lacks the field 'request_id'"):
        codec.decode([b'{"v":1,"type":"cancel"}'])


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_message_whose_frames_were_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(DecodeError, match="cut off"):
        codec.decode(codec.encode(CHUNK)[:-cut], ALL_TYPES)


def test_a_frame_that_is_too_short_tells_both_sizes() -> None:
    frames = codec.encode(CHUNK)
    frames[1] = bytes(frames[1])[:-1]
    with pytest.raises(DecodeError, match=r"needs 8 bytes, but 7 came"):
        codec.decode(frames, ALL_TYPES)


def test_a_frame_that_no_field_names_is_refused() -> None:
    with pytest.raises(DecodeError, match="1 raw frames, its header names 0"):
        codec.decode([*codec.encode(m.Ping()), b"more"])


@pytest.mark.parametrize(
    "value",
    [
        5,
        {"frame": 1, "shape": [-1, -2]},
        {"frame": 1, "shape": [0, 10**30]},
        {"frame": 1, "shape": [1.0, 2]},
        {"frame": 1, "shape": [1] * 40},
        {"frame": True, "shape": [1, 2]},
        {"frame": 0, "shape": [1, 2]},
        {"frame": 2, "shape": [1, 3]},
        {"frame": "1", "shape": [1, 2]},
        {"frame": 1},
    ],
)
def test_a_strange_description_of_an_array_is_refused(value: Any) -> None:
    frames = codec.encode(CHUNK)
    header = json.loads(bytes(frames[0]))
    header["coefficients"] = value
    with pytest.raises(DecodeError):
        codec.decode([json.dumps(header).encode(), *frames[1:]], ALL_TYPES)


def test_arrays_that_do_not_fit_each_other_are_refused_on_both_sides() -> None:
    bad = m.Chunk("r1", 0, 0, ("jawOpen",), np.zeros((2, 1)), np.zeros((3, 3)), np.zeros((2, 2, 3)))
    with pytest.raises(EncodeError, match=r"chunk.head has shape \[3, 3\] instead of \[2, 3\]"):
        codec.encode(bad)
    frames = codec.encode(CHUNK)
    header = json.loads(bytes(frames[0]))
    header["names"] = ["jawOpen"]
    with pytest.raises(DecodeError, match=r"chunk\.coefficients has shape"):
        codec.decode([json.dumps(header).encode(), *frames[1:]], ALL_TYPES)


def test_nan_neither_leaves_nor_enters() -> None:
    nan = np.full((1, 2), np.nan, np.float32)
    with pytest.raises(EncodeError, match="NaN"):
        codec.encode(m.Chunk("r", 0, 0, ("a", "b"), nan, np.zeros((1, 3)), np.zeros((1, 2, 3))))
    frames = codec.encode(CHUNK)
    frames[1] = nan.tobytes()
    with pytest.raises(DecodeError, match="NaN"):
        codec.decode(frames, ALL_TYPES)
    with pytest.raises(EncodeError):
        codec.encode(m.Progress("r", "listen", float("nan")))


@pytest.mark.parametrize(
    "frames",
    [[], [b""], [b"\xff\xfe"], [b"[1]"], [b"null"], [b"{}"], [b"[" * 100_000], [b"1" * 9999]],
)  # fmt: skip
def test_garbage_is_a_decode_error(frames: list[bytes]) -> None:
    with pytest.raises(DecodeError):
        codec.decode(frames)


def test_sizes_are_checked_before_anything_is_read() -> None:
    limits = codec.DecodeLimits(header_bytes=100, message_bytes=200, frames=3)
    for frames in ([b" " * 101], [b"", b" " * 201], [b""] * 4):
        with pytest.raises(DecodeError) as caught:
            codec.decode(frames, limits=limits)
        assert caught.value.code == "limit"


def test_an_audio_chunk_over_a_mebibyte_is_a_limit() -> None:
    frames = codec.encode(m.AudioChunk("r1", 0, True, bytes(codec.MAX_CHUNK_BYTES + 1)))
    with pytest.raises(DecodeError) as caught:
        codec.decode(frames)
    assert (caught.value.code, caught.value.request_id) == ("limit", "r1")


def test_a_failure_that_echoes_strange_text_can_still_be_sent() -> None:
    frames = codec.encode(m.Failed("\ud800", "bad_request", "\udfff"))
    assert json.loads(bytes(frames[0]))["request_id"] == "\ud800"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(GOLDEN), st.data())
def test_a_message_with_any_field_replaced_decodes_or_is_a_wire_error(
    golden: tuple[Any, str, list[str]], data: st.DataObject
) -> None:
    header = json.loads(golden[1])
    header[data.draw(st.sampled_from(sorted(header)))] = data.draw(json_values)
    frames = [json.dumps(header).encode(), *(bytes.fromhex(raw) for raw in golden[2])]
    try:
        message = codec.decode(frames, ALL_TYPES)
    except WireError:
        return
    assert type(message) in ALL_TYPES.values()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=4))
def test_random_frames_are_never_more_than_a_decode_error(frames: list[bytes]) -> None:
    with pytest.raises(DecodeError):
        codec.decode(frames, ALL_TYPES)
