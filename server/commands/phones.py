"""`soliloquy phones LINE`: what was heard, with times, as JSON, TextGrid and a picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from server.commands.ears_option import add_ears_option, add_guess_option, recogniser_of
from server.commands.output import say
from server.commands.writing import check_file
from server.errors import BadAudio
from server.wire.messages import AudioInfo

if TYPE_CHECKING:
    from server.speech.recogniser import Recognition, Samples

HELP = "print the speech sounds of a line with their times"

_SUFFIXES = (".json", ".textgrid", ".png")  # in lower case


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("line", type=Path, help="the recording")
    parser.add_argument("--transcript", default="", help="the words: phones are aligned to them")
    parser.add_argument("--language", default="en")
    add_guess_option(parser)
    add_ears_option(parser)
    parser.add_argument(
        "--out", type=Path, action="append", default=[],
        help="file.json, file.TextGrid or file.png; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--curves",
        action="store_true",
        help="add loudness, pitch, voice, stress and soft visemes at 100 Hz to the JSON",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON (the default without --out)"
    )


def run(args: argparse.Namespace) -> int:
    """Hear the line and write what was asked for."""
    import numpy as np

    from server.speech.audio import AudioStream
    from server.speech.listen import load_recogniser, recognise_line
    from server.speech.phones_output import curves_of, recognition_json, write_phones

    for path in args.out:
        check_file(path, _SUFFIXES)
    if not args.line.is_file():
        raise BadAudio(f"There is no file '{args.line}'.", "Give the path of a recording.")
    about = AudioInfo(filename=args.line.name)
    samples = np.concatenate(list(AudioStream(args.line, about).blocks()))
    recogniser = load_recogniser(recogniser_of(args.ears))
    heard = recognise_line(
        samples, args.transcript, args.language, recogniser, guess_words=args.guess_words
    )
    curves = curves_of(samples, heard) if args.curves else None
    for path in args.out:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".png":
            _draw(path, samples, heard)
        else:
            write_phones(path, heard, curves)
    if args.json or not args.out:
        say(json.dumps(recognition_json(heard, curves), ensure_ascii=False))
        return 0
    for note in heard.notes:
        say(f"note: {note}")
    for path in args.out:
        say(str(path))
    return 0


def _draw(path: Path, samples: Samples, heard: Recognition) -> None:
    from arkit.saving import replacing
    from server.evaluation.phones_plot import plot_phones
    from server.speech.alignment import viseme_posteriors, voice_activity

    visemes = voice = None
    if heard.posteriors is not None:
        visemes = viseme_posteriors(heard.posteriors)
        voice = voice_activity(heard.posteriors)
    with replacing(path) as part:
        plot_phones(
            part, samples, heard.phones, visemes, heard.words, voice=voice, stress=heard.stress
        )
