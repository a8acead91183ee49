"""`animate` and `export` where only Blender can write the format."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from acting import formula
from blender_runner import INTERPRETERS, RunCase

from arkit.clip import ArkitClip

ROOT = Path(__file__).resolve().parents[2]


def soliloquy(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **variables},
    )  # fmt: skip


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.npz"
    ArkitClip(formula(np.arange(30) / 29.97, 0).astype(np.float32), 29.97).save(path)
    return path


def test_animate_writes_a_blend_that_speaks_with_sound(
    blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    out = tmp_path / "take.blend"
    done = soliloquy(
        "animate", wav, "--generator", "articulate", "--fps", "30", "--address", address,
        "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    blender("exporting", "the_blend_of_the_command_line", path=str(out))


@pytest.mark.parametrize("version", sorted(INTERPRETERS))
def test_export_writes_a_glb_by_the_blender_that_is_named(
    version: str, take: Path, tmp_path: Path
) -> None:
    python = INTERPRETERS[version]
    if not python:
        pytest.skip(f"needs bpy {version}")
    out = str(tmp_path / "out")
    done = soliloquy("export", str(take), "--to", "gltf", "--out", out, SOLILOQUY_BLENDER=python)
    assert done.returncode == 0, done.stderr
    data = (tmp_path / "out" / "take.glb").read_bytes()
    about = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    (animation,) = about["animations"]
    ends = {about["accessors"][s["input"]]["max"][0] for s in animation["samplers"]}
    assert max(ends) == pytest.approx(29 / 29.97, abs=1e-5)


@pytest.mark.parametrize("to", ["take.blend", "take.glb"])
def test_without_a_blender_one_sentence_says_what_to_do_before_any_work(
    to: str, wav: str, tmp_path: Path
) -> None:
    done = soliloquy(
        "animate", wav, "--out", str(tmp_path / to), SOLILOQUY_BLENDER="/no/such/blender"
    )
    assert done.returncode == 1
    assert "There is no Blender at '/no/such/blender'" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / to).exists()


def test_a_program_that_is_no_blender_is_told(take: Path, tmp_path: Path) -> None:
    done = soliloquy(
        "export", str(take), "--to", "web", "--out", str(tmp_path), "--blender", "false"
    )
    assert done.returncode == 1 and "Blender could not write the take" in done.stderr
