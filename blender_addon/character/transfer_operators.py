"""Carrying shape keys over: landmarks, the preview with its faces, and taking it or leaving it."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty

from ..core.errors import CharacterError
from ..core.face_poses import POSES
from ..reporting import ReportsErrors
from ..ui import tr
from .landmarks import remove_landmarks
from .laying_over import LaysOver
from .meshes import active_character, character_by_uid, is_in_file, shaped_meshes
from .transfer import TURNS, read_head, show_landmarks, write_keys
from .transfer_playing import is_playing, start_playing, stop_playing
from .transfer_preview import (
    accept_preview,
    copies_of,
    make_preview,
    notes_of,
    preview_of,
    remove_own_landmarks,
    remove_preview,
    show_on_copies,
)


def _facing():
    return EnumProperty(
        name="Looks Along",
        description="The axis along which the head looks, with Z up",
        items=[(axis, axis, "") for axis in TURNS],
    )


def _still_there(context, uid):
    character = character_by_uid(context.scene, uid)
    if character is None:
        raise CharacterError("The character was removed meanwhile. Add it again.")
    return character


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


class _OnPreview:
    """Needs a preview."""

    @classmethod
    def poll(cls, context):
        """There must be one."""
        if preview_of(context.scene) is None:
            cls.poll_message_set("Press Preview Fit first.")
            return False
        return True


class SOLILOQUY_OT_place_landmarks(_OnCharacter, LaysOver, bpy.types.Operator):
    """Find eyes, nose, mouth and chin, and mark them."""

    bl_idname = "soliloquy.place_landmarks"
    bl_label = "Place Landmarks"
    bl_description = (
        "Find eyes, nose, mouth and chin of the character's head and mark them by empties, which "
        "you may move before the shape keys are carried over; takes about ten seconds"
    )
    bl_options = {"REGISTER", "UNDO"}

    facing: _facing()

    def read(self, context):
        """The meshes."""
        return read_head(active_character(context.scene), self.facing).find

    def write(self, context, found):
        """Mark them."""
        notes = show_landmarks(context, *found)
        self.report({"INFO"}, " ".join(notes))
        return {"FINISHED"}


class SOLILOQUY_OT_preview_transfer(_OnCharacter, LaysOver, bpy.types.Operator):
    """Lay the built-in head over the character, and show the keys on a copy beside it."""

    bl_idname = "soliloquy.preview_transfer"
    bl_label = "Preview Fit"
    bl_description = (
        "Lay the built-in face over the character's, coloured by its distance, and play the new "
        "shape keys on a copy beside it; the character itself is not touched. Takes up to half "
        "a minute"
    )
    bl_options = {"REGISTER", "UNDO"}

    facing: _facing()

    def read(self, context):
        """The meshes."""
        stop_playing()
        self._uid = active_character(context.scene).uid
        return read_head(active_character(context.scene), self.facing).lay_over

    def write(self, context, found):
        """Make it; a bad fit is shown too, so that the landmarks can be moved."""
        trouble = make_preview(context, _still_there(context, self._uid), found)
        if trouble:
            self.report({"WARNING"}, trouble)
        return {"FINISHED"}


class SOLILOQUY_OT_accept_transfer(_OnPreview, ReportsErrors, bpy.types.Operator):
    """Give the character the shape keys of the preview."""

    bl_idname = "soliloquy.accept_transfer"
    bl_label = "Accept Preview"
    bl_description = (
        "Give the character's meshes the shape keys that the copy shows, and remove the preview; "
        "keys that they have already stay as they are"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """The fit must be good enough."""
        if not super().poll(context):
            return False
        if notes_of(preview_of(context.scene))[1]:
            cls.poll_message_set("The fit is not good enough: move the landmarks and fit again.")
            return False
        return True

    def execute(self, context):
        """Write the keys; landmarks have done their work then."""
        stop_playing()
        n_added = accept_preview(context.scene)
        remove_landmarks()
        self.report({"INFO"}, tr("{n} shape keys were added.").format(n=n_added))
        return {"FINISHED"}


class SOLILOQUY_OT_cancel_transfer(_OnPreview, ReportsErrors, bpy.types.Operator):
    """Remove the preview."""

    bl_idname = "soliloquy.cancel_transfer"
    bl_label = "Cancel Preview"
    bl_description = "Remove the preview; the character is as it was"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Take overlay, copy and own landmarks away."""
        stop_playing()
        remove_preview(context.scene)
        remove_own_landmarks()
        return {"FINISHED"}


class SOLILOQUY_OT_play_faces(ReportsErrors, bpy.types.Operator):
    """Play faces on the copy, or stop that."""

    bl_idname = "soliloquy.play_faces"
    bl_label = "Play Faces"
    bl_description = (
        "Play jaw, smile, blink and pucker on the copy beside the character, again and again; "
        "press it once more to stop"
    )
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        """There must be a copy."""
        if not copies_of(context.scene):
            cls.poll_message_set("Press Preview Fit first.")
            return False
        return True

    def execute(self, context):
        """Start or stop."""
        if is_playing():
            stop_playing()
            show_on_copies(context.scene, {})
        else:
            start_playing(context.scene)
        return {"FINISHED"}


class SOLILOQUY_OT_carry_over(_OnCharacter, LaysOver, bpy.types.Operator):
    """Give the character the built-in head's shape keys."""

    bl_idname = "soliloquy.carry_over"
    bl_label = "Carry Over Shape Keys"
    bl_description = (
        "Give the character's meshes the shape keys that they lack, from the built-in head laid "
        "over them, without a preview; keys that they have stay as they are. Takes up to half "
        "a minute"
    )
    bl_options = {"REGISTER", "UNDO"}

    facing: _facing()

    def read(self, context):
        """The meshes."""
        stop_playing()
        self._uid = active_character(context.scene).uid
        return read_head(active_character(context.scene), self.facing).lay_over

    def write(self, context, found):
        """Add the keys; landmarks and a preview have done their work then."""
        notes = write_keys(_still_there(context, self._uid), found)
        remove_preview(context.scene)
        remove_landmarks()
        self.report({"INFO"}, " ".join(notes))
        return {"FINISHED"}


class SOLILOQUY_OT_preview_pose(_OnCharacter, ReportsErrors, bpy.types.Operator):
    """Show a face by the shape keys, without keyframes."""

    bl_idname = "soliloquy.preview_pose"
    bl_label = "Show a Face"
    bl_description = "Show a face that tells whether lips and lids part and close; sets no keyframe"
    bl_options = {"REGISTER", "UNDO"}

    pose: EnumProperty(
        name="Pose",
        description="The face to show",
        items=[(key, label, "") for key, (label, _) in POSES.items()],
    )

    def execute(self, context):
        """Set the values of the shape keys, on the preview's copy if there is one."""
        stop_playing()
        _, values = POSES[self.pose]
        if show_on_copies(context.scene, dict(values)):
            return {"FINISHED"}
        for mesh in shaped_meshes(active_character(context.scene)):
            for block in mesh.key.key_blocks[1:]:
                block.value = values.get(block.name, 0.0)
        return {"FINISHED"}


CLASSES = (
    SOLILOQUY_OT_place_landmarks,
    SOLILOQUY_OT_preview_transfer,
    SOLILOQUY_OT_accept_transfer,
    SOLILOQUY_OT_cancel_transfer,
    SOLILOQUY_OT_play_faces,
    SOLILOQUY_OT_carry_over,
    SOLILOQUY_OT_preview_pose,
)
