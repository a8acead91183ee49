"""Settings of a generation."""

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..vendor import names

EMOTIONS = (
    "neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "contemptuous",
)  # fmt: skip
_LABELS = {
    "articulate": ("Articulate", "Lips by the rules of speech, with blinks and small life", 0),
    "cafe_talk": ("Cafe-Talk", "Emotion, intensity and Action Unit strips", 1),
    "expclip": ("ExpCLIP", "Direction by free text or by a pose", 2),
    "avi_talking": ("AVI-Talking", "Hears from the voice how the line is played", 3),
    "instruct_avatar": ("InstructAvatar", "Direction by detailed instructions", 4),
}
_items: list[tuple[str, str, str, int]] = []  # Blender keeps no reference to dynamic items


def generator_items(_settings, _context):
    """The generators that the server offers; without a server, the one that is always there."""
    from .session import session

    offered = session().generators or ("articulate",)
    known = [(name, *_LABELS[name]) for name in offered if name in _LABELS]
    _items[:] = known or [("articulate", *_LABELS["articulate"])]
    return _items


class SoliloquyGeneration(bpy.types.PropertyGroup):
    """How takes are made."""

    generator: EnumProperty(
        name="Generator",
        description="What makes the performance",
        items=generator_items,
    )
    direction: StringProperty(
        name="Direction",
        description="How the line is played, in your own words: furious, then a bitter smile",
    )
    emotion: EnumProperty(
        name="Emotion",
        description="What is felt",
        items=[(name, name.capitalize(), f"The line is played {name}") for name in EMOTIONS],
        default="neutral",
    )
    intensity: FloatProperty(
        name="Intensity",
        description="How strongly it is felt",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    seed: IntProperty(
        name="Seed",
        description="The same seed and the same line give the same take again",
        default=0,
        min=0,
        max=2**31 - 1,
    )
    takes: IntProperty(
        name="Takes",
        description="How many takes to make; each has the next seed",
        default=1,
        min=1,
        max=16,
    )
    curve_rate: EnumProperty(
        name="Keys",
        description="How densely keys are written",
        items=(
            ("SCENE", "One per Frame", "At the scene's frame rate", 0),
            ("CUSTOM", "Own Rate", "At a rate of your own; keys may fall between frames", 1),
        ),
        default="SCENE",
    )
    curve_fps: FloatProperty(
        name="Keys per Second",
        description="Rate of the keys",
        default=60.0,
        min=5.0,
        max=240.0,
    )
    regions: EnumProperty(
        name="Regions",
        description="Regions of the face that Regenerate may change",
        items=[(name, name.capitalize(), f"The {name}") for name in names.REGIONS],
        options={"ENUM_FLAG"},
        default=set(names.REGIONS),
    )
    use_reduction: BoolProperty(
        name="Fewer Keys",
        description="Leave out keys that the others make superfluous, for editing by hand",
        default=False,
    )
    tolerance: FloatProperty(
        name="Tolerance",
        description="How far the reduced curves may miss, in units of the shape key",
        default=0.01,
        min=0.0005,
        max=0.2,
        precision=4,
    )


CLASSES = (SoliloquyGeneration,)
