"""Operators of the Line panel."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import compat
from ..character.meshes import active_character, new_character
from ..core.errors import LineError
from ..reporting import ReportsErrors
from ..ui import tr
from .mixing import render_strip
from .reading import find_strip


class SOLILOQUY_OT_add_line(ReportsErrors, bpy.types.Operator):
    """Put a recording into the Sequencer and make it the character's line."""

    bl_idname = "soliloquy.add_line"
    bl_label = "Add Recording"
    bl_description = "Put a sound file into the Sequencer at the current frame and make it the line"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", description="The recording", subtype="FILE_PATH")
    filter_sound: bpy.props.BoolProperty(default=True, options={"HIDDEN"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context, _event):
        """Ask for the file."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        """Add the strip; where this Blender has no audio, use the file itself."""
        path = Path(bpy.path.abspath(self.filepath))
        if not path.is_file():
            raise LineError(f"The sound file '{path}' does not exist. Choose another one.")
        scene = context.scene
        strip = _sound_strip(context, path) if compat.HAS_AUDIO else None
        line = (active_character(scene) or new_character(scene, "Character")).line
        line.filepath = str(path)
        line.start_frame = float(scene.frame_current)
        if strip is None:
            line.source = "FILE"
            self.report({"INFO"}, "This Blender is built without audio: the file itself is used.")
            return {"FINISHED"}
        line.source, line.strip = "STRIP", strip.name
        _, end = compat.strip_span(strip)
        shown = compat.sequencer_scene(context)
        if end - 1 > shown.frame_end:
            shown.frame_end = int(end) - 1
            said = tr("The scene now ends with the line, at frame {frame}.")
            self.report({"INFO"}, said.format(frame=shown.frame_end))
        return {"FINISHED"}


def _sound_strip(context, path: Path):
    """Add a recording to the Sequencer at the current frame.

    Raises:
        LineError: Blender cannot read it.
    """
    scene = compat.sequencer_scene(context)
    compat.use_scene_in_sequencer(context, scene)
    editor = scene.sequence_editor_create()
    try:
        strip = compat.strips_of(editor).new_sound(
            name=path.name,
            filepath=str(path),
            channel=compat.free_channel(editor, scene.frame_current, float("inf")),
            frame_start=scene.frame_current,
        )
    except RuntimeError as error:
        raise LineError(f"'{path.name}' cannot be read as sound: {error}") from error
    strip.show_waveform = True
    return strip


class SOLILOQUY_OT_render_line(ReportsErrors, bpy.types.Operator):
    """Write what is heard of the line's strip to a file, and make that the line."""

    bl_idname = "soliloquy.render_line"
    bl_label = "Render Sound"
    bl_description = (
        "Write what is heard of the sound strip (its changing speed, volume, fades) to a file "
        "beside the .blend, and make that file the line; the strip stays as it is"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """The line must be a strip, and this Blender must have audio."""
        character = active_character(context.scene)
        if not compat.HAS_AUDIO:
            cls.poll_message_set("This Blender is built without audio.")
        elif character is None or character.line.source != "STRIP" or not character.line.strip:
            cls.poll_message_set("The line of the character is not a sound strip.")
        else:
            return True
        return False

    def execute(self, context):
        """Mix down that strip alone."""
        line = active_character(context.scene).line
        strip = find_strip(line, context)
        path, start = render_strip(context, strip)
        line.source, line.filepath, line.start_frame = "FILE", str(path), start
        self.report({"INFO"}, tr("The line is now '{name}'.").format(name=path.name))
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_add_line, SOLILOQUY_OT_render_line)
