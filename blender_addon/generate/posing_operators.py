"""Operators of a pose as direction: take it, clear it."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, FloatProperty

from ..character.meshes import active_character
from ..core.directing import pose_sentence
from ..core.expressive import pose_text
from ..reporting import ReportsErrors
from ..ui import tr
from .posing import pose_of


class SOLILOQUY_OT_take_pose(ReportsErrors, bpy.types.Operator):
    """Make the expression that the character wears the direction of its line."""

    bl_idname = "soliloquy.take_pose"
    bl_label = "Take Pose"
    bl_description = (
        "Play the line with the expression that the character's shape keys show now, at the "
        "current frame"
    )
    bl_options = {"REGISTER", "UNDO"}

    use_frame: BoolProperty(
        name="At a Frame", description="Read the animation at another frame", default=False
    )
    frame: FloatProperty(name="Frame", description="Frame whose expression is taken")

    @classmethod
    def poll(cls, context):
        """There must be a character."""
        character = active_character(context.scene)
        if character is None:
            cls.poll_message_set("There is no character yet.")
        return character is not None

    def execute(self, context):
        """Read the shape keys."""
        character = active_character(context.scene)
        settings = character.generation
        pose = pose_of(character, self.frame if self.use_frame else None)
        settings.pose, settings.directed_by = pose_text(pose), "POSE"
        self.report({"INFO"}, tr("The pose is {shapes}.").format(shapes=pose_sentence(pose)))
        return {"FINISHED"}


class SOLILOQUY_OT_clear_pose(ReportsErrors, bpy.types.Operator):
    """Forget the pose, and direct in words again."""

    bl_idname = "soliloquy.clear_pose"
    bl_label = "Clear Pose"
    bl_description = "Forget the pose, and direct the line in words again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """There must be one."""
        character = active_character(context.scene)
        has_pose = character is not None and bool(character.generation.pose)
        if not has_pose:
            cls.poll_message_set("No pose was taken.")
        return has_pose

    def execute(self, context):
        """Forget it."""
        settings = active_character(context.scene).generation
        settings.pose, settings.directed_by = "", "TEXT"
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_take_pose, SOLILOQUY_OT_clear_pose)
