"""Runs inside a Blender window: the built-in head is laid over another one, stopped, and done."""

import sys
import time
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from hand import area, key, move, perform, region, shot, until, window  # noqa: E402

REPORT = {"errors": [], "version": bpy.app.version_string, "turns": 0, "written_cpu": 0.0}
MODULE = "bl_ext.user_default.soliloquy"


def in_view(operator, *arguments):
    view = area("VIEW_3D")
    with bpy.context.temp_override(
        window=window(), screen=window().screen, area=view, region=region(view)
    ):
        return operator(*arguments)


def bare_head():
    """A copy of the head without shape keys, as the character."""
    for item in [i for i in bpy.data.objects if i.type == "MESH"]:
        bpy.data.objects.remove(item)
    in_view(bpy.ops.soliloquy.add_head, "EXEC_DEFAULT", True)
    scene = window().scene
    head = scene.soliloquy.characters[0].meshes[0].object
    in_view(bpy.ops.soliloquy.remove_character)
    mesh = head.data.copy()
    bare = bpy.data.objects.new("Bare", mesh)
    bare.shape_key_clear()
    scene.collection.objects.link(bare)
    for item in scene.objects:
        item.select_set(item == bare)
        item.hide_set(item != bare)
    window().view_layer.objects.active = bare
    in_view(bpy.ops.soliloquy.use_selected, "EXEC_DEFAULT", True)


def contents():
    kinds = ("objects", "meshes", "collections", "materials", "shape_keys")
    return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}


def watched():
    """Count the turns of the operator, and time what it writes on Blender's own thread."""
    from bl_ext.user_default.soliloquy.character import laying_over, transfer_operators

    operator = transfer_operators.SOLILOQUY_OT_preview_transfer
    turn, write = laying_over.LaysOver.modal, operator.write

    def modal(self, context, event):
        REPORT["turns"] += 1
        return turn(self, context, event)

    def timed(self, context, found):
        begun = time.thread_time()
        result = write(self, context, found)
        REPORT["written_cpu"] = time.thread_time() - begun
        return result

    laying_over.LaysOver.modal, operator.write = modal, timed
    return laying_over


def story():
    zipped = next(HERE.glob("soliloquy-*.zip"))
    bpy.ops.extensions.package_install_files(
        filepath=str(zipped), repo="user_default", enable_on_install=True, overwrite=True
    )
    yield 2.0
    view = area("VIEW_3D")
    view.spaces.active.show_region_ui = True
    bare_head()
    in_view(bpy.ops.view3d.view_selected)
    yield 2.0
    laying_over = watched()
    before = contents()
    shot("1_before")
    middle = region(view).x + region(view).width / 3, region(view).y + region(view).height / 2
    yield from move(*middle)
    REPORT["began"] = sorted(in_view(bpy.ops.soliloquy.preview_transfer, "INVOKE_DEFAULT"))
    yield from until(lambda: REPORT["turns"] > 5, "the operator's turns")
    shot("2_working")
    REPORT["working"] = laying_over.is_laying_over()
    yield from key("Escape")
    yield from until(lambda: not laying_over.is_laying_over(), "its end")
    REPORT["same_after_escape"] = contents() == before
    shot("3_escaped")
    in_view(bpy.ops.soliloquy.preview_transfer, "INVOKE_DEFAULT")
    there = bpy.data.collections
    yield from until(lambda: "Soliloquy Preview" in there, "the preview", 600.0)
    yield 2.0
    shot("4_preview")
    in_view(bpy.ops.soliloquy.cancel_transfer)
    REPORT["same_after_cancel"] = contents() == before
    yield 1.0


perform(story, REPORT)
