"""pocketsphinx writes down English words: the child process of `words`, and nothing else.

    python -P server/speech/dictation.py

Standard input: pieces of 16-bit little-endian mono PCM at 16 kHz, each after its length in bytes
(uint32, little-endian). Standard output: the words of each piece, a JSON list a line.
"""

from __future__ import annotations

import importlib
import json
import re
import struct
import sys
from typing import Any, Final

_SETTINGS: Final[dict[str, Any]] = {"fwdflat": False, "maxhmmpf": 6000, "maxwpf": 10}
"""Three fifths of the time of the package's own settings, on prompts, and as many right words."""
_LENGTH: Final = struct.Struct("<I")


def words_of(decoder: Any, pcm: bytes) -> list[str]:
    """Return the words that were heard in one piece, without pauses, noises and variants."""
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    heard = [s.word for s in decoder.seg() or ()] if decoder.hyp() else []
    plain = (re.sub(r"\(\d+\)$", "", word) for word in heard)
    return [word for word in plain if word[0] not in "<[+"]


def main() -> None:
    """Answer every piece until the input ends."""
    pocketsphinx: Any = importlib.import_module("pocketsphinx")
    decoder = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL", **_SETTINGS)
    while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
        pcm = sys.stdin.buffer.read(_LENGTH.unpack(head)[0])
        sys.stdout.write(json.dumps(words_of(decoder, pcm)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
