"""`soliloquy phones LINE`: what was heard, with times, as JSON, TextGrid and a picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from server.commands.ears_option import add_ears_option, recogniser_of
from server.commands.output import say
from server.commands.writing import check_file
from server.errors import BadAudio
from server.wire.messages import AudioInfo

HELP = "print the speech sounds of a line with their times"

_SUFFIXES = (".json", ".textgrid", ".png")  # in lower case


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("line", type=Path, help="the recording")
    parser.add_argument("--transcript", default="", help="the words: phones are aligned to them")
    parser.add_argument("--language", default="en")
    add_ears_option(parser)
    parser.add_argument(
        "--out", type=Path, action="append", default=[],
        help="file.json, file.TextGrid or file.png; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="print JSON (the default without --out)"
    )


def run(args: argparse.Namespace) -> int:
    """Hear the line and write what was asked for."""
    import numpy as np

    from arkit.saving import replacing
    from server.speech.audio import AudioStream
    from server.speech.listen import listen, load_recogniser
    from server.speech.phones_output import phones_json, write_phones

    for path in args.out:
        check_file(path, _SUFFIXES)
    if not args.line.is_file():
        raise BadAudio(f"There is no file '{args.line}'.", "Give the path of a recording.")
    about = AudioInfo(filename=args.line.name)
    samples = np.concatenate(list(AudioStream(args.line, about).blocks()))
    speech = listen(
        samples,
        transcript=args.transcript,
        language=args.language,
        recogniser=load_recogniser(recogniser_of(args.ears)),
    )
    for path in args.out:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".png":
            from server.evaluation.phones_plot import plot_phones

            with replacing(path) as part:
                plot_phones(part, samples, speech.phones)
        else:
            write_phones(path, speech.phones, speech.seconds)
    if args.json or not args.out:
        found = json.loads(phones_json(speech.phones))
        say(json.dumps({**found, "notes": list(speech.notes)}, ensure_ascii=False))
        return 0
    for note in speech.notes:
        say(f"note: {note}")
    for path in args.out:
        say(str(path))
    return 0
