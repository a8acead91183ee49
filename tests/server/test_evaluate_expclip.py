"""The figures of `expclip` on generators whose answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from arkit.clip import Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.evaluation.expclip import (
    change,
    follow,
    follow_all,
    monotone_share,
    play,
    pose_movement,
    unseen_poses,
)
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.wire.messages import GenerateRequest

FACES = {
    "smile": {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8},
    "brows": {"browInnerUp": 0.6},
    "": {},
}
GROUPS = {"smile": ("mouthSmileLeft", "mouthSmileRight"), "brows": ("browInnerUp",)}
LINE = Speech(
    np.zeros(0, np.float32), 6.0,
    (Phone("sil", 0, 1), Phone("a", 1, 5), Phone("sil", 5, 6)), np.full(600, -30.0, np.float32),
)  # fmt: skip


def _express(text: str) -> dict[str, float]:
    return {name: FACES[text].get(name, 0.0) for name in ARKIT_NAMES}


def _face(values: dict[str, float]) -> np.ndarray:
    face = np.zeros(len(ARKIT_NAMES))
    for name, value in values.items():
        face[INDEX[name]] = value
    return face


class Obedient:
    """Shows a share of what is asked, at once; `leak` moves the cheeks along."""

    name = "obedient"

    def __init__(self, share: float = 1.0, leak: float = 0.0, backwards: bool = False) -> None:
        self.share, self.leak, self.backwards = share, leak, backwards

    def provenance(self) -> dict[str, Any]:
        return {}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        return Plan(request, speech, seed, request.fps, round(speech.seconds * request.fps), 1)

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        return [self._window(plan) for plan in plans]

    def _window(self, plan: Plan) -> Frames:
        plan.next_window = 1
        times = np.arange(plan.n_frames) / plan.fps
        base = _face(dict(plan.request.pose)) + _face(FACES[plan.request.direction])
        face = np.repeat(base[None], plan.n_frames, axis=0)
        for strip in plan.request.direction_strips:
            weight = strip.intensity
            if self.backwards:
                weight = float(np.sin(1.5 * np.pi * weight) ** 2)
            face += np.outer((times >= strip.start) * weight, _face(FACES[strip.text]))
        face *= self.share
        face[:, INDEX["browInnerUp"]] += self.leak * (face.sum(axis=1) > 0)
        layers = {"emotion": face.astype(np.float32),
                  "life": np.full(face.shape, 0.3, np.float32)}  # fmt: skip
        zeros = np.zeros((plan.n_frames, 3), np.float32)
        return Frames(0, layers, zeros, np.zeros((plan.n_frames, 2, 3), np.float32))


def test_an_obedient_face_follows_in_full_and_keeps_still_elsewhere() -> None:
    (found,) = follow_all(Obedient(), [LINE], ["smile"], _express, GROUPS)
    assert found.right
    assert found.reached == {"smile": pytest.approx(1.0)}
    assert found.moved == {"brows": pytest.approx(0.0)}


@pytest.mark.parametrize(
    ("generator", "right"),
    [(Obedient(0.7), True), (Obedient(0.5), False), (Obedient(leak=0.1), True),
     (Obedient(leak=0.2), False)],
)  # fmt: skip
def test_weak_movement_or_a_leak_is_wrong(generator: Obedient, right: bool) -> None:
    plain = play(generator, LINE)
    found = follow(generator, LINE, plain, text="smile", asked=_express("smile"), groups=GROUPS)
    assert found.right is right


def test_blends_in_order_are_monotone_and_others_are_not() -> None:
    assert monotone_share(Obedient(), LINE, [("smile", "brows")]) == 1.0
    assert monotone_share(Obedient(backwards=True), LINE, [("smile", "brows")]) == 0.0


def test_a_strip_that_comes_at_once_is_fast_and_there() -> None:
    found = change(Obedient(), LINE, "smile", 2.0)
    assert found.seconds <= 0.1
    assert found.fastest == pytest.approx(0.8 * 30, rel=1e-3)


def test_pose_movement_is_the_share_that_is_shown() -> None:
    poses = unseen_poses(5, seed=1)
    assert pose_movement(Obedient(0.4), [LINE], poses) == pytest.approx(0.4, abs=0.02)
    assert all(len(pose) >= 2 for pose in poses)
