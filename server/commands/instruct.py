"""`soliloquy instruct LINE`: how a line is played, heard from the voice, as text."""

from __future__ import annotations

import argparse
import uuid
from pathlib import Path

from server.commands.output import ProgressBar, say, say_json
from server.commands.performing import instruction
from server.commands.phones_option import add_phones_option, given_phones
from server.errors import BadAudio
from server.instructing import WEIGHTS
from server.settings import DEFAULT_ADDRESS
from server.wire.messages import AudioInfo, InstructRequest

HELP = "say in words how a recorded line is played, heard from the voice"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("line", type=Path, help="the recording")
    parser.add_argument(
        "--weights", default="default", choices=("default", *filter(None, WEIGHTS)),
        help="research: built from recordings for non-commercial use; not shipped",
    )  # fmt: skip
    parser.add_argument("--transcript", default="", help="the words, when they are known")
    parser.add_argument("--language", default="en")
    add_phones_option(parser)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--address", default=DEFAULT_ADDRESS, help="a server to use if it is up")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(args: argparse.Namespace) -> int:
    """Listen, and print what was heard."""
    if not args.line.is_file():
        raise BadAudio(f"There is no file '{args.line}'.", "Give the path of a recording.")
    request = InstructRequest(
        request_id=uuid.uuid4().hex,
        audio=AudioInfo(encoding="file", filename=args.line.name),
        transcript=args.transcript,
        language=args.language,
        phones=given_phones(args.phones, args.line),
        weights=args.weights.removeprefix("default"),
    )
    bar = ProgressBar(enabled=not args.json)
    found = instruction(
        request, args.line, address=args.address, device=args.device, on_progress=bar.show
    )
    bar.close()
    if args.json:
        say_json(
            {
                "instruction": found.text,
                "emotion": found.emotion,
                "intensity": found.intensity,
                "aus": dict(found.aus),
                "confidence": found.confidence,
                "notes": list(found.notes),
                "seconds": dict(found.timings),
            }
        )
        return 0
    for note in found.notes:
        say(f"note: {note}")
    say(found.text)
    return 0
