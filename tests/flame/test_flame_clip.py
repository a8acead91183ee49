"""FLAME clips: files of any of the field's layouts, other rates, refusals."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from flame.clip import FlameClip, is_flame_file
from flame.errors import FlameClipError
from flame.reading import MAX_BYTES


def some_clip(n_frames: int = 9, fps: float = 25.0, **changes: Any) -> FlameClip:
    rng = np.random.default_rng(n_frames)

    def some(*shape: int) -> Any:
        return rng.normal(0, 0.3, (n_frames, *shape)).astype(np.float32)

    values: dict[str, Any] = {
        "expression": some(12), "fps": fps, "basis_id": "flame-x", "jaw": some(3), "neck": some(3),
        "root": some(3), "eyes": some(2, 3), "translation": some(3), "eyelids": abs(some(2)),
        "betas": np.arange(5.0), "contacts": (("lips", 0.1, 0.16),), "notes": ("A note.",),
        "provenance": {"seed": 3},
    }  # fmt: skip
    return FlameClip(**values | changes)


ARRAYS = ("expression", "jaw", "neck", "root", "eyes", "translation", "eyelids", "betas")


def test_a_saved_clip_comes_back_with_all_it_had(tmp_path: Path) -> None:
    clip = some_clip(fps=23.976)
    clip.save(tmp_path / "clip.npz")
    back = FlameClip.load(tmp_path / "clip.npz")
    for name in ARRAYS:
        assert np.array_equal(getattr(back, name), getattr(clip, name)), name
    assert (back.fps, back.basis_id, back.contacts) == (23.976, "flame-x", clip.contacts)
    assert (back.notes, back.provenance) == (clip.notes, clip.provenance)
    assert is_flame_file(tmp_path / "clip.npz")


def test_a_file_uses_the_names_of_the_field(tmp_path: Path) -> None:
    some_clip().save(tmp_path / "clip.npz")
    with np.load(tmp_path / "clip.npz") as data:
        assert {"expression", "jaw_pose", "neck_pose", "global_orient", "leye_pose", "reye_pose",
                "fps"} <= set(data.files)  # fmt: skip


def loaded(fps: float | None = None, **arrays: Any) -> FlameClip:
    buffer = BytesIO()
    np.savez(buffer, **arrays)
    buffer.seek(0)
    return FlameClip.load(buffer, fps)


EXP = np.random.default_rng(0).normal(size=(7, 50)).astype(np.float32)
POSE = np.random.default_rng(1).normal(0, 0.2, (7, 6)).astype(np.float32)


@pytest.mark.parametrize("name", ["expression", "exp", "expr", "expcode", "expression_params"])
def test_expressions_are_found_under_the_fields_names(name: str) -> None:
    clip = loaded(**{name: EXP}, fps=30)
    assert np.array_equal(clip.expression, EXP)
    assert (clip.fps, clip.basis_id) == (30.0, "")


def test_decas_pose_is_global_rotation_then_jaw() -> None:
    clip = loaded(exp=EXP, pose=POSE, fps=25)
    assert np.array_equal(clip.root, POSE[:, :3])  # type: ignore[arg-type]
    assert np.array_equal(clip.jaw, POSE[:, 3:])  # type: ignore[arg-type]


def test_trackers_eyes_and_single_rows_are_read() -> None:
    clip = loaded(expr=EXP[None], eyes_pose=POSE, rotation=POSE[:1, :3], jaw=POSE[:, 0], fps=25)
    assert clip.eyes is not None and clip.root is not None and clip.jaw is not None
    assert np.array_equal(clip.eyes.reshape(7, 6), POSE)
    assert np.array_equal(clip.root, np.repeat(POSE[:1, :3], 7, 0))
    assert np.array_equal(clip.jaw, np.pad(POSE[:, :1], ((0, 0), (0, 2))))


def test_a_missing_rate_is_said_or_given() -> None:
    assert "25" in loaded(exp=EXP).notes[0]
    assert loaded(exp=EXP, fps=50.0).fps == 50.0
    assert loaded(60.0, exp=EXP).fps == 60.0


def test_wrong_files_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FlameClipError, match="none of expression, exp"):
        loaded(coefficients=EXP)
    with pytest.raises(FlameClipError, match="no angle in radians"):
        loaded(exp=EXP, jaw_pose=np.full((7, 3), 20.0))
    with pytest.raises(FlameClipError, match="jaw must be"):
        loaded(exp=EXP, jaw_pose=POSE[:5, :3])
    with pytest.raises(FlameClipError, match="not numbers"):
        loaded(exp=EXP * np.nan)
    with pytest.raises(FlameClipError, match="fps must be positive"):
        some_clip(fps=-1.0)
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(FlameClipError, match="text"):
        FlameClip.load(tmp_path / "text.npz")
    assert not is_flame_file(tmp_path / "text.npz")


def test_an_object_array_is_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", expression=np.array([{"a": 1}], dtype=object))
    with pytest.raises(FlameClipError, match="allow_pickle"):
        FlameClip.load(tmp_path / "evil.npz")


def test_a_clip_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("expression.npy", "w", force_zip64=True) as stream,
    ):
        for _ in range(MAX_BYTES // 2**24 + 2):
            stream.write(bytes(2**24))
    with pytest.raises(FlameClipError, match="unpacks to"):
        FlameClip.load(path)


def test_its_own_rate_changes_nothing() -> None:
    clip = some_clip()
    assert clip.retime(25.0) is clip


def test_a_multiple_of_the_rate_keeps_every_frame_and_comes_back() -> None:
    clip = some_clip(contacts=())
    finer = clip.retime(100.0)
    assert finer.n_frames == 36
    for name in ARRAYS[:-1]:
        assert np.abs(getattr(finer, name)[::4][:9] - getattr(clip, name)).max() < 1e-5, name
    back = finer.retime(25.0)
    assert np.abs(back.expression - clip.expression).max() < 1e-5


def test_rotations_take_the_shortest_arc_at_even_speed() -> None:
    clip = some_clip(2, 1.0, contacts=())
    finer = clip.retime(10.0)
    assert clip.jaw is not None and finer.jaw is not None
    wanted = Slerp([0, 1], Rotation.from_rotvec(clip.jaw))(np.arange(11) / 10).as_rotvec()
    assert np.abs(finer.jaw[:11] - wanted).max() < 1e-5


def test_a_short_contact_is_shown_at_a_low_rate() -> None:
    expression = np.zeros((60, 2), np.float32)
    expression[31] = 1.0  # one closed frame, between two frames of 12 per second
    clip = FlameClip(expression, 60.0, "x", contacts=(("lips", 30.6 / 60, 31.4 / 60),))
    assert clip.retime(12.0).expression.max() == pytest.approx(1.0)
    assert FlameClip(expression, 60.0, "x").retime(12.0).expression.max() < 0.5


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.sampled_from([12.0, 23.976, 25.0, 60.0]), st.floats(5.0, 120.0))
def test_length_is_kept_to_a_frame_at_any_rate(n_frames: int, fps: float, new: float) -> None:
    clip = some_clip(n_frames, fps, contacts=())
    other = clip.retime(new)
    assert -1e-6 <= other.seconds - clip.seconds < 1 / new + 1e-6
    assert np.abs(other.expression).max() <= np.abs(clip.expression).max() + 1e-6
