"""The faces by which shape keys are looked at."""

from __future__ import annotations

import numpy as np

from arkit.names import ARKIT_NAMES
from blender_addon.core.face_poses import POSES, played


def test_every_pose_is_made_of_blendshapes_and_rest_of_none() -> None:
    names = {name for _, values in POSES.values() for name in values}
    assert names <= set(ARKIT_NAMES) and not POSES["REST"][1]


def test_each_pose_is_played_from_rest_to_its_full_and_back() -> None:
    times = np.linspace(0.0, 20.0, 2001)
    faces = [played(t) for t in times]
    for _, pose in POSES.values():
        for name, value in pose.items():
            most = max(face.get(name, 0.0) for face in faces if face.keys() == pose.keys())
            assert most == np.clip(most, value - 1e-3, value)
    names = sorted({name for face in faces for name in face})
    curves = np.array([[face.get(name, 0.0) for name in names] for face in faces])
    assert np.abs(np.diff(curves, axis=0)).max() < 0.03, "eased, without a jump"
    assert played(-1.0) == played(0.0) and not any(played(0.0).values())
