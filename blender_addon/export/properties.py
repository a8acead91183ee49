"""Settings of the Export panel."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..vendor import presets


def _presets():
    return [(key, preset.label, preset.hint) for key, preset in presets.PRESETS.items()]


def _formats():
    return [
        (key, label, "", 1 << n) for n, (key, label) in enumerate(presets.FORMAT_LABELS.items())
    ]


def _take_formats_of_preset(settings, _context):
    settings.formats = set(presets.PRESETS[settings.preset].formats)


class SoliloquyExport(bpy.types.PropertyGroup):
    """Where takes go, and under which names."""

    preset: EnumProperty(
        name="For",
        description="Where the take goes; it chooses the formats",
        items=_presets(),
        default="metahuman",
        update=_take_formats_of_preset,
    )
    formats: EnumProperty(
        name="Formats",
        description="What is written",
        items=_formats(),
        options={"ENUM_FLAG"},
        default=set(presets.PRESETS["metahuman"].formats),
    )
    folder: StringProperty(
        name="Folder",
        description="Where the files are written; // is the folder of the .blend",
        subtype="DIR_PATH",
        default="//soliloquy_export",
    )
    slate: StringProperty(
        name="Slate",
        description="Name of the shot, which begins the Live Link file's name",
        default="Soliloquy",
    )
    start: EnumProperty(
        name="Start",
        description="Time at which the exported motion begins",
        items=(
            ("ZERO", "At Zero", "The first frame of the take is at 00:00:00:00"),
            ("SCENE", "Scene Timecode", "The take keeps its time in the scene: frame / fps"),
        ),
    )
    rows: EnumProperty(
        name="Rows",
        description="Rows per second of the Live Link CSV",
        items=(
            ("TAKE", "As the Take", "One row for each key of the take"),
            ("SIXTY", "60 per Second", "What a phone writes"),
            ("CUSTOM", "Custom", "Another rate"),
        ),
        default="SIXTY",
    )
    rows_per_second: FloatProperty(
        name="Rows per Second", description="Rows per second of the CSV",
        default=60.0, min=1.0, max=240.0,
    )  # fmt: skip
    swap_mouth_sides: BoolProperty(
        name="Swap Mouth Sides",
        description=(
            "Exchange mouthLeft and mouthRight, for destinations that name them as the observer "
            "sees them; all else is the character's left"
        ),
    )
    live_host: StringProperty(
        name="Unreal's Computer",
        description="Name or address of the computer on which Unreal's editor runs",
        default="127.0.0.1",
    )
    live_port: IntProperty(
        name="Port", description="UDP port of Unreal's Live Link listener",
        default=11111, min=1, max=65535,
    )  # fmt: skip
    live_rate: FloatProperty(
        name="Packets per Second",
        description="How often each character is sent; its time is told in the scene's own rate",
        default=60.0, min=1.0, max=120.0,
    )  # fmt: skip
    said: StringProperty(name="Report", description="What the last export wrote")


CLASSES = (SoliloquyExport,)
