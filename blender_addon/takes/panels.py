"""The Takes panel."""

from __future__ import annotations

import bpy

from ..character.meshes import active_character
from ..core.expressive import pose_of_text
from ..generate.request import why_not_regenerate
from ..pictures import pictures
from ..ui import LONG_NOTE, reason, tr, wrapped
from .baking import LAYERS
from .storage import is_flame_take, playing_take


def take_icon(take) -> int:
    """Icon of a take's most expressive moment; 0 while it is being drawn."""
    name = f"take {take.uid} {hash(take.pose)}"
    if pictures().has(name):
        return pictures().icon(name, {})
    return pictures().icon(name, pose_of_text(take.pose)) if take.pose else 0


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
        if not item.is_original:
            row.template_icon(icon_value=take_icon(item), scale=1.7)
        column = row.column(align=True)
        column.prop(item, "name", text="", emboss=False)
        if item.is_original:
            column.label(text="Your own animation")
        else:
            line = tr("{generator}, seed {seed}")
            column.label(
                text=line.format(generator=item.generator, seed=item.seed), translate=False
            )


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
            none = "No takes yet. Press Generate." if character else "There is no character yet."
            wrapped(layout, context, none, "INFO")
            return
        row = layout.row()
        row.template_list(
            "SOLILOQUY_UL_takes", "", character, "takes", character, "take_index",
            rows=min(max(len(character.takes), 2), 5),
        )  # fmt: skip
        column = row.column(align=True)
        column.operator("soliloquy.delete_take", text="", icon="TRASH")
        column.operator("soliloquy.blend_takes", text="", icon="MOD_OPACITY")
        if not 0 <= character.take_index < len(character.takes):
            return
        take = character.takes[character.take_index]
        if not take.is_original:
            self._facts(layout, context, take)
            if not is_flame_take(take):
                self._layers(layout, take)
            self._regenerate(layout, context, character)
        for note in filter(None, take.notes.split("\n")):
            wrapped(layout, context, note, "INFO", most=LONG_NOTE)

    def _facts(self, layout, context, take):
        """Picture, place and direction of the chosen take; the list says what made it."""
        split = layout.split(factor=0.25)
        split.template_icon(icon_value=take_icon(take), scale=3.0)
        column = split.column(align=True)
        text = tr("{seconds:.1f} s from frame {frame:g}.")
        told = text.format(seconds=take.seconds, frame=take.start_frame)
        wrapped(column, context, told, share=0.7)
        if take.direction:
            wrapped(column, context, take.direction, share=0.7)

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
