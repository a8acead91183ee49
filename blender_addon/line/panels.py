"""The Line panel."""

from __future__ import annotations

from typing import Final

import bpy

from ..character.meshes import active_character
from ..core.errors import LineError
from ..ui import reason, tr, wrapped
from .guessing import why_not_guessed
from .reading import is_retimed, read_line

_FITS: Final = 30
"""Characters that the field shows in a sidebar of usual width; more words are shown below it."""
_MOST_LINES: Final = 12


class SOLILOQUY_PT_line(bpy.types.Panel):
    """What is said."""

    bl_idname = "SOLILOQUY_PT_line"
    bl_label = "Line"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 1

    def draw(self, context):
        """Recording, transcript, language."""
        layout = self.layout
        character = active_character(context.scene)
        if character is None:
            wrapped(layout, context, "There is no character yet.", "INFO")
            return
        line = character.line
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.row().prop(line, "source", expand=True)
        if line.source == "FILE":
            layout.prop(line, "filepath")
            layout.prop(line, "start_frame")
        elif line.strip:
            row = layout.row(align=True)
            row.prop(line, "strip", icon="SOUND")
            row.operator("soliloquy.add_line", text="", icon="ADD")
        else:
            layout.prop(line, "strip", icon="SOUND")
            layout.operator("soliloquy.add_line", icon="ADD")
        self._heard(layout, context, line)
        header, body = layout.panel("soliloquy_transcript", default_closed=True)
        header.label(text="Transcript")
        if body is not None:
            self._transcript(body, context, line)

    def _transcript(self, layout, context, line):
        layout.prop(line, "transcript")
        if len(line.transcript) > _FITS:
            wrapped(layout, context, line.transcript, most=_MOST_LINES)
        if bpy.ops.soliloquy.use_guessed_words.poll():  # a greyed one would say what is plain
            layout.operator("soliloquy.use_guessed_words", icon="PASTEDOWN")
        layout.prop(line, "language")
        column = layout.column()
        why = why_not_guessed(line)
        column.enabled = not why
        column.prop(line, "guess_words")
        if why:
            reason(layout, context, why)

    def _heard(self, layout, context, line):
        if not (line.strip if line.source == "STRIP" else line.filepath):
            return
        try:
            recording = read_line(line, context)
        except LineError as error:
            wrapped(layout, context, str(error), "ERROR")
            if line.source == "STRIP" and is_retimed(line, context):
                layout.operator("soliloquy.render_line", icon="SOUND")
            return
        seconds = recording.seconds
        if seconds is None:
            return
        row = layout.row(align=True)
        wrapped(
            row, context,
            tr("{seconds:.2f} s are heard, from frame {frame:g}.").format(
                seconds=seconds, frame=recording.start_frame
            ), "PLAY_SOUND",
        )  # fmt: skip
        row.operator("soliloquy.play_line", text="", icon="PLAY")


CLASSES = (SOLILOQUY_PT_line,)
