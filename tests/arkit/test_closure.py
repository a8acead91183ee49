"""Closures hold at any frame rate, on our own bounds and on the lips of the ICT head."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkit.clip import ArkitClip, Contact
from arkit.closure import impose_closure
from arkit.errors import RetimeError
from arkit.names import ARKIT_NAMES, INDEX, UPPER_FACE_NAMES
from arkit.retime import gain, resample, sample_at, smooth

OPENERS = ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight")
RATES = (12.0, 15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 60.0, 120.0)

faces = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).uniform(0, 1, (40, 52)))
starts = st.floats(0.1, 1.3)
lengths = st.floats(0.02, 0.15)


def is_closed(face: np.ndarray) -> np.ndarray:
    close, jaw = face[:, INDEX["mouthClose"]], face[:, INDEX["jawOpen"]]
    openers = face[:, [INDEX[name] for name in OPENERS]]
    return (close >= 0.9 * jaw) & (openers <= 1e-6).all(axis=1)


def clip_with(face: np.ndarray, fps: float, *contacts: Contact) -> ArkitClip:
    return ArkitClip(coefficients=face, fps=fps, contacts=contacts)


@given(faces, starts, lengths)
def test_lips_close_at_every_frame_inside_a_contact(
    face: np.ndarray, start: float, length: float
) -> None:
    times = np.arange(40) / 25
    contact = Contact("lips", start, start + length)
    closed = impose_closure(face, times, [contact])
    inside = (times >= contact.start) & (times <= contact.end)
    assert is_closed(closed[inside]).all()


@given(faces, starts, st.sampled_from(RATES))
def test_a_60_ms_closure_holds_at_the_nearest_frame_of_any_rate(
    face: np.ndarray, start: float, fps: float
) -> None:
    contact = Contact("lips", start, start + 0.06)
    clip = resample(clip_with(face, 25, contact), fps)
    nearest = np.abs(clip.times - (start + 0.03)).argmin()
    assert is_closed(clip.coefficients[[nearest]]).all()
    middle = sample_at(clip, [start + 0.03])
    assert is_closed(middle).all()


@given(faces, starts, st.sampled_from(["lips", "lip_teeth"]))
def test_imposing_twice_changes_nothing_and_spares_the_upper_face(
    face: np.ndarray, start: float, kind: str
) -> None:
    times = np.arange(40) / 25
    contacts = [Contact(kind, start, start + 0.06), Contact("lips", 0.8, 0.85)]
    once = impose_closure(face, times, contacts)
    assert impose_closure(once, times, contacts) == pytest.approx(once, abs=1e-6)
    upper = [INDEX[name] for name in UPPER_FACE_NAMES]
    assert np.array_equal(once[:, upper], face.astype(np.float32)[:, upper])


@given(faces, starts)
def test_frames_far_from_every_contact_stay_as_they_were(face: np.ndarray, start: float) -> None:
    times = np.arange(40) / 25
    closed = impose_closure(face, times, [Contact("lips", start, start + 0.05)])
    far = (times < start - 0.06) | (times > start + 0.11)
    assert np.array_equal(closed[far], face.astype(np.float32)[far])


def test_a_neutral_face_stays_nearly_neutral_at_a_closure() -> None:
    closed = impose_closure(np.zeros((3, 52)), [0, 0.04, 0.08], [Contact("lips", 0.03, 0.06)])
    assert closed.max() < 0.03


def test_a_labiodental_brings_the_lower_lip_to_the_teeth_without_closing_the_lips() -> None:
    face = np.zeros((1, 52))
    face[:, INDEX["jawOpen"]] = 0.3
    face[:, INDEX["mouthLowerDownLeft"]] = 0.8
    bitten = impose_closure(face, [0.0], [Contact("lip_teeth", 0.0, 0.05)])[0]
    assert bitten[INDEX["mouthRollLower"]] >= 0.3
    assert bitten[INDEX["mouthLowerDownLeft"]] < 0.1
    assert 0.05 < bitten[INDEX["jawOpen"]] - bitten[INDEX["mouthClose"]] < 0.15


def test_contacts_outside_the_times_bind_nothing() -> None:
    face = np.full((5, 52), 0.5)
    closed = impose_closure(face, np.arange(5) / 25, [Contact("lips", 3.0, 3.1)])
    assert np.array_equal(closed, face.astype(np.float32))
    assert impose_closure(np.zeros((0, 52)), [], [Contact("lips", 0, 1)]).shape == (0, 52)


def test_smoothing_and_gain_leave_closures_closed() -> None:
    face = np.random.default_rng(0).uniform(0, 1, (40, 52))
    clip = clip_with(face, 25, Contact("lips", 0.5, 0.56), Contact("lips", 1.0, 1.1))
    for result in (smooth(clip, 0.08), gain(clip, {"jaw": 1.5, "mouth": 0.4})):
        for contact in clip.contacts:
            inside = (clip.times >= contact.start) & (clip.times <= contact.end)
            assert is_closed(result.coefficients[inside]).all()


def test_wrong_shapes_and_unknown_contacts_are_refused() -> None:
    with pytest.raises(RetimeError, match=r"\[3, 52\]"):
        impose_closure(np.zeros((2, 52)), [0, 1, 2], [])
    with pytest.raises(RetimeError, match="unknown contact 'kiss'"):
        impose_closure(np.zeros((1, 52)), [0], [Contact("kiss", 0, 1)])


def ict_folder() -> Path:
    data = Path(os.environ.get("SOLILOQUY_DATA", Path(__file__).parents[3] / "shared" / "data"))
    return data / "ict_facekit"


@pytest.mark.data
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_lips_of_the_ict_head_meet_within_a_millimetre(seed: int) -> None:
    folder = ict_folder()
    if not (folder / "ict_expressions.npz").is_file():
        pytest.skip(f"no ICT head at {folder}")
    gaps = IctLips.load(folder)
    rng = np.random.default_rng(seed)
    face = rng.uniform(0, 1, (200, 52)) * rng.uniform(0, 1, (200, 1))
    face[:, INDEX["mouthPucker"]] = np.minimum(face[:, INDEX["mouthPucker"]], 0.6)
    closed = impose_closure(face, np.arange(200) / 25, [Contact("lips", 0.0, 8.0)])
    assert gaps.millimetres(closed).max() < 1.0


class IctLips:
    """The gap between mid upper and mid lower lip, linear in the coefficients."""

    _cached: IctLips | None = None

    def __init__(self, neutral: float, per_blendshape: np.ndarray) -> None:
        self.neutral, self.per_blendshape = neutral, per_blendshape

    def millimetres(self, coefficients: np.ndarray) -> np.ndarray:
        return self.neutral + coefficients @ self.per_blendshape

    @classmethod
    def load(cls, folder: Path) -> IctLips:
        if cls._cached is None:
            landmarks = json.loads((folder / "vertex_indices.json").read_text())
            upper, lower = (landmarks["idx_to_landmark_verts"][i] for i in (62, 66))
            shapes = np.load(folder / "ict_expressions.npz")
            height = {n: 10 * (shapes[n][upper, 1] - shapes[n][lower, 1]) for n in shapes.files}
            slopes = [sum(height[k] - height["neutral"] for k in _ict_keys(n, height))
                      for n in ARKIT_NAMES]  # fmt: skip
            cls._cached = cls(float(height["neutral"]), np.array(slopes))
        return cls._cached


def _ict_keys(name: str, shapes: dict[str, float]) -> list[str]:
    short = name.replace("Left", "_L").replace("Right", "_R")
    return [key for key in (name, short, name + "_L", name + "_R") if key in shapes]
