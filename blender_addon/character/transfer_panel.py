"""Carrying shape keys over: the operators and their panel."""

from __future__ import annotations

from typing import Final

import bpy
from bpy.props import EnumProperty

from ..core.errors import SoliloquyError
from ..ui import wrapped
from .matching import character_match
from .meshes import active_character, is_in_file, shaped_meshes
from .transfer import (
    TURNS,
    carry_over_keys,
    has_carried_keys,
    place_landmarks,
    placed_landmarks,
    remove_landmarks,
)

_POSES: Final = {
    "REST": ("Rest", {}),
    "OPEN": ("Jaw Open", {"jawOpen": 1.0}),
    "CLOSED": ("Jaw Open, Lips Closed", {"jawOpen": 0.5, "mouthClose": 0.5}),
    "BLINK": ("Eyes Closed", {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}),
    "SMILE": ("Smile", {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}),
    "PUCKER": ("Pucker", {"mouthPucker": 1.0}),
    "LOOK": ("Look Left", {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}),
}


def _facing():
    return EnumProperty(
        name="Looks Along",
        description="The axis along which the head looks, with Z up",
        items=[(axis, axis, "") for axis in TURNS],
    )


class _OnCharacter:
    """Needs a character with meshes."""

    @classmethod
    def poll(cls, context):
        """There must be a mesh."""
        character = active_character(context.scene)
        if character is None or not any(is_in_file(m.object) for m in character.meshes):
            cls.poll_message_set("Select the head's mesh and press + above first.")
            return False
        return True


class SOLILOQUY_OT_place_landmarks(_OnCharacter, bpy.types.Operator):
    """Find eyes, nose, mouth and chin, and mark them."""

    bl_idname = "soliloquy.place_landmarks"
    bl_label = "Place Landmarks"
    bl_description = (
        "Find eyes, nose, mouth and chin of the character's head and mark them by empties, which "
        "you may move before the shape keys are carried over; takes about ten seconds"
    )
    bl_options = {"REGISTER", "UNDO"}

    facing: _facing()

    def execute(self, context):
        """Mark them."""
        try:
            notes = place_landmarks(context, active_character(context.scene), self.facing)
        except SoliloquyError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, " ".join(notes))
        return {"FINISHED"}


class SOLILOQUY_OT_carry_over(_OnCharacter, bpy.types.Operator):
    """Give the character the built-in head's shape keys."""

    bl_idname = "soliloquy.carry_over"
    bl_label = "Carry Over Shape Keys"
    bl_description = (
        "Give the character's meshes the shape keys that they lack, from the built-in head laid "
        "over them; keys that they have stay as they are. Takes about twenty seconds"
    )
    bl_options = {"REGISTER", "UNDO"}

    facing: _facing()

    def execute(self, context):
        """Add the keys; the landmarks have done their work then."""
        try:
            notes = carry_over_keys(active_character(context.scene), self.facing)
        except SoliloquyError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        remove_landmarks()
        self.report({"INFO"}, " ".join(notes))
        return {"FINISHED"}


class SOLILOQUY_OT_preview_pose(_OnCharacter, bpy.types.Operator):
    """Show a face by the shape keys, without keyframes."""

    bl_idname = "soliloquy.preview_pose"
    bl_label = "Preview"
    bl_description = "Show a face that tells whether lips and lids part and close; sets no keyframe"
    bl_options = {"REGISTER", "UNDO"}

    pose: EnumProperty(
        name="Pose",
        description="The face to show",
        items=[(key, label, "") for key, (label, _) in _POSES.items()],
    )

    def execute(self, context):
        """Set the values of the shape keys."""
        _, values = _POSES[self.pose]
        for mesh in shaped_meshes(active_character(context.scene)):
            for block in mesh.key.key_blocks[1:]:
                block.value = values.get(block.name, 0.0)
        return {"FINISHED"}


class SOLILOQUY_PT_transfer(bpy.types.Panel):
    """For characters without shape keys."""

    bl_idname = "SOLILOQUY_PT_transfer"
    bl_label = "Carry Over Shape Keys"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_parent_id = "SOLILOQUY_PT_character"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        """Where shape keys are missing, or were carried over and may be looked at."""
        character = active_character(context.scene)
        if character is None:
            return False
        return not character_match(character).is_complete or has_carried_keys(character)

    def draw(self, context):
        """Landmarks, the button, and faces to look at."""
        layout = self.layout
        text = "For a head without shape keys: the built-in head is laid over it. It must look"
        wrapped(layout, context, f"{text} along -Y with Z up, or say so after the click.")
        row = layout.row(align=True)
        row.operator("soliloquy.place_landmarks", icon="EMPTY_AXIS")
        if placed_landmarks():
            wrapped(layout, context, "Move the marks that are off, then carry over.", "INFO")
        layout.operator("soliloquy.carry_over", icon="SHAPEKEY_DATA")
        layout.operator_menu_enum("soliloquy.preview_pose", "pose", icon="HIDE_OFF")


CLASSES = (
    SOLILOQUY_OT_place_landmarks,
    SOLILOQUY_OT_carry_over,
    SOLILOQUY_OT_preview_pose,
    SOLILOQUY_PT_transfer,
)
