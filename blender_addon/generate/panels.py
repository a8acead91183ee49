"""The Generate panel."""

from __future__ import annotations

import bpy

from ..character.meshes import active_character
from ..connection.panels import draw_waiting
from ..core.job import State
from ..ui import LONG_NOTE, reason, tr, wrapped
from .performance_panel import SOLILOQUY_PT_performance
from .request import why_not
from .session import session

_ICONS = {State.DONE: "CHECKMARK", State.FAILED: "ERROR", State.CANCELLED: "CANCEL"}


class SOLILOQUY_PT_generate(bpy.types.Panel):
    """One button."""

    bl_idname = "SOLILOQUY_PT_generate"
    bl_label = "Generate"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 3

    def draw(self, context):
        """Settings, the button or the progress, and how it ended."""
        layout = self.layout
        character = active_character(context.scene)
        if character is not None:
            self._settings(layout, character.generation)
        job = session().job
        if session().is_busy:
            row = layout.row(align=True)
            row.progress(factor=job.fraction, text=f"{tr(job.text)} {job.fraction:.0%}")
            row.operator("soliloquy.cancel", text="", icon="CANCEL")
            row.operator("soliloquy.play_line", text="", icon="PLAY")
            return
        if draw_waiting(layout, context):
            return
        row = layout.row()
        row.scale_y = 1.6
        row.operator("soliloquy.generate", icon="PLAY")
        why = why_not(context)
        if why:
            reason(layout, context, why)
        elif job is not None:
            wrapped(layout, context, job.text, _ICONS[job.state], most=LONG_NOTE)
            if job.state is State.FAILED and not session().connected:
                layout.operator("soliloquy.start_server", icon="PLAY")

    def _settings(self, layout, settings):
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "generator")
        row = column.row(align=True)
        row.use_property_split = False
        row.prop(settings, "seed")
        row.operator("soliloquy.new_seed", text="", icon="FILE_REFRESH")
        row.separator()
        row.prop(settings, "takes")


class SOLILOQUY_PT_advanced(bpy.types.Panel):
    """Sampling, and how densely keys are written."""

    bl_idname = "SOLILOQUY_PT_advanced"
    bl_parent_id = "SOLILOQUY_PT_generate"
    bl_label = "Advanced"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        """Only with a character."""
        return active_character(context.scene) is not None

    def draw(self, context):
        """Steps, guidance, key rate."""
        settings = active_character(context.scene).generation
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "steps")
        layout.prop(settings, "use_guidance")
        if settings.use_guidance:
            column = layout.column(align=True)
            for name in ("audio", "emotion", "strips"):
                column.prop(settings, f"guidance_{name}")
            layout.prop(settings, "guidance_mode")
        layout.prop(settings, "curve_rate")
        if settings.curve_rate == "CUSTOM":
            layout.prop(settings, "curve_fps")
        layout.prop(settings, "is_live")
        layout.prop(settings, "reduction")
        if settings.reduction == "ALWAYS":
            layout.prop(settings, "tolerance")


CLASSES = (SOLILOQUY_PT_generate, SOLILOQUY_PT_performance, SOLILOQUY_PT_advanced)
