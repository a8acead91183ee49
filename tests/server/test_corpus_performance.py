"""The performed corpus as motion: lips close whatever is felt, layers sum, seeds decide."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, AU_CODES
from arkit.clip import Phone
from arkit.names import INDEX
from arkit.strips import AUStrip
from server.training.corpus.actors import ACTORS, SMILES
from server.training.corpus.feelings import families
from server.training.corpus.hearing import Line
from server.training.corpus.manners import EMOTIONS
from server.training.corpus.marking import draw_strips, with_strips
from server.training.corpus.performing import LAYERS, Performance, perform
from server.training.corpus.programmes import manner_for, programme_for, stream
from server.training.corpus.scenes import Scene

_SOUNDS = (
    "sil", "m", "a", "m", "ə", "b", "ɔ", "t", "f", "i", "n", "p", "ɪ", "l", "sil", "w", "ʌ", "n",
    "b", "æ", "d", "ɹ", "i", "m", "v", "o", "p", "ɑ", "p", "ə", "sil",
)  # fmt: skip


def _line(seed: int = 0) -> Line:
    """A line of five seconds with eight lip closures, louder on vowels."""
    rng = np.random.default_rng(seed)
    clock, phones = 0.0, []
    for sound in _SOUNDS:
        length = 0.4 if sound == "sil" else float(rng.uniform(0.05, 0.16))
        phones.append(Phone(sound, clock, clock + length))
        clock += length
    loudness = np.full(int(clock * 100) + 1, -60.0, np.float32)
    for phone in phones:
        if phone.phone in "aəɔiɪʌæoɑ":
            first, last = int(phone.start * 100), int(phone.end * 100)
            loudness[first:last] = rng.uniform(-28, -14)
    return Line(clock, tuple(phones), (None,) * len(phones), loudness)


_LINE = _line()


def _scene(family: str, **changes: object) -> Scene:
    scene = Scene(
        number=5, split="train", voice="silence", language="en", texts=(), actor="Ada",
        emotion=families()[family].emotion, intensity=0.9, families=((family, 1.0),),
        in_turn=False, words=(family,), word_strengths=(1.0,), direction=family,
        with_strips=False, rate=1.0, pitch=1.0, pitch_range=1.0, warp=0.0, level_db=0.0,
        seconds=3.0,
    )  # fmt: skip
    return dataclasses.replace(scene, **changes)


def _performed(family: str, fps: float = 25.0, seed: int = 1, **changes: object) -> Performance:
    return perform(programme_for(_scene(family, **changes), _LINE, seed), fps)


def _uncancelled_gap(face: NDArray[np.float32]) -> NDArray[np.float64]:
    """How open the lips are, [T]: what opens them less what closes them, measured weights."""
    opening = 0.95 * face[:, INDEX["jawOpen"]] - face[:, INDEX["mouthClose"]]
    for name in ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft"):
        opening = opening + 0.15 * face[:, INDEX[name]]
    return np.asarray(opening + 0.2 * face[:, INDEX["mouthFunnel"]], np.float64)


def _closed(performance: Performance) -> list[bool]:
    gap = _uncancelled_gap(performance.coefficients)
    lips = [c for c in performance.contacts if c.kind == "lips"]
    nearest = [round(0.5 * (c.start + c.end) * performance.fps) for c in lips]
    return [bool(gap[i] < 0.05) for i in nearest]


@pytest.mark.parametrize("family", sorted(families()))
def test_lips_close_under_every_feeling_with_strips_that_open_the_mouth(family: str) -> None:
    programme = programme_for(_scene(family, intensity=1.0, actor="Mina"), _LINE, 3)
    strips = (
        AUStrip("AU26", 0.0, _LINE.seconds), AUStrip("AU10", 0.2, _LINE.seconds),
        AUStrip("AU22", 0.5, 2.5, mode="accent"),
    )  # fmt: skip
    for marked in (programme, dataclasses.replace(programme, strips=strips)):
        closed = _closed(perform(marked))
        assert len(closed) == 8
        assert all(closed)


def test_the_mouth_is_open_between_its_closures() -> None:
    performance = _performed("anger")
    vowels = [p for p in _LINE.phones if p.phone in "aæɑ"]
    gap = _uncancelled_gap(performance.coefficients)
    assert all(gap[round(0.5 * (p.start + p.end) * 25)] > 0.08 for p in vowels)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_layers_sum_to_the_unclamped_face(emotion: str) -> None:
    family = next(f.name for f in families().values() if f.emotion == emotion)
    performance = _performed(family, with_strips=True)
    assert set(performance.layers) == set(LAYERS)
    total = np.sum([performance.layers[name] for name in LAYERS], axis=0)
    assert np.abs(np.clip(total, 0, 1) - performance.coefficients).max() < 1e-6
    assert performance.coefficients.min() >= 0
    assert performance.coefficients.max() <= 1


def test_the_same_seed_without_strips_is_the_same_but_for_the_strips_layer() -> None:
    marked, plain = (_performed("joy", with_strips=w) for w in (True, False))
    assert np.abs(marked.layers["strips"]).max() > 0.1
    assert not plain.layers["strips"].any()
    for name in ("lips", "emotion", "life"):
        assert np.array_equal(marked.layers[name], plain.layers[name])


def test_same_scene_and_seed_give_the_same_bits_and_another_seed_does_not() -> None:
    first, second, other = _performed("fear"), _performed("fear"), _performed("fear", seed=2)
    assert first.coefficients.tobytes() == second.coefficients.tobytes()
    assert first.head.tobytes() == second.head.tobytes()
    assert not np.array_equal(first.coefficients, other.coefficients)


def test_a_programme_is_the_same_face_at_any_rate() -> None:
    slow, fast = _performed("sadness", fps=25.0), _performed("sadness", fps=75.0)
    brow = INDEX["browInnerUp"]
    assert np.abs(slow.coefficients[:, brow] - fast.coefficients[::3, brow]).max() < 1e-5
    assert np.abs(slow.head - fast.head[::3]).max() < 1e-5


def test_neutral_adds_no_emotion() -> None:
    assert np.abs(_performed("neutral").layers["emotion"]).max() < 0.02


def test_emotions_show_where_they_should() -> None:
    def mean(family: str, name: str) -> float:
        performances = [_performed(family, number=n) for n in range(6)]
        return float(np.mean([p.coefficients[:, INDEX[name]].mean() for p in performances]))

    assert mean("joy", "mouthSmileLeft") > mean("neutral", "mouthSmileLeft") + 0.3
    assert mean("sadness", "mouthFrownLeft") > mean("neutral", "mouthFrownLeft") + 0.2
    assert mean("anger", "browDownLeft") > mean("neutral", "browDownLeft") + 0.3
    assert mean("fear", "eyeWideLeft") > mean("neutral", "eyeWideLeft") + 0.3
    assert mean("disgust", "noseSneerLeft") > mean("neutral", "noseSneerLeft") + 0.3
    assert mean("surprise", "browOuterUpLeft") > mean("neutral", "browOuterUpLeft") + 0.3
    assert mean("contempt", "mouthDimpleRight") > mean("contempt", "mouthDimpleLeft") + 0.2


def test_more_intensity_shows_more() -> None:
    def shown(intensity: float) -> float:
        performances = [_performed("anger", intensity=intensity, number=n) for n in range(8)]
        return float(np.mean([np.abs(p.layers["emotion"]).mean() for p in performances]))

    levels = [shown(intensity) for intensity in (0.2, 0.45, 0.7, 1.0)]
    assert levels == sorted(levels)
    assert levels[-1] > 2 * levels[0]


def test_sadness_opens_the_jaw_less_than_anger() -> None:
    def jaw(family: str) -> float:
        # Speech alone: the jaw of expressions is not what this is about.
        programme = programme_for(_scene(family), _LINE, 1)
        return programme.manner.jaw

    assert jaw("sadness") < 0.8
    assert jaw("anger") > 1.05


def test_a_strip_fills_a_neutral_face_to_its_intensity_and_lifts_its_antagonist() -> None:
    times = np.arange(50) / 25.0
    face = np.zeros((50, 52))
    face[:, INDEX["mouthFrownLeft"]] = 0.5
    strip = AUStrip("AU12L", 0.4, 1.6, keys=((0.0, 0.7),))
    marked = with_strips(face, (strip,), times)
    assert marked[25, INDEX["mouthSmileLeft"]] == pytest.approx(0.7, abs=1e-6)
    assert marked[25, INDEX["mouthSmileRight"]] == 0
    assert marked[25, INDEX["mouthFrownLeft"]] < 0.25
    assert np.array_equal(marked[:9], face[:9])


def test_actors_have_names_habits_of_their_own_and_known_smiles() -> None:
    assert len(ACTORS) >= 16
    assert len({actor.name for actor in ACTORS}) == len(ACTORS)
    habits = {dataclasses.replace(actor, name="", note="", rest={}).__repr__() for actor in ACTORS}
    assert len(habits) >= 16
    assert {actor.smile for actor in ACTORS} <= set(SMILES)


def test_an_actor_with_many_blinks_blinks_more_than_one_with_few() -> None:
    def blinks(actor: str) -> int:
        numbers = range(40)
        scenes = [_scene("neutral", actor=actor, number=n) for n in numbers]
        return sum(len(programme_for(s, _LINE, 1).living.blinks) for s in scenes)

    assert blinks("Hugo") > 1.8 * blinks("Farid")


def test_a_blink_shuts_wide_eyes() -> None:
    programme = programme_for(_scene("surprise"), _LINE, 1)
    blink = max(programme.living.blinks, key=lambda b: b.depth, default=None)
    if blink is None:
        pytest.skip("this seed does not blink")
    face = perform(programme).coefficients[round(blink.time * 25)]
    assert face[INDEX["eyeBlinkLeft"]] > 0.8 * blink.depth
    assert face[INDEX["eyeWideLeft"]] < 0.2


def test_two_feelings_are_not_twice_as_strong_a_manner() -> None:
    both = _scene("joy", families=(("joy", 1.0), ("excitement", 1.0)), word_strengths=(1.0, 1.0))
    assert manner_for(both).rate < 1.15


def test_streams_of_random_numbers_do_not_disturb_each_other() -> None:
    first, second = stream(1, 2, "acting").random(), stream(1, 2, "living").random()
    assert first != second
    assert first == stream(1, 2, "acting").random()


def test_strips_are_drawn_of_every_unit_that_moves_a_blendshape_and_fit_their_line() -> None:
    rng = np.random.default_rng(0)
    drawn = [strip for _ in range(2000) for strip in draw_strips(4.0, rng)]
    moving = {code for code in AU_CODES if ACTION_UNITS[code].blendshapes}
    assert {strip.au for strip in drawn} == moving
    assert all(0 <= strip.start < strip.end < 4.002 for strip in drawn)
    assert min(strip.end - strip.start for strip in drawn) > 0.199
    assert {strip.mode for strip in drawn} == {"hold", "accent"}
    assert any(len(strip.keys) > 2 for strip in drawn)


def test_a_strip_brings_the_lips_together_no_further_than_the_jaw_is_open() -> None:
    face, times = np.zeros((50, 52)), np.arange(50) / 25
    face[:, INDEX["jawOpen"]] = 0.3
    marked = with_strips(face, (AUStrip("AU8", 0.0, 2.0),), times)
    assert marked[:, INDEX["mouthClose"]].max() == pytest.approx(0.3)
