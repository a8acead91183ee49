"""The Strips panel, in the 3D View and in the Sequencer."""

from __future__ import annotations

import bpy

from .. import compat
from ..character.meshes import active_character
from ..core.errors import LineError
from ..core.phone_names import CLASS_OF, is_phone
from ..core.presets import EXPRESSIONS, expression_pose, found_expressions
from ..line.reading import read_line
from ..pictures import pictures
from ..ui import tr, wrapped
from .reading import count_of_line, is_heard, kind_of, strips_by_kind, text_of


class SOLILOQUY_UL_strips(bpy.types.UIList):
    """AU and direction strips of the Sequencer; phones are too many for a list."""

    bl_idname = "SOLILOQUY_UL_strips"

    def draw_item(self, _context, layout, _data, item, _icon, _active, _property, index=0):
        """One strip: go there, intensity, mute."""
        split = layout.split(factor=0.62)
        name = split.row()
        name.alignment = "LEFT"
        icon = "OUTLINER_OB_FONT" if kind_of(item) == "direction" else "NONE"
        label = text_of(item) if kind_of(item) == "direction" else item.name
        go = name.operator(
            "soliloquy.select_strip", text=label, emboss=False, icon=icon, translate=False
        )
        go.index = index
        row = split.row(align=True)
        row.prop(item, "facs_intensity", text="", slider=True)
        row.prop(item, "mute", text="", emboss=False, icon_only=True)

    def filter_items(self, _context, data, name):
        """Show those that carry what is typed in the list's own search field."""
        wanted = self.filter_name.casefold()
        shown = [
            kind_of(strip) in ("au", "direction") and wanted in strip.name.casefold()
            for strip in getattr(data, name)
        ]
        return [self.bitflag_filter_item if show else 0 for show in shown], []


def _expression_icon(name) -> int:
    return pictures().icon(f"expression {name}", expression_pose(name), keep=True)


class SOLILOQUY_PT_expressions(bpy.types.Panel):
    """Expressions with pictures, to be laid as strips at the current frame."""

    bl_idname = "SOLILOQUY_PT_expressions"
    bl_label = "Expressions"
    bl_description = "Expressions as sets of Action Unit strips"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"  # shown by buttons, in no sidebar of its own
    bl_ui_units_x = 24
    bl_options = {"INSTANCED"}

    def draw(self, context):
        """A search field and a grid."""
        layout = self.layout
        settings = context.scene.soliloquy
        layout.prop(settings, "expression_search", text="", icon="VIEWZOOM")
        grid = layout.grid_flow(row_major=True, columns=6, even_columns=True, align=True)
        found = found_expressions(settings.expression_search)
        for name in found:
            cell = grid.column(align=True)
            cell.template_icon(icon_value=_expression_icon(name), scale=4.0)
            cell.operator("soliloquy.add_expression", text=tr(name)).expression = name
        if not found:
            text = tr("No expression has '{text}' in its name or its muscles.")
            wrapped(layout, context, text.format(text=settings.expression_search), "INFO")
        if pictures().trouble:
            wrapped(layout, context, pictures().trouble, "INFO")


class SOLILOQUY_PT_strips(bpy.types.Panel):
    """What is asked for over time."""

    bl_idname = "SOLILOQUY_PT_strips"
    bl_label = "Strips"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 2
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        """Ways to add, the list, and how many count."""
        for name in EXPRESSIONS:
            _expression_icon(name)  # a popover is not drawn anew when its pictures are ready
        layout = self.layout
        column = layout.column(align=True)
        row = column.row(align=True)
        row.operator("soliloquy.add_strip", text="Action Unit", icon="ADD")
        row.popover("SOLILOQUY_PT_expressions", text="Expression", icon="USER")
        row.operator("soliloquy.add_from_text", text="", icon="SMALL_CAPS")
        column.operator("soliloquy.add_direction", text="Direction", icon="OUTLINER_OB_FONT")
        kinds = strips_by_kind(context)
        if kinds["au"] or kinds["direction"]:
            self._list(layout, context)
        row = layout.row(align=True)
        row.operator("soliloquy.copy_strips", text="Copy", icon="COPYDOWN")
        row.operator("soliloquy.paste_strips", text="Paste", icon="PASTEDOWN")
        row.operator_menu_enum("soliloquy.assign_strips", "whom", text="Assign")
        wrapped(layout, context, count_sentence(context), "INFO")
        row = layout.row(align=True)
        row.operator("soliloquy.show_phones", icon="SOUND")
        row.operator("soliloquy.remove_phones", text="", icon="X")

    def _list(self, layout, context):
        editor = compat.sequencer_scene(context).sequence_editor
        layout.template_list(
            "SOLILOQUY_UL_strips", "", editor, compat.strips_property(editor),
            context.scene.soliloquy, "strip_index", rows=2, maxrows=6,
        )  # fmt: skip


def count_sentence(context) -> str:
    """How many strips the next Generate obeys."""
    n = sum(map(len, strips_by_kind(context).values()))
    if not n:
        return tr("No strips. They are added at the current frame.")
    character = active_character(context.scene)
    try:
        if character is None:
            raise LineError(tr("There is no character yet."))
        recording = read_line(character.line, context)
    except LineError as error:
        return tr("{n} strips, and no line to obey them: {why}").format(n=n, why=error)
    counted = count_of_line(context, recording.start_frame, recording.seconds, character.uid)
    told = {
        "au": tr("{n} of {all} AU strips"),
        "direction": tr("{n} of {all} directions"),
        "phone": tr("{n} of {all} phones, with silence between them"),
    }
    parts = [
        told[kind].format(n=obeyed, all=every)
        for kind, (obeyed, every) in counted.items() if every
    ]  # fmt: skip
    what = ", ".join(parts) or tr("none of the strips: they are other characters' phones")
    return tr("The next Generate uses {what}.").format(what=what)


class SOLILOQUY_PT_strip(bpy.types.Panel):
    """The active strip of ours, in the Sequencer's sidebar."""

    bl_idname = "SOLILOQUY_PT_strip"
    bl_label = "Soliloquy Strip"
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Strip"

    @classmethod
    def poll(cls, context):
        """Only for strips of ours."""
        editor = compat.sequencer_scene(context).sequence_editor
        strip = editor.active_strip if editor is not None else None
        return strip is not None and bool(kind_of(strip))

    def draw(self, context):
        """What it carries."""
        editor = compat.sequencer_scene(context).sequence_editor
        strip = editor.active_strip
        layout = self.layout
        layout.use_property_split = True
        draw = {"au": self._unit, "direction": self._direction, "phone": self._phone}
        draw[kind_of(strip)](layout, context, strip)
        character = active_character(context.scene)
        if character is not None and not is_heard(editor, strip, character.uid):
            text = tr("'{name}' does not obey it: it is muted, or someone else's.")
            wrapped(layout, context, text.format(name=character.name), "INFO")

    def _unit(self, layout, _context, strip):
        for name in ("facs_au", "facs_intensity", "facs_mode"):
            layout.prop(strip, name)
        if strip.facs_mode == "hold":
            layout.prop(strip, "facs_ease_in")
            layout.prop(strip, "facs_ease_out")

    def _direction(self, layout, context, strip):
        layout.prop(strip, "soliloquy_direction")
        layout.prop(strip, "facs_intensity")
        said = text_of(strip)
        if said != strip.soliloquy_direction:
            wrapped(layout, context, tr("It says: {text}").format(text=said), "INFO")

    def _phone(self, layout, context, strip):
        layout.prop(strip, "soliloquy_phone")
        phone = text_of(strip)
        if not is_phone(phone):
            text = tr("'{phone}' is not a phone. Choose one of the list.")
            wrapped(layout, context, text.format(phone=phone), "ERROR")
        elif phone in CLASS_OF:
            wrapped(layout, context, f"{phone}: {tr(CLASS_OF[phone])}")


CLASSES = (
    SOLILOQUY_UL_strips,
    SOLILOQUY_PT_expressions,
    SOLILOQUY_PT_strips,
    SOLILOQUY_PT_strip,
)
