"""Operators and panel for FLAME heads: add one, play a FLAME clip on it, write one."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from ..core.flame_rig import read_model
from ..reporting import ReportsErrors
from ..ui import reason
from ..vendor import saving
from .flame_head import FILE_KEY, add_flame_head, is_flame_head, model_of
from .flame_motion import apply_flame_clip, clip_as_animated, read_flame_clip
from .meshes import add_meshes, new_character


def why_not(context) -> str:
    """Why no FLAME clip can be played or written now; empty when it can."""
    if not is_flame_head(context.active_object):
        return "Select a FLAME head, or add one with Add > Mesh > FLAME Head."
    return ""


class _OnFlameHead:
    """Operators that need a FLAME head to be selected."""

    @classmethod
    def poll(cls, context):
        """A FLAME head must be the active object."""
        why = why_not(context)
        if why:
            cls.poll_message_set(why)
        return not why


class SOLILOQUY_OT_add_flame_head(ReportsErrors, bpy.types.Operator):
    """Add a FLAME head with shape keys and joints."""

    bl_idname = "soliloquy.add_flame_head"
    bl_label = "FLAME Head"
    bl_description = (
        "Add a head with FLAME's expressions as shape keys and its joints as bones, from your own "
        "FLAME file (read without running what is in it) or the built-in one"
    )
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="FLAME model", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.pkl;*.npz", options={"HIDDEN"})
    built_in: BoolProperty(name="Built-in Head", description="Needs no FLAME file", default=False)

    def invoke(self, context, _event):
        """Ask which file."""
        if self.built_in:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Read it and make mesh and armature."""
        name = "" if self.built_in else bpy.path.abspath(self.filepath)
        model = read_model(Path(name) if name else None)
        item, _ = add_flame_head(context, model)
        item[FILE_KEY] = name
        add_meshes(new_character(context.scene, item.name), [item])
        for other in context.view_layer.objects:
            other.select_set(other == item)
        context.view_layer.objects.active = item
        return {"FINISHED"}


class SOLILOQUY_OT_import_flame_clip(_OnFlameHead, ReportsErrors, bpy.types.Operator):
    """Play a FLAME clip on the selected FLAME head."""

    bl_idname = "soliloquy.import_flame_clip"
    bl_label = "Import FLAME Clip"
    bl_description = (
        "Play FLAME coefficients (.npz) on the selected FLAME head from the current frame; "
        "earlier animation stays in the file"
    )
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="FLAME clip", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    def invoke(self, context, _event):
        """Ask which file."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Write new actions and play them."""
        path = Path(bpy.path.abspath(self.filepath))
        item = context.active_object
        clip = read_flame_clip(path)
        notes = apply_flame_clip(context.scene, item, model_of(item), clip, path.stem[:40])
        for note in notes:
            self.report({"INFO"}, note)
        return {"FINISHED"}


class SOLILOQUY_OT_export_flame_clip(_OnFlameHead, ReportsErrors, bpy.types.Operator):
    """Write what plays on the selected FLAME head as FLAME coefficients."""

    bl_idname = "soliloquy.export_flame_clip"
    bl_label = "Export FLAME Clip"
    bl_description = (
        "Write expression, jaw, neck and eyes of the selected FLAME head as .npz with FLAME's own "
        "names, at the scene's frame rate; your edits are included"
    )

    filepath: StringProperty(name="File", description="Where to write", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    def invoke(self, context, _event):
        """Ask where."""
        folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(folder / "take.flame.npz")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Write it."""
        path = Path(bpy.path.abspath(self.filepath))
        path = path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")
        clip = clip_as_animated(context.scene, context.active_object)
        with saving.replacing(path) as part:
            clip.save(part)
        self.report({"INFO"}, f"{path.name}: {clip.n_frames} frames at {clip.fps:g} fps.")
        return {"FINISHED"}


class SOLILOQUY_PT_flame(bpy.types.Panel):
    """FLAME heads and clips."""

    bl_idname = "SOLILOQUY_PT_flame"
    bl_label = "FLAME"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 8
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        """Head, clip in, clip out."""
        layout = self.layout
        column = layout.column(align=True)
        column.operator("soliloquy.add_flame_head", text="Built-in Head").built_in = True
        column.operator("soliloquy.add_flame_head", text="Head from File...").built_in = False
        row = layout.row(align=True)
        row.operator("soliloquy.import_flame_clip", text="Import Clip", icon="IMPORT")
        row.operator("soliloquy.export_flame_clip", text="Export Clip", icon="EXPORT")
        why = why_not(context)
        if why:
            reason(layout, context, why)


CLASSES = (
    SOLILOQUY_OT_add_flame_head,
    SOLILOQUY_OT_import_flame_clip,
    SOLILOQUY_OT_export_flame_clip,
    SOLILOQUY_PT_flame,
)


def draw_add_menu(menu, _context):
    """An entry in Add > Mesh."""
    menu.layout.operator("soliloquy.add_flame_head", icon="USER").built_in = False
