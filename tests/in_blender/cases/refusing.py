"""Operators that are refused half way: Blender is as it was, and the user is told why."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import bpy
import numpy as np

from . import tools

_KINDS = (
    "actions", "armatures", "collections", "materials", "meshes", "objects", "shape_keys", "sounds",
)  # fmt: skip


def _state() -> dict[str, Any]:
    """All that an operator could leave behind, or take away."""
    from blender_addon import compat

    scene = bpy.context.scene
    editor = scene.sequence_editor
    return {
        **{kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in _KINDS},
        "strips": sorted(s.name for s in compat.strips_of(editor)) if editor is not None else None,
        "characters": [
            (
                character.name,
                [mesh.object.name for mesh in character.meshes],
                [take.name for take in character.takes],
                (character.take_index, character.line.filepath, character.line.strip),
            )
            for character in scene.soliloquy.characters
        ],
        "plays": {
            item.name: item.data.shape_keys.animation_data.action.name
            for item in bpy.data.objects
            if item.type == "MESH"
            and item.data.shape_keys is not None
            and item.data.shape_keys.animation_data is not None
            and item.data.shape_keys.animation_data.action is not None
        },
        "frames": (scene.frame_start, scene.frame_end, scene.frame_current),
    }


@contextmanager
def _failing(place: str, error: Exception, calls: int = 0) -> Any:
    """Let a function of the add-on fail after so many calls of it that are well."""
    module, _, name = place.rpartition(".")
    module = import_module(f"blender_addon.{module}")
    works, left = getattr(module, name), [calls]

    def failing(*arguments: Any, **named: Any) -> Any:
        if left[0] == 0:
            raise error
        left[0] -= 1
        return works(*arguments, **named)

    with mock.patch.object(module, name, failing):
        yield


def _refused(operator: Any, said: str, **arguments: Any) -> None:
    before = _state()
    told = tools.error_of(operator, **arguments)
    assert said in told, told
    after = _state()
    assert after == before, {k: (before[k], after[k]) for k in before if before[k] != after[k]}


def _errors() -> list[Exception]:
    """Ours, the disk's, and one that nobody foresaw."""
    from blender_addon.core.errors import CharacterError

    return [CharacterError("half way"), OSError(28, "half way"), ZeroDivisionError("half way")]


def heads_are_added_whole_or_not_at_all() -> None:
    for error in _errors():
        with _failing("character.operators.look_at", error):
            _refused(bpy.ops.soliloquy.add_head, "half way")
        with _failing("character.flame_operators.add_meshes", error):
            _refused(bpy.ops.soliloquy.add_flame_head, "half way", filepath="")
        with _failing("character.flame_head._mesh", error):
            _refused(bpy.ops.soliloquy.add_flame_head, "half way", filepath="")
    assert bpy.ops.soliloquy.add_head() == {"FINISHED"}


def a_recording_that_is_none_leaves_no_line(folder: str) -> None:
    path = Path(folder) / "no sound.wav"
    path.write_bytes(b"this is no sound")
    bpy.context.scene.sequence_editor_clear()
    with _failing("line.operators.new_character", _errors()[0]):
        _refused(bpy.ops.soliloquy.add_line, "half way", filepath=_real_wav(folder))
    error = RuntimeError("not a sound")
    with mock.patch("blender_addon.compat.free_channel", side_effect=error):
        _refused(bpy.ops.soliloquy.add_line, "", filepath=str(path))


def _real_wav(folder: str) -> str:
    import wave

    path = Path(folder) / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(bytes(32000))
    return str(path)


def _takes(folder: str, number: int) -> list[dict[str, str]]:
    from arkit.clip import ArkitClip
    from arkit.export.clip_json import write_clip_json

    files = []
    for n in range(number):
        path = Path(folder) / f"take {n}.json"
        write_clip_json(ArkitClip(np.full((24, 52), 0.1 * n, np.float32), fps=24.0), path)
        files.append({"name": path.name})
    return files


def _two_faces(folder: str) -> Any:
    """A character of two meshes with an animation of its own and two takes."""
    face, other = tools.arkit_face(), tools.arkit_face("Other")
    key = face.data.shape_keys.key_blocks["jawOpen"]
    key.keyframe_insert("value", frame=3)
    character = tools.character_of(face, other)
    assert bpy.ops.soliloquy.import_take(directory=folder, files=_takes(folder, 2)) == {"FINISHED"}
    assert len(character.takes) == 3
    return face, other


def takes_are_written_whole_or_not_at_all(folder: str) -> None:
    _two_faces(folder)
    (Path(folder) / "broken.json").write_text("{", encoding="utf-8")
    importing = bpy.ops.soliloquy.import_take
    files = _takes(folder, 2)
    _refused(importing, "broken.json", directory=folder, files=[*files, {"name": "broken.json"}])
    for error in _errors():
        for place, calls in (("writing.write_points", 70), ("writing.add_track", 1)):
            with _failing(f"takes.{place}", error, calls):
                _refused(importing, "half way", directory=folder, files=files)
                other = tools.active().takes[1].uid
                _refused(bpy.ops.soliloquy.blend_takes, "half way", other=other)


def in_tweak_mode_no_take_is_switched_or_deleted(folder: str) -> None:
    _, other = _two_faces(folder)
    animation = other.data.shape_keys.animation_data
    strip = animation.nla_tracks.new().strips.new("mine", 1, bpy.data.actions.new("mine"))
    animation.nla_tracks[0].strips[0].select = True
    animation.nla_tracks.active = animation.nla_tracks[0]
    animation.use_tweak_mode = True
    assert animation.use_tweak_mode and strip.name == "mine"
    assert tools.active().take_index == 2
    _refused(bpy.ops.soliloquy.use_take, "tweak mode", index=1)
    _refused(bpy.ops.soliloquy.delete_take, "tweak mode")
    _refused(
        bpy.ops.soliloquy.import_take,
        "tweak mode",
        directory=folder,
        files=[{"name": "take 0.json"}],
    )
    animation.use_tweak_mode = False
    assert bpy.ops.soliloquy.use_take(index=1) == {"FINISHED"}


def strips_that_say_nothing_leave_the_others_selected() -> None:
    from blender_addon import compat
    from blender_addon.strips import copying

    assert bpy.ops.soliloquy.add_strip(au="AU12") == {"FINISHED"}
    assert bpy.ops.soliloquy.copy_strips() == {"FINISHED"}
    (strip,) = compat.strips_of(bpy.context.scene.sequence_editor)
    copying._held[0] = copying._held[0].replace("AU12", "AU99")
    bpy.context.window_manager.clipboard = copying._held[0]
    _refused(bpy.ops.soliloquy.paste_strips, "None of the strips")
    assert strip.select
    copying._held[0] = copying._held[0].replace("AU99", "AU12")
    bpy.context.window_manager.clipboard = copying._held[0]
    for error in _errors():
        with _failing("strips.copying.add_phones", error):
            _refused(bpy.ops.soliloquy.paste_strips, "half way")


def a_server_at_no_address_is_not_started() -> None:
    from blender_addon.connection.process import own_server

    with mock.patch("blender_addon.connection.readiness.own_command", lambda: ["sleep", "60"]):
        tools.use_server("nonsense")
        told = tools.error_of(bpy.ops.soliloquy.start_server)
    assert "is not a server's address" in told and not own_server().is_running


def takes_that_were_complete_stay_when_the_request_fails() -> None:
    """Generating is no undo step: its takes are, each of its own."""
    from blender_addon.generate import operators
    from blender_addon.generate.session import Session

    tools.character_of(tools.arkit_face())
    action = [""]

    def half(_session: Session) -> None:
        action[0] = bpy.data.actions.new("the first take").name
        raise _errors()[0]

    order = mock.patch.object(operators, "why_not", lambda _context: "")
    sent = mock.patch.object(operators._Performs, "_send", lambda _self, _context: None)
    ready = mock.patch.object(operators._Performs, "_wait_for_server", lambda _self: None)
    with order, sent, ready, mock.patch.object(Session, "wait", half):
        assert "half way" in tools.error_of(bpy.ops.soliloquy.generate)
    assert action[0] in bpy.data.actions


def an_export_that_fails_half_way_keeps_the_old_file(folder: str) -> None:
    from blender_addon.export import blender_formats

    _two_faces(folder)
    out = Path(folder) / "out"
    settings = bpy.context.scene.soliloquy.export
    settings.preset, settings.folder = "raw", str(out)
    settings.formats = {"gltf", "fbx", "usd"}
    assert bpy.ops.soliloquy.export_take() == {"FINISHED"}
    files = sorted(out.iterdir())
    assert [path.suffix for path in files] == [".fbx", ".glb", ".usdc"]
    before = {path: path.read_bytes() for path in files}

    def half(_scene: Any, path: Path, _span: Any, error: Exception | None) -> tuple[str, ...]:
        if error is not None:
            path.write_bytes(b"half of it")
            raise error
        return ()

    failures = (RuntimeError("Error: No space"), OSError(28, "No space"), None)
    for name, (suffix, _) in blender_formats._FORMATS.items():
        settings.formats = {name}
        for error in failures:
            save = partial(half, error=error)
            with mock.patch.dict(blender_formats._FORMATS, {name: (suffix, save)}):
                said = "wrote no" if error is None else "No space"
                _refused(bpy.ops.soliloquy.export_take, said)
            assert {path: path.read_bytes() for path in sorted(out.iterdir())} == before
    _from_the_command_line(out)


def _from_the_command_line(out: Path) -> None:
    """A name that needs tidying does not cost its tidy neighbour its life."""
    from blender_addon import onto_head

    neighbour = out / "my_take.glb"
    neighbour.write_bytes(b"another take")
    onto_head._save(out / "my take.glb")
    assert neighbour.read_bytes() == b"another take"
    assert (out / "my take.glb").read_bytes()[:4] == b"glTF"
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def every_operator_reports_what_it_raises() -> None:
    from blender_addon.registration import CLASSES
    from blender_addon.reporting import ReportsErrors

    operators = [cls for cls in CLASSES if issubclass(cls, bpy.types.Operator)]
    assert len(operators) > 50
    assert all(issubclass(cls, ReportsErrors) for cls in operators)
    for cls in operators:
        for name in ("execute", "invoke", "modal"):
            found = getattr(cls, name, None)
            assert found is None or hasattr(found, "__wrapped__"), (cls.__name__, name)
