"""MBROLA's German and English voices, cut from one person's speech each, with exact phone times.

    python -m server.training.ears.mbrola_voices --out CORPUS --root UNPACKED [--hours H]

espeak-ng writes the phones and MBROLA speaks them; both run as programs. The databases are for
non-commercial use, so only research weights may hear them: see `research`.
"""

from __future__ import annotations

import argparse
import logging
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from arkit.clip import Phone
from server.speech.notations import EMODB, spread
from server.training.ears.corpus import add_spoken, data_folder
from server.training.ears.errors import CorpusError
from server.training.ears.shards import ShardWriter
from server.training.ears.synthesis import Spoken
from server.training.ears.texts import split_sentences

log = logging.getLogger(__name__)

SHARDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "mbrola_de": ("de", ("de1", "de2", "de3", "de4", "de5", "de6", "de7", "de8")),
    "mbrola_en": ("en", ("us1", "us2", "us3", "en1")),
}
"""Shard -> language and voices."""
_OTHER_SYMBOLS: Final[dict[str, tuple[str, ...]]] = {
    "_": ("sil",), "pf": ("p", "f"), "pF": ("p", "f"), "ts": ("ts",), "tS": ("tʃ",),
    "dZ": ("dʒ",), "T": ("θ",), "D": ("ð",), "{": ("æ",), "V": ("ʌ",), "@U": ("o", "ʊ"),
    "AI": ("a", "ɪ"), "EI": ("e", "ɪ"), "eI": ("e", "ɪ"), "OI": ("ɔ", "ɪ"), "r=": ("ɜ",),
    "3": ("ɜ",), "Q": ("ɒ",), "U@": ("ʊ", "ə"), "w": ("w",), "k_h": ("k",), "p_h": ("p",),
    "t_h": ("t",), "4": ("d",), "N": ("ŋ",),
}  # fmt: skip
_RUN: Final = 6
_WARP: Final = 0.15


def sampa(symbol: str, language: str) -> tuple[str, ...] | None:
    """Return our phones of an MBROLA symbol, None when it is unknown."""
    plain = symbol.replace(":", "").replace("~", "")
    if language == "en" and plain == "r":
        return ("ɹ",)
    if plain in _OTHER_SYMBOLS and not (language == "de" and plain == "V"):
        return _OTHER_SYMBOLS[plain]
    if plain.startswith("?") and len(plain) > 1:
        vowel = EMODB.get(plain[1:])
        return ("ʔ", *vowel) if vowel else None
    return EMODB.get(plain)


def read_pho(listed: str, language: str, rate: float) -> tuple[Phone, ...] | None:
    """Return the phones of MBROLA's input, whose rows are symbol, milliseconds and pitches.

    None when a symbol is unknown. `rate` divides the times.
    """
    phones: list[Phone] = []
    clock = 0.0
    for parts in filter(None, (row.split() for row in listed.splitlines())):
        own = sampa(parts[0], language)
        if own is None:
            return None
        after = clock + float(parts[1]) / 1000 / rate
        phones += spread(own, clock, after)
        clock = after
    return tuple(phones) or None


def mbrola_say(voice: str, language: str, text: str, rate: float, pitch: float) -> Spoken | None:
    """Speak; None when the voice lacks a sound of the sentence.

    Raises:
        CorpusError: MBROLA or the voice is not installed.
    """
    database = Path("/usr/share/mbrola") / voice / voice
    if not database.exists():
        raise CorpusError(f"no MBROLA voice at {database}: install mbrola-{voice}")
    command = ["espeak-ng", "-v", f"mb-{voice}", "-q", "--pho", text]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    phones = read_pho(listed, language, rate)
    if phones is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        pho, wave = Path(folder) / "x.pho", Path(folder) / "x.wav"
        pho.write_text(listed, encoding="utf-8")
        command = ["mbrola", "-t", f"{1 / rate:.3f}", "-f", f"{pitch:.3f}", str(database)]
        done = subprocess.run([*command, str(pho), str(wave)], capture_output=True, check=False)
        if done.returncode != 0 or not wave.exists():
            return None
        samples, sample_rate = soundfile.read(wave, dtype="float32")
    seconds = phones[-1].end
    if abs(seconds - len(samples) / sample_rate) > 0.05 + 0.01 * seconds:
        return None  # it left sounds out
    return Spoken(np.asarray(samples, np.float32), int(sample_rate), phones, (None,) * len(phones))


def spoken(shard: str, root: Path, seed: int) -> Iterator[tuple[Spoken, str, str]]:
    """Yield (spoken, voice, text) without end, a few sentences a speaker setting."""
    language, names = SHARDS[shard]
    rng = random.Random(f"{shard}-{seed}")
    texts = split_sentences(language, root, data_folder(), test=False)
    while True:
        voice, rate, pitch = rng.choice(names), rng.uniform(0.8, 1.4), rng.uniform(0.75, 1.5)
        for _ in range(_RUN):
            text = rng.choice(texts)
            said = mbrola_say(voice, language, text, rate, pitch)
            if said is not None:
                yield said, voice, text


def build(shard: str, out: Path, root: Path, hours: float, seed: int = 0) -> float:
    """Write a shard and return its hours."""
    about = {"group": shard, "seed": seed, "licence": "MBROLA: non-commercial"}
    writer = ShardWriter(out, shard, about)
    rng, warp, last = random.Random(seed), 0.0, ""
    for said, voice, text in spoken(shard, root, seed):
        if voice != last:
            warp, last = rng.uniform(-_WARP, _WARP), voice
        add_spoken(writer, said, warp, voice, text)
        if writer.n_frames >= hours * 360_000:
            break
    writer.close()
    return writer.n_frames / 360_000


def main() -> None:
    """Build the shards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--root", type=Path, default=Path("/"), help="where packages are unpacked")
    parser.add_argument("--hours", type=float, default=1.2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for shard in SHARDS:
        log.info("%s: %.2f h", shard, build(shard, options.out, options.root, options.hours))


if __name__ == "__main__":
    main()
