"""The main job without a window: `python -m blender_addon.headless` in a Python that has bpy.

Adds the built-in head, lays the recording into the Sequencer, generates over the wire with the same
operators that the panel calls, and leaves a .blend that plays when opened, beside a Live Link CSV.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path

import bpy


def main(arguments: list[str] | None = None) -> int:
    """Run the job; prints one JSON object with what was made, or the reason on standard error."""
    args = _parser().parse_args(arguments)
    try:
        made = perform(args)
    except RuntimeError as error:  # what an operator reports as ERROR
        sys.stderr.write(f"{str(error).strip().splitlines()[-1]}\n")
        return 1
    sys.stdout.write(json.dumps(made) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="blender_addon.headless", description=__doc__)
    parser.add_argument("--line", type=Path, required=True, help="the recording")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--address", required=True, help="address of the server")
    parser.add_argument("--transcript", default="")
    parser.add_argument("--generator", default="articulate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fps", type=int, default=24, help="frames per second of the scene")
    return parser


def perform(args: argparse.Namespace) -> dict[str, object]:
    """Do everything that the panel does, in its order."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module=__package__)
    bpy.context.preferences.addons[__package__].preferences.address = args.address
    scene = bpy.context.scene
    scene.render.fps = args.fps
    scene.frame_start = scene.frame_current = 1
    bpy.ops.soliloquy.add_head()
    bpy.ops.soliloquy.add_line(filepath=str(args.line.resolve()))
    settings = scene.soliloquy
    character = settings.characters[settings.character_index]
    character.line.transcript = args.transcript
    character.generation.seed = args.seed
    _light_and_frame(scene)
    started = time.monotonic()
    bpy.ops.soliloquy.check_server()
    character.generation.generator = args.generator
    bpy.ops.soliloquy.generate()
    seconds = time.monotonic() - started
    blend, table = args.out / "soliloquy_demo.blend", args.out / "soliloquy_demo_LLF.csv"
    args.out.mkdir(parents=True, exist_ok=True)
    bpy.ops.soliloquy.export_live_link_csv(filepath=str(table.resolve()))
    bpy.ops.wm.save_as_mainfile(filepath=str(blend.resolve()))
    return {
        "blend": str(blend),
        "csv": str(table),
        "seconds": seconds,
        "frames": scene.frame_end,
        "fps": args.fps,
        "meshes": [entry.object.name for entry in character.meshes],
        "actions": [action.name for action in bpy.data.actions],
    }


def _light_and_frame(scene: bpy.types.Scene) -> None:
    """A camera before the face and two lamps, so that the file shows a face when it is opened."""
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.lens = 85.0
    camera.location = (0.0, -0.95, 0.02)
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    for name, place, watts in (("Key", (0.7, -1.0, 0.7), 12.0), ("Fill", (-1.0, -0.8, 0.2), 5.0)):
        lamp = bpy.data.objects.new(name, bpy.data.lights.new(name, "AREA"))
        lamp.data.energy, lamp.data.size = watts, 0.5
        lamp.location = place
        lamp.rotation_euler = _towards_origin(place)
        scene.collection.objects.link(lamp)
    scene.render.use_sequencer = False
    scene.render.resolution_x = scene.render.resolution_y = 720


def _towards_origin(place: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = place
    return (math.atan2(math.hypot(x, y), z), 0.0, math.atan2(-x, y) + math.pi)


if __name__ == "__main__":
    sys.exit(main())
