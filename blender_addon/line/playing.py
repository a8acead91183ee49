"""Plays the line with its sound from its first frame, also while its take is still being made."""

from __future__ import annotations

import bpy

from .. import compat
from ..character.meshes import active_character
from ..reporting import ReportsErrors
from .reading import read_line


class SOLILOQUY_OT_play_line(ReportsErrors, bpy.types.Operator):
    """Play the line."""

    bl_idname = "soliloquy.play_line"
    bl_label = "Play Line"
    bl_description = (
        "Play from the first frame of the line, in step with its sound; press again to stop. "
        "While a take is made, what is ready of it is shown"
    )

    @classmethod
    def poll(cls, context):
        """There must be a line, and a window."""
        character = active_character(context.scene)
        if bpy.app.background:
            cls.poll_message_set("Playback needs a window.")
        elif character is None:
            cls.poll_message_set("There is no character yet.")
        else:
            return True
        return False

    def execute(self, context):
        """Start, or stop."""
        if context.screen.is_animation_playing:
            bpy.ops.screen.animation_cancel(restore_frame=False)
            return {"FINISHED"}
        line = active_character(context.scene).line
        recording = read_line(line, context)
        silent = why_silent(context.scene, line, compat.sequencer_scene(context))
        if silent:
            self.report({"WARNING"}, silent)
        context.scene.frame_set(round(recording.start_frame))
        bpy.ops.screen.animation_play(sync=True)  # frames are dropped rather than the sound
        return {"FINISHED"}


def why_silent(scene, line, sequencer_scene) -> str:
    """Why playback would be heard without the line; empty when it is heard."""
    if not compat.HAS_AUDIO:
        return "This Blender is built without audio."
    if line.source == "FILE":
        return "The line is a file: press Add Recording to hear it from the Sequencer."
    if scene.use_audio:  # Blender's own name for "muted"
        return "Audio is muted in the timeline's Playback menu."
    if scene != sequencer_scene:
        return f"The strip is in scene '{sequencer_scene.name}', which is not the one that plays."
    return ""


CLASSES = (SOLILOQUY_OT_play_line,)
