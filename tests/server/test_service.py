"""The product in one function, with a generator whose answer is known."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from toy_generator import ToyGenerator, jaw_open, toy_listen, toy_service

from arkit.names import ARKIT_51_NAMES, ARKIT_NAMES, INDEX
from server.errors import BadRequest, Cancelled, InternalError
from server.generators.base import Speech
from server.registry import Registry
from server.service import Service
from server.settings import Limits, Settings
from server.wire import codec
from server.wire.assemble import Take, TakeAssembler
from server.wire.messages import (
    Accepted,
    AudioInfo,
    Chunk,
    DirectionStrip,
    Event,
    Failed,
    GenerateRequest,
    Progress,
    Result,
    StripSpec,
    TimedPhone,
)

SAMPLES = np.full(16000 * 3, 0.1, np.float32)
REQUEST = GenerateRequest("r1", generator="toy", audio=AudioInfo("f32le", 16000))


def events_of(request: GenerateRequest, service: Service | None = None, audio: Any = SAMPLES):
    events: list[Event] = []
    source = audio if request.audio is not None else None
    (service or toy_service()).perform(request, source, events.append)
    return events


def takes_of(request: GenerateRequest, service: Service | None = None) -> list[Take]:
    assembler, takes = TakeAssembler(), []
    for event in events_of(request, service):
        assert not isinstance(event, Failed), event
        if isinstance(event, Chunk):
            assembler.add(event)
        elif isinstance(event, Result):
            takes.append(assembler.finish(event))
    return takes


def failure_of(request: GenerateRequest, service: Service | None = None) -> Failed:
    events = events_of(request, service)
    assert isinstance(events[-1], Failed)
    return events[-1]


def test_a_line_gives_accepted_progress_chunks_in_order_and_one_result() -> None:
    events = events_of(REQUEST)
    assert isinstance(events[0], Accepted)
    assert isinstance(events[-1], Result)
    assert events[-1].last
    starts = [e.start_frame for e in events if isinstance(e, Chunk)]
    assert starts == sorted(starts) == [0, 25, 50, 75]
    fractions = [e.fraction for e in events if isinstance(e, Progress)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_frames_are_the_generators_and_layers_sum_to_the_unclamped_coefficients() -> None:
    (take,) = takes_of(replace(REQUEST, seed=30))
    assert take.names == ARKIT_NAMES
    expected = jaw_open(np.arange(90), 30.0)
    assert np.allclose(take.coefficients[:, INDEX["jawOpen"]], expected, atol=1e-6)
    assert np.allclose(take.coefficients[:, INDEX["eyeBlinkLeft"]], 0.3)
    total = np.sum(list(take.layers.values()), axis=0)
    assert np.array_equal(np.clip(total, 0, 1), take.coefficients)


def test_coefficients_are_clamped_while_layers_are_not() -> None:
    (take,) = takes_of(replace(REQUEST, seed=150))
    assert take.coefficients[:, INDEX["eyeBlinkLeft"]].max() == 1.0
    assert take.layers["life"][:, INDEX["eyeBlinkLeft"]].max() == pytest.approx(1.5)


def test_several_takes_have_following_seeds_and_only_the_last_result_is_last() -> None:
    takes = takes_of(replace(REQUEST, seed=5, takes=3))
    assert [t.result.provenance["seed"] for t in takes] == [5, 6, 7]
    assert [t.result.last for t in takes] == [False, False, True]
    assert takes[2].coefficients[0, INDEX["eyeBlinkLeft"]] == pytest.approx(0.07)


def test_provenance_makes_the_same_take_again() -> None:
    second = takes_of(replace(REQUEST, seed=5, takes=2))[1]
    again = codec.from_json(second.result.provenance["request"], GenerateRequest)
    (made,) = takes_of(again)
    assert np.array_equal(made.coefficients, second.coefficients)
    assert made.result.provenance == second.result.provenance
    assert len(second.result.provenance["audio_sha256"]) == 64


def test_arkit51_leaves_out_the_tongue_and_says_so_in_its_names() -> None:
    (take,) = takes_of(replace(REQUEST, output="arkit51"))
    assert take.names == ARKIT_51_NAMES
    assert take.coefficients.shape == (90, 51)


@pytest.mark.parametrize("fps", [15.0, 23.976, 24.0, 59.94, 60.0])
def test_a_generator_at_its_own_rate_is_resampled_while_it_streams(fps: float) -> None:
    (take,) = takes_of(replace(REQUEST, fps=fps), toy_service(ToyGenerator(fps=25.0)))
    n = int(np.ceil(3 * fps - 1e-6))
    assert take.coefficients.shape == (n, 52)
    times = np.arange(n) / fps
    # away from the saw tooth's edge, the last frame and the contact, the curve is a straight line
    free = ((times % 1) < 0.87) & ((times % 1) > 0.09) & (times < 2.9) & (times > 0.35)
    jaw = take.coefficients[:, INDEX["jawOpen"]]
    assert np.allclose(jaw[free], 0.5 * (times[free] % 1), atol=1e-4)
    total = np.sum(list(take.layers.values()), axis=0)
    assert np.allclose(np.clip(total, 0, 1), take.coefficients, atol=1e-6)


def test_streamed_resampling_is_resampling_of_the_whole() -> None:
    from arkit.clip import ArkitClip, Contact
    from arkit.retime import resample

    (source,) = takes_of(replace(REQUEST, fps=25.0))
    clip = ArkitClip(
        source.coefficients, 25.0, layers=source.layers, contacts=(Contact("lips", 0.2, 0.25),)
    )
    (streamed,) = takes_of(replace(REQUEST, fps=60.0), toy_service(ToyGenerator(fps=25.0)))
    assert np.allclose(resample(clip, 60.0).coefficients, streamed.coefficients, atol=1e-5)


def test_a_contact_closes_at_fifteen_frames_a_second() -> None:
    (take,) = takes_of(replace(REQUEST, fps=15.0), toy_service(ToyGenerator(fps=25.0)))
    frame = round(0.2 * 15)
    jaw, close = (take.coefficients[frame, INDEX[n]] for n in ("jawOpen", "mouthClose"))
    assert close >= 0.9 * jaw


def test_a_silent_motion_needs_a_length_and_no_audio() -> None:
    (take,) = takes_of(replace(REQUEST, audio=None, seconds=2.0))
    assert take.result.n_frames == 60
    assert failure_of(replace(REQUEST, audio=None)).code == "bad_request"


def test_the_users_phones_come_back_on_the_time_base_of_the_strip() -> None:
    request = replace(
        REQUEST,
        audio=AudioInfo("f32le", 16000, playback_rate=2.0),
        phones=(TimedPhone("m", 0.5, 0.75),),
    )
    (take,) = takes_of(request)
    assert take.result.n_frames == 45
    assert take.result.phones == (TimedPhone("m", 0.5, 0.75),)


@pytest.mark.parametrize("asked", [True, False])
def test_a_line_is_heard_with_its_words_guessed_when_that_is_asked_for(asked: bool) -> None:
    told: list[bool] = []

    def listen(audio: Any, *, guess_words: bool = False, **options: Any) -> Speech:
        told.append(guess_words)
        options["on_heard"](0.5)
        return toy_listen(audio, guess_words=guess_words, **options)

    service = Service(Settings(), Registry("cpu", {"toy": lambda _device: ToyGenerator()}), listen)
    (take,) = takes_of(replace(REQUEST, guess_words=asked), service)
    assert told == [asked]
    request = codec.from_json(take.result.provenance["request"], GenerateRequest)
    assert request.guess_words is asked


def test_controls_without_a_meaning_for_the_generator_are_told_and_others_are_not() -> None:
    request = replace(
        REQUEST,
        direction="furious",
        emotion="happy",
        steps=5,
        strips=(StripSpec("AU12", 0.0, 1.0),),
    )
    notes = takes_of(request)[0].result.notes
    assert notes[0] == (
        "Direction, emotion, steps were not used: the generator 'toy' has no notion of it."
    )
    assert takes_of(REQUEST)[0].result.notes == ("A toy.",)


BAD = [
    ({"request_id": ""}, "request_id is empty"),
    ({"generator": "magic"}, "no generator 'magic'. Known are toy."),
    ({"intensity": 1.5}, "intensity is 1.5"),
    ({"intensity": float("nan")}, "intensity is nan"),
    ({"fps": 0.0}, "fps is 0"),
    ({"fps": float("inf")}, "fps is inf"),
    ({"output": "vrm"}, "output is 'vrm'. Use arkit52"),
    ({"flame_basis": "b"}, "flame_basis is 'b', and output is 'arkit52'"),
    ({"output": "flame", "flame_basis": "b"}, "no FLAME model of the basis 'b'"),
    ({"takes": 0}, "takes is 0"),
    ({"seed": -1}, "seed is -1"),
    ({"steps": 0}, "steps is 0"),
    ({"guidance": {"gamma": 1.0}}, "no guidance scale 'gamma'. Use audio, emotion, strips"),
    ({"guidance": {"audio": -1.0}}, "audio guidance scale is -1"),
    ({"pose": {"smile": 1.0}}, "'smile', which is not an ARKit blendshape"),
    ({"pose": {"jawOpen": 2.0}}, "jawOpen in the pose is 2"),
    ({"language": ""}, "language is empty"),
    ({"emotion": "x" * 65}, "emotion is 'xxxx"),
    ({"strips": (StripSpec("AU99", 0, 1),)}, "AU99"),
    ({"strips": (StripSpec("AU12", 1, 1),)}, "AU12"),
    ({"strips": (StripSpec("AU12", 0, 1, mode="slam"),)}, "slam"),
    ({"strips": (StripSpec("AU12", 0, 1, ((0, 2.0),)),)}, "intensity of strip AU12 at 0 s is 2"),
    ({"direction_strips": (DirectionStrip("", 0, 1),)}, "has no text"),
    ({"direction_strips": (DirectionStrip("smile", 2, 1),)}, "'smile' runs from 2 s to 1 s"),
    ({"phones": (TimedPhone("qq", 0, 1),)}, "qq"),
    ({"phones": (TimedPhone("a", 0, 1), TimedPhone("m", 0.5, 2))}, "'m' starts at 0.5 s, before"),
    ({"regenerate_start": 1.0}, "span to regenerate"),
    ({"regenerate_start": 2.0, "regenerate_end": 1.0}, "runs from 2 s to 1 s"),
    ({"regenerate_regions": ("ears",)}, "no face region 'ears'"),
    ({"audio": AudioInfo("f32le", 16000, playback_rate=0)}, "playback rate of 0"),
]


@pytest.mark.parametrize(("changes", "says"), BAD, ids=lambda v: str(v)[:40])
def test_an_impossible_field_is_refused_by_name_and_value(
    changes: dict[str, Any], says: str
) -> None:
    failed = failure_of(replace(REQUEST, **changes))
    assert failed.code == "bad_request"
    assert says.casefold() in f"{failed.message} {failed.hint}".casefold()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"takes": 99}, "99 takes; the limit is 16"),
        ({"audio": None, "seconds": 1e6}, "1e+06 seconds; the limit is 3600"),
        ({"direction": "x" * 200_000}, "200000 characters"),
        ({"strips": (StripSpec("AU12", 0, 1),) * 1001}, "1001 AU strips"),
    ],
)
def test_what_exceeds_a_limit_is_told_with_the_limit(changes: dict[str, Any], says: str) -> None:
    failed = failure_of(replace(REQUEST, **changes))
    assert failed.code == "limit"
    assert says in failed.message


def test_a_line_that_is_too_long_is_a_limit_and_a_bad_file_is_bad_audio() -> None:
    short = toy_service(limits=Limits(audio_seconds=1.5))
    assert failure_of(REQUEST, short).code == "limit"
    events = events_of(replace(REQUEST, audio=AudioInfo(filename="x.wav")), audio=b"words")
    assert isinstance(events[-1], Failed)
    assert events[-1].code == "bad_audio"


def test_cancel_stops_between_two_windows() -> None:
    toy, stop = ToyGenerator(), threading.Event()

    def check_cancel() -> None:
        if stop.is_set():
            raise Cancelled

    events: list[Event] = []

    def on_event(event: Event) -> None:
        events.append(event)
        if isinstance(event, Chunk):
            stop.set()

    toy_service(toy).perform(REQUEST, SAMPLES, on_event, check_cancel)
    assert sum(isinstance(event, Chunk) for event in events) == 1
    assert isinstance(events[-1], Failed)
    assert events[-1].code == "cancelled"


class StuckGenerator(ToyGenerator):
    def denoise(self, plans, check_cancel):
        frames = super().denoise(plans, check_cancel)
        for plan in plans:
            plan.next_window = 0
        return frames


class LeapingGenerator(ToyGenerator):
    def denoise(self, plans, check_cancel):
        return [replace(f, start_frame=7) for f in super().denoise(plans, check_cancel)]


@pytest.mark.parametrize("generator", [StuckGenerator(), LeapingGenerator()])
def test_a_generator_that_breaks_its_contract_is_our_fault_not_an_endless_loop(
    generator: ToyGenerator,
) -> None:
    failed = failure_of(REQUEST, toy_service(generator))
    assert failed.code == InternalError.code
    assert "'toy'" in failed.message


def test_strips_wholly_outside_the_line_are_told_and_others_are_not() -> None:
    request = replace(
        REQUEST,
        strips=(
            StripSpec("AU4", 40, 50),
            StripSpec("AU12", 2.5, 50),
            StripSpec("AU1", -1, 0.5),
            StripSpec("AU2", -2, 0),
            StripSpec("AU6", 3, 4),
        ),
        direction_strips=(DirectionStrip("furious", 7, 8.5), DirectionStrip("smile", 0, 9)),
    )
    (take,) = takes_of(request)
    assert [note for note in take.result.notes if "of the line" in note] == [
        "AU4@40-50 lies after the end of the line (3.0 s) and was not used.",
        "AU2@-2-0 lies before the start of the line (3.0 s) and was not used.",
        "AU6@3-4 lies after the end of the line (3.0 s) and was not used.",
        "The direction strip 'furious'@7-8.5 lies after the end of the line (3.0 s) and was not "
        "used.",
    ]


def test_a_thousand_strips_outside_the_line_are_told_in_a_few_sentences() -> None:
    (take,) = takes_of(replace(REQUEST, strips=(StripSpec("AU4", 40, 50),) * 1000))
    assert len(take.result.notes) < 10
    many = tuple(StripSpec("AU4", 40 + n, 50 + n) for n in range(1000))
    (take,) = takes_of(replace(REQUEST, strips=many))
    assert len(take.result.notes) < 10 and "So do 995 more strips." in take.result.notes


def test_generators_are_made_once_and_only_when_asked_for() -> None:
    made: list[str] = []

    def factory(device: str) -> ToyGenerator:
        made.append(device)
        return ToyGenerator()

    service = Service(Settings(), Registry("cpu", {"toy": factory}), toy_listen)
    assert made == []
    takes_of(REQUEST, service)
    takes_of(REQUEST, service)
    assert made == ["cpu"]


def test_an_assembler_refuses_a_gap_and_a_short_take() -> None:
    chunks = [e for e in events_of(REQUEST) if isinstance(e, Chunk | Result)]
    assembler = TakeAssembler()
    assembler.add(chunks[0])
    with pytest.raises(Exception, match="jumped from frame 25 to 50"):
        assembler.add(chunks[2])
    with pytest.raises(Exception, match="should have 90 frames, but 25 arrived"):
        assembler.finish(chunks[-1])


def test_a_stream_yields_events_while_the_line_is_made_and_closing_it_cancels() -> None:
    toy = ToyGenerator()
    toy.hold = threading.Event()
    service = toy_service(toy)
    stream = service.stream(REQUEST, SAMPLES)
    assert isinstance(next(stream), Accepted)
    assert toy.entered.wait(5.0)
    stream.close()  # would wait for ever if it did not cancel
    toy.hold = None
    assert [type(e) for e in service.stream(REQUEST, SAMPLES)][-1] is Result


def test_settings_that_cannot_work_are_refused() -> None:
    for bad in ({"device": "tpu"}, {"listeners": 0}, {"ping_interval": 0.0}):
        with pytest.raises(BadRequest):
            Settings(**bad)
