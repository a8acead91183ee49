"""The meshes of a character, as they are now: which can be keyed, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import bpy

from ..core.errors import CharacterError
from ..takes.animation import driven_keys


@dataclass(frozen=True)
class ShapedMesh:
    """A mesh object with its Key data-block."""

    object: Any
    key: Any

    @property
    def shape_keys(self) -> tuple[str, ...]:
        """Names of its shape keys without the reference key."""
        reference = self.key.reference_key
        return tuple(block.name for block in self.key.key_blocks if block != reference)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Slider range of each shape key."""
        return {b.name: (b.slider_min, b.slider_max) for b in self.key.key_blocks}

    @property
    def driven(self) -> frozenset[str]:
        """Shape keys that a driver moves."""
        return driven_keys(self.key)

    @property
    def muted(self) -> frozenset[str]:
        """Shape keys that are switched off."""
        return frozenset(block.name for block in self.key.key_blocks if block.mute)


def active_character(scene: Any) -> Any | None:
    """The character chosen in the panel, or None."""
    settings = scene.soliloquy
    if 0 <= settings.character_index < len(settings.characters):
        return settings.characters[settings.character_index]
    return None


def character_by_uid(scene: Any, uid: str) -> Any | None:
    """A character by its identifier, which survives undo and renaming."""
    return next((c for c in scene.soliloquy.characters if c.uid == uid), None)


def new_character(scene: Any, name: str) -> Any:
    """Add a character and make it the active one."""
    characters = scene.soliloquy.characters
    character = characters.add()
    character.uid = uuid4().hex
    character.name = name
    scene.soliloquy.character_index = len(characters) - 1
    return character


def add_meshes(character: Any, objects: list[Any]) -> None:
    """Add meshes that are not in the character yet."""
    present = {item.object for item in character.meshes}
    for item in objects:
        if item not in present:
            character.meshes.add().object = item


def is_in_file(item: Any) -> bool:
    """Whether an object is in a scene; a deleted one lives on in pointers to it."""
    return item is not None and bool(item.users_scene)


def shaped_meshes(character: Any) -> list[ShapedMesh]:
    """The meshes that have shape keys, each Key data-block once."""
    return list(_shaped(character))


def _shaped(character: Any) -> Iterator[ShapedMesh]:
    seen: set[int] = set()
    for item in character.meshes:
        if not is_in_file(item.object) or item.object.type != "MESH":
            continue
        key = item.object.data.shape_keys
        if key is not None and key.session_uid not in seen:
            seen.add(key.session_uid)
            yield ShapedMesh(item.object, key)


def check_editable(mesh: ShapedMesh) -> None:
    """Refuse shape keys that come from another file, or that have no values to key.

    Raises:
        CharacterError: the mesh is linked, or its shape keys are absolute.
    """
    if mesh.key.library is not None or not mesh.key.is_editable:
        raise CharacterError(
            f"'{mesh.object.name}' is linked from another file and cannot be keyed. Select it and "
            "choose Object > Library Override > Make, or append it."
        )
    if not mesh.key.use_relative:
        raise CharacterError(
            f"The shape keys of '{mesh.object.name}' are absolute: they have no values to key. "
            "Switch Relative on in Object Data > Shape Keys."
        )


def hidden_reason(mesh: ShapedMesh) -> str:
    """Why keys on a mesh would not be seen, as a sentence; empty when they would."""
    if mesh.object.show_only_shape_key:
        return (
            f"'{mesh.object.name}' is pinned to its active shape key and will not move. Switch "
            "the pin off in Object Data > Shape Keys."
        )
    if mesh.object.mode == "EDIT":
        return f"'{mesh.object.name}' is in Edit Mode and will not move until you leave it."
    return ""


def selected_meshes(context: Any) -> list[Any]:
    """Selected mesh objects, the active one first."""
    selected = [item for item in context.selected_objects if item.type == "MESH"]
    active = context.active_object
    return sorted(selected, key=lambda item: item != active)


def object_by_uid(uid: int, name: str) -> Any | None:
    """An object by its session identifier, else by name; None when it is gone."""
    found = next((item for item in bpy.data.objects if item.session_uid == uid), None)
    found = found or bpy.data.objects.get(name)
    return found if is_in_file(found) else None
