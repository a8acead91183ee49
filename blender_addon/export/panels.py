"""The Export panel."""

from __future__ import annotations

import bpy

from ..ui import reason
from .operators import why_not


class SOLILOQUY_PT_export(bpy.types.Panel):
    """Out of Blender."""

    bl_idname = "SOLILOQUY_PT_export"
    bl_label = "Export"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 5
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        """One button for each format."""
        layout = self.layout
        layout.operator("soliloquy.export_live_link_csv", icon="EXPORT")
        why = why_not(context)
        if why:
            reason(layout, context, why)


CLASSES = (SOLILOQUY_PT_export,)
