"""The Character panel."""

from __future__ import annotations

import bpy

from ..ui import tr, wrapped
from .flame_head import is_flame_head
from .matching import character_match
from .meshes import active_character, is_in_file, shaped_meshes
from .repairs import KINDS, repairs

_SHOWN = 6  # names in a report before "and n more"


class SOLILOQUY_UL_characters(bpy.types.UIList):
    """Characters of the scene."""

    bl_idname = "SOLILOQUY_UL_characters"

    def draw_item(self, _context, layout, _data, item, _icon, _active, _property, _index=0):
        """One character."""
        layout.prop(item, "name", text="", emboss=False, icon="USER")


class SOLILOQUY_UL_meshes(bpy.types.UIList):
    """Meshes of a character."""

    bl_idname = "SOLILOQUY_UL_meshes"

    def draw_item(self, _context, layout, _data, item, _icon, _active, _property, _index=0):
        """One mesh, with its number of shape keys."""
        if not is_in_file(item.object):
            layout.label(text="Mesh was deleted", icon="ERROR")
            return
        row = layout.row()
        row.label(text=item.object.name, icon="OUTLINER_OB_MESH")
        key = item.object.data.shape_keys
        row.label(
            text=tr("{n} keys").format(n=len(key.key_blocks) - 1) if key else tr("no shape keys"),
            translate=False,
        )


class SOLILOQUY_PT_character(bpy.types.Panel):
    """Who speaks."""

    bl_idname = "SOLILOQUY_PT_character"
    bl_label = "Character"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 0

    def draw(self, context):
        """Characters, their meshes, and the report."""
        layout = self.layout
        settings = context.scene.soliloquy
        character = active_character(context.scene)
        if character is None:
            buttons = layout.column(align=True)
            buttons.operator("soliloquy.use_selected", icon="RESTRICT_SELECT_OFF")
            buttons.operator("soliloquy.add_head", icon="USER")
            wrapped(layout, context, "Select the character's meshes, or add the head.", "INFO")
            return
        self._characters(layout, settings, character)
        if not character.meshes:
            self._meshes(layout, character)
            wrapped(layout, context, "Select its meshes in the 3D View and press +.", "INFO")
            return
        self._report(layout, context, character)
        self._folded_meshes(layout, character)

    def _characters(self, layout, settings, character):
        row = layout.row(align=True)
        if len(settings.characters) == 1:
            row.prop(character, "name", text="", icon="USER")
            buttons = row
        else:
            row.template_list(
                "SOLILOQUY_UL_characters", "", settings, "characters",
                settings, "character_index", rows=2, maxrows=4,
            )  # fmt: skip
            buttons = row.column(align=True)
        buttons.operator("soliloquy.add_character", text="", icon="ADD")
        buttons.operator("soliloquy.remove_character", text="", icon="REMOVE")

    def _folded_meshes(self, layout, character):
        """The list, folded where nothing is to be done in it."""
        is_settled = character_match(character).is_complete
        name = "soliloquy_meshes" if is_settled else "soliloquy_meshes_open"
        header, body = layout.panel(name, default_closed=is_settled)
        header.label(text="Meshes")
        if body is not None:
            self._meshes(body, character)

    def _meshes(self, layout, character):
        row = layout.row()
        row.template_list(
            "SOLILOQUY_UL_meshes", "", character, "meshes", character, "mesh_index",
            rows=2, maxrows=3,
        )  # fmt: skip
        column = row.column(align=True)
        column.operator("soliloquy.use_selected", text="", icon="ADD")
        column.operator("soliloquy.remove_mesh", text="", icon="REMOVE")

    def _report(self, layout, context, character):
        if any(is_in_file(m.object) and is_flame_head(m.object) for m in character.meshes):
            told = tr("A FLAME head: takes move its expressions, jaw, neck and eyes.")
            wrapped(layout.box(), context, told, "CHECKMARK")
            return
        if not shaped_meshes(character):
            told = tr(
                "No shape keys, so nothing can move. Carry them over, below, or add their mesh."
            )
            wrapped(layout.box(), context, told, "INFO")
            return
        match = character_match(character)
        summary, *others = match.sentences
        box = layout.box()
        wrapped(box, context, summary, "CHECKMARK" if match.is_complete else "INFO")
        for sentence in others:
            wrapped(box, context, sentence, "INFO")
        for doubt in match.report.doubtful[:_SHOWN]:
            self._doubt(box, doubt)
        for repair in repairs(character):
            row = box.row()
            wrapped(row, context, repair.sentence, "ERROR", share=0.7)
            label = next(name for kind, name, *_ in KINDS if kind == repair.kind)
            click = row.operator("soliloquy.repair_mesh", text=label)
            click.kind, click.mesh = repair.kind, repair.mesh
        if match.is_complete and not character.fixes:
            return  # nothing to match by hand, so nothing to keep
        row = box.row(align=True)
        row.operator("soliloquy.save_match", icon="FILE_TICK")
        row.operator_menu_enum("soliloquy.apply_match", "preset", text="", icon="PRESET")
        row.operator("soliloquy.delete_match", text="", icon="X")

    def _doubt(self, box, doubt):
        """One click for each blendshape that it may be, one to leave it alone."""
        row = box.row(align=True)
        row.label(text=doubt.key, icon="QUESTION", translate=False)
        row.operator_context = "EXEC_DEFAULT"
        for name in doubt.names[:2]:
            fix = row.operator("soliloquy.fix_match", text=name, translate=False)
            fix.shape_key, fix.blendshape = doubt.key, name
        fix = row.operator("soliloquy.fix_match", text="", icon="X")
        fix.shape_key, fix.blendshape = doubt.key, "NONE"
        row.operator_context = "INVOKE_DEFAULT"
        fix = row.operator("soliloquy.fix_match", text="", icon="GREASEPENCIL")
        fix.shape_key, fix.blendshape = doubt.key, doubt.names[0]


CLASSES = (SOLILOQUY_UL_characters, SOLILOQUY_UL_meshes, SOLILOQUY_PT_character)


def draw_add_menu(menu, _context):
    """An entry in Add > Mesh."""
    menu.layout.operator("soliloquy.add_head", icon="USER")
