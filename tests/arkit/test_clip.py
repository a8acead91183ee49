"""A clip checks its shapes, fills what is absent, and tells its time."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.clip import ArkitClip
from arkit.names import INDEX


def test_absent_angles_are_zeros_and_everything_is_float32() -> None:
    clip = ArkitClip(coefficients=np.ones((3, 52)), fps=24)
    assert clip.head is not None and clip.eyes is not None
    assert clip.head.shape == (3, 3) and clip.eyes.shape == (3, 2, 3)
    assert {clip.coefficients.dtype, clip.head.dtype, clip.eyes.dtype} == {np.dtype(np.float32)}


def test_frames_stand_at_their_index_by_the_rate() -> None:
    clip = ArkitClip(coefficients=np.zeros((48, 52)), fps=24)
    assert clip.seconds == 2.0 and clip.n_frames == 48
    assert clip.times[[0, 24]].tolist() == [0.0, 1.0]


def test_curves_go_by_name() -> None:
    face = np.zeros((2, 52))
    face[:, INDEX["jawOpen"]] = [0.25, 0.5]
    clip = ArkitClip(coefficients=face, fps=30)
    assert clip.curve("jawOpen").tolist() == [0.25, 0.5]
    with pytest.raises(KeyError):
        clip.curve("mouthOpen")


@pytest.mark.parametrize(
    "changes",
    [
        {"coefficients": np.zeros((3, 51))}, {"coefficients": np.zeros(52)}, {"fps": 0.0},
        {"fps": float("nan")}, {"head": np.zeros((2, 3))}, {"eyes": np.zeros((3, 3))},
        {"layers": {"lips": np.zeros((2, 52))}},
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(changes: dict) -> None:
    with pytest.raises(ValueError, match="must be"):
        ArkitClip(**({"coefficients": np.zeros((3, 52)), "fps": 30.0} | changes))


def test_notes_are_added_to_a_new_clip() -> None:
    clip = ArkitClip(coefficients=np.zeros((1, 52)), fps=30)
    assert clip.with_notes("a", "b").notes == ("a", "b") and clip.notes == ()
