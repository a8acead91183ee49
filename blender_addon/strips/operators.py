"""Operators of the Strips panel."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from .. import compat
from ..character.meshes import active_character
from ..core.errors import SoliloquyError, StripError
from ..core.presets import EXPRESSIONS, aus_from_text
from ..line.reading import read_line
from ..reporting import ReportsErrors
from ..ui import tr
from ..vendor import action_units
from .adding import add_direction, add_strips, free_the_render
from .copying import copy_strips, paste_strips
from .reading import kind_of, our_strips, strips_by_kind


def _au_items() -> list[tuple[str, str, str]]:
    units = (action_units.ACTION_UNITS[code] for code in action_units.AU_CODES)
    return [(u.code, f"{u.code} {u.name}", u.note or f"Moves the {u.region}") for u in units]


def _line_start(context) -> float:
    """First frame of the active character's line; without one, the current frame."""
    character = active_character(context.scene)
    try:
        if character is not None:
            return read_line(character.line, context).start_frame
    except SoliloquyError:
        pass
    return float(context.scene.frame_current)


def _owner(context) -> str:
    character = active_character(context.scene)
    return character.uid if character is not None else ""


class _AddsStrips:
    """What all ways of adding strips share."""

    bl_options = {"REGISTER", "UNDO"}

    seconds: FloatProperty(
        name="Length", description="Length of the strip in seconds", default=1.0, min=0.05
    )

    def _add(self, context, units):
        add_strips(context, units, self.seconds)
        return _added(self, context)


def _added(operator, context):
    """Tell what had to be changed for the render."""
    told = free_the_render(compat.sequencer_scene(context))
    if told:
        operator.report({"WARNING"}, told)
    return {"FINISHED"}


class SOLILOQUY_OT_add_strip(_AddsStrips, ReportsErrors, bpy.types.Operator):
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


class SOLILOQUY_OT_add_expression(_AddsStrips, ReportsErrors, bpy.types.Operator):
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


class SOLILOQUY_OT_add_from_text(_AddsStrips, ReportsErrors, bpy.types.Operator):
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
        units = aus_from_text(self.text)
        return self._add(context, units)


class SOLILOQUY_OT_add_direction(ReportsErrors, bpy.types.Operator):
    """Add a direction in words at the playhead."""

    bl_idname = "soliloquy.add_direction"
    bl_label = "Add Direction Strip"
    bl_description = (
        "Add a strip that says in your own words how the line is played from the current frame on"
    )
    bl_options = {"REGISTER", "UNDO"}

    text: StringProperty(
        name="Direction", description="How it is played: furious, then a bitter smile"
    )
    seconds: FloatProperty(
        name="Length", description="Length of the strip in seconds", default=2.0, min=0.05
    )
    intensity: FloatProperty(
        name="Intensity", description="How strongly it is played", default=1.0, min=0.0, max=1.0,
        subtype="FACTOR",
    )  # fmt: skip

    def invoke(self, context, _event):
        """Ask for the words."""
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context):
        """Add it."""
        if not self.text.strip():
            raise StripError("The direction is empty. Say how the line is played.")
        add_direction(context, self.text.strip(), self.seconds, self.intensity)
        return _added(self, context)


class SOLILOQUY_OT_copy_strips(ReportsErrors, bpy.types.Operator):
    """Copy strips, to paste them over another line."""

    bl_idname = "soliloquy.copy_strips"
    bl_label = "Copy Strips"
    bl_description = (
        "Copy the selected strips (without a selection: all that count for this character), "
        "with their times from the start of the line"
    )

    @classmethod
    def poll(cls, context):
        """There must be some."""
        if not any(strips_by_kind(context).values()):
            cls.poll_message_set("There are no strips to copy.")
            return False
        return True

    def execute(self, context):
        """Copy."""
        number = copy_strips(context, _line_start(context), _owner(context))
        self.report({"INFO"}, tr("{n} strips copied.").format(n=number))
        return {"FINISHED"}


class SOLILOQUY_OT_paste_strips(ReportsErrors, bpy.types.Operator):
    """Paste copied strips over the line of this character."""

    bl_idname = "soliloquy.paste_strips"
    bl_label = "Paste Strips"
    bl_description = (
        "Lay the copied strips over this character's line (without a line: at the current frame); "
        "also from another scene, file or Blender"
    )
    bl_options = {"REGISTER", "UNDO"}

    only_here: BoolProperty(
        name="Only for This Character",
        description="Other characters whose lines lie under the strips do not obey them",
        default=False,
    )

    def execute(self, context):
        """Paste."""
        owner = _owner(context) if self.only_here else ""
        pasted = paste_strips(context, _line_start(context), owner)
        self.report({"INFO"}, tr("{n} strips pasted.").format(n=len(pasted)))
        return _added(self, context)


class SOLILOQUY_OT_assign_strips(ReportsErrors, bpy.types.Operator):
    """Say whom the selected strips are for."""

    bl_idname = "soliloquy.assign_strips"
    bl_label = "Assign Strips"
    bl_description = "Say whether the selected strips are for this character alone or for everyone"
    bl_options = {"REGISTER", "UNDO"}

    whom: EnumProperty(
        name="For",
        description="Whose lines the strips count for",
        items=(
            ("ACTIVE", "This Character", "Only the character chosen in the sidebar obeys them", 0),
            ("ALL", "Everyone", "Every character whose line lies under them obeys them", 1),
        ),
    )

    @classmethod
    def poll(cls, context):
        """A strip must be selected."""
        kinds = strips_by_kind(context)
        if not any(strip.select for strip in (*kinds["au"], *kinds["direction"])):
            cls.poll_message_set("Select Action Unit or direction strips in the Sequencer first.")
            return False
        return True

    def execute(self, context):
        """Write it on the strips."""
        owner = _owner(context) if self.whom == "ACTIVE" else ""
        for strip in our_strips(context):
            if strip.select and kind_of(strip) != "phone":
                strip.soliloquy_owner = owner
        return {"FINISHED"}


class SOLILOQUY_OT_select_strip(ReportsErrors, bpy.types.Operator):
    """Go to a strip."""

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
            raise StripError("This strip is gone.")
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
    SOLILOQUY_OT_add_direction,
    SOLILOQUY_OT_select_strip,
    SOLILOQUY_OT_copy_strips,
    SOLILOQUY_OT_paste_strips,
    SOLILOQUY_OT_assign_strips,
)
