"""The add-on as a person uses it, without a window: head in, line in, Generate, save, export.

`python -m blender_addon.headless --line LINE.wav --out FOLDER` with the bpy package. The last line
it writes itself is JSON: the files, the meshes that got keys, and the seconds that generating took.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from math import radians
from pathlib import Path
from typing import Any

import bpy

from .character.meshes import active_character
from .core.address import DEFAULT_ADDRESS

_PACKAGE = "blender_addon"
_BLEND, _CSV = "soliloquy_demo.blend", "Soliloquy_1_Head_cal.csv"


def main() -> int:
    """Perform a line on the built-in head; returns the exit code."""
    import addon_utils  # bpy puts it on the path

    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable(_PACKAGE, default_set=True)
    bpy.context.preferences.addons[_PACKAGE].preferences.address = options.address
    scene = bpy.context.scene
    scene.render.fps = options.fps
    try:
        made = _perform(scene, options)
    except RuntimeError as error:  # what operators report
        sys.stderr.write(f"{str(error).removeprefix('Error: ').strip()}\n")
        return 1
    sys.stdout.write(f"{json.dumps(made)}\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--line", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--address", default=DEFAULT_ADDRESS)
    parser.add_argument("--transcript", default="")
    parser.add_argument(
        "--guess-words", action=argparse.BooleanOptionalAction, default=True,
        help="guess what an English line without transcript says (default)",
    )  # fmt: skip
    parser.add_argument("--generator", default="", help="the server's best, unless named")
    parser.add_argument("--fps", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _perform(scene: Any, options: argparse.Namespace) -> dict[str, Any]:
    bpy.ops.soliloquy.add_head()
    scene.frame_set(1)
    bpy.ops.soliloquy.add_line(filepath=str(options.line.resolve()))
    bpy.ops.soliloquy.check_server()
    character = active_character(scene)
    character.line.transcript = options.transcript
    character.line.guess_words = options.guess_words
    if options.generator:
        character.generation.generator = options.generator
    character.generation.seed = options.seed
    begun = time.monotonic()
    bpy.ops.soliloquy.generate()
    seconds = time.monotonic() - begun
    take = character.takes[character.take_index]
    stage(scene, max(24, round(take.seconds * options.fps)))
    blend, table = options.out / _BLEND, options.out / _CSV
    bpy.ops.soliloquy.export_live_link_csv(filepath=str(table))
    bpy.ops.wm.save_as_mainfile(filepath=str(blend.resolve()), relative_remap=True)
    return {
        "blend": str(blend),
        "csv": str(table),
        "meshes": [track.object.name for track in take.tracks],
        "notes": take.notes.split("\n") if take.notes else [],
        "seconds": round(seconds, 2),
    }


def stage(scene: Any, n_frames: int) -> None:
    """Camera, light and playback, so that the file is ready for the space bar."""
    scene.frame_start, scene.frame_end = 1, n_frames
    scene.sync_mode = "AUDIO_SYNC"
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location = (0.10, -0.85, 0.0)
    camera.rotation_euler = (radians(90), 0.0, radians(6.7))
    camera.data.lens = 70
    camera.data.clip_start = 0.01
    lamp = bpy.data.objects.new("Key Light", bpy.data.lights.new("Key Light", "AREA"))
    lamp.location = (-0.6, -0.8, 0.6)
    lamp.rotation_euler = (radians(58), 0.0, radians(-37))
    lamp.data.energy, lamp.data.size = 8.0, 0.5
    for item in (camera, lamp):
        scene.collection.objects.link(item)
    scene.camera = camera
    for area in (area for screen in bpy.data.screens for area in screen.areas):
        if area.type == "VIEW_3D":
            space = area.spaces.active
            space.region_3d.view_perspective = "CAMERA"
            space.show_region_ui = True
            space.shading.color_type = "MATERIAL"


if __name__ == "__main__":
    sys.exit(main())
