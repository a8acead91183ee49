"""Operators of the Strips panel."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, StringProperty

from .. import compat
from ..core.presets import EXPRESSIONS, aus_from_text
from ..vendor import action_units
from .adding import add_strips, free_the_render


def _au_items() -> list[tuple[str, str, str]]:
    units = (action_units.ACTION_UNITS[code] for code in action_units.AU_CODES)
    return [(u.code, f"{u.code} {u.name}", u.note or f"Moves the {u.region}") for u in units]


class _AddsStrips:
    """What all ways of adding strips share."""

    bl_options = {"REGISTER", "UNDO"}

    seconds: FloatProperty(
        name="Length", description="Length of the strip in seconds", default=1.0, min=0.05
    )

    def _add(self, context, units):
        add_strips(context, units, self.seconds)
        told = free_the_render(compat.sequencer_scene(context))
        if told:
            self.report({"WARNING"}, told)
        return {"FINISHED"}


class SOLILOQUY_OT_add_strip(_AddsStrips, bpy.types.Operator):
    """Add an AU strip at the playhead."""

    bl_idname = "soliloquy.add_strip"
    bl_label = "Add AU Strip"
    bl_description = "Add a strip for one Action Unit at the current frame, beside the line"
    bl_property = "au"

    au: EnumProperty(name="Action Unit", description="Which muscle", items=_au_items())
    intensity: FloatProperty(
        name="Intensity", description="How strongly", default=0.8, min=0.0, max=1.0,
        subtype="FACTOR",
    )  # fmt: skip

    def invoke(self, context, _event):
        """Search for the Action Unit by name or code."""
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Add it."""
        return self._add(context, {self.au: self.intensity})


class SOLILOQUY_OT_add_expression(_AddsStrips, bpy.types.Operator):
    """Add the strips of an expression at the playhead."""

    bl_idname = "soliloquy.add_expression"
    bl_label = "Add Expression"
    bl_description = "Add the AU strips of an expression at the current frame"

    expression: EnumProperty(
        name="Expression",
        description="Which expression",
        items=[(n, n, ", ".join(units)) for n, units in EXPRESSIONS.items()],
    )

    def execute(self, context):
        """Add them."""
        return self._add(context, EXPRESSIONS[self.expression])


class SOLILOQUY_OT_add_from_text(_AddsStrips, bpy.types.Operator):
    """Add strips for a word."""

    bl_idname = "soliloquy.add_from_text"
    bl_label = "Add from Text"
    bl_description = "Add strips for a word: smirk, lip corner puller, AU4"

    text: StringProperty(name="Text", description="An expression, or an Action Unit")

    def invoke(self, context, _event):
        """Ask for the word."""
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context):
        """Find out what it means, and add that."""
        try:
            units = aus_from_text(self.text)
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return self._add(context, units)


class SOLILOQUY_OT_select_strip(bpy.types.Operator):
    """Go to an AU strip."""

    bl_idname = "soliloquy.select_strip"
    bl_label = "Go to Strip"
    bl_description = "Make this strip the active one, and go to its first frame"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Strip", description="Number of the strip in the Sequencer", min=0)

    def execute(self, context):
        """Select it alone."""
        scene = compat.sequencer_scene(context)
        strips = compat.strips_of(scene.sequence_editor) if scene.sequence_editor else ()
        if self.index >= len(strips):
            self.report({"ERROR"}, "This strip is gone.")
            return {"CANCELLED"}
        for strip in strips:
            strip.select = False
        strip = strips[self.index]
        strip.select = True
        scene.sequence_editor.active_strip = strip
        scene.frame_set(int(compat.strip_span(strip)[0]))
        return {"FINISHED"}


CLASSES = (
    SOLILOQUY_OT_add_strip,
    SOLILOQUY_OT_add_expression,
    SOLILOQUY_OT_add_from_text,
    SOLILOQUY_OT_select_strip,
)
