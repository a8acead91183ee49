"""`soliloquy convert IN OUT`: a take from one format into another, at another rate if asked."""

from __future__ import annotations

import argparse
from pathlib import Path

from server.commands.output import say

HELP = "convert a take between csv, json and npz, and to viseme cues; change its frame rate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", type=Path, help="take.csv, .json or .npz")
    parser.add_argument("target", type=Path, help="take.csv, .json, .npz, or cues .vtt, .tsv")
    parser.add_argument("--fps", type=float, help="frames per second of the result")


def run(args: argparse.Namespace) -> int:
    """Read, resample if asked, write."""
    from arkit.export.files import read_clip, write_clip
    from arkit.retime import resample

    clip = read_clip(args.source)
    if args.fps is not None:
        clip = resample(clip, args.fps)
    report = write_clip(clip, args.target)
    for note in report.notes:
        say(f"note: {note}")
    say(f"{args.target}: {clip.n_frames} frames at {clip.fps:g} fps")
    return 0
