"""Shape keys carried over from the built-in head to meshes without any."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from . import tools


def _bare_head(ratio: float, size: float = 1.0) -> tuple[Any, Any]:
    """The built-in head, and its face without shape keys, decimated, scaled, and set aside."""
    bpy.ops.soliloquy.add_head()
    head = tools.active().meshes[0].object
    bpy.ops.soliloquy.remove_character()
    mesh = bpy.data.meshes.new("Bare")
    keys = head.data.shape_keys
    points = np.empty(3 * len(head.data.vertices), np.float32)
    keys.reference_key.data.foreach_get("co", points)
    faces = [tuple(p.vertices) for p in head.data.polygons]
    mesh.from_pydata(points.reshape(-1, 3).tolist(), [], faces)
    bare = bpy.data.objects.new("Bare", mesh)
    bpy.context.scene.collection.objects.link(bare)
    if ratio < 1.0:
        bare.modifiers.new("Decimate", "DECIMATE").ratio = ratio
        tools.select(bare)
        bpy.ops.object.modifier_apply(modifier="Decimate")
    bare.location, bare.scale = (3.0, 1.0, -2.0), (size, 1.04 * size, 0.97 * size)
    bpy.context.view_layer.update()
    return head, bare


def _moved(item: Any, name: str) -> np.ndarray:
    keys = item.data.shape_keys
    flat = np.empty((2, 3 * len(item.data.vertices)), np.float32)
    keys.key_blocks[name].data.foreach_get("co", flat[0])
    keys.reference_key.data.foreach_get("co", flat[1])
    return (flat[0] - flat[1]).reshape(-1, 3)


def _rest(item: Any) -> np.ndarray:
    from blender_addon.character.transfer import rest_points

    return rest_points(item)


def a_decimated_head_gets_its_shapes_back(ratio: float, size: float) -> None:
    head, bare = _bare_head(ratio, size)
    before = _rest(bare)
    kept = bare.shape_key_add(name="Basis", from_mix=False) and bare.shape_key_add(name="mine")
    kept.data[0].co.z += 0.01
    tools.character_of(bare)
    assert bpy.ops.soliloquy.carry_over() == {"FINISHED"}
    assert np.abs(_rest(bare) - before).max() == 0.0, "the mesh itself is as it was"
    assert "mine" in bare.data.shape_keys.key_blocks
    assert len(bare.data.shape_keys.key_blocks) >= 52
    points, ours = _rest(bare), _rest(head)
    near = np.array([np.linalg.norm(ours - p, axis=1).argmin() for p in points])
    close = np.linalg.norm(ours[near] - points, axis=1) < 0.0006
    said = []
    for block in head.data.shape_keys.key_blocks[1:]:
        wanted = _moved(head, block.name)[near][close]
        off = np.linalg.norm(_moved(bare, block.name)[close] - wanted, axis=1) * 1000
        most = np.linalg.norm(wanted, axis=1).max() * 1000
        said.append((off.mean(), np.quantile(off, 0.99), off.max(), most, block.name))
    for mean, high, most_off, most, name in sorted(said, reverse=True)[:6]:
        print(f"{name}: mean {mean:.2f}, p99 {high:.2f}, max {most_off:.1f} of {most:.1f} mm")
    print("mean over shapes", np.mean([s[0] for s in said]))
    assert np.mean([s[0] for s in said]) < 0.25 and max(s[0] for s in said) < 1.2
    _lips_and_lids(bare, points)


def _lips_and_lids(bare: Any, points: np.ndarray) -> None:
    """Lips part and meet again; lids close over most of the eye."""
    jaw, close = _moved(bare, "jawOpen"), _moved(bare, "mouthClose")
    middle = (np.abs(points[:, 0]) < 0.006) & (points[:, 1] < -0.090)
    upper = middle & (np.abs(points[:, 2] + 0.0645) < 0.003)
    lower = middle & (np.abs(points[:, 2] + 0.0725) < 0.003)
    opened = (jaw[upper].mean(axis=0) - jaw[lower].mean(axis=0))[2] * 1000
    both = jaw + close
    left = (both[upper].mean(axis=0) - both[lower].mean(axis=0))[2] * 1000
    blink = _moved(bare, "eyeBlinkLeft")[:, 2].min() * 1000
    print(f"jawOpen parts lips by {opened:.1f} mm, mouthClose leaves {left:.2f}, blink {blink:.1f}")
    assert opened > 20.0 and abs(left) < 2.5 and blink < -6.0


def a_mesh_that_is_no_head_is_refused() -> None:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=48)
    ball = bpy.context.active_object
    tools.character_of(ball)
    message = tools.error_of(bpy.ops.soliloquy.carry_over)
    assert "does not fit" in message or "No nose" in message, message
    print(message)
    assert ball.data.shape_keys is None
    bpy.ops.mesh.primitive_plane_add()
    bpy.ops.soliloquy.remove_character()
    tools.character_of(bpy.context.active_object)
    assert "too few for a face" in tools.error_of(bpy.ops.soliloquy.carry_over)


def landmarks_are_marked_moved_and_used() -> None:
    _, bare = _bare_head(1.0)
    tools.character_of(bare)
    assert bpy.ops.soliloquy.place_landmarks() == {"FINISHED"}
    from blender_addon.character.landmarks import placed_landmarks
    from blender_addon.core.head_fit import TEMPLATE_LANDMARKS

    marks = placed_landmarks()
    for name, place in TEMPLATE_LANDMARKS.items():
        there = np.array(bare.matrix_world @ Vector(place))
        off = np.linalg.norm(np.array(marks[name].location) - there) * 1000
        print(name, round(float(off), 2), "mm")
        assert off < 6.0, name
    bpy.ops.ed.undo_push(message="placed")
    marks["nose"].location.z += 0.2
    assert "does not fit" in tools.error_of(bpy.ops.soliloquy.carry_over)
    assert bare.data.shape_keys is None
    marks["nose"].location.z -= 0.2
    bpy.context.view_layer.update()
    assert bpy.ops.soliloquy.carry_over() == {"FINISHED"}
    assert not placed_landmarks()
    assert bpy.ops.soliloquy.preview_pose(pose="OPEN") == {"FINISHED"}
    blocks = bare.data.shape_keys.key_blocks
    assert blocks["jawOpen"].value == 1.0 and blocks["eyeBlinkLeft"].value == 0.0
    assert bpy.ops.soliloquy.preview_pose(pose="REST") == {"FINISHED"}
    assert not any(block.value for block in blocks[1:])
