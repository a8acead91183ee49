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
DEFAULT = "default"
_DEFAULT_NUMBER = 10  # articulate has 0, and files keep the number
_items: list[tuple[str, str, str, int]] = []  # Blender keeps no reference to dynamic items


def generator_items(_settings, _context):
    """The server's best, and each that it can use."""
    from .session import session

    best = session().default_generator
    label = f"Default ({_LABELS[best][0]})" if best in _LABELS else "Default"
    known = [(name, *_LABELS[name]) for name in session().generators if name in _LABELS]
    _items[:] = [(DEFAULT, label, "The best that the server has", _DEFAULT_NUMBER), *known]
    return _items


def style_names(settings, _context, typed):
    """The styles of the chosen generator that fit what is typed."""
    from .session import session

    facts = session().facts_of(generator_name(settings))
    known = facts.styles if facts is not None else ()
    return [name for name in known if typed.casefold() in name.casefold()]


def generator_name(settings):
    """The generator that a request names; "" leaves the choice to the server."""
    return "" if settings.generator in ("", DEFAULT) else settings.generator


def generator_label(settings):
    """What the chosen generator is called in the interface."""
    from .session import session

    name = generator_name(settings) or session().default_generator
    return _LABELS[name][0] if name in _LABELS else name


def _scale(name, what, default):
    return FloatProperty(
        name=name,
        description=f"How strongly the performance follows {what}",
        default=default,
        min=0.0,
        max=20.0,
        soft_max=5.0,
    )


class SoliloquyGeneration(bpy.types.PropertyGroup):
    """How takes are made."""

    generator: EnumProperty(
        name="Generator",
        description="What makes the performance",
        items=generator_items,
        default=_DEFAULT_NUMBER,
    )
    directed_by: EnumProperty(
        name="Directed By",
        description="What says how the line is played",
        items=(
            ("TEXT", "Words", "Your own words, or an instruction heard from the voice", 0),
            ("POSE", "Pose", "An expression that the character wears", 1),
            ("IMAGE", "Picture", "The face in a picture", 2),
        ),
        default="TEXT",
    )
    direction: StringProperty(
        name="Direction",
        description="How the line is played, in your own words: furious, then a bitter smile",
    )
    heard: StringProperty(name="Heard", description="The direction as the voice gave it")
    heard_facts: StringProperty(
        name="Heard Besides", description="Feeling, strength and muscles that the voice gave"
    )
    pose: StringProperty(name="Pose", description="The pose that is the direction, as JSON")
    image: StringProperty(
        name="Picture",
        description="A picture of a face, whose expression the line is played with",
        subtype="FILE_PATH",
    )
    second: StringProperty(
        name="Blend With",
        description="A second direction in words, mixed into the first one; empty for none",
    )
    mix: FloatProperty(
        name="Blend",
        description="0 is the first direction, 1 is the second one",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
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
    style_source: EnumProperty(
        name="Style",
        description="Whose way of talking this is",
        items=(
            ("NONE", "None", "No style in particular", 0),
            ("NAME", "By Name", "An actor whose style the server has learned", 1),
            ("CLIP", "As Animated", "The style of what plays on the character now", 2),
        ),
        default="NONE",
    )
    style: StringProperty(
        name="Actor",
        description="Name of the talking style",
        search=style_names,
    )
    use_guidance: BoolProperty(
        name="Guidance",
        description="Set by hand how strongly the performance follows each condition",
        default=False,
    )
    guidance_audio: _scale("Voice", "the recording", 1.0)
    guidance_emotion: _scale("Emotion", "emotion and intensity", 1.0)
    guidance_strips: _scale("Strips", "the AU strips", 1.0)
    guidance_mode: EnumProperty(
        name="Formula",
        description="How conditions are weighed against each other",
        items=(
            ("default", "Per Action Unit", "Each strip acts on its own muscles", 0),
            ("paper", "As Published", "The formula of the paper, to the letter", 1),
        ),
        default="default",
    )
    steps: IntProperty(
        name="Steps",
        description="Denoising steps; 0 is what the generator was tuned for",
        default=0,
        min=0,
        max=1000,
        soft_max=50,
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
    is_live: BoolProperty(
        name="Show While Made",
        description="The face shows the take while it is made; your own animation is not touched",
        default=True,
    )
    regions: EnumProperty(
        name="Regions",
        description="Regions of the face that Regenerate may change",
        items=[(name, name.capitalize(), f"The {name}") for name in names.REGIONS],
        options={"ENUM_FLAG"},
        default=set(names.REGIONS),
    )
    reduction: EnumProperty(
        name="Leave Out Keys",
        description="Whether keys are left out that the others make superfluous",
        items=(
            ("LONG", "In Long Takes", "Where nobody sees it, so that Blender stays quick", 0),
            ("NEVER", "Never", "A key on every frame; with minutes of them Blender gets slow", 1),
            ("ALWAYS", "Always", "As many as the tolerance allows, for editing by hand", 2),
        ),
        default="LONG",
    )
    tolerance: FloatProperty(
        name="Tolerance",
        description="How far the reduced curves may miss, in units of the shape key",
        default=0.01,
        min=0.0005,
        max=0.2,
        precision=4,
    )


def wanted_tolerance(settings) -> float | None:
    """How far straight lines between keys may miss the curve; see `Target`."""
    return {"LONG": None, "NEVER": 0.0, "ALWAYS": settings.tolerance}[settings.reduction]


CLASSES = (SoliloquyGeneration,)
