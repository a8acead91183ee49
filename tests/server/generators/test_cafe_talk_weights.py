"""The shipped weights of `cafe_talk`: what a person would see on a line that was not trained on."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS
from arkit.clip import Phone
from arkit.names import INDEX
from server.evaluation.perform import Order, perform_all
from server.generators.base import Speech
from server.generators.cafe_talk import create
from server.generators.cafe_talk.config import BASE, TINY
from server.generators.cafe_talk.facts import VARIABLE, facts
from server.generators.cafe_talk.pipeline import CafeTalkGenerator, load_generator
from server.generators.cafe_talk.weights import WEIGHTS, load_weights, random_network, save_weights
from server.language.errors import WeightsError
from server.wire.messages import GenerateRequest, StripSpec

pytestmark = pytest.mark.skipif(not WEIGHTS.is_file(), reason="no Cafe-Talk weights are shipped")

START, END = 1.0, 2.2
AUS = ("AU1", "AU2", "AU4", "AU6", "AU9", "AU12", "AU12L", "AU15", "AU61")


@lru_cache(maxsize=1)
def shipped() -> CafeTalkGenerator:
    torch.set_num_threads(1)
    return load_generator("cpu")


def line() -> Speech:
    phones, clock = [], 0.0
    for phone, seconds in (("sil", 0.3), *(("t", 0.08), ("ɛ", 0.14), ("l", 0.08), ("ə", 0.1),
                                           ("s", 0.12), ("a", 0.16), ("m", 0.1), ("i", 0.12)) * 3,
                           ("sil", 0.4)):  # fmt: skip
        phones.append(Phone(phone, clock, clock + seconds))
        clock += seconds
    return Speech(np.zeros(0, np.float32), clock, tuple(phones),
                  np.full(int(clock * 100) + 1, -22.0, np.float32))  # fmt: skip


def faces(*asked: dict[str, Any]) -> list[NDArray[np.float32]]:
    """The coefficients [T, 52] of a take for each request."""
    orders = [Order(GenerateRequest("a", **fields), line()) for fields in asked]
    return [clip.coefficients for clip in perform_all(shipped(), orders)]


def own(face: NDArray[np.float32], au: str) -> NDArray[np.float32]:
    """The mean of an AU's own channels while its strip is fully there."""
    first, last = round((START + 0.3) * 25), round((END - 0.3) * 25)
    return face[first:last][:, [INDEX[n] for n in ACTION_UNITS[au].own_channels]].mean(axis=1)


@pytest.mark.parametrize("au", AUS)
def test_a_strip_shows_its_au_in_order_of_intensity_and_of_beta(au: str) -> None:
    def strip(intensity: float) -> tuple[StripSpec, ...]:
        return (StripSpec(au, START, END, ((0.0, intensity),)),)

    made = faces(
        {}, {"strips": strip(0.35)}, {"strips": strip(0.7)}, {"strips": strip(1.0)},
        {"strips": strip(1.0), "guidance": {"strips": 0.5}},
    )  # fmt: skip
    none, low, middle, full, half = (float(own(face, au).mean()) for face in made)
    assert none < low < middle < full
    assert none < half < full
    assert full - none > 0.35
    assert own(made[3], au).min() > 0.6 * own(made[3], au).max()


SIDED = (
    "AU2L",
    "AU4R",
    "AU6L",
    "AU9R",
    "AU10L",
    "AU12L",
    "AU12R",
    "AU15R",
    "AU20L",
    "AU46L",
    "AUMR",
)


@pytest.mark.parametrize("feeling", ["", "angry"])
def test_a_one_sided_strip_leaves_the_other_half_of_the_face_alone(feeling: str) -> None:
    plain, *made = faces(
        {"emotion": feeling},
        *({"emotion": feeling, "strips": (StripSpec(au, START, END),)} for au in SIDED),
    )
    for au, face in zip(SIDED, made, strict=True):
        half = {"L": "Right", "R": "Left"}[ACTION_UNITS[au].side]
        others = [INDEX[name] for name in INDEX if name.endswith(half)]
        assert np.abs(face - plain)[:, others].max() < 0.15, au
        assert own(face, au).mean() > own(plain, au).mean() + 0.1, au


def test_a_smile_may_be_stronger_on_one_side() -> None:
    sides = (StripSpec("AU12L", START, END, ((0.0, 0.3),)), StripSpec("AU12R", START, END))
    (face,) = faces({"strips": sides})
    assert 0.15 < own(face, "AU12L").mean() < 0.45
    assert own(face, "AU12R").mean() > 0.8


def test_a_one_sided_strip_takes_nothing_from_a_strip_of_both_sides() -> None:
    both, with_side = faces(
        {"strips": (StripSpec("AU12", START, END),)},
        {"strips": (StripSpec("AU12", START, END), StripSpec("AU4L", START, END))},
    )
    smile = own(with_side, "AU12").mean()
    assert smile > own(both, "AU12").mean() - 0.1


def test_a_whole_feeling_grows_with_its_intensity() -> None:
    made = faces(*({"emotion": "angry", "intensity": i} for i in (0.0, 0.3, 0.6, 1.0)))
    brows = [float(face[:, INDEX["browDownLeft"]].mean()) for face in made]
    assert brows == sorted(brows)
    assert brows[-1] > brows[0] + 0.3


@pytest.mark.parametrize(
    ("word", "channel"),
    [("happy", "mouthSmileLeft"), ("heartbroken", "browInnerUp"), ("livid", "browDownLeft"),
     ("revolted", "noseSneerLeft"), ("astonished", "browOuterUpLeft")],
)  # fmt: skip
def test_a_feeling_shows_on_the_muscle_that_is_known_for_it(word: str, channel: str) -> None:
    plain, felt = faces({}, {"emotion": word, "intensity": 0.9})
    column = INDEX[channel]
    assert felt[:, column].mean() > plain[:, column].mean() + 0.15


def test_a_strip_wins_over_the_feeling() -> None:
    strip = (StripSpec("AU12", START, END),)
    sad, smiling = faces({"emotion": "sad"}, {"emotion": "sad", "strips": strip})
    assert own(smiling, "AU12").min() > 0.6
    assert own(sad, "AU12").max() < 0.5


def test_styles_and_emotions_are_told_without_loading_torch() -> None:
    told = facts()
    assert "Ada" in told.styles and "Rosa" in told.styles
    assert "angry" in told.emotions and "strips" in told.controls


def test_weights_of_ones_own_are_named_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.safetensors"
    save_weights(random_network(TINY), path, {})
    monkeypatch.setenv(VARIABLE, str(path))
    assert facts().styles == TINY.styles
    assert create().config == TINY
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    assert VARIABLE in facts().problem
    with pytest.raises(WeightsError, match="no Cafe-Talk weights"):
        create()


def test_stored_weights_come_back_and_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    network = random_network(TINY)
    network.calibration = {"floors": {"AU4": 0.5}}
    save_weights(network, path, {"note": "x"})
    again, digest = load_weights(path)
    assert again.model.config == TINY and again.calibration == network.calibration
    assert digest == load_weights(path)[1]
    first, second = network.model.out.weight, again.model.out.weight
    assert torch.allclose(first, second, atol=1e-3)
    path.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="does not hold Cafe-Talk"):
        load_weights(path)
    with pytest.raises(WeightsError, match="no Cafe-Talk weights"):
        load_weights(tmp_path / "nowhere")


def test_the_shipped_file_is_small_and_of_the_base_size() -> None:
    config = load_weights()[0].model.config
    assert WEIGHTS.stat().st_size < 10 << 20
    assert replace(config, styles=()) == BASE
