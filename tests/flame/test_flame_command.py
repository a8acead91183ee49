"""`soliloquy convert` with FLAME on one side, on both, and with files that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from acted_clips import random_faces
from flame_files import flame_arrays, write_pickle

from arkit.clip import ArkitClip
from flame.built_in import built_in_flame_model
from flame.clip import FlameClip
from flame.model_files import write_flame_model
from server.cli import main


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.npz"
    faces = random_faces(2)[[0, 1]].repeat(15, axis=0)
    ArkitClip(faces, 30.0).save(path)
    return path


def test_there_and_back(take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there, back = tmp_path / "take.flame.npz", tmp_path / "back.npz"
    assert main(["convert", str(take), str(there)]) == 0
    assert FlameClip.load(there).basis_id == built_in_flame_model().basis_id
    assert main(["convert", str(there), str(back)]) == 0
    assert "mm on the mean" in capsys.readouterr().out
    before, after = ArkitClip.load(take), ArkitClip.load(back)
    assert np.abs(before.coefficients - after.coefficients).mean() < 0.02


def test_to_names_the_side_and_fps_the_rate(take: Path, tmp_path: Path) -> None:
    there = tmp_path / "made.npz"
    assert main(["convert", str(take), str(there), "--to", "flame", "--fps", "60"]) == 0
    clip = FlameClip.load(there)
    assert (clip.fps, clip.n_frames) == (60.0, 60)
    table = tmp_path / "take.csv"
    assert main(["convert", str(there), str(table), "--fps", "30"]) == 0
    assert table.stat().st_size > 1000


def test_a_tracker_s_file_with_the_model_it_was_made_with(tmp_path: Path) -> None:
    model = write_flame_model(built_in_flame_model(), tmp_path / "model.npz")
    source, target = tmp_path / "tracked.npz", tmp_path / "out.npz"
    jaw = np.tile([[0.2, 0.0, 0.0]], (8, 1))
    np.savez(source, exp=np.zeros((8, 10)), pose=np.hstack([np.zeros((8, 3)), jaw]))
    arguments = ["convert", str(source), str(target), "--flame", str(model), "--source-fps", "50"]
    assert main(arguments) == 0
    clip = ArkitClip.load(target)
    assert clip.fps == 50.0
    assert clip.curve("jawOpen").mean() == pytest.approx(0.2 / np.radians(19.5), abs=0.02)


def test_what_does_not_fit_gets_a_sentence(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "take.flame.npz"
    main(["convert", str(take), str(there)])
    bare = write_pickle(tmp_path / "bare.pkl", flame_arrays())
    capsys.readouterr()
    assert main(["convert", str(there), str(tmp_path / "x.npz"), "--flame", str(bare)]) == 1
    assert "belong to the basis" in capsys.readouterr().err
    assert main(["convert", str(take), str(tmp_path / "y.flame.npz"), "--flame", str(bare)]) == 1
    assert "landmark file" in capsys.readouterr().err
    assert main(["convert", str(take), str(tmp_path / "z.csv"), "--to", "flame"]) == 2
    assert "FLAME clips are .npz files" in capsys.readouterr().err
    bare.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert main(["convert", str(take), str(tmp_path / "y.flame.npz"), "--flame", str(bare)]) == 1
    assert "nothing was run" in capsys.readouterr().err
