"""The Takes panel."""

from __future__ import annotations

import bpy

from ..character.meshes import active_character
from ..generate.request import why_not_regenerate
from ..ui import reason, wrapped
from .baking import LAYERS
from .storage import playing_take


class SOLILOQUY_UL_takes(bpy.types.UIList):
    """Takes of a character."""

    bl_idname = "SOLILOQUY_UL_takes"

    def draw_item(self, _context, layout, data, item, _icon, _active, _property, index=0):
        """One take; the dot shows which one plays."""
        row = layout.row(align=True)
        plays = playing_take(data) == index
        row.operator(
            "soliloquy.use_take", text="", emboss=False,
            icon="RADIOBUT_ON" if plays else "RADIOBUT_OFF",
        ).index = index  # fmt: skip
        row.prop(item, "name", text="", emboss=False)
        if not item.is_original:
            row.label(text=f"seed {item.seed}")


class SOLILOQUY_PT_takes(bpy.types.Panel):
    """What was made."""

    bl_idname = "SOLILOQUY_PT_takes"
    bl_label = "Takes"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 4

    def draw(self, context):
        """The list, and what is to be known of the chosen take."""
        layout = self.layout
        character = active_character(context.scene)
        if character is None or not character.takes:
            wrapped(layout, context, "No takes yet. Press Generate.", "INFO")
            return
        row = layout.row()
        row.template_list(
            "SOLILOQUY_UL_takes", "", character, "takes", character, "take_index",
            rows=min(max(len(character.takes), 2), 6),
        )  # fmt: skip
        row.operator("soliloquy.delete_take", text="", icon="TRASH")
        if not 0 <= character.take_index < len(character.takes):
            return
        take = character.takes[character.take_index]
        if not take.is_original:
            text = f"{take.generator}, {take.seconds:.1f} s from frame {take.start_frame:g}."
            wrapped(layout, context, text)
            self._layers(layout, take)
            self._regenerate(layout, context, character)
        for note in filter(None, take.notes.split("\n")):
            wrapped(layout, context, note, "INFO")

    def _regenerate(self, layout, context, character):
        header, body = layout.panel("soliloquy_regenerate", default_closed=True)
        header.label(text="Regenerate")
        if body is None:
            return
        flow = body.grid_flow(columns=3, align=True)
        flow.prop(character.generation, "regions")
        body.operator("soliloquy.regenerate", icon="FILE_REFRESH")
        why = why_not_regenerate(context)
        if why:
            reason(body, context, why)

    def _layers(self, layout, take):
        header, body = layout.panel("soliloquy_layers", default_closed=True)
        header.label(text="Layers")
        if body is None:
            return
        column = body.column(align=True)
        for name in LAYERS:
            column.prop(take, name, slider=True)
        body.operator("soliloquy.apply_layers", icon="MOD_SMOOTH")


CLASSES = (SOLILOQUY_UL_takes, SOLILOQUY_PT_takes)
