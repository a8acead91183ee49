"""`soliloquy strips TEXT --seconds S`: AU strips over a line from a sentence."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from arkit.strips import format_strip
from server.commands.output import say, say_json

HELP = "turn a direction into AU strips over a line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("text", help='for instance "furious, then a bitter little smile"')
    parser.add_argument("--seconds", type=float, required=True, help="length of the line")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the strips in the words that `animate --au` reads."""
    from server.language.strips import strips_from_text

    strips = strips_from_text(args.text, args.seconds)
    if args.json:
        say_json({"strips": [asdict(strip) for strip in strips]})
        return 0
    for strip in strips:
        say(format_strip(strip))
    if not strips:
        from server.language.express import express

        for note in express(args.text).notes:
            say(f"note: {note}")
        say("nothing in this direction moves the face")
    return 0
