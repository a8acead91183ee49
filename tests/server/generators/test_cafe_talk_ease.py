"""What a feeling may open of the mouth in pauses and at sounds that need it narrow or round."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from arkit.clip import Phone
from arkit.names import INDEX
from server.generators.base import Speech
from server.generators.cafe_talk.config import TINY
from server.generators.cafe_talk.ease import (
    AT_ROUNDED,
    AT_SIBILANT,
    AT_TONGUE_TIP,
    IN_PAUSE,
    opening_shares,
)
from server.generators.cafe_talk.pipeline import random_generator
from server.generators.spoken import SpokenLine, spoken_line
from server.wire.messages import GenerateRequest, StripSpec

TIMES = np.arange(100) / TINY.fps
JAW, UPPER, SMILE = INDEX["jawOpen"], INDEX["mouthUpperUpLeft"], INDEX["mouthSmileLeft"]


def speech(*phones: tuple[str, float]) -> Speech:
    """Phones given as (symbol, end) in order."""
    starts = (0.0, *(end for _, end in phones))
    made = tuple(Phone(p, a, b) for (p, b), a in zip(phones, starts, strict=False))
    return Speech(np.zeros(0, np.float32), phones[-1][1], made, np.zeros(0, np.float32))


def line(*phones: tuple[str, float]) -> SpokenLine:
    return spoken_line(speech(*phones), None)


SAID = (("sil", 0.6), ("a", 1.0), ("s", 1.2), ("a", 2.0), ("sil", 2.8), ("a", 3.4), ("sil", 4.0))


def test_a_pause_leaves_a_part_and_speech_all_of_what_a_feeling_opens() -> None:
    shares = opening_shares(line(*SAID), TIMES)
    for second in (0.2, 2.4, 3.9):
        assert shares[int(second * 25), JAW] == pytest.approx(IN_PAUSE)
        assert shares[int(second * 25), UPPER] == pytest.approx(IN_PAUSE)
    assert shares[int(1.6 * 25), [JAW, UPPER]] == pytest.approx(1.0)
    assert (shares[:, SMILE] == 1.0).all()


def test_a_sibilant_narrows_the_jaw_and_leaves_the_lips() -> None:
    shares = opening_shares(line(*SAID), TIMES)
    assert shares[int(1.12 * 25), JAW] == pytest.approx(AT_SIBILANT)
    assert shares[int(1.12 * 25), UPPER] == pytest.approx(1.0)


def test_the_tongues_tip_is_reached_with_some_of_a_feelings_jaw() -> None:
    shares = opening_shares(line(("a", 1.0), ("d", 1.2), ("a", 2.0)), TIMES)
    assert shares[int(1.12 * 25), JAW] == pytest.approx(AT_TONGUE_TIP)
    assert shares[int(1.12 * 25), UPPER] == pytest.approx(1.0)
    assert shares[int(0.5 * 25), JAW] == pytest.approx(1.0)


@pytest.mark.parametrize("sound", ["u", "o", "w"])
def test_a_raised_upper_lip_lets_a_sound_be_round(sound: str) -> None:
    shares = opening_shares(line(("a", 1.0), (sound, 1.2), ("a", 2.0)), TIMES)
    assert shares[int(1.12 * 25), UPPER] == pytest.approx(AT_ROUNDED)
    assert shares[int(1.12 * 25), JAW] == pytest.approx(1.0)


def test_the_mouth_comes_to_rest_and_wakes_without_a_jump() -> None:
    times = np.arange(400) / 100
    shares = opening_shares(line(*SAID), times)
    assert np.abs(np.diff(shares, axis=0)).max() < 0.15  # of 1 in 10 ms


def test_a_part_of_a_line_is_eased_as_the_whole_is() -> None:
    whole = opening_shares(line(*SAID), TIMES)
    assert np.array_equal(opening_shares(line(*SAID), TIMES[30:70]), whole[30:70])


def test_a_line_in_which_nothing_is_said_may_do_as_it_feels() -> None:
    assert (opening_shares(line(("sil", 4.0)), TIMES) == 1.0).all()
    nothing = Speech(np.zeros(0, np.float32), 4.0, (), np.zeros(0, np.float32))
    assert (opening_shares(spoken_line(nothing, None), TIMES) == 1.0).all()


def faces(**fields: object) -> NDArray[np.float32]:
    """Take of a random network that moves the mouth visibly, without its life, [T, 52]."""
    generator = random_generator(TINY)
    with torch.no_grad():
        generator.network.model.out.weight.mul_(200.0)
    request = GenerateRequest("a", generator="cafe_talk", seed=1, **fields)  # type: ignore[arg-type]
    plan = generator.plan(request, speech(*SAID), 1)
    made = []
    while plan.next_window < plan.n_windows:
        made += generator.denoise([plan], lambda: None)
    return np.concatenate(
        [np.sum([f.layers[n] for n in ("lips", "emotion", "strips")], axis=0) for f in made]
    )


def without_easing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave every share at 1, whoever asks for it."""
    monkeypatch.setattr("server.generators.cafe_talk.ease._lower", lambda *_: None)


def test_a_strip_in_a_pause_opens_the_jaw_as_far_as_it_is_asked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pause = slice(int(2.3 * 25), int(2.5 * 25))
    strips = (StripSpec("AU27", 2.1, 2.7),)
    eased = faces(emotion="surprised", strips=strips)[pause]
    without_easing(monkeypatch)
    free = faces(emotion="surprised", strips=strips)[pause]
    assert np.allclose(eased[:, JAW], free[:, JAW], atol=1e-5)


def test_what_a_feeling_opens_is_smaller_in_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = slice(int(2.2 * 25), int(2.6 * 25))
    rest = faces()[pause]
    eased = faces(emotion="surprised")[pause] - rest
    without_easing(monkeypatch)
    free = faces(emotion="surprised")[pause] - rest
    columns = [k for k in (JAW, UPPER) if free[:, k].max() > 0.05]
    assert columns
    assert np.allclose(eased[:, columns], IN_PAUSE * free[:, columns], atol=0.02)
