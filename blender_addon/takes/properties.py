"""Takes as they are stored in the scene."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)


class SoliloquyTakeTrack(bpy.types.PropertyGroup):
    """One mesh's part of a take."""

    object: PointerProperty(name="Mesh", type=bpy.types.Object)
    action: PointerProperty(name="Action", type=bpy.types.Action)
    slot: StringProperty(name="Slot")


def _weight(name, what):
    return FloatProperty(
        name=name,
        description=f"{what}: 1 is as generated, 0 takes it away, 2 doubles it",
        default=1.0,
        min=0.0,
        max=2.0,
    )


class SoliloquyTake(bpy.types.PropertyGroup):
    """One generated result: an action for every mesh. Its data is on the first action."""

    name: StringProperty(name="Name", description="Name of the take")
    uid: StringProperty(name="Identifier")
    is_original: BoolProperty(
        name="Earlier Animation",
        description="What was on the meshes before the first take",
    )
    generator: StringProperty(name="Generator")
    seed: IntProperty(name="Seed")
    start_frame: FloatProperty(name="Start Frame")
    seconds: FloatProperty(name="Seconds")
    notes: StringProperty(name="Notes")
    direction: StringProperty(name="Direction", description="How it was asked to be played")
    words: StringProperty(
        name="Guessed Words", description="What the line probably says, when it was guessed"
    )
    heard_part: StringProperty(name="Part of the Recording")
    tolerance: FloatProperty(
        name="Tolerance", description="How far the curves may miss where keys were left out"
    )
    pose: StringProperty(name="Pose", description="Blendshapes of its picture, as JSON")
    lips: _weight("Lips", "Speech")
    emotion: _weight("Emotion", "What the direction adds")
    strips: _weight("Strips", "What the AU strips add")
    life: _weight("Life", "Blinks, gaze, small movements")
    baked: FloatVectorProperty(name="Baked Weights", size=4, default=(1.0, 1.0, 1.0, 1.0))
    tracks: CollectionProperty(type=SoliloquyTakeTrack)


CLASSES = (SoliloquyTakeTrack, SoliloquyTake)
