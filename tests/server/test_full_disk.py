"""Commands on a full disk: one sentence, and the file that was there stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from arkit.clip import ArkitClip
from server.cli import main

FullDisk = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("take") / "take.npz"
    ArkitClip(np.full((30, 52), 0.25, np.float32), 30.0).save(path)
    return path


@pytest.mark.parametrize("name", ["again.csv", "again.json", "again.npz", "again.flame.npz"])
def test_a_converted_take_is_not_lost_on_a_full_disk(
    name: str,
    take: Path,
    tmp_path: Path,
    full_disk: FullDisk,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = tmp_path / name
    assert main(["convert", str(take), str(target)]) == 0
    before = target.read_bytes()
    capsys.readouterr()
    with full_disk():
        assert main(["convert", str(take), str(target), "--fps", "60"]) == 1
    said = capsys.readouterr().err
    assert str(target) in said and "File too large" in said
    assert len(said.strip().splitlines()) == 1
    assert target.read_bytes() == before
    assert [*tmp_path.iterdir()] == [target]


def test_a_picture_of_a_face_is_not_lost_on_a_full_disk(
    tmp_path: Path,
    full_disk: FullDisk,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grey = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    monkeypatch.setattr("flame.preview.render_frame", lambda *_: grey)
    picture = tmp_path / "smirk.png"
    picture.write_text("the old picture")
    with full_disk():
        assert main(["express", "a smirk", "--png", str(picture)]) == 1
    said = capsys.readouterr().err
    assert said == f"soliloquy: '{picture}' cannot be read or written: File too large.\n"
    assert picture.read_text() == "the old picture"
    assert [*tmp_path.iterdir()] == [picture]
    assert main(["express", "a smirk", "--png", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
