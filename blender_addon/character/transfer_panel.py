"""The panel that carries shape keys over to a character without any."""

from __future__ import annotations

from typing import Final

import bpy

from ..core.face_poses import POSES
from ..ui import reason, tr, wrapped
from .landmarks import placed_landmarks
from .matching import character_match
from .meshes import active_character, shaped_meshes
from .transfer import has_carried_keys
from .transfer_playing import is_playing
from .transfer_preview import copies_of, notes_of, preview_of

_BUTTONS: Final = ("REST", "OPEN", "SMILE", "BLINK", "PUCKER", "LOOK")


def _is_needed(context) -> bool:
    """Whether it is the next thing to do: without it nothing moves, or a preview is open."""
    character = active_character(context.scene)
    if character is None or not character.meshes:
        return False
    return preview_of(context.scene) is not None or not shaped_meshes(character)


class _Transfer:
    """The built-in head's shape keys for a character."""

    bl_label = "Carry Over Shape Keys"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_parent_id = "SOLILOQUY_PT_character"

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


class SOLILOQUY_PT_transfer(_Transfer, bpy.types.Panel):
    """Open, for characters without shape keys."""

    bl_idname = "SOLILOQUY_PT_transfer"

    @classmethod
    def poll(cls, context):
        """Where nothing moves without it."""
        return _is_needed(context)


class SOLILOQUY_PT_transfer_missing(_Transfer, bpy.types.Panel):
    """Folded, for characters that have shape keys and lack some."""

    bl_idname = "SOLILOQUY_PT_transfer_missing"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        """Where some are missing, or were carried over and may be looked at."""
        character = active_character(context.scene)
        if character is None or not character.meshes or _is_needed(context):
            return False
        return has_carried_keys(character) or not character_match(character).is_complete


CLASSES = (SOLILOQUY_PT_transfer, SOLILOQUY_PT_transfer_missing)
