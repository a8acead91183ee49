"""Differences between Blender 4.2, 4.5, 5.0 and 5.2, each as one small function.

Features are probed rather than versions compared, except where an old name still exists but warns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

HAS_SLOTS = bpy.app.version >= (4, 4, 0)
"""Slotted actions: https://developer.blender.org/docs/release_notes/4.4/animation_rigging/"""

HAS_AUDIO = getattr(bpy.app.build_options, "audaspace", False)
"""The bpy 4.2 wheel is built without sound; every Blender program has it."""


KEY_ON_LAST_FRAME = bpy.app.version < (5, 0, 0)
"""Until 4.5 the last retiming key stands on a strip's last frame; from 5.0 on, on the one after."""


def strip_class() -> type:
    """The RNA class of a sequencer strip (`Sequence` until 4.3)."""
    return getattr(bpy.types, "Strip", None) or bpy.types.Sequence


def strips_of(sequence_editor: Any) -> Any:
    """The strips of a sequence editor; an empty collection is falsy, so no `or` here."""
    if hasattr(sequence_editor, "strips"):
        return sequence_editor.strips
    return sequence_editor.sequences


def all_strips_of(sequence_editor: Any) -> Any:
    """As `strips_of`, with those inside meta strips."""
    if hasattr(sequence_editor, "strips_all"):
        return sequence_editor.strips_all
    return sequence_editor.sequences_all


def free_channel(sequence_editor: Any, start: float, end: float, rows: int = 1) -> int:
    """The lowest channel, up to 32, with nothing between two frames there and `rows` - 1 above."""
    taken = set()
    for strip in strips_of(sequence_editor):
        left, right = strip_span(strip)
        if left < end and right > start:
            taken.add(strip.channel)
    free = (c for c in range(1, 33) if not taken.intersection(range(c, c + rows)))
    return next(free, 32)


def strips_property(sequence_editor: Any) -> str:
    """Name of the collection of `strips_of`, for search fields."""
    return "strips" if hasattr(sequence_editor, "strips") else "sequences"


def sequencer_scene(context: Any) -> Any:
    """The scene that the Sequencer edits: the workspace's own from 5.0, the window's before."""
    workspace = getattr(context, "workspace", None)
    return getattr(workspace, "sequencer_scene", None) or context.scene


def use_scene_in_sequencer(context: Any, scene: Any) -> None:
    """Show `scene` in the Sequencer when it shows none (5.0 and later)."""
    workspace = getattr(context, "workspace", None)
    if workspace is not None and getattr(workspace, "sequencer_scene", scene) is None:
        workspace.sequencer_scene = scene


def strip_span(strip: Any) -> tuple[float, float]:
    """First frame of a strip, and the frame after its last.

    The `frame_*` names warn from 5.2 on and leave in 6.0.
    """
    if hasattr(strip, "left_handle"):
        return float(strip.left_handle), float(strip.right_handle)
    return float(strip.frame_final_start), float(strip.frame_final_end)


def skipped_frames(strip: Any) -> float:
    """Content of a sound strip that is hidden before its first frame, in frames."""
    if hasattr(strip, "left_handle_offset"):
        return float(strip.left_handle_offset + strip.content_trim_start)
    return float(strip.frame_offset_start + strip.animation_offset_start)


def strip_parents(strip: Any) -> Iterator[Any]:
    """The meta strips around a strip, from the inside out."""
    parent = strip.parent_meta()
    while parent is not None:
        yield parent
        parent = parent.parent_meta()


def new_colour_strip(sequence_editor: Any, name: str, channel: int, start: int, length: int) -> Any:
    """Add a colour strip; 5.0 replaced the end frame by a length."""
    strips = strips_of(sequence_editor)
    parameters = strips.bl_rna.functions["new_effect"].parameters.keys()
    span = {"length": length} if "length" in parameters else {"frame_end": start + length}
    return strips.new_effect(name=name, type="COLOR", channel=channel, frame_start=start, **span)


def strip_curve(scene: Any, strip: Any, name: str) -> Any | None:
    """The F-curve of a strip's property, None when it is not animated or its curve is muted."""
    animation = scene.animation_data
    if animation is None or animation.action is None:
        return None
    path = f"{strip.path_from_id()}.{name}"
    for curve in curves_of(animation.action, slot_of(scene)):
        if curve.data_path == path and not curve.mute:
            return curve
    return None


def new_action(name: str, id_block: Any, kind: str = "KEY") -> tuple[Any, str]:
    """Make an action for a Key data-block (or an "OBJECT") without assigning it.

    Returns:
        The action, and the identifier of its slot ("" before 4.4).
    """
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    if not HAS_SLOTS:
        action.id_root = kind
        return action, ""
    slot = action.slots.new(id_type=kind, name=id_block.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    strip.channelbag(slot, ensure=True)
    return action, slot.identifier


def assign_action(id_block: Any, action: Any, slot: str) -> None:
    """Make `action` (None: nothing) the animation of a data-block, by its slot from 4.4."""
    animation = id_block.animation_data or id_block.animation_data_create()
    animation.action = action
    if HAS_SLOTS and action is not None:
        found = action.slots.get(slot) if slot else None
        if found is None:
            found = next((s for s in action.slots if s.target_id_type == "KEY"), None)
        animation.action_slot = found


def slot_of(id_block: Any) -> str:
    """Identifier of the slot in use, "" before 4.4 or without one."""
    slot = getattr(id_block.animation_data, "action_slot", None)
    return slot.identifier if slot is not None else ""


def curves_of(action: Any, slot: str) -> Any:
    """F-curves of an action (of its slot, from 4.4); empty where there are none."""
    if not HAS_SLOTS:
        return action.fcurves
    found = action.slots.get(slot) or next(iter(action.slots), None)
    if found is None or not action.layers or not action.layers[0].strips:
        return ()
    bag = action.layers[0].strips[0].channelbag(found)
    return bag.fcurves if bag is not None else ()
