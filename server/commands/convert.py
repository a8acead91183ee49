"""`soliloquy convert IN OUT`: a take into another format, another rate, or into FLAME and back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from server.commands.output import say
from server.errors import BadRequest

if TYPE_CHECKING:
    from arkit.clip import ArkitClip
    from flame.clip import FlameClip
    from flame.model import FlameModel

HELP = "convert a take between csv, json and npz, to viseme cues, and between ARKit and FLAME"

_FLAME_SUFFIX = ".flame.npz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", type=Path, help="take.csv, .json or .npz (ARKit's or FLAME's)")
    parser.add_argument(
        "target",
        type=Path,
        help=f"take.csv, .json, .npz, cues .vtt, .tsv; {_FLAME_SUFFIX} is FLAME",
    )
    parser.add_argument("--fps", type=float, help="frames per second of the result")
    parser.add_argument(
        "--to", choices=("arkit", "flame"), help="what an .npz becomes; ARKit by default"
    )
    parser.add_argument(
        "--flame",
        type=Path,
        metavar="MODEL",
        help="FLAME model of the FLAME side (.pkl, .npz); the built-in head by default",
    )
    parser.add_argument(
        "--from-flame",
        type=Path,
        metavar="MODEL",
        help="model that a FLAME clip was made with, when it becomes a clip of --flame",
    )
    parser.add_argument(
        "--source-fps", type=float, help="rate of a FLAME clip that does not say it itself"
    )


def run(args: argparse.Namespace) -> int:
    """Read, resample if asked, convert if the two sides differ, write."""
    to_flame = args.to == "flame" or args.target.name.lower().endswith(_FLAME_SUFFIX)
    if to_flame and (args.to == "arkit" or args.target.suffix.lower() != ".npz"):
        raise BadRequest(
            f"'{args.target.name}' cannot hold a FLAME clip.", "FLAME clips are .npz files."
        )
    from arkit.errors import ClipReadError
    from flame.errors import FlameError

    try:
        return _flame(args) if to_flame else _arkit(args)
    except FlameError as error:
        raise ClipReadError(str(error)) from error


def _arkit(args: argparse.Namespace) -> int:
    from arkit.export.files import write_clip
    from arkit.retime import resample

    clip = _as_arkit(args)
    if args.fps is not None:
        clip = resample(clip, args.fps)
    report = write_clip(clip, args.target)
    _done(args.target, clip, report.notes)
    return 0


def _flame(args: argparse.Namespace) -> int:
    from arkit.export.files import read_clip
    from arkit.retime import resample
    from arkit.saving import replacing
    from flame.convert import arkit_to_flame, load_on

    model = _model(args.flame)
    if _is_flame(args.source):
        earlier = _model(args.from_flame) if args.from_flame else None
        clip = load_on(_read_flame(args), model, earlier)
        clip = clip.retime(args.fps) if args.fps is not None else clip
    else:
        source = read_clip(args.source)
        source = resample(source, args.fps) if args.fps is not None else source
        clip = arkit_to_flame(source, model)
    with replacing(args.target) as part:
        clip.save(part)
    _done(args.target, clip, clip.notes)
    say(f"basis: {clip.basis_id} ('{model.name}')")
    return 0


def _as_arkit(args: argparse.Namespace) -> ArkitClip:
    from arkit.export.files import read_clip

    if not _is_flame(args.source):
        return read_clip(args.source)
    from flame.convert import adopt, flame_to_arkit

    model = _model(args.from_flame or args.flame)
    clip = flame_to_arkit(adopt(_read_flame(args), model), model).clip
    for note in clip.notes:
        say(f"note: {note}")
    return clip


def _is_flame(path: Path) -> bool:
    from flame.clip import is_flame_file

    return path.suffix.lower() == ".npz" and is_flame_file(path)


def _read_flame(args: argparse.Namespace) -> FlameClip:
    from flame.clip import FlameClip

    return FlameClip.load(args.source, fps=args.source_fps)


def _model(path: Path | None) -> FlameModel:
    from flame.built_in import built_in_flame_model
    from flame.model_files import read_flame_model

    return built_in_flame_model() if path is None else read_flame_model(path)


def _done(target: Path, clip: ArkitClip | FlameClip, notes: tuple[str, ...]) -> None:
    for note in notes:
        say(f"note: {note}")
    say(f"{target}: {clip.n_frames} frames at {clip.fps:g} fps")
