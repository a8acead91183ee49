"""The option that hands corrected phones to a command: a file that `soliloquy phones` wrote."""

from __future__ import annotations

import argparse
from pathlib import Path

from server.wire.messages import AudioInfo, TimedPhone


def add_phones_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--phones`."""
    parser.add_argument(
        "--phones",
        type=Path,
        metavar="FILE",
        help="corrected phones, .json of `soliloquy phones` or .TextGrid; obeyed as they are",
    )


def given_phones(path: Path | None, line: Path) -> tuple[TimedPhone, ...]:
    """Return the phones of a file that belongs to a recording, none without a file.

    Raises:
        PhonesFileError: the file cannot be obeyed.
        BadAudio: the recording cannot be read.
    """
    if path is None:
        return ()
    from server.speech.audio import AudioStream
    from server.speech.phones_input import read_phones
    from server.speech.recogniser import SAMPLE_RATE

    blocks = AudioStream(line, AudioInfo(filename=line.name)).blocks()
    seconds = sum(map(len, blocks)) / SAMPLE_RATE
    return tuple(TimedPhone(p.phone, p.start, p.end) for p in read_phones(path, seconds))
