"""`soliloquy export TAKE --to metahuman`: everything a destination needs, into one folder."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from server.commands.output import say
from server.errors import BadAudio

if TYPE_CHECKING:
    from arkit.export.unreal_script import AudioSamples

HELP = "write a take for MetaHuman, Unreal, Unity or the web"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("take", type=Path, help="take.npz, .json or .csv")
    parser.add_argument("--to", required=True, help="a preset: metahuman, raw ...; or a format")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--audio", type=Path, help="the line's sound")
    parser.add_argument("--name", help="of the line; by default the take's file name")


def run(args: argparse.Namespace) -> int:
    """Write the formats of a preset that need no Blender, and report."""
    from arkit.export.files import read_clip
    from arkit.export.presets import BLENDER_FORMATS, FORMATS, ExportJob, export, find_preset

    formats = (args.to,) if args.to in FORMATS else find_preset(args.to).formats
    name = args.name or re.sub(r"\W+", "_", args.take.stem, flags=re.ASCII)
    job = ExportJob(read_clip(args.take), name, audio=_sound(args.audio))
    report = export(job, args.out, tuple(f for f in formats if f not in BLENDER_FORMATS))
    for note in report.notes:
        say(f"note: {note}")
    for path in report.files:
        say(str(path))
    for left in sorted(set(formats) & BLENDER_FORMATS):
        say(f"{left}: export it from the panel in Blender")
    return 0


def _sound(path: Path | None) -> AudioSamples | None:
    """The line's sound as samples, so that any format can go to Unreal, which takes plain .wav."""
    if path is None:
        return None
    import soundfile

    from arkit.export.unreal_script import AudioSamples

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise BadAudio(f"'{path}' cannot be read as sound: {error}") from error
    return AudioSamples(samples.mean(axis=1), rate)
