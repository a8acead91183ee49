"""A take's file onto the built-in head, without a window: a .blend, or what Blender exports.

`main` runs in Blender's own process, which `server.commands.in_blender` starts: a Blender program
or a Python with the bpy package. The last line it writes is JSON: files and notes.
"""

from __future__ import annotations

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import bpy

from . import compat
from .character.meshes import active_character
from .core.errors import SoliloquyError
from .headless import stage

_PACKAGE: Final = "blender_addon"
_FORMATS: Final = {".glb": "gltf", ".fbx": "fbx", ".usdc": "usd"}


def main(arguments: list[str]) -> int:
    """Write every file asked for; returns the exit code, and says in one line what went wrong."""
    import addon_utils  # Blender puts it on the path

    options = _options(arguments)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable(_PACKAGE, default_set=False)
    try:
        notes = _put_on_head(options)
        for path in options.out:
            notes += _save(path)
    except (SoliloquyError, OSError, RuntimeError) as error:  # the last is what operators report
        first = str(error).strip().splitlines()[0]
        sys.stderr.write(f"{first.removeprefix('Error: ')}\n")
        return 1
    files = [str(path) for path in options.out]
    sys.stdout.write(f"{json.dumps({'files': files, 'notes': list(dict.fromkeys(notes))})}\n")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("take", type=Path, help="npz, json or csv")
    parser.add_argument("--out", type=Path, nargs="+", required=True)
    parser.add_argument("--audio", type=Path)
    return parser.parse_args(arguments)


def _put_on_head(options: argparse.Namespace) -> list[str]:
    from .vendor import files

    scene = bpy.context.scene
    clip = files.read_clip(options.take)
    _set_rate(scene, clip.fps)
    bpy.ops.soliloquy.add_head()
    scene.frame_set(1)
    notes = []
    if options.audio is not None and compat.HAS_AUDIO:
        bpy.ops.soliloquy.add_line(filepath=str(options.audio.resolve()))
    elif options.audio is not None:
        notes.append("This Blender is built without sound, so the line's sound was left out.")
    bpy.ops.soliloquy.import_take(filepath=str(options.take))
    character = active_character(scene)
    take = character.takes[character.take_index]
    stage(scene, clip.n_frames)
    return [*notes, *filter(None, take.notes.split("\n"))]


def _set_rate(scene: Any, fps: float) -> None:
    """Make the scene's rate the take's, so that every key stands on a frame."""
    whole = max(1, round(fps)) if abs(fps - round(fps)) < 1e-6 else int(fps) + 1
    scene.render.fps = whole
    scene.render.fps_base = float(Fraction(whole) / Fraction(fps))


def _save(path: Path) -> list[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".blend":
        bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()), relative_remap=True)
        return []
    from .export.blender_formats import take_span, write_format
    from .takes.storage import load_clip

    character = active_character(bpy.context.scene)
    take = character.takes[character.take_index]
    clip = load_clip(take)
    span = take_span(bpy.context.scene, take.start_frame, clip, from_zero=True)
    name = _FORMATS[path.suffix.lower()]
    return list(write_format(bpy.context, character, span, name, path).notes)
