"""Operators of the Takes panel."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty

from ..character.meshes import active_character
from ..core.errors import SoliloquyError
from .storage import use_take


class SOLILOQUY_OT_use_take(bpy.types.Operator):
    """Play a take on the character."""

    bl_idname = "soliloquy.use_take"
    bl_label = "Use Take"
    bl_description = "Play this take on the character; the others stay in the file"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Take", description="Number of the take in the list", min=0)

    def execute(self, context):
        """Switch every mesh to its action."""
        character = active_character(context.scene)
        if character is None:
            self.report({"ERROR"}, "There is no character yet.")
            return {"CANCELLED"}
        try:
            notes = use_take(character, self.index)
        except SoliloquyError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for note in notes:
            self.report({"WARNING"}, note)
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_use_take,)
