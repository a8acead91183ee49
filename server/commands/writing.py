"""Takes into files: the suffix of the output says the format."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from arkit.clip import ArkitClip
from arkit.export.files import WRITERS, write_clip
from arkit.saving import replacing
from server.commands import in_blender
from server.errors import BadRequest, Unavailable

OnProgress = Callable[[str, float], None]


def write_take(
    clip: ArkitClip, path: Path, audio: Path | None, on_progress: OnProgress, blender: str = ""
) -> Path:
    """Write a take in the format that the suffix names, and return where it is.

    Args:
        blender: which Blender writes .blend, .glb, .fbx and .usdc; see `in_blender`.

    Raises:
        BadRequest: nothing is known about this suffix.
        Unavailable: the format needs something that is not installed.
    """
    check_target(path, blender)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".mp4":
        _mp4(clip, path, audio, on_progress)
    elif path.suffix.lower() in in_blender.SUFFIXES:
        in_blender.write_in_blender(clip, [path], audio, blender)
    else:
        write_clip(clip, path)
    return path


def check_target(path: Path, blender: str = "") -> None:
    """Refuse an unknown format, or one without its Blender, or a bad place, before any work.

    Raises:
        BadRequest: nothing is known about this suffix, or no file can be there.
        Unavailable: the format needs a Blender, and none is found.
    """
    if path.suffix.lower() in in_blender.SUFFIXES:
        in_blender.find_blender(blender)
    check_file(path, _SUFFIXES)


def check_file(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse a file that cannot be written for its ending or its place, before any work.

    Raises:
        BadRequest: another ending, or the file or one of its folders cannot be.
    """
    if path.is_dir():
        raise BadRequest(
            f"'{path}' is a folder.", f"Name a file in it: {path / 'take'}{suffixes[0]}."
        )
    if path.suffix.lower() not in suffixes:
        ends = f"ends in '{path.suffix}'" if path.suffix else "has no ending"
        raise BadRequest(f"'{path.name}' {ends}.", f"Use one of {', '.join(suffixes)}.")
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir():
        raise BadRequest(f"'{there}' is no folder.", f"'{path.name}' cannot be written into it.")
    # A new file is written beside an old one, so that the folder must be ours too.
    if not (os.access(there, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))):
        raise BadRequest(f"'{path}' may not be written.", "Choose a folder that is yours.")


def _mp4(clip: ArkitClip, path: Path, audio: Path | None, on_progress: OnProgress) -> None:
    from flame.preview import PreviewError, render_clip

    with replacing(path) as part:
        try:
            render_clip(
                clip.coefficients,
                clip.fps,
                part,
                audio=audio,
                head_angles=clip.head,
                progress=lambda fraction: on_progress("draw", fraction),
            )
        except PreviewError as error:
            why = str(error).replace(str(part), str(path))  # ffmpeg names its file
            raise Unavailable(
                f"The preview cannot be drawn: {why}.",
                "Take .csv or .npz, which need nothing more.",
            ) from error


_SUFFIXES: Final = (*WRITERS, ".mp4", *in_blender.SUFFIXES)
