"""How long Blender's main thread is held while a ten-minute line is made and written."""

from __future__ import annotations

import json
import time
import wave
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy
import numpy as np

from . import tools

MINUTES = 10


def a_ten_minute_line(address: str) -> None:
    """Pump as the timer does, on the built-in head, and clock the main thread's own CPU time."""
    from blender_addon.generate.client import load_soon
    from blender_addon.generate.request import build_order
    from blender_addon.generate.session import session

    load_soon().join()  # as in a window

    assert bpy.ops.soliloquy.add_head() == {"FINISHED"}
    character = tools.active()
    tools.use_server(address)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        _silence(path, 60 * MINUTES)
        tools.file_line(character, str(path))
        running = session()
        _undo_step()
        begun = time.thread_time()
        running.start(address, build_order(bpy.context), on_written=_undo_step)
        held = {"start": [time.thread_time() - begun]}
        pieces = defaultdict(list)
        while True:
            stage = running.job.state.name
            n_steps = len(_undo_steps)
            begun = time.thread_time()
            more = running.pump()
            spent = time.thread_time() - begun
            pieces[stage].append(spent - sum(_undo_steps[n_steps:]))
            if not more:
                break
            time.sleep(0.01)
    assert running.job.state.name == "DONE", running.job.text
    keys = tools.keys_of(bpy.data.objects["Head"], "jawOpen")
    assert 60 * MINUTES < len(keys) <= 24 * 60 * MINUTES, "some are left out"
    assert keys[-1, 0] == 24 * 60 * MINUTES
    held |= pieces
    worst = {stage: round(1000 * max(times), 1) for stage, times in held.items()}
    print(json.dumps({
        "worst_ms": max(worst.values()), "by_stage": worst,
        "pumps": sum(map(len, held.values())),
        "undo_step_ms": [round(1000 * s, 1) for s in _undo_steps],
    }), flush=True)  # fmt: skip


_undo_steps: list[float] = []


def _undo_step() -> None:
    """Blender's own undo step after a take, as in a window; told apart, as it is Blender's."""
    begun = time.thread_time()
    bpy.ops.ed.undo_push(message="Soliloquy take")
    _undo_steps.append(time.thread_time() - begun)


def _silence(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        for _ in range(seconds):
            sound.writeframes(np.zeros(16000, "<i2").tobytes())
