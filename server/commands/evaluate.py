"""`soliloquy evaluate PART`: measure a part against recordings and write a report."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from server.commands.output import say
from server.errors import Unavailable

HELP = "measure a part of Soliloquy against recordings and write a report"

PARTS = ("articulation",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--data", type=Path, help="recordings (default: SOLILOQUY_DATA)")
    parser.add_argument("--out", type=Path, default=Path("evaluation"))


def run(args: argparse.Namespace) -> int:
    """Measure and say where the report is."""
    data = args.data or Path(os.environ.get("SOLILOQUY_DATA", ""))
    if not (data / "facegood").is_dir():
        raise Unavailable(f"There are no recordings in '{data}'.", "Name their folder with --data.")
    from server.evaluation.articulation import report

    report(data, args.out)
    say(f"{args.out / 'articulation.md'}")
    return 0
