"""Makes what cases need: the add-on switched on, meshes with shape keys, lines, readings."""

from __future__ import annotations

from typing import Any

import addon_utils
import bpy
import numpy as np

MODULE = "blender_addon"


def enable() -> None:
    """Switch the add-on on, as Preferences do."""
    assert addon_utils.enable(MODULE, default_set=True) is not None


def use_server(address: str) -> None:
    """Set the server's address in the preferences."""
    bpy.context.preferences.addons[MODULE].preferences.address = address


def face(name: str, keys: Any) -> Any:
    """A triangle with shape keys that each move one corner."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    item.shape_key_add(name="Basis", from_mix=False)
    for number, key in enumerate(keys):
        block = item.shape_key_add(name=key, from_mix=False)
        block.data[number % 3].co.z = 1.0
    return item


def arkit_face(name: str = "Face") -> Any:
    """A face with the 52 names."""
    from arkit.names import ARKIT_NAMES

    return face(name, ARKIT_NAMES)


def select(*items: Any) -> None:
    """Select exactly these."""
    bpy.context.view_layer.update()
    for other in bpy.context.view_layer.objects:
        other.select_set(other in items)
    bpy.context.view_layer.objects.active = items[0]


def character_of(*items: Any) -> Any:
    """A character of these meshes, made by the operator."""
    select(*items)
    assert bpy.ops.soliloquy.use_selected() == {"FINISHED"}
    return active()


def active() -> Any:
    """The active character."""
    settings = bpy.context.scene.soliloquy
    return settings.characters[settings.character_index]


def file_line(character: Any, path: str, start: float = 1.0) -> None:
    """Make a file the line."""
    character.line.source = "FILE"
    character.line.filepath = path
    character.line.start_frame = start


def sound_strip(path: str, frame: int = 1, name: str = "line.wav") -> Any:
    """A sound strip in the Sequencer."""
    from blender_addon import compat

    editor = bpy.context.scene.sequence_editor_create()
    strips = compat.strips_of(editor)
    return strips.new_sound(name=name, filepath=path, channel=1, frame_start=frame)


def strip_line(character: Any, strip: Any) -> None:
    """Make a sound strip the line."""
    character.line.source = "STRIP"
    character.line.strip = strip.name


def generate() -> None:
    """Press Generate and wait."""
    assert bpy.ops.soliloquy.generate() == {"FINISHED"}


def keys_of(item: Any, shape_key: str) -> np.ndarray:
    """Keys of a shape key, [T, 2]: frame and value."""
    from blender_addon import compat
    from blender_addon.takes.animation import current_action, key_path

    playing = current_action(item.data.shape_keys)
    curve = compat.curves_of(playing.action, playing.slot).find(key_path(shape_key))
    flat = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", flat)
    return flat.reshape(-1, 2)


def error_of(operator: Any, **arguments: Any) -> str:
    """The sentence with which an operator refuses."""
    try:
        operator(**arguments)
    except RuntimeError as error:
        return str(error)
    raise AssertionError("the operator should have refused")
