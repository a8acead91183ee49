"""Match presets of rigs on this computer: saved by a button, applied to the next such rig."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..core.errors import CharacterError
from ..core.match_plan import Fix
from ..core.match_presets import (
    MatchPreset,
    fixes_for,
    from_json,
    known_preset,
    offered_presets,
    preset_of,
    to_json,
)
from ..reporting import ReportsErrors
from ..ui import tr
from ..vendor import saving
from .meshes import active_character, shaped_meshes
from .needs import NeedsCharacter

_PACKAGE = __package__.rpartition(".")[0]


def folder() -> Path:
    """Where presets are: the extension's own folder, or Blender's configuration in a checkout."""
    if _PACKAGE.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(_PACKAGE, path="match presets", create=True))
    return Path(bpy.utils.user_resource("CONFIG", path="soliloquy/match presets", create=True))


def saved_presets() -> list[MatchPreset]:
    """All presets that can be read, by name."""
    found = []
    for path in folder().glob("*.json"):
        try:
            found.append(_read(path, path.stat().st_mtime_ns))
        except (OSError, UnicodeDecodeError):
            continue
    return sorted((p for p in found if p is not None), key=lambda preset: preset.name)


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> MatchPreset | None:
    """Panels ask at every redraw."""
    return from_json(path.read_text(encoding="utf-8"))


def keys_of(character: Any) -> set[str]:
    """Names of all shape keys of a character."""
    return {key for mesh in shaped_meshes(character) for key in mesh.shape_keys}


def apply_known(character: Any) -> str:
    """Apply the preset of exactly this rig, unless something was matched by hand already.

    Returns:
        Its name, "" when there is none.
    """
    if character.fixes:
        return ""
    preset = known_preset(saved_presets(), keys_of(character))
    if preset is not None and preset.fixes:
        apply_preset(character, preset)
        return preset.name
    return ""


def apply_preset(character: Any, preset: MatchPreset) -> None:
    """Put the fixes of a preset in the place of the character's."""
    character.fixes.clear()
    for fix in fixes_for(preset, keys_of(character)):
        item = character.fixes.add()
        item.shape_key, item.blendshape = fix.shape_key, fix.blendshape


def save_preset(character: Any, name: str) -> MatchPreset:
    """Keep what was matched by hand; a rig has one preset, which is written over.

    Raises:
        CharacterError: the file cannot be written; an earlier one stays as it was.
    """
    fixes = [Fix(fix.shape_key, fix.blendshape) for fix in character.fixes]
    preset = preset_of(name, keys_of(character), fixes)
    path = folder() / f"{preset.signature}.json"
    try:
        with saving.replacing(path) as part:
            part.write_text(to_json(preset), encoding="utf-8")
    except OSError as error:
        raise CharacterError(f"The preset cannot be written: {error.strerror}.") from error
    return preset


def _choices(_operator, context):
    character = active_character(context.scene)
    near = offered_presets(saved_presets(), keys_of(character)) if character is not None else []
    _items[:] = [(p.signature, p.name, f"{len(p.fixes)} matches made by hand") for p in near]
    return _items or [("NONE", "No preset fits", "Match by hand and save a preset")]


_items: list[tuple[str, str, str]] = []  # Blender keeps no reference to dynamic items


class SOLILOQUY_OT_save_match(ReportsErrors, bpy.types.Operator):
    """Keep the matches made by hand for the next character with these shape keys."""

    bl_idname = "soliloquy.save_match"
    bl_label = "Save Match"
    bl_description = (
        "Keep what was matched by hand on this computer: the next character with the same "
        "shape-key names gets it by itself"
    )

    name: StringProperty(name="Name", description="Name of the rig")

    @classmethod
    def poll(cls, context):
        """Something must be matched by hand."""
        character = active_character(context.scene)
        if character is None or not character.fixes:
            cls.poll_message_set("Nothing is matched by hand on this character.")
            return False
        return True

    def invoke(self, context, _event):
        """Ask for a name."""
        self.name = self.name or active_character(context.scene).name
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context):
        """Save."""
        character = active_character(context.scene)
        preset = save_preset(character, self.name.strip() or character.name)
        said = tr("'{name}' is kept with {n} matches.")
        self.report({"INFO"}, said.format(name=preset.name, n=len(preset.fixes)))
        return {"FINISHED"}


class SOLILOQUY_OT_apply_match(NeedsCharacter, ReportsErrors, bpy.types.Operator):
    """Match as on another rig."""

    bl_idname = "soliloquy.apply_match"
    bl_label = "Apply Match"
    bl_description = "Match as it was done by hand on a rig with nearly the same shape keys"
    bl_options = {"REGISTER", "UNDO"}

    preset: EnumProperty(name="Preset", description="Which rig", items=_choices)

    def execute(self, context):
        """Apply."""
        found = next((p for p in saved_presets() if p.signature == self.preset), None)
        if found is None:
            raise CharacterError("No preset fits these shape keys. Match by hand and save one.")
        apply_preset(active_character(context.scene), found)
        return {"FINISHED"}


class SOLILOQUY_OT_delete_match(ReportsErrors, bpy.types.Operator):
    """Forget the preset of this rig."""

    bl_idname = "soliloquy.delete_match"
    bl_label = "Forget Match"
    bl_description = "Delete the match preset of this rig from this computer"

    @classmethod
    def poll(cls, context):
        """There must be one."""
        character = active_character(context.scene)
        if character is None or known_preset(saved_presets(), keys_of(character)) is None:
            cls.poll_message_set("No match preset is kept for these shape keys.")
            return False
        return True

    def execute(self, context):
        """Delete its file."""
        character = active_character(context.scene)
        preset = known_preset(saved_presets(), keys_of(character))
        (folder() / f"{preset.signature}.json").unlink(missing_ok=True)
        self.report({"INFO"}, tr("'{name}' is forgotten.").format(name=preset.name))
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_save_match, SOLILOQUY_OT_apply_match, SOLILOQUY_OT_delete_match)
