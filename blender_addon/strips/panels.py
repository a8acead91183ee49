"""The Strips panel, in the 3D View and in the Sequencer."""

from __future__ import annotations

import bpy

from .. import compat
from ..character.meshes import active_character
from ..core.errors import LineError
from ..line.reading import read_line
from ..ui import wrapped
from .reading import is_au_strip, read_strips, strips_of_line


class SOLILOQUY_UL_strips(bpy.types.UIList):
    """AU strips of the Sequencer."""

    bl_idname = "SOLILOQUY_UL_strips"

    def draw_item(self, _context, layout, _data, item, _icon, _active, _property, index=0):
        """One strip: go there, intensity, mute."""
        split = layout.split(factor=0.62)
        name = split.row()
        name.alignment = "LEFT"
        name.operator("soliloquy.select_strip", text=item.name, emboss=False).index = index
        row = split.row(align=True)
        row.prop(item, "facs_intensity", text="", slider=True)
        row.prop(item, "mute", text="", emboss=False, icon_only=True)

    def filter_items(self, _context, data, name):
        """Show nothing but AU strips."""
        shown = self.bitflag_filter_item
        return [shown if is_au_strip(strip) else 0 for strip in getattr(data, name)], []


class SOLILOQUY_PT_strips(bpy.types.Panel):
    """Action Units over time."""

    bl_idname = "SOLILOQUY_PT_strips"
    bl_label = "Strips"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 2
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        """Ways to add, the list, and how many count."""
        layout = self.layout
        row = layout.row(align=True)
        row.operator("soliloquy.add_strip", text="Action Unit", icon="ADD")
        row.operator_menu_enum("soliloquy.add_expression", "expression", text="Expression")
        row.operator("soliloquy.add_from_text", text="", icon="SMALL_CAPS")
        scene = compat.sequencer_scene(context)
        editor = scene.sequence_editor
        strips = read_strips(context)
        if not strips:
            wrapped(layout, context, "No AU strips. They are added at the current frame.", "INFO")
            return
        layout.template_list(
            "SOLILOQUY_UL_strips", "", editor, compat.strips_property(editor),
            context.scene.soliloquy, "strip_index", rows=2, maxrows=5,
        )  # fmt: skip
        wrapped(layout, context, _count_sentence(context, len(strips)), "INFO")


def _count_sentence(context, n_strips: int) -> str:
    character = active_character(context.scene)
    try:
        if character is None:
            raise LineError("There is no character yet.")
        recording = read_line(character.line, context)
    except LineError:
        return f"{n_strips} AU strips, and no line yet."
    n_used = len(strips_of_line(context, recording.start_frame, recording.seconds))
    return f"The next Generate uses {n_used} of {n_strips} AU strips."


class SOLILOQUY_PT_strip(bpy.types.Panel):
    """The active AU strip, in the Sequencer's sidebar."""

    bl_idname = "SOLILOQUY_PT_strip"
    bl_label = "Action Unit"
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Strip"

    @classmethod
    def poll(cls, context):
        """Only for AU strips."""
        editor = compat.sequencer_scene(context).sequence_editor
        strip = editor.active_strip if editor is not None else None
        return strip is not None and is_au_strip(strip)

    def draw(self, context):
        """What it carries."""
        strip = compat.sequencer_scene(context).sequence_editor.active_strip
        layout = self.layout
        layout.use_property_split = True
        for name in ("facs_au", "facs_intensity", "facs_mode"):
            layout.prop(strip, name)
        if strip.facs_mode == "hold":
            layout.prop(strip, "facs_ease_in")
            layout.prop(strip, "facs_ease_out")


CLASSES = (SOLILOQUY_UL_strips, SOLILOQUY_PT_strips, SOLILOQUY_PT_strip)
