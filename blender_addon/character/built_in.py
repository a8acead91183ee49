"""Puts the head that comes with Soliloquy into the scene: one object for each of its parts."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ..core.head_file import HeadPart, load_head


def add_built_in_head(context: Any) -> list[Any]:
    """Make the meshes, their shape keys and materials; returns the objects, the face first.

    Raises:
        CharacterError: the head's data is not part of this installation.
    """
    head = load_head()
    collection = bpy.data.collections.new("Soliloquy Head")
    context.scene.collection.children.link(collection)
    materials = {name: _material(name, colour) for name, colour in head.colours.items()}
    face, *others = [_object(part, materials, collection) for part in head.parts]
    for item in others:
        item.parent = face  # moving the face moves them all
    face.location = context.scene.cursor.location
    return [face, *others]


def _object(part: HeadPart, materials: dict[str, Any], collection: Any) -> Any:
    mesh = bpy.data.meshes.new(part.name)
    mesh.from_pydata(part.vertices.tolist(), [], part.quads.tolist())
    for name in part.materials:
        mesh.materials.append(materials[name])
    mesh.polygons.foreach_set("material_index", part.material_index)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(part.quads), bool))
    colours = np.ones((len(part.vertices), 4), np.float32)
    colours[:, :3] = part.vertex_colours
    attribute = mesh.color_attributes.new(_COLOURS, "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", colours.ravel())
    mesh.update()
    item = bpy.data.objects.new(part.name, mesh)
    collection.objects.link(item)
    if part.shapes:
        item.shape_key_add(name="Basis", from_mix=False)
    for name, deltas in part.shapes.items():
        key = item.shape_key_add(name=name, from_mix=False)
        key.value = 0.0  # Blender 5.0 adds keys with the value 1
        key.data.foreach_set("co", (part.vertices + deltas).ravel())
    return item


_COLOURS = "Soliloquy colours"
# Materials that take the mesh's own colours.
_TINTED = frozenset({"skin", "lips", "mouth", "iris", "sclera", "teeth", "gums", "tongue"})
_ROUGHNESS = {
    "sclera": 0.1, "iris": 0.1, "pupil": 0.05, "teeth": 0.2, "gums": 0.3, "tongue": 0.35,
}  # fmt: skip


# Light that comes through cheeks and lips: without it the mouth is a black hole in a render.
_GLOW = {"mouth": 0.35, "gums": 0.15, "tongue": 0.12, "teeth": 0.04}


def _material(name: str, colour: tuple[float, float, float]) -> Any:
    found = bpy.data.materials.get(f"Soliloquy {name}")
    if found is not None:
        return found
    material = bpy.data.materials.new(f"Soliloquy {name}")
    material.diffuse_color = (*colour, 1.0)
    if not material.node_tree:
        material.use_nodes = True  # always on, and on its way out, from 5.0
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = _ROUGHNESS.get(name, 0.55)
    if name in _TINTED:
        tints = tree.nodes.new("ShaderNodeVertexColor")
        tints.layer_name = _COLOURS
        tints.location = (shader.location.x - 220, shader.location.y)
        tree.links.new(tints.outputs["Color"], shader.inputs["Base Color"])
        if name in _GLOW:
            tree.links.new(tints.outputs["Color"], shader.inputs["Emission Color"])
            shader.inputs["Emission Strength"].default_value = _GLOW[name]
    return material
