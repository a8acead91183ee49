"""What people do while a line is made: cancel, undo, delete, rename, load, switch off."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import bpy

from . import tools


def _start(address: str, wav: str) -> tuple[Any, Any]:
    """Start a generation as a window would, without waiting for it."""
    from blender_addon.generate.request import build_order
    from blender_addon.generate.session import session

    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    running = session()
    running.start(address, build_order(bpy.context))
    return face, running


def _pump_until(running: Any, condition: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, (running.job, "did not get there")
        running.pump()
        time.sleep(0.005)


def _soliloquy_actions() -> list[str]:
    return [action.name for action in bpy.data.actions if action.name.startswith("Soliloquy")]


def cancel_ends_within_a_step(address: str, wav: str) -> None:
    face, running = _start(address, wav)
    _pump_until(running, lambda: running.job.fraction > 0.0 or running.job.state.name == "RUNNING")
    assert bpy.ops.soliloquy.cancel() == {"FINISHED"}
    assert running.job.state.name == "CANCELLED" and not running.is_busy
    for _ in range(50):
        running.pump()
        time.sleep(0.01)
    assert running.job.state.name == "CANCELLED"
    assert face.data.shape_keys.animation_data is None and not _soliloquy_actions()
    tools.generate()
    assert len(tools.keys_of(face, "jawOpen")) == 48, "the next one works"


def another_file_cancels_cleanly(address: str, wav: str) -> None:
    _, running = _start(address, wav)
    _pump_until(running, lambda: running.job.state.name in ("WAITING", "RUNNING"))
    bpy.ops.wm.read_homefile(use_empty=True)
    assert running.job is None
    for _ in range(20):
        running.pump()
        time.sleep(0.01)
    assert not _soliloquy_actions() and not bpy.context.scene.soliloquy.characters


def a_deleted_mesh_ends_in_one_sentence(address: str, wav: str) -> None:
    face, running = _start(address, wav)
    bpy.data.objects.remove(face)
    _pump_until(running, lambda: running.job.is_over)
    assert running.job.state.name == "FAILED"
    assert "can be keyed" in running.job.text or "shape key" in running.job.text
    assert not _soliloquy_actions()


def a_renamed_mesh_still_gets_its_keys(address: str, wav: str) -> None:
    face, running = _start(address, wav)
    face.name = "Someone else"
    face.data.shape_keys.key_blocks["jawOpen"].name = "JawOpen"
    bpy.context.scene.name = "Renamed"
    _pump_until(running, lambda: running.job.is_over)
    assert running.job.state.name == "DONE", running.job.text
    assert len(tools.keys_of(face, "JawOpen")) == 48


def a_removed_character_ends_in_one_sentence(address: str, wav: str) -> None:
    _, running = _start(address, wav)
    bpy.ops.soliloquy.remove_character()
    _pump_until(running, lambda: running.job.is_over)
    assert "character was removed" in running.job.text
    assert not _soliloquy_actions()


def undo_in_the_middle_of_writing(address: str, wav: str) -> None:
    from blender_addon.character.meshes import object_by_uid

    face = tools.arkit_face()
    tools.file_line(tools.character_of(face), wav)
    uid = face.session_uid
    bpy.ops.ed.undo_push(message="character")
    bpy.context.scene.frame_end = 99
    bpy.ops.ed.undo_push(message="something")
    from blender_addon.generate.request import build_order
    from blender_addon.generate.session import session

    running = session()
    running.start(address, build_order(bpy.context))
    end = time.monotonic() + 20
    while len(_soliloquy_actions()) == 0 and time.monotonic() < end:
        running.pump(seconds=0.0)
        time.sleep(0.002)
    running.pump(seconds=0.0)
    bpy.ops.ed.undo()
    assert bpy.context.scene.frame_end == 250
    _pump_until(running, lambda: running.job.is_over)
    assert running.job.state.name == "DONE", running.job.text
    face = object_by_uid(uid, "Face")
    assert len(tools.keys_of(face, "jawOpen")) == 48
    assert len(_soliloquy_actions()) == 1


def nobody_answers(wav: str) -> None:
    face = tools.arkit_face()
    tools.file_line(tools.character_of(face), wav)
    tools.use_server("tcp://127.0.0.1:9")
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert "No server answers at tcp://127.0.0.1:9" in message and "soliloquy serve" in message
    tools.use_server("nonsense")
    assert "'nonsense' is not a server's address" in tools.error_of(bpy.ops.soliloquy.generate)
    tools.use_server("tcp://192.0.2.1:5557")
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert "online access is off" in message, message
    assert "is not a server's address" not in message


def a_broken_recording_is_one_sentence(address: str, folder: str) -> None:
    path = Path(folder) / "text.wav"
    path.write_text("this is not sound")
    tools.file_line(tools.character_of(tools.arkit_face()), str(path))
    tools.use_server(address)
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert message.count("\n") <= 2 and "text.wav" in message, message


def the_server_tells_what_it_is(address: str) -> None:
    from blender_addon.generate.session import session

    tools.use_server(address)
    assert bpy.ops.soliloquy.check_server() == {"FINISHED"}
    assert session().welcome.device == "cpu" and session().generators == ("articulate",)


def ten_times_on_and_off_leaves_nothing(address: str, wav: str) -> None:
    import addon_utils

    face = tools.arkit_face()
    before = threading.active_count()
    for number in range(10):
        tools.file_line(tools.character_of(face), wav)
        tools.use_server(address)
        tools.generate()
        addon_utils.disable(tools.MODULE, default_set=True)
        assert not hasattr(bpy.types.Scene, "soliloquy"), number
        assert not [t for t in dir(bpy.types) if t.startswith("SOLILOQUY_")], number
        assert not _own_handlers(), number
        from blender_addon.generate.timer import _tick

        assert not bpy.app.timers.is_registered(_tick)
        assert threading.active_count() == before, [t.name for t in threading.enumerate()]
        tools.enable()
    assert len(tools.keys_of(face, "jawOpen")) == 48


def _own_handlers() -> list[str]:
    """Handlers of ours in any of Blender's lists."""
    lists = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)}
    return [
        f"{name}: {handler.__name__}"
        for name, handlers in lists.items() if isinstance(handlers, list)
        for handler in handlers if handler.__module__.startswith("blender_addon")
    ]  # fmt: skip


def switched_off_in_the_middle(address: str, wav: str) -> None:
    import addon_utils

    _, running = _start(address, wav)
    _pump_until(running, lambda: running.job.state.name in ("WAITING", "RUNNING"))
    addon_utils.disable(tools.MODULE, default_set=True)
    assert not [t.name for t in threading.enumerate() if t.name.startswith("soliloquy")]
    assert not _soliloquy_actions()


def what_is_seen_is_exported(address: str, wav: str, folder: str) -> None:
    from arkit.export.live_link_csv import read_live_link_csv
    from blender_addon import compat
    from blender_addon.takes.animation import current_action, key_path

    assert not bpy.ops.soliloquy.export_live_link_csv.poll()
    face = tools.arkit_face()
    tools.file_line(tools.character_of(face), wav)
    tools.use_server(address)
    tools.generate()
    playing = current_action(face.data.shape_keys)
    curve = compat.curves_of(playing.action, playing.slot).find(key_path("jawOpen"))
    for point in curve.keyframe_points:
        point.co.y = 0.125
    curve.update()
    path = f"{folder}/out.csv"
    assert bpy.ops.soliloquy.export_live_link_csv(filepath=path, fps=60.0) == {"FINISHED"}
    clip = read_live_link_csv(Path(path))
    assert clip.n_frames == 120 and abs(clip.fps - 60) < 1e-6
    assert abs(clip.curve("jawOpen") - 0.125).max() < 1e-4
    assert clip.curve("jawLeft").std() > 0.1


def a_server_is_started_and_stopped(python: str, port: int) -> None:
    import addon_utils

    from blender_addon.connection.process import own_server
    from blender_addon.generate.session import session

    address = f"tcp://127.0.0.1:{port}"
    tools.use_server(address)
    settings = bpy.context.preferences.addons[tools.MODULE].preferences
    settings.python = "/no/such/python"
    message = tools.error_of(bpy.ops.soliloquy.start_server)
    assert "'/no/such/python' does not exist" in message, message
    settings.python = python
    assert bpy.ops.soliloquy.start_server() == {"FINISHED"}
    assert not bpy.ops.soliloquy.start_server.poll()
    end = time.monotonic() + 120
    while not session().greet(1.0):
        assert own_server().is_running and time.monotonic() < end, own_server().ended
    assert "articulate" in session().generators
    process = own_server()
    assert bpy.ops.soliloquy.stop_server() == {"FINISHED"}
    assert not process.is_running
    bpy.ops.soliloquy.start_server()
    process = own_server()
    addon_utils.disable(tools.MODULE, default_set=True)
    assert not process.is_running, "it ends with the add-on"
