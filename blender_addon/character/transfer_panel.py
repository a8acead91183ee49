"""The panel that carries shape keys over to a character without any."""

from __future__ import annotations

from typing import Final

import bpy

from ..core.face_poses import POSES
from ..ui import reason, tr, wrapped
from .landmarks import placed_landmarks
from .matching import character_match
from .meshes import active_character
from .transfer import has_carried_keys
from .transfer_playing import is_playing
from .transfer_preview import copies_of, notes_of, preview_of

_BUTTONS: Final = ("REST", "OPEN", "SMILE", "BLINK", "PUCKER", "LOOK")


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
        if character is None or not character.meshes:
            return False
        if preview_of(context.scene) is not None or has_carried_keys(character):
            return True
        return not character_match(character).is_complete

    def draw(self, context):
        """The preview, or the way to it."""
        preview = preview_of(context.scene)
        if preview is not None:
            self._preview(self.layout, context, *notes_of(preview))
        elif has_carried_keys(active_character(context.scene)):
            self.layout.operator_menu_enum("soliloquy.preview_pose", "pose", icon="HIDE_OFF")
        else:
            self._start(self.layout, context)

    def _start(self, layout, context):
        text = tr("The built-in head is laid over this one. It must look along -Y with Z up.")
        wrapped(layout, context, text)
        row = layout.row(align=True)
        row.operator("soliloquy.place_landmarks", icon="EMPTY_AXIS")
        if placed_landmarks():
            wrapped(layout, context, tr("Move the marks that are off, then preview."), "INFO")
        layout.operator("soliloquy.preview_transfer", icon="HIDE_OFF")

    def _preview(self, layout, context, notes, trouble):
        for note in notes:
            wrapped(layout, context, note, "INFO")
        text = tr("Green lies below 1 mm, yellow below 2.5, red farther. Landmarks may be moved.")
        wrapped(layout, context, text)
        if copies_of(context.scene):
            self._faces(layout)
        layout.operator("soliloquy.preview_transfer", text="Fit Again", icon="FILE_REFRESH")
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("soliloquy.accept_transfer", text="Accept", icon="CHECKMARK")
        row.operator("soliloquy.cancel_transfer", text="Cancel", icon="X")
        if trouble:
            reason(layout, context, trouble)

    def _faces(self, layout):
        layout.operator(
            "soliloquy.play_faces",
            text=tr("Stop") if is_playing() else tr("Play Faces"),
            icon="PAUSE" if is_playing() else "PLAY",
            translate=False,
        )
        flow = layout.grid_flow(columns=3, align=True)
        for pose in _BUTTONS:
            flow.operator("soliloquy.preview_pose", text=POSES[pose][0]).pose = pose


CLASSES = (SOLILOQUY_PT_transfer,)
