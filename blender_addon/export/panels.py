"""The Export panel, and the entries in File > Import and Export."""

from __future__ import annotations

import bpy

from ..character.meshes import active_character
from ..core.export_names import subject_name
from ..ui import reason, tr, wrapped
from ..vendor import presets
from .job import why_not_to_folder
from .live import live_stream


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
        """Destination, names, one button, and what the last export said."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.soliloquy.export
        layout.prop(settings, "preset")
        wrapped(layout, context, presets.PRESETS[settings.preset].hint, "INFO")
        layout.prop(settings, "folder")
        self._names(layout, context, settings)
        self._advanced(layout, settings)
        why = why_not_to_folder(context)
        layout.operator("soliloquy.export_take", icon="EXPORT")
        if why:
            reason(layout, context, why)
        if settings.said:
            box = layout.box()
            for sentence in settings.said.split("\n"):
                wrapped(box, context, sentence)
        layout.operator("soliloquy.import_take", text="Import Take", icon="IMPORT")

    def _names(self, layout, context, settings):
        column = layout.column(align=True)
        character = active_character(context.scene)
        if character is not None:
            column.prop(
                character, "subject", placeholder=subject_name("", character.name)
            )  # fmt: skip
        column.prop(settings, "slate")
        layout.prop(settings, "start")

    def _advanced(self, layout, settings):
        header, body = layout.panel("soliloquy_export_formats", default_closed=True)
        header.label(text="Formats")
        if body is None:
            return
        body.column().prop(settings, "formats")
        body.prop(settings, "rows")
        if settings.rows == "CUSTOM":
            body.prop(settings, "rows_per_second")
        body.prop(settings, "swap_mouth_sides")


class SOLILOQUY_PT_live_link(bpy.types.Panel):
    """To Unreal while Blender plays."""

    bl_idname = "SOLILOQUY_PT_live_link"
    bl_label = "Live Link"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_parent_id = "SOLILOQUY_PT_export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        """Where to, which characters, the button, and how it goes."""
        layout = self.layout
        stream = live_stream()
        settings = context.scene.soliloquy.export
        column = layout.column(align=True)
        column.use_property_split = True
        column.use_property_decorate = False
        column.enabled = stream is None
        column.prop(settings, "live_host")
        column.prop(settings, "live_port")
        column.prop(settings, "live_rate")
        for character in context.scene.soliloquy.characters:
            row = layout.row()
            row.prop(character, "is_streamed", text=character.name)
        layout.operator(
            "soliloquy.live_link", depress=stream is not None,
            text="Stop" if stream else "Start", icon="PAUSE" if stream else "PLAY",
        )  # fmt: skip
        if stream is None:
            return
        sent, dropped = stream.counts
        subjects = ", ".join(stream.subjects) or tr("no character")
        text = tr("Sending {subjects}: {sent} packets, {dropped} not taken.")
        wrapped(layout, context, text.format(subjects=subjects, sent=sent, dropped=dropped))
        if stream.error:
            text = tr("It broke off: {why}")
            wrapped(layout, context, text.format(why=stream.error), "ERROR")


CLASSES = (SOLILOQUY_PT_export, SOLILOQUY_PT_live_link)


def draw_import_menu(menu, _context):
    """An entry in File > Import."""
    menu.layout.operator("soliloquy.import_take")


def draw_export_menu(menu, _context):
    """An entry in File > Export."""
    menu.layout.operator("soliloquy.export_live_link_csv")
