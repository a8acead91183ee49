"""The generator `articulate`: facts that a person would check on a mouth, and its laws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from arkit.clip import ArkitClip, Phone
from arkit.names import INDEX
from flame.head import built_in_head
from server.evaluation.perform import perform
from server.generators.articulate import ArticulateConfig, ArticulateGenerator
from server.generators.base import Speech
from server.speech.phones import BILABIALS, SILENCE
from server.wire.messages import GenerateRequest, StripSpec

FRAME_RATES = (15.0, 23.976, 24.0, 25.0, 30.0, 60.0)


def speech_of(phones: Sequence[tuple[str, float]], loud_db: float = -20.0) -> Speech:
    """Phones with durations in seconds -> a line without samples, silence at -90 dB."""
    timed, clock = [], 0.0
    for phone, seconds in phones:
        timed.append(Phone(phone, clock, clock + seconds))
        clock += seconds
    loudness = np.full(int(clock * 100) + 1, -90.0, np.float32)
    for phone in timed:
        if phone.phone != SILENCE:
            loudness[int(phone.start * 100) : int(phone.end * 100) + 1] = loud_db
    return Speech(np.zeros(0, np.float32), clock, tuple(timed), loudness)


def hummed(seconds: float, seed: int = 0) -> Speech:
    """A line with samples, whose phones are known, so that the sound's evidence takes part."""
    rng = np.random.default_rng(seed)
    inventory = ["a", "m", "i", "s", "u", "p", "ɛ", "f", "ɔ", "t", SILENCE, "w", "ɪ", "b", "ʃ", "ə"]
    phones, clock = [], 0.0
    while clock < seconds:
        length = float(rng.uniform(0.05, 0.2))
        phones.append(Phone(str(rng.choice(inventory)), clock, min(clock + length, seconds)))
        clock += length
    t = np.arange(int(seconds * 16000)) / 16000
    voice = np.sign(np.sin(2 * np.pi * 120 * t)) * (0.1 + 0.08 * np.sin(2 * np.pi * 3 * t))
    samples = (voice + 0.01 * rng.standard_normal(len(t))).astype(np.float32)
    loudness = (-20 + 4 * np.sin(2 * np.pi * 3 * np.arange(int(seconds * 100) + 1) / 100)).astype(
        np.float32
    )
    return Speech(samples, seconds, tuple(phones), loudness)


def gap_mm(clip: ArkitClip) -> np.ndarray:
    head = built_in_head()
    return np.array([head.lip_gap_mm(head.pose(face)) for face in clip.coefficients])


MAMA = (("sil", 0.4), ("m", 0.09), ("ɑ", 0.2), ("p", 0.08), ("ɑ", 0.2), ("sil", 0.5))


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_lips_close_in_every_bilabial_at_any_rate(fps: float) -> None:
    speech = speech_of(MAMA)
    clip = perform(ArticulateGenerator(), speech, fps)
    gaps = gap_mm(clip)
    for phone in speech.phones:
        if phone.phone in BILABIALS:
            near = (clip.times >= phone.start - 0.03) & (clip.times <= phone.end + 0.03)
            assert gaps[near].min() < 1.0, f"{phone.phone} stays open at {fps} fps"


def test_a_stop_shorter_than_a_frame_still_closes() -> None:
    speech = speech_of((("sil", 0.31), ("ɑ", 0.2), ("b", 0.03), ("ɑ", 0.2), ("sil", 0.3)))
    clip = perform(ArticulateGenerator(), speech, 15.0)
    near = np.abs(clip.times - 0.525) < 0.04
    assert gap_mm(clip)[near].min() < 1.0


def test_lips_are_open_in_the_vowels_between() -> None:
    clip = perform(ArticulateGenerator(), speech_of(MAMA), 60.0)
    gaps = gap_mm(clip)
    for middle in (0.59, 0.87):
        assert gaps[round(middle * 60)] > 4.0


def test_the_jaw_opens_wide_at_a_and_little_at_i() -> None:
    lines = (("sil", 0.3), ("d", 0.07), ("ɑ", 0.2), ("d", 0.07), ("i", 0.2), ("sil", 0.3))
    jaw = perform(ArticulateGenerator(), speech_of(lines), 60.0).curve("jawOpen")
    assert jaw[round(0.47 * 60)] > 0.3
    assert jaw[round(0.75 * 60)] < 0.2


def test_loud_vowels_open_the_jaw_further_than_soft_ones() -> None:
    soft, loud = Phone("ɑ", 0.3, 0.5), Phone("ɑ", 0.9, 1.1)
    line = speech_of(
        (("sil", 0.3), ("ɑ", 0.2), ("sil", 0.4), ("ɑ", 0.2), ("sil", 0.3)), loud_db=-30.0
    )
    line.loudness[88:112] = -18.0
    jaw = perform(ArticulateGenerator(), line, 60.0).curve("jawOpen")
    at = [round(30 * (p.start + p.end)) for p in (soft, loud)]
    assert jaw[at[1]] > 1.2 * jaw[at[0]]


def test_rounding_starts_before_the_jaw_and_before_the_vowel() -> None:
    line = speech_of((("sil", 0.4), ("s", 0.12), ("t", 0.08), ("u", 0.25), ("sil", 0.4)))
    pucker = perform(ArticulateGenerator(), line, 60.0).curve("mouthPucker")
    onset = np.argmax(pucker > 0.15 * pucker.max()) / 60
    assert 0.10 < 0.6 - onset < 0.22


def test_lips_are_still_in_silence() -> None:
    clip = perform(ArticulateGenerator(), speech_of((("a", 0.3), ("sil", 3.0), ("a", 0.3))), 30.0)
    still = (clip.times > 0.6) & (clip.times < 3.0)
    assert np.abs(clip.layers["lips"][still]).max() < 1e-6


def test_a_line_of_silence_has_life_but_no_lips() -> None:
    clip = perform(ArticulateGenerator(), speech_of((("sil", 20.0),)), 30.0)
    assert np.abs(clip.layers["lips"]).max() == 0
    assert clip.curve("eyeBlinkLeft").max() > 0.8


def test_labiodentals_bring_the_lower_lip_to_the_teeth() -> None:
    line = speech_of((("sil", 0.3), ("ɑ", 0.2), ("f", 0.1), ("ɑ", 0.2), ("sil", 0.3)))
    clip = perform(ArticulateGenerator(), line, 30.0)
    assert clip.curve("mouthRollLower")[round(0.55 * 30)] > 0.3
    assert [c.kind for c in clip.contacts] == ["lip_teeth"]


def test_sibilants_narrow_the_jaw() -> None:
    line = speech_of((("sil", 0.3), ("ɑ", 0.2), ("s", 0.12), ("ɑ", 0.2), ("sil", 0.3)))
    jaw = perform(ArticulateGenerator(), line, 60.0).curve("jawOpen")
    assert jaw[round(0.56 * 60)] < 0.5 * jaw[round(0.42 * 60)]


@pytest.mark.parametrize("fps", [24.0, 30.0])
def test_windows_give_the_frames_of_the_whole_line(fps: float) -> None:
    line = hummed(11.0)
    whole = perform(ArticulateGenerator(ArticulateConfig(window_seconds=60.0)), line, fps)
    cut = perform(ArticulateGenerator(ArticulateConfig(window_seconds=0.7)), line, fps)
    assert cut.n_frames == whole.n_frames
    for name, layer in whole.layers.items():
        np.testing.assert_allclose(cut.layers[name], layer, atol=2e-6, err_msg=name)
    np.testing.assert_allclose(cut.eyes, whole.eyes, atol=1e-6)
    np.testing.assert_allclose(cut.head, whole.head, atol=1e-6)


def test_the_same_seed_gives_the_same_clip_and_another_seed_other_life() -> None:
    line = hummed(6.0)
    first, again = (perform(ArticulateGenerator(), line, 30.0, seed=3) for _ in range(2))
    other = perform(ArticulateGenerator(), line, 30.0, seed=4)
    np.testing.assert_array_equal(first.coefficients, again.coefficients)
    np.testing.assert_array_equal(first.layers["lips"], other.layers["lips"])
    assert not np.array_equal(first.layers["life"], other.layers["life"])


def test_coefficients_stay_between_zero_and_one_and_are_smooth() -> None:
    clip = perform(ArticulateGenerator(), hummed(12.0, seed=2), 60.0)
    assert clip.coefficients.min() >= 0 and clip.coefficients.max() <= 1
    # The jaw of a talker moves at less than about 8 openings a second.
    assert np.abs(np.diff(clip.curve("jawOpen"))).max() * 60 < 8


def test_blinks_come_as_often_as_on_people_and_both_lids_meet_at_a_frame() -> None:
    clip = perform(ArticulateGenerator(), speech_of((("sil", 300.0),)), 25.0)
    lid = clip.curve("eyeBlinkLeft")
    shut = (lid[1:-1] > 0.8) & (lid[1:-1] >= lid[:-2]) & (lid[1:-1] > lid[2:])
    assert 14 <= shut.sum() / 5 <= 30  # a minute
    np.testing.assert_array_equal(lid, clip.curve("eyeBlinkRight"))


def test_a_strip_is_a_layer_of_its_own_and_never_opens_a_closure() -> None:
    strips = (
        StripSpec("AU12", 0.1, 1.4, ((0.0, 0.8),)),
        StripSpec("AU25", 0.1, 1.4, ((0.0, 1.0),)),
    )
    request = GenerateRequest("r", fps=30.0, strips=strips)
    generator = ArticulateGenerator()
    plan = generator.plan(request, speech_of(MAMA), seed=0)
    layers = generator.denoise([plan], lambda: None)[0].layers
    assert layers["strips"][20, INDEX["mouthSmileLeft"]] > 0.4
    faces = np.clip(sum(layers.values()), 0, 1)
    head = built_in_head()
    gaps = np.array([head.lip_gap_mm(head.pose(face)) for face in faces])
    assert gaps[round(0.445 * 30)] < 1.0


def test_what_articulate_cannot_play_is_said_in_a_note() -> None:
    request = GenerateRequest("r", emotion="angry", direction="furious")
    plan = ArticulateGenerator().plan(request, speech_of(MAMA), seed=0)
    assert "emotion" in plan.notes[0] and "direction" in plan.notes[0]


def test_provenance_changes_with_the_options() -> None:
    one = ArticulateGenerator().provenance()
    other = ArticulateGenerator(ArticulateConfig(jaw_per_db=0.05)).provenance()
    assert one["weights"] != other["weights"]
