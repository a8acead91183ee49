"""The preview draws pictures that change, and clips with sound."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyvista", reason="the extra 'preview' is not installed")
imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="'preview' is not installed")

from arkit.names import INDEX  # noqa: E402
from flame import preview  # noqa: E402
from flame.head import built_in_head  # noqa: E402
from flame.preview import stage  # noqa: E402


def opened_mouth() -> np.ndarray:
    weights = np.zeros(52, dtype=np.float32)
    weights[INDEX["jawOpen"]] = 1.0
    return built_in_head().pose(weights)


@pytest.mark.parametrize("camera", ["front", "three_quarter", "side"])
def test_a_frame_shows_a_face(camera: preview.Camera) -> None:
    head = built_in_head()
    image = preview.render_frame(head, head.vertices, (160, 120), camera)
    assert image.shape == (120, 160, 3)
    assert image.dtype == np.uint8
    assert image.reshape(-1, 3).std(axis=0).max() > 20
    middle = image[50:70, 70:90].reshape(-1, 3).mean(axis=0)
    assert middle[0] > middle[2] + 5, "skin is warmer than the background"


def test_another_pose_gives_another_picture() -> None:
    head = built_in_head()
    rest = preview.render_frame(head, head.vertices, (128, 128))
    moved = preview.render_frame(head, opened_mouth(), (128, 128))
    assert (np.abs(rest.astype(int) - moved).max(axis=-1) > 20).mean() > 0.01


def test_the_face_looks_to_the_side_it_is_turned_to() -> None:
    head = built_in_head()
    nose = head.landmarks["nose_tip"][0]
    turned = preview.turn_head(head.vertices, (0.4, 0.0, 0.0))
    assert turned[nose, 0] < -0.02, "positive yaw is to the character's right"
    assert preview.turn_head(head.vertices, (0.0, 0.4, 0.0))[nose, 1] < head.vertices[nose, 1]
    bottom = head.vertices[:, 1] < -0.165
    assert np.allclose(turned[bottom], head.vertices[bottom], atol=0.003)


def stream_kinds(path: Path) -> str:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    return subprocess.run(
        [program, "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr


def test_a_clip_has_pictures_and_sound(tmp_path: Path) -> None:
    frames = np.zeros((6, 52), dtype=np.float32)
    frames[:, INDEX["jawOpen"]] = np.linspace(0, 1, 6)
    tone = 0.3 * np.sin(np.arange(16000 * 6 // 25) * 0.1).astype(np.float32)
    seen: list[float] = []
    path = preview.render_clip(
        frames,
        25,
        tmp_path / "clip.mp4",
        (tone, 16000),
        size=(96, 96),
        progress=seen.append,
        head_angles=np.zeros((6, 3)),
    )
    said = stream_kinds(path)
    assert "Video: h264" in said
    assert "Audio: aac" in said
    assert seen[-1] == 1.0
    assert len(seen) == 6


def test_a_clip_takes_a_sound_file(tmp_path: Path) -> None:
    sound = tmp_path / "tone.wav"
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x00\x10" * 800)
    path = preview.render_clip(np.zeros((3, 52)), 30, tmp_path / "c.mp4", sound, size=(64, 64))
    assert "Audio: aac" in stream_kinds(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"coefficients": np.zeros((0, 52))}, "T > 0"),
        ({"size": (65, 64)}, "even"),
        ({"audio": "no/such.wav"}, "no sound file"),
        ({"head_angles": np.zeros((2, 3))}, "head_angles"),
        ({"path": "no/such/folder/clip.mp4"}, "ffmpeg could not write"),
    ],
)
def test_a_wrong_request_is_refused_in_one_sentence(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    request: dict[str, object] = {
        "coefficients": np.zeros((3, 52)), "fps": 25, "path": tmp_path / "x.mp4", "size": (64, 64),
    }  # fmt: skip
    with pytest.raises(preview.PreviewError, match=words):
        preview.render_clip(**(request | change))  # type: ignore[arg-type]


def test_an_unknown_camera_is_refused() -> None:
    head = built_in_head()
    with pytest.raises(preview.PreviewError, match="camera"):
        preview.render_frame(head, head.vertices, (64, 64), "behind")  # type: ignore[arg-type]


def test_a_machine_without_opengl_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(stage.sys, "platform", "linux")
    monkeypatch.setattr(stage.ctypes, "CDLL", missing)
    head = built_in_head()
    with pytest.raises(preview.PreviewError, match="libegl1"):
        preview.render_frame(head, head.vertices, (64, 64))


def test_an_installation_without_the_extra_is_told_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyvista", None)
    head = built_in_head()
    with pytest.raises(preview.PreviewError, match=r"soliloquy\[preview\]"):
        preview.render_frame(head, head.vertices, (64, 64))


def test_the_contact_sheet_labels_what_it_is_asked_for(tmp_path: Path) -> None:
    names = ["jawOpen", "eyeBlinkLeft", "kiss"]
    path = preview.contact_sheet(tmp_path / "sheet.png", columns=2, tile=80, names=names)
    import imageio.v3

    assert imageio.v3.imread(path).shape == (160, 160, 3)
