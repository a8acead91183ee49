"""The add-on in a real Blender window, driven by timer, mouse and keyboard.

SOLILOQUY_BLENDER_WINDOW names a folder with a Blender and a virtual screen (a chroot with blender,
xvfb, xdotool and ImageMagick); entering it needs root. Screenshots go to SOLILOQUY_WINDOW_OUT.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "in_blender"))

pytestmark = [pytest.mark.window, pytest.mark.blender, pytest.mark.slow]

_ENVIRONMENT = (
    "env -i PATH=/usr/bin:/bin HOME=/gui/home OUT=/gui/out LANG=C.UTF-8 "
    "LIBGL_ALWAYS_SOFTWARE=1 BLENDER_USER_RESOURCES=/gui/home"
)
_SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24 +extension GLX"]
_PATIENCE = 540.0  # seconds; a loaded machine draws slowly
_BLENDER = "blender -noaudio --no-window-focus -p 0 0 1600 1000 --python /gui/driver.py"


@pytest.fixture(scope="module")
def folder() -> Path:
    """The folder with Blender in it."""
    named = os.environ.get("SOLILOQUY_BLENDER_WINDOW", "")
    if not named or not Path(named, "usr/bin/blender").exists():
        pytest.skip("needs SOLILOQUY_BLENDER_WINDOW, a folder with Blender and a virtual screen")
    if os.geteuid() != 0:
        pytest.skip("needs root to enter the folder with Blender")
    return Path(named)


def _recording(path: Path) -> Path:
    tone = (8000 * np.sin(np.arange(64000) * 0.2)).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(tone.tobytes())
    return path


@pytest.fixture(scope="module")
def report(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the driver saw."""
    from acting import Formula, formula_service

    from server.transport import ServerThread

    work = tmp_path_factory.mktemp("window")
    tool = ROOT / "tools" / "build_zip.py"
    subprocess.run([sys.executable, str(tool), "--output", str(work)], check=True)
    gui = folder / "gui"
    shutil.rmtree(gui, ignore_errors=True)
    for name in ("out", "home"):
        (gui / name).mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("driver.py"), gui)
    shutil.copy(next(work.glob("*5.1-and-later.zip")), gui)
    _recording(gui / "line.wav")
    with ServerThread(service=formula_service(Formula(step_seconds=1.0))) as server:
        (gui / "address.txt").write_text(server.address)
        _run(folder)
    out = Path(os.environ.get("SOLILOQUY_WINDOW_OUT", work / "out"))
    shutil.copytree(gui / "out", out, dirs_exist_ok=True)
    return json.loads((out / "report.json").read_text())


def _run(folder: Path) -> None:
    proc = folder / "proc"
    mounted = not any(proc.iterdir())
    if mounted:
        subprocess.run(["mount", "-t", "proc", "proc", str(proc)], check=True)
    try:
        command = ["chroot", str(folder), *_ENVIRONMENT.split(), *_SCREEN, *_BLENDER.split()]
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            assert process.wait(_PATIENCE) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the virtual screen with it
    finally:
        if mounted:
            subprocess.run(["umount", str(proc)], check=False)


def test_the_zip_is_enabled_and_nothing_fails(report: dict[str, Any]) -> None:
    assert report["enabled"] and report["errors"] == []


def test_generate_makes_a_take_that_undo_removes_and_redo_returns(report: dict[str, Any]) -> None:
    assert report["takes"] == ["line 1"]
    assert (report["takes_after_undo"], report["takes_after_redo"]) == (0, 1)


def test_escape_cancels_and_keeps_the_take(report: dict[str, Any]) -> None:
    assert report["takes_after_escape"] == 1


def test_our_share_of_a_frame_stays_below_50_milliseconds(report: dict[str, Any]) -> None:
    assert report["longest_pump"] < 0.05


def test_switching_it_off_leaves_nothing(report: dict[str, Any]) -> None:
    assert report["left_behind"] is False
