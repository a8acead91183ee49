"""Takes as they are stored in the scene."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)


class SoliloquyTakeTrack(bpy.types.PropertyGroup):
    """One mesh's part of a take."""

    object: PointerProperty(name="Mesh", type=bpy.types.Object)
    action: PointerProperty(name="Action", type=bpy.types.Action)
    slot: StringProperty(name="Slot")


class SoliloquyTake(bpy.types.PropertyGroup):
    """One generated result: an action for every mesh. Its data is on the first action."""

    name: StringProperty(name="Name", description="Name of the take")
    is_original: BoolProperty(
        name="Earlier Animation",
        description="What was on the meshes before the first take",
    )
    generator: StringProperty(name="Generator")
    seed: IntProperty(name="Seed")
    start_frame: FloatProperty(name="Start Frame")
    seconds: FloatProperty(name="Seconds")
    notes: StringProperty(name="Notes")
    tracks: CollectionProperty(type=SoliloquyTakeTrack)


CLASSES = (SoliloquyTakeTrack, SoliloquyTake)
