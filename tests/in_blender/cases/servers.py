"""Servers that are shared, and servers on other computers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import tools


def _settings() -> Any:
    return bpy.context.preferences.addons[tools.MODULE].preferences


def _refusal() -> str:
    """What the panel says, once the server has answered a greeting one way or the other."""
    from blender_addon.generate.session import session

    return tools.error_of(bpy.ops.soliloquy.check_server) + session().silence(_settings().address)


def a_server_with_keys(address: str, wav: str, handed_over: str, another_key: str) -> None:
    from blender_addon.connection.keys import keys_folder
    from blender_addon.generate.session import session

    settings = _settings()
    settings.address = address
    tools.file_line(tools.character_of(tools.arkit_face()), wav)
    assert "online access is off" in tools.error_of(bpy.ops.soliloquy.generate)
    bpy.context.preferences.system.use_online_access = True
    assert "asks for keys, and this client has none" in _refusal()

    settings.server_key = "not a key"
    assert "it has 40 characters" in tools.error_of(bpy.ops.soliloquy.generate)
    settings.server_key = another_key
    assert "Press Make Keys" in tools.error_of(bpy.ops.soliloquy.generate)
    assert bpy.ops.soliloquy.make_keys() == {"FINISHED"}
    assert not bpy.ops.soliloquy.make_keys.poll(), "a pair is never overwritten"
    assert (keys_folder() / "client.key_secret").stat().st_mode & 0o077 == 0
    both = "Either this client's public key is not allowed there"
    said = _refusal()
    assert both in said and "or the server's key given here is not that server's" in said
    assert both in tools.error_of(bpy.ops.soliloquy.generate)
    assert not tools.active().takes, "nothing comes in"

    secret = next(Path(handed_over).glob("*.key_secret"))
    assert bpy.ops.soliloquy.take_keys(filepath=str(secret)) == {"FINISHED"}
    assert settings.server_key != another_key, "the server's key lay beside it"
    tools.generate()
    assert len(tools.active().takes) == 1 and session().silence(address)
    _the_secret_stays_here(secret)
    settings.server_key = another_key
    assert both in tools.error_of(bpy.ops.soliloquy.generate)
    assert len(tools.active().takes) == 1
    assert "is not started from here" in tools.error_of(_start_here, settings=settings)


def _start_here(settings: Any) -> None:
    settings.address = "tcp://127.0.0.1:5999"
    bpy.ops.soliloquy.start_server()


def _the_secret_stays_here(secret: Path) -> None:
    """Neither a .blend nor the exported public key contains it."""
    key = secret.read_text().rpartition('"')[0].rpartition('"')[2]
    assert len(key) == 40
    folder = Path(bpy.app.tempdir)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"), compress=False)
    assert key.encode() not in (folder / "scene.blend").read_bytes()
    assert bpy.ops.soliloquy.save_public_key(filepath=str(folder / "mine")) == {"FINISHED"}
    public = (folder / "mine.key").read_text()
    assert "public-key" in public and key not in public


def one_of_two(address: str, wav: str, meeting: str, number: int, cancels: bool) -> None:
    """Generates at the same time as another Blender; perhaps it cancels its own."""
    from acting import formula

    from arkit.names import INDEX
    from blender_addon.generate.request import build_order
    from blender_addon.generate.session import session

    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.file_line(character, wav)
    character.generation.seed = 10 * number
    tools.use_server(address)
    _meet(Path(meeting), "ready", number)
    running = session()
    running.start(address, build_order(bpy.context))
    while running.job.state.name != "RUNNING":
        running.pump()
        assert not running.job.is_over, running.job.text
        time.sleep(0.005)
    _meet(Path(meeting), "running", number)
    if cancels:
        assert bpy.ops.soliloquy.cancel() == {"FINISHED"}
        assert running.job.state.name == "CANCELLED" and not character.takes
        return
    running.wait()
    assert running.job.state.name == "DONE", running.job.text
    assert [take.seed for take in character.takes] == [10 * number]
    keys = tools.keys_of(face, "browDownLeft")
    seconds = (keys[:, 0] - 1) / bpy.context.scene.render.fps
    wanted = formula(seconds, 10 * number)[:, INDEX["browDownLeft"]]
    assert np.abs(keys[:, 1] - wanted).max() < 1e-4, "each gets its own"


def _meet(folder: Path, what: str, number: int) -> None:
    """Wait until the other one is as far."""
    (folder / f"{what}-{number}").touch()
    end = time.monotonic() + 200
    while len(list(folder.glob(f"{what}-*"))) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
