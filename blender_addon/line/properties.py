"""Settings of a line."""

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from .. import compat


def find_strips(_settings, context, text):
    """Names of the sound strips that match what is typed."""
    editor = compat.sequencer_scene(context).sequence_editor
    if editor is None:
        return []
    names = (strip.name for strip in compat.all_strips_of(editor) if strip.type == "SOUND")
    return [name for name in names if text.lower() in name.lower()]


class SoliloquyLine(bpy.types.PropertyGroup):
    """A recording and what is known about it."""

    source: EnumProperty(
        name="Recording",
        description="Where the recording of the line is",
        items=(
            ("STRIP", "Sound Strip", "The audible part of a sound strip in the Sequencer", 0),
            ("FILE", "File", "A whole sound file, without the Sequencer", 1),
        ),
        default="STRIP",
    )
    strip: StringProperty(
        name="Sound Strip",
        description="The sound strip whose audible part is performed; trimming and moving count",
        search=find_strips,
    )
    filepath: StringProperty(
        name="Sound File",
        description="Recording of the line: wav, flac, mp3, ogg or m4a",
        subtype="FILE_PATH",
    )
    start_frame: FloatProperty(
        name="Start Frame",
        description="Scene frame at which the file begins to play",
        default=1.0,
    )
    transcript: StringProperty(
        name="Transcript",
        description="The words of the line (optional): they sharpen the lips",
    )
    language: StringProperty(
        name="Language",
        description="Language of the line, as a two-letter code: en, de, fr ...",
        default="en",
    )
    guess_words: BoolProperty(
        name="Guess Words",
        description="Guess what an English line says, which sharpens the lips; takes a quarter "
        "of its length longer, or more",
        default=True,
    )


CLASSES = (SoliloquyLine,)
