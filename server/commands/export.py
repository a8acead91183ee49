"""`soliloquy export TAKE --to metahuman`: everything a destination needs, into one folder."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from server.commands.in_blender import find_blender, write_in_blender
from server.commands.output import say
from server.errors import BadAudio

if TYPE_CHECKING:
    from arkit.export.presets import ExportJob, Writer
    from arkit.export.unreal_script import AudioSamples

HELP = "write a take for MetaHuman, Unreal, Unity or the web"

_SUFFIX = {"gltf": ".glb", "fbx": ".fbx", "usd": ".usdc"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("take", type=Path, help="take.npz, .json or .csv")
    parser.add_argument("--to", required=True, help="a preset: metahuman, raw ...; or a format")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--audio", type=Path, help="the line's sound")
    parser.add_argument("--name", help="of the line; by default the take's file name")
    parser.add_argument("--subject", default="", help="Live Link subject; by default the name")
    parser.add_argument("--slate", default="Soliloquy", help="of the Live Link file's name")
    parser.add_argument("--take-number", type=int, default=1, help="of the slate")
    parser.add_argument("--start", type=float, default=0.0, help="seconds of the first timecode")
    parser.add_argument("--blender", default="", help="for glTF, FBX, USD: see SOLILOQUY_BLENDER")


def run(args: argparse.Namespace) -> int:
    """Write the formats of a preset, those of Blender on the built-in head, and report."""
    from arkit.export.files import read_clip
    from arkit.export.live_link_csv import CsvOptions
    from arkit.export.presets import FORMAT_LABELS, ExportJob, export, find_preset
    from arkit.export.unreal_script import UnrealOptions

    formats = (args.to,) if args.to in FORMAT_LABELS else find_preset(args.to).formats
    if set(formats) & set(_SUFFIX):
        find_blender(args.blender)  # before anything is written
    job = ExportJob(
        read_clip(args.take),
        args.name or re.sub(r"\W+", "_", args.take.stem, flags=re.ASCII),
        args.subject,
        args.take_number,
        _sound(args.audio),
        csv=CsvOptions(start_seconds=args.start),
        unreal=UnrealOptions(start_seconds=args.start),
        slate=args.slate,
    )
    report = export(job, args.out, formats, _blender_writers(args))
    for note in report.notes:
        say(f"note: {note}")
    for path in report.files:
        say(str(path))
    return 0


def _blender_writers(args: argparse.Namespace) -> dict[str, Writer]:
    """Writers that start a Blender."""
    from arkit.export.report import ExportReport

    def writer(suffix: str) -> Writer:
        def write(job: ExportJob, folder: Path) -> ExportReport:
            path, clip = folder / f"{job.name}{suffix}", job.clip
            notes = write_in_blender(clip, [path], args.audio, args.blender)
            return ExportReport((path,), clip.n_frames, clip.seconds, clip.fps, notes)

        return write

    return {name: writer(suffix) for name, suffix in _SUFFIX.items()}


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
