"""Operators of the Character panel."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, StringProperty

from ..core.errors import CharacterError
from ..reporting import ReportsErrors
from ..ui import tr
from .built_in import add_built_in_head
from .matching import blendshape_choices
from .meshes import active_character, add_meshes, new_character, selected_meshes
from .needs import NeedsCharacter
from .placing import look_at, place_clear, select_only
from .presets import apply_known


def _tell_known(operator, character):
    """Match as on an earlier rig with the same shape keys, and say so."""
    name = apply_known(character)
    if name:
        said = tr("Matched as '{name}' was matched by hand.")
        operator.report({"INFO"}, said.format(name=name))


class SOLILOQUY_OT_use_selected(ReportsErrors, bpy.types.Operator):
    """Put the selected meshes into the character."""

    bl_idname = "soliloquy.use_selected"
    bl_label = "Use Selected"
    bl_description = (
        "Add the selected meshes (head, teeth, tongue, lashes) to the character; "
        "makes a character if there is none"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """A mesh must be selected."""
        if not selected_meshes(context):
            cls.poll_message_set("Select the character's meshes in the 3D View first.")
            return False
        return True

    def execute(self, context):
        """Add the meshes."""
        meshes = selected_meshes(context)
        character = active_character(context.scene)
        if character is None:
            character = new_character(context.scene, meshes[0].name)
        add_meshes(character, meshes)
        _tell_known(self, character)
        bare = [item.name for item in meshes if item.data.shape_keys is None]
        if bare:
            said = tr("Without shape keys, so they stay still: {names}.")
            self.report({"WARNING"}, said.format(names=", ".join(bare)))
        return {"FINISHED"}


class SOLILOQUY_OT_remove_mesh(ReportsErrors, bpy.types.Operator):
    """Take a mesh out of the character."""

    bl_idname = "soliloquy.remove_mesh"
    bl_label = "Remove Mesh"
    bl_description = "Take this mesh out of the character; the mesh itself stays"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """There must be one."""
        character = active_character(context.scene)
        if character is None or not character.meshes:
            cls.poll_message_set("The character has no meshes.")
            return False
        return True

    def execute(self, context):
        """Remove the active one."""
        character = active_character(context.scene)
        character.meshes.remove(character.mesh_index)
        character.mesh_index = max(0, min(character.mesh_index, len(character.meshes) - 1))
        return {"FINISHED"}


class SOLILOQUY_OT_add_character(ReportsErrors, bpy.types.Operator):
    """Add another character to the scene."""

    bl_idname = "soliloquy.add_character"
    bl_label = "Add Character"
    bl_description = "Add another character with lines and takes of its own"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Add it, with the selected meshes."""
        meshes = [item for item in selected_meshes(context) if item.data.shape_keys is not None]
        character = new_character(context.scene, meshes[0].name if meshes else "Character")
        add_meshes(character, meshes)
        _tell_known(self, character)
        return {"FINISHED"}


class SOLILOQUY_OT_remove_character(NeedsCharacter, ReportsErrors, bpy.types.Operator):
    """Remove the active character from the list."""

    bl_idname = "soliloquy.remove_character"
    bl_label = "Remove Character"
    bl_description = "Remove the character and its list of takes; meshes and actions stay"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Remove it."""
        settings = context.scene.soliloquy
        settings.characters.remove(settings.character_index)
        settings.character_index = max(0, settings.character_index - 1)
        return {"FINISHED"}


class SOLILOQUY_OT_add_head(ReportsErrors, bpy.types.Operator):
    """Add the head that comes with Soliloquy, ready to speak."""

    bl_idname = "soliloquy.add_head"
    bl_label = "Add Soliloquy Head"
    bl_description = (
        "Add the head that comes with Soliloquy, with all 52 shape keys, as a character"
    )
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Make meshes, materials and a character."""
        meshes = add_built_in_head(context)
        moving = [item for item in meshes if item.data.shape_keys is not None]
        add_meshes(new_character(context.scene, "Soliloquy Head"), moving)
        place_clear(context, meshes[0], meshes)
        select_only(context, meshes[0])
        look_at(context, meshes)
        return {"FINISHED"}


class SOLILOQUY_OT_fix_match(ReportsErrors, bpy.types.Operator):
    """Say which blendshape a shape key plays."""

    bl_idname = "soliloquy.fix_match"
    bl_label = "Match by Hand"
    bl_description = "Say which blendshape this shape key plays, or that it plays none"
    bl_options = {"REGISTER", "UNDO"}

    shape_key: StringProperty(name="Shape Key", description="Name of the shape key")
    blendshape: EnumProperty(
        name="Blendshape",
        description="What it plays",
        items=blendshape_choices(),
    )

    def invoke(self, context, _event):
        """Ask."""
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context):
        """Keep the fix."""
        character = active_character(context.scene)
        if character is None:
            raise CharacterError("There is no character yet.")
        fix = next((f for f in character.fixes if f.shape_key == self.shape_key), None)
        fix = fix or character.fixes.add()
        fix.shape_key = self.shape_key
        fix.blendshape = "" if self.blendshape == "NONE" else self.blendshape
        return {"FINISHED"}


CLASSES = (
    SOLILOQUY_OT_use_selected,
    SOLILOQUY_OT_remove_mesh,
    SOLILOQUY_OT_add_character,
    SOLILOQUY_OT_remove_character,
    SOLILOQUY_OT_add_head,
    SOLILOQUY_OT_fix_match,
)
