"""The figures of `expclip` on generators whose answer is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from arkit.action_units import ACTION_UNITS, AU_CODES
from arkit.clip import Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.evaluation.expclip import (
    change,
    follow,
    follow_all,
    monotone_share,
    play,
    show_poses,
)
from server.evaluation.expclip_report import Directions, Material, directions
from server.evaluation.expclip_unseen import never_together, thrown_together, times_as_much
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.language.expclip import TINY, ExpClip
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


def _material(asked: Directions, leak: float = 0.0) -> Material:
    director: Any = SimpleNamespace(express=lambda t: SimpleNamespace(blendshapes=_express(t)))
    return Material(
        cast("Any", None), cast("Any", Obedient(leak=leak)), director, [LINE], Path(), asked=asked
    )


def test_directions_of_a_file_are_played_and_the_wrong_ones_are_named(tmp_path: Path) -> None:
    path = tmp_path / "directions.json"
    asked = {"directions": [{"text": "smile"}, {"text": "brows"}], "groups": GROUPS}
    path.write_text(json.dumps(asked), "utf-8")
    right = directions(_material(Directions.read(path)))
    wrong = directions(_material(Directions.read(path), leak=0.2))

    assert right["right"]["value"] == 1.0
    assert right["median_reached"] == pytest.approx(1.0)
    assert right["wrong"] == []
    assert wrong["wrong"] == ["smile"]  # its brows move along


def test_without_groups_both_sides_of_a_muscle_are_one(tmp_path: Path) -> None:
    path = tmp_path / "directions.json"
    path.write_text('{"directions": [{"text": "smile"}]}', "utf-8")
    assert Directions.read(path).groups["mouthSmile"] == ["mouthSmileLeft", "mouthSmileRight"]
    path.write_text('{"directions": [], "groups": {"a": ["smileLeft"]}}', "utf-8")
    with pytest.raises(KeyError, match="smileLeft"):
        Directions.read(path)


def test_blends_in_order_are_monotone_and_others_are_not() -> None:
    assert monotone_share(Obedient(), LINE, [("smile", "brows")]) == 1.0
    assert monotone_share(Obedient(backwards=True), LINE, [("smile", "brows")]) == 0.0


def test_a_strip_that_comes_at_once_is_fast_and_there() -> None:
    found = change(Obedient(), LINE, "smile", 2.0)
    assert found.seconds <= 0.1
    assert found.fastest == pytest.approx(0.8 * 30, rel=1e-3)
    assert found.clip_p995 > found.line_p995 == 0.0  # nothing else moves in the line


def test_what_is_shown_of_poses_is_the_share_the_likeness_and_the_lips() -> None:
    expclip = ExpClip(TINY).eval()
    poses = thrown_together(5, seed=1)
    found = show_poses(Obedient(0.4), [LINE], poses, expclip)
    assert found.share == pytest.approx(0.4, abs=0.02)
    whole = show_poses(Obedient(), [LINE], poses, expclip)
    assert whole.alike == pytest.approx(1.0, abs=1e-3)
    assert (found.alike < whole.alike).all()
    assert all(len(pose) >= 2 for pose in poses)


def test_poses_of_muscles_that_speech_showed_together_are_not_drawn() -> None:
    codes = {code.rstrip("LR") for code in AU_CODES}
    seen = {(a, b) for a in codes for b in codes if {a, b} != {"AU1", "AU12"}}
    poses = never_together(4, seed=0, seen=seen)
    asked = {name for pose in poses for name in pose}
    allowed = {name for code in ("AU1", "AU12") for name in ACTION_UNITS[code].blendshapes}
    assert asked <= allowed
    assert all(len(pose) > len(ACTION_UNITS["AU1"].blendshapes) for pose in poses)


def test_a_ratio_of_paired_figures_has_an_interval_around_it() -> None:
    theirs = np.linspace(0.2, 0.6, 30)
    found = times_as_much(2 * theirs, theirs)
    assert found.value == pytest.approx(2.0) and found.low == pytest.approx(found.high)
    noisy = times_as_much(2 * theirs, theirs[::-1])
    assert noisy.low < noisy.value < noisy.high
