"""A FLAME head in the scene: a mesh with shape keys, and an armature with FLAME's joints."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..core.errors import CharacterError
from ..core.flame_rig import BONE_LENGTH, BONES, Z_UP, pose_key, read_model, shape_keys, z_up

BASIS_KEY = "soliloquy_flame_basis"
"""Custom property of the mesh object: whose expressions its shape keys are."""
FILE_KEY = "soliloquy_flame_file"
"""Custom property of the mesh object: the FLAME file it was made from, empty for our own head."""
_EXPRESSION_RANGE = 10.0  # Blender's own limit of a slider


def add_flame_head(context: Any, model: Any) -> tuple[Any, Any]:
    """Make the mesh with all shape keys and its armature; returns both objects."""
    collection = bpy.data.collections.new(f"FLAME {model.name}"[:60])
    context.scene.collection.children.link(collection)
    rig = _armature(context, model, collection)
    item = _mesh(model, collection)
    item.parent = rig
    modifier = item.modifiers.new("FLAME joints", "ARMATURE")
    modifier.object = rig
    rig.location = context.scene.cursor.location
    return item, rig


def is_flame_head(item: Any) -> bool:
    """Whether an object is a head that `add_flame_head` made."""
    return item is not None and item.type == "MESH" and BASIS_KEY in item


def model_of(item: Any) -> Any:
    """The model that a FLAME head was made from.

    Raises:
        CharacterError: its file cannot be read any more.
    """
    return _read(bpy.path.abspath(item.get(FILE_KEY, "")))


def flame_files() -> list[str]:
    """Files of the FLAME heads in the open .blend, the built-in head's "" not among them."""
    names = (item.get(FILE_KEY, "") for item in bpy.data.objects if is_flame_head(item))
    return [bpy.path.abspath(name) for name in dict.fromkeys(names) if name]


@lru_cache(maxsize=2)
def _read(name: str) -> Any:
    return read_model(Path(name) if name else None)


def joints_of(item: Any) -> Any | None:
    """The armature of a FLAME head, None when there is none."""
    found = (m.object for m in item.modifiers if m.type == "ARMATURE" and m.object)
    return next(found, None)


def rig_of(item: Any) -> Any:
    """The armature of a FLAME head.

    Raises:
        CharacterError: the object is no FLAME head, or lost its armature.
    """
    if not is_flame_head(item):
        raise CharacterError("Select a FLAME head, or add one with Add > Mesh > FLAME Head.")
    rig = joints_of(item)
    if rig is None or any(name not in rig.pose.bones for name in BONES):
        raise CharacterError(
            f"'{item.name}' lost its armature with the bones {', '.join(BONES)}. Add the head anew."
        )
    return rig


def _mesh(model: Any, collection: Any) -> Any:
    mesh = bpy.data.meshes.new(model.name)
    rest = z_up(model.template)
    mesh.from_pydata(rest.tolist(), [], model.faces.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(model.faces), bool))
    mesh.update()
    item = bpy.data.objects.new(model.name, mesh)
    item[BASIS_KEY] = model.basis_id
    collection.objects.link(item)
    item.shape_key_add(name="Basis", from_mix=False)
    unbounded = {pose_key(i) for i in range(model.pose_directions.shape[-1])}
    for name, moved in shape_keys(model).items():
        key = item.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (rest + moved).ravel())
        bound = 2.0 if name in unbounded else _EXPRESSION_RANGE
        key.slider_min, key.slider_max = -bound, bound
        key.value = 0.0  # Blender 5.0 adds keys with the value 1
    for joint, name in enumerate(BONES):
        group = item.vertex_groups.new(name=name)
        share = model.weights[:, joint]
        for weight in np.unique(share[share > 0]):
            group.add(np.flatnonzero(share == weight).tolist(), float(weight), "REPLACE")
    return item


def _armature(context: Any, model: Any, collection: Any) -> Any:
    data = bpy.data.armatures.new(f"{model.name} joints")
    rig = bpy.data.objects.new(f"{model.name} joints", data)
    collection.objects.link(rig)
    context.view_layer.update()
    before = context.view_layer.objects.active
    context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    joints = model.joints @ Z_UP.T
    made: list[Any] = []
    for joint, name in enumerate(BONES):
        bone = data.edit_bones.new(name)
        ahead = joint > 1  # jaw and eyes look along the face, root and neck stand
        bone.head = joints[joint]
        bone.tail = joints[joint] + np.array(
            [0.0, -BONE_LENGTH, 0.0] if ahead else [0.0, 0.0, BONE_LENGTH]
        )
        bone.parent = made[model.parents[joint]] if joint else None
        made.append(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in rig.pose.bones:
        bone.rotation_mode = "QUATERNION"
    context.view_layer.objects.active = before
    return rig
