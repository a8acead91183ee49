"""Writes the chosen take for Unreal."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import FloatProperty, StringProperty

from ..character.meshes import active_character
from ..core.errors import SoliloquyError
from ..takes.storage import playing_take
from .reading import clip_as_animated, csv_name, write_live_link_csv


def why_not(context) -> str:
    """Why nothing can be exported now; empty when something can."""
    character = active_character(context.scene)
    if character is None:
        return "There is no character yet."
    index = playing_take(character)
    if index < 0 or character.takes[index].is_original:
        return "No take plays on this character. Generate one, or choose one in Takes."
    return ""


class SOLILOQUY_OT_export_live_link_csv(bpy.types.Operator):
    """Write the take that plays as a Live Link Face CSV."""

    bl_idname = "soliloquy.export_live_link_csv"
    bl_label = "Live Link Face CSV"
    bl_description = (
        "Write the take that plays, with your own edits of its keys, as the CSV that Unreal and "
        "MetaHuman read from Live Link Face"
    )

    filepath: StringProperty(name="File", description="Where to write", subtype="FILE_PATH")
    filename_ext = ".csv"
    filter_glob: StringProperty(default="*.csv", options={"HIDDEN"})
    fps: FloatProperty(
        name="Frame Rate",
        description="Frames per second of the CSV; Live Link Face records 60",
        default=60.0,
        min=1.0,
        max=240.0,
    )

    @classmethod
    def poll(cls, context):
        """A take must play."""
        reason = why_not(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context, _event):
        """Ask where."""
        character = active_character(context.scene)
        name = csv_name(character, playing_take(character))
        folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(folder / name)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Write it."""
        character = active_character(context.scene)
        path = Path(bpy.path.abspath(self.filepath)).with_suffix(".csv")
        try:
            take = clip_as_animated(context.scene, character, playing_take(character))
            notes = write_live_link_csv(take, path, self.fps)
        except (SoliloquyError, ValueError) as error:  # errors of `arkit` are ValueErrors
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, " ".join([f"Written to {path}.", *notes]))
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_export_live_link_csv,)
