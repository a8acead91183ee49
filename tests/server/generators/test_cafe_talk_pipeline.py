"""The generator `cafe_talk` as a whole, at the tiny size with random weights."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from arkit.clip import Phone
from arkit.closure import impose_closure
from arkit.names import ARKIT_51_NAMES, ARKIT_NAMES, INDEX, UPPER_FACE_NAMES
from server.errors import BadRequest, Cancelled
from server.generators.base import Frames, Plan, Speech
from server.generators.cafe_talk.config import TINY
from server.generators.cafe_talk.pipeline import CafeTalkGenerator, random_generator
from server.registry import Registry
from server.service import Service
from server.wire.messages import (
    Chunk,
    ClipData,
    DirectionBlend,
    DirectionStrip,
    GenerateRequest,
    Result,
    StripSpec,
)

LAYERS = ("lips", "emotion", "strips", "life")
Array = NDArray[np.float32]


@lru_cache(maxsize=1)
def tiny() -> CafeTalkGenerator:
    return random_generator(TINY)


def line(seconds: float = 6.0) -> Speech:
    """Phones and loudness without samples."""
    rng = np.random.default_rng(0)
    phones, clock = [], 0.0
    for phone in ["sil", *("m", "a", "p", "i", "s", "f", "ɔ", "b", "ə") * 40]:
        end = min(clock + float(rng.uniform(0.06, 0.18)), seconds)
        phones.append(Phone(phone, clock, end))
        clock = end
        if clock >= seconds:
            break
    loudness = np.full(int(seconds * 100) + 1, -20.0, np.float32)
    return Speech(np.zeros(0, np.float32), seconds, tuple(phones), loudness)


def ask(**fields: Any) -> GenerateRequest:
    return GenerateRequest(request_id="a", generator="cafe_talk", **fields)


def finished(plan: Plan, frames: list[Frames]) -> dict[str, Array]:
    made = {name: np.concatenate([f.layers[name] for f in frames]) for name in LAYERS}
    made["head"] = np.concatenate([f.head for f in frames])
    made["eyes"] = np.concatenate([f.eyes for f in frames])
    assert len(made["head"]) == plan.n_frames
    return made


def take(request: GenerateRequest, speech: Speech | None = None) -> dict[str, Array]:
    """All layers of a take made alone."""
    plan = tiny().plan(request, speech or line(), request.seed)
    frames = []
    while plan.next_window < plan.n_windows:
        frames += tiny().denoise([plan], lambda: None)
    return finished(plan, frames)


def face(made: dict[str, Array]) -> Array:
    return np.clip(np.sum([made[name] for name in LAYERS], axis=0), 0.0, 1.0)


STRIP = StripSpec("AU4", 2.0, 3.0)


def test_the_same_request_gives_the_same_take_and_another_seed_another() -> None:
    request = ask(direction="furious", strips=(STRIP,), seed=5)
    one, again, other = take(request), take(request), take(replace(request, seed=6))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["emotion"], other["emotion"])


def test_a_take_is_the_same_bits_alone_and_in_a_batch() -> None:
    requests = [
        ask(direction="sad, then happy", seed=1),
        ask(strips=(STRIP,), seed=2),
        ask(emotion="angry", guidance={"emotion": 2.0}, seed=3, steps=3),
    ]
    plans = [tiny().plan(r, line(), r.seed) for r in requests]
    frames: list[list[Frames]] = [[] for _ in plans]
    while plans[0].next_window < plans[0].n_windows:
        for k, made in enumerate(tiny().denoise(plans, lambda: None)):
            frames[k].append(made)
    for request, plan, made in zip(requests, plans, frames, strict=True):
        together, alone = finished(plan, made), take(request)
        assert all(np.array_equal(together[name], alone[name]) for name in together)


def test_a_strip_changes_nothing_outside_its_surroundings() -> None:
    plain = take(ask(emotion="sad"))
    marked = take(ask(emotion="sad", strips=(STRIP,)))
    times = np.arange(len(plain["head"])) / TINY.fps
    outside = (times < 2.0 - 0.2 - 1e-6) | (times > 3.0 + 0.2 + 1e-6)
    assert np.array_equal(face(plain)[outside], face(marked)[outside])
    assert np.array_equal(plain["lips"], marked["lips"])
    assert np.array_equal(plain["emotion"], marked["emotion"])
    assert marked["strips"][~outside].any() and not marked["strips"][outside].any()


def test_a_neutral_request_has_an_empty_emotion_layer_and_a_directed_one_has_not() -> None:
    assert not take(ask())["emotion"].any()
    assert take(ask(emotion="happy"))["emotion"].any()


def test_lips_of_a_take_do_not_depend_on_its_feeling() -> None:
    assert np.array_equal(take(ask())["lips"], take(ask(emotion="happy"))["lips"])


@pytest.mark.parametrize("strip", ["AU26", "AU10", "AU4", "AU12L"])
def test_lips_meet_at_every_contact_whatever_is_asked(strip: str) -> None:
    request = ask(direction="laughing", strips=(StripSpec(strip, 0.5, 5.0),))
    plan = tiny().plan(request, line(), 0)
    directed = take(request)
    closed = np.sum([directed[n] for n in ("lips", "emotion", "strips")], axis=0)
    times = np.arange(len(closed)) / TINY.fps
    again = impose_closure(np.clip(closed, 0, 1), times, plan.contacts)
    assert len(plan.contacts) > 5
    mouth = [k for k, name in enumerate(ARKIT_NAMES) if name not in UPPER_FACE_NAMES]
    assert np.abs(again - closed)[:, mouth].max() < 0.02


def test_a_direction_strip_is_felt_in_its_time_only() -> None:
    plain = take(ask())
    later = take(ask(direction_strips=(DirectionStrip("terrified", 2.5, 4.0),)))
    assert np.abs(later["emotion"][65:97]).max() > 1e-3
    outside = np.r_[0:57, 106 : len(later["emotion"])]
    assert not later["emotion"][outside].any(), "nothing is felt beside it"
    assert np.array_equal(plain["lips"], later["lips"])


def test_a_feeling_that_takes_over_is_not_held_back_by_the_one_before() -> None:
    """Whatever comes first, a later stage is played as it is in a line of its own feeling."""
    alone = take(ask(direction="happy"))["emotion"]
    stages = (DirectionStrip("furious", 0.0, 3.0), DirectionStrip("happy", 3.0, 6.0))
    after = take(ask(direction_strips=stages))["emotion"]
    other = take(ask(direction="furious"))["emotion"]
    late = slice(4 * 25, None)
    assert np.abs(after[late] - alone[late]).mean() < 0.3 * np.abs(other[late] - alone[late]).mean()


def test_an_emotion_that_is_none_is_named_in_a_note() -> None:
    plan = tiny().plan(ask(emotion="hapy"), line(), 0)
    assert any("'hapy' was not understood" in note for note in plan.notes)
    assert not any("understood" in n for n in tiny().plan(ask(emotion="happy"), line(), 0).notes)


def test_a_direction_of_single_muscles_becomes_strips() -> None:
    request = ask(direction="raises the left eyebrow")
    take_of: Any = tiny().plan(request, line(), 0).state["take"]
    assert "browOuterUpLeft" in {n for strip in take_of.strips for n in strip.unit.own_channels}
    assert take(request)["strips"].any()


def test_an_expression_named_beside_a_feeling_is_laid_as_strips_over_it() -> None:
    take_of: Any = tiny().plan(ask(direction="a bitter little smile"), line(), 0).state["take"]
    assert {strip.au for strip in take_of.strips} >= {"AU12"}
    assert take_of.direction.base.intensity > 0.2


def test_guidance_of_strips_at_0_takes_them_out() -> None:
    made = take(ask(strips=(STRIP,), guidance={"strips": 0.0}))
    assert not made["strips"][:, INDEX["browDownLeft"]].any()


def test_paper_mode_runs_the_whole_path() -> None:
    made = take(ask(emotion="sad", strips=(STRIP,), guidance_mode="paper"))
    assert np.isfinite(face(made)).all()


def test_an_unknown_style_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadRequest, match=r"no talking style 'Zoe'.*Ada, Bruno"):
        tiny().plan(ask(style="Zoe"), line(), 0)


def test_a_style_may_come_from_a_clip() -> None:
    rng = np.random.default_rng(0)
    clip = ClipData(ARKIT_51_NAMES, 30.0, rng.random((60, 51)).astype(np.float32),
                    np.zeros((0, 3), np.float32), np.zeros((0, 2, 3), np.float32))  # fmt: skip
    assert not np.array_equal(take(ask(style_clip=clip))["lips"], take(ask())["lips"])


def test_regenerating_a_span_gives_the_network_the_rest_to_join() -> None:
    base = take(ask(seed=1, emotion="sad", style="Bruno"))
    clip = ClipData(
        ARKIT_NAMES, 25.0, face(base), base["head"], base["eyes"],
        {name: base[name] for name in LAYERS},
    )  # fmt: skip
    anew = take(
        ask(seed=2, fps=25.0, emotion="sad", style="Bruno", base=clip, regenerate_start=2.0,
            regenerate_end=4.0)
    )  # fmt: skip
    times = np.arange(len(base["head"])) / TINY.fps
    far = (times < 1.6) | (times > 4.4)
    upper = [INDEX[name] for name in UPPER_FACE_NAMES]  # the mouth travels to contacts twice
    assert np.abs(anew["lips"] - base["lips"])[far][:, upper].max() < 1e-3
    middle = (times > 2.5) & (times < 3.5)
    assert not np.array_equal(anew["lips"][middle], base["lips"][middle])


def test_without_a_style_the_lips_are_the_articulated_ones() -> None:
    plan = tiny().plan(ask(), line(), 0)
    times = np.arange(plan.n_frames) / TINY.fps
    mouth = plan.state["take"].line.lips(times)
    far = np.array(
        [all(abs(t - (c.start + c.end) / 2) > 0.2 for c in plan.contacts) for t in times]
    )
    assert np.abs(take(ask(seed=9))["lips"] - mouth)[far].max(initial=0.0) < 1e-5
    assert not np.array_equal(take(ask(style="Bruno"))["lips"], take(ask())["lips"])


def test_a_line_of_one_frame_and_one_without_speech_are_made() -> None:
    silent = Speech(np.zeros(0, np.float32), 0.0, (), np.zeros(0, np.float32))
    assert len(face(take(ask(seconds=0.02), silent))) == 1
    assert len(face(take(ask(seconds=3.0), silent))) == 75


def test_a_cancelled_batch_leaves_its_plans_untouched() -> None:
    plan = tiny().plan(ask(), line(), 0)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        tiny().denoise([plan], stop)
    assert plan.next_window == 0 and len(tiny().denoise([plan], lambda: None)) == 1


def test_the_service_delivers_a_take_at_the_scenes_rate() -> None:
    service = Service(registry=Registry("cpu", {"cafe_talk": lambda _: tiny()}))
    events = list(service.stream(ask(seconds=2.0, fps=30.0, emotion="happy"), None))
    chunks = [event for event in events if isinstance(event, Chunk)]
    assert isinstance(events[-1], Result)
    assert events[-1].n_frames == sum(len(chunk.coefficients) for chunk in chunks) == 60
    for chunk in chunks:
        total = np.sum([chunk.layers[name] for name in LAYERS], axis=0)
        assert np.abs(np.clip(total, 0, 1) - chunk.coefficients).max() < 1e-6


def test_eyes_that_a_strip_holds_wide_do_not_blink() -> None:
    plain = take(ask())["life"][:, INDEX["eyeBlinkLeft"]]
    held = take(ask(strips=(StripSpec("AU5", 0.0, 6.0),)))["life"][:, INDEX["eyeBlinkLeft"]]
    middle = slice(10, 140)
    assert plain[middle].max() > 0.8
    assert held[middle].max() < 0.05


def test_a_strip_whose_au_has_a_floor_shows_at_least_that() -> None:
    generator = random_generator(TINY)
    generator.floors = {"AU4": 0.9}
    request = ask(strips=(StripSpec("AU4", 1.0, 2.0, ((0.0, 0.5),)),), seconds=3.0)
    silent = Speech(np.zeros(0, np.float32), 0.0, (), np.zeros(0, np.float32))
    plan = generator.plan(request, silent, 0)
    frames = [generator.denoise([plan], lambda: None)[0] for _ in range(plan.n_windows)]
    made = face(finished(plan, frames))
    assert made[38, INDEX["browDownLeft"]] > 0.42


def test_wide_eyes_shut_in_a_blink() -> None:
    living = tiny().plan(ask(), line(), 0).state["take"].living
    times = np.arange(150) / TINY.fps
    wide = np.zeros((150, 52))
    wide[:, INDEX["eyeWideLeft"]] = 0.8
    shown = living.frames(times, TINY.fps, wide, np.zeros((150, 51)))
    shut = shown[:, INDEX["eyeBlinkLeft"]] > 0.9
    assert shut.any()
    assert (wide + shown)[shut][:, INDEX["eyeWideLeft"]].max() < 0.15


def test_no_seam_between_windows_shows_in_the_velocity() -> None:
    made = take(ask(emotion="sad"))
    eyes = [INDEX[name] for name in UPPER_FACE_NAMES]
    speed = np.abs(np.diff((made["lips"] + made["emotion"])[:, eyes], axis=0)).mean(axis=1)
    plan = tiny().plan(ask(emotion="sad"), line(), 0)
    windows = plan.state["take"].windows
    seams = [windows.start(k) + windows.fresh(k).start - 1 for k in range(1, windows.count)]
    assert len(seams) > 3
    assert speed[seams].mean() < 1.5 * np.median(speed)


def mean_emotion(share: float | None, **fields: Any) -> Array:
    """The emotion layer's mean face with "furious" blended into a terrified line."""
    blend = None if share is None else DirectionBlend("furious", share)
    return take(ask(**{"direction": "terrified", "blend": blend, **fields}))["emotion"].mean(axis=0)


def test_a_share_of_0_is_the_first_direction_alone_and_of_1_the_second() -> None:
    alone, second = mean_emotion(None), mean_emotion(None, direction="furious")
    apart = float(np.linalg.norm(alone - second))
    assert apart > 0
    assert np.linalg.norm(mean_emotion(0.0) - alone) < 0.01 * apart
    assert np.linalg.norm(mean_emotion(1.0) - second) < 0.01 * apart


def test_a_larger_share_is_nearer_to_the_second_direction() -> None:
    faces = [mean_emotion(share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    away = [float(np.linalg.norm(f - faces[0])) for f in faces]
    near = [float(np.linalg.norm(f - faces[-1])) for f in faces]
    assert away == sorted(away) and near == sorted(near, reverse=True)
    assert away[1] > 0.1 * away[-1]


def test_a_second_direction_is_mixed_into_an_emotion_too() -> None:
    happy = mean_emotion(None, direction="", emotion="happy")
    mixed = mean_emotion(0.5, direction="", emotion="happy")
    assert not np.allclose(happy, mixed, atol=0.1 * float(np.abs(happy).max()))


def test_muscles_named_by_a_second_direction_move_by_its_share() -> None:
    request = ask(direction="sad", blend=DirectionBlend("raises the left eyebrow", 0.3))
    take_of: Any = tiny().plan(request, line(), 0).state["take"]
    peaks = [v for strip in take_of.strips for _, v in strip.keys]
    whole: Any = tiny().plan(ask(direction="raises the left eyebrow"), line(), 0).state["take"]
    assert peaks and peaks == pytest.approx(
        [0.3 * v for strip in whole.strips for _, v in strip.keys]
    )


def test_a_direction_strip_wins_over_both_of_two_blended_directions() -> None:
    strip = DirectionStrip("calm", 3.0, 6.0)
    request = ask(direction="sad", blend=DirectionBlend("furious", 0.5), direction_strips=(strip,))
    plan: Any = tiny().plan(request, line(), 0).state["take"]
    shares = plan.direction.shares(np.array([0.0, 1.0, 4.5, 6.0]))
    assert shares.sum(axis=0) == pytest.approx(np.ones(4))
    assert shares[-1] == pytest.approx([0.0, 0.0, 1.0, 1.0])
    assert shares[:, 1] == pytest.approx([0.5, 0.5, 0.0])


def test_the_last_stage_of_a_direction_stays_until_the_line_ends() -> None:
    plan: Any = tiny().plan(ask(direction="sad, then happy"), line(), 0).state["take"]
    shares = plan.direction.shares(np.array([0.0, 6.0]))
    assert shares[-1] == pytest.approx([0.0, 1.0])
