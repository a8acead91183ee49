"""The engine, from the zip as it is handed out to a line that it performs."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from . import tools
from .zips import MODULE, install_zip


def zip_makes_an_engine_that_performs(zip_path: str, wav: str, port: int) -> None:
    install_zip(zip_path)
    from bl_ext.user_default.soliloquy.connection import engine
    from bl_ext.user_default.soliloquy.generate.session import session

    bpy.context.preferences.addons[MODULE].preferences.address = f"tcp://127.0.0.1:{port}"
    assert "no engine on this computer" in tools.error_of(bpy.ops.soliloquy.start_server)
    bpy.context.preferences.system.use_online_access = False
    assert "online access is off" in tools.error_of(bpy.ops.soliloquy.set_up_engine)

    bpy.context.preferences.system.use_online_access = True
    _cancelled_in_the_middle(engine)
    assert bpy.ops.soliloquy.set_up_engine() == {"FINISHED"}
    found = engine.engine()
    assert found is not None and found.version == engine.addon_version()
    assert engine.outdated() == "" and not (engine.engine_folder() / "downloads").exists()

    bpy.ops.soliloquy.add_head()
    character = bpy.context.scene.soliloquy.characters[0]
    character.line.source, character.line.filepath = "FILE", wav
    assert bpy.ops.soliloquy.generate() == {"FINISHED"}, "it starts the engine by itself"
    assert character.takes[0].seconds > 1.0 and len(character.takes[0].tracks) >= 5
    assert session().welcome.server_version == engine.addon_version()
    assert bpy.ops.soliloquy.stop_server() == {"FINISHED"}
    bpy.ops.preferences.addon_disable(module=MODULE)


def _cancelled_in_the_middle(engine) -> None:
    engine.begin_setup()
    running = engine.setup()
    end = time.monotonic() + 240
    while "PyTorch" not in running.progress[1]:
        assert running.is_running and time.monotonic() < end, running.error
        time.sleep(0.1)
    time.sleep(2.0)
    assert bpy.ops.soliloquy.cancel_set_up() == {"FINISHED"}
    assert not running.wait(20.0) and "What was downloaded is kept" in running.error
    assert engine.engine() is None and not engine.ready_python()
    assert Path(running.log).is_file()


def generate_is_found_again_by_its_class() -> None:
    from blender_addon.connection.engine_operators import operator_of

    found = operator_of("SOLILOQUY_OT_generate")
    assert found.idname() == "SOLILOQUY_OT_generate" and not found.poll()
