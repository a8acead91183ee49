"""Synthetic voices that tell no phone times: the ears lay the text along what they said.

    python -m server.training.ears.untimed_voices --weights W --out CORPUS --root UNPACKED

SVOX Pico runs as a program, RHVoice is loaded into this process (never into the server). Both speak
with models of one person each. As with `corpus`, one setting of rate and warp is kept for a few
sentences, so that a training window hears one speaker.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import random
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from server.speech.ears_recogniser import EarsRecogniser
from server.training.ears.corpus import data_folder, resampled
from server.training.ears.errors import CorpusError
from server.training.ears.realign import Pronouncer, text_labels
from server.training.ears.shards import UNKNOWN, ShardWriter
from server.training.ears.synthesis import Say
from server.training.ears.texts import split_sentences

log = logging.getLogger(__name__)

LARGEST_WARP: Final = 0.18
"""Natural log of the largest resampling ratio."""
_RUN: Final = 6
_PEAK: Final = 0.5


@dataclass(frozen=True)
class UntimedVoice:
    """A voice: its shard's name, its program, what that calls it, language, hours and licence."""

    group: str
    engine: str
    voice: str
    language: str
    hours: float
    licence: str


_PICO: Final = "Apache-2.0 by its headers; the sources of the voice data were never published"
_RHVOICE: Final = "LGPL-2.1+; trained on CMU ARCTIC"
VOICES: Final = (
    UntimedVoice("pico_de", "pico", "de-DE", "de", 1.2, _PICO),
    UntimedVoice("pico_us", "pico", "en-US", "en", 0.8, _PICO),
    UntimedVoice("pico_gb", "pico", "en-GB", "en", 0.8, _PICO),
    UntimedVoice("rhvoice_bdl", "rhvoice", "Bdl", "en", 0.8, _RHVOICE),
    UntimedVoice("rhvoice_clb", "rhvoice", "Clb", "en", 0.8, _RHVOICE),
    UntimedVoice("pico_fr", "pico", "fr-FR", "fr", 0.4, _PICO),
    UntimedVoice("pico_es", "pico", "es-ES", "es", 0.4, _PICO),
    UntimedVoice("pico_it", "pico", "it-IT", "it", 0.4, _PICO),
)
"""RHVoice's Alan is left out: he is the speaker of the held-out voice awb."""


def pico_say(voice: str, request: Say) -> tuple[NDArray[np.float32], int] | None:
    """Return (samples, rate) of a sentence by SVOX Pico; None when it said nothing.

    Raises:
        CorpusError: it is not installed.
    """
    tags = f'<speed level="{100 * request.rate:.0f}"><pitch level="{100 * request.pitch:.0f}">'
    with tempfile.NamedTemporaryFile(suffix=".wav") as wave:
        text = f"{tags}{request.text}</pitch></speed>"
        try:
            subprocess.run(["pico2wave", "-l", voice, "-w", wave.name, text], check=False)
        except FileNotFoundError as error:
            raise CorpusError("SVOX Pico is not installed: install libttspico-utils") from error
        try:
            samples, rate = soundfile.read(wave.name, dtype="float32")
        except soundfile.LibsndfileError:
            return None
    return (np.asarray(samples, np.float32), int(rate)) if len(samples) > rate // 2 else None


_SET_RATE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_PLAY: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_uint, ctypes.c_void_p
)


class _Start(ctypes.Structure):
    """`RHVoice_init_params` with its callbacks; those that are not needed stay empty."""

    _fields_ = (
        ("data", ctypes.c_char_p), ("config", ctypes.c_char_p), ("resources", ctypes.c_void_p),
        ("set_rate", _SET_RATE), ("play", _PLAY), ("unused", ctypes.c_void_p * 7),
        ("options", ctypes.c_uint),
    )  # fmt: skip


class _Synthesis(ctypes.Structure):
    """`RHVoice_synth_params`."""

    _fields_ = (
        ("voice", ctypes.c_char_p), ("absolute", ctypes.c_double * 3),
        ("relative", ctypes.c_double * 3), ("punctuation", ctypes.c_int),
        ("listed", ctypes.c_char_p), ("capitals", ctypes.c_int), ("flags", ctypes.c_int),
    )  # fmt: skip


class RHVoice:
    """RHVoice's library with one engine.

    Raises:
        CorpusError: it, or its data, is not installed.
    """

    def __init__(self) -> None:
        try:
            self._library: Any = ctypes.CDLL("libRHVoice.so.5")
        except OSError as error:
            raise CorpusError("RHVoice is not installed: install librhvoice5") from error
        self._rate, self._pieces = 24_000, list[bytes]()
        self._start = _Start(b"/usr/share/RHVoice", b"/etc/RHVoice", None)
        self._start.set_rate, self._start.play = _SET_RATE(self._set_rate), _PLAY(self._play)
        self._library.RHVoice_new_tts_engine.restype = ctypes.c_void_p
        self._library.RHVoice_new_message.restype = ctypes.c_void_p
        engine = self._library.RHVoice_new_tts_engine(ctypes.byref(self._start))
        if not engine:
            raise CorpusError("RHVoice has no voices: install rhvoice-english")
        self._engine = ctypes.c_void_p(engine)

    def _set_rate(self, rate: int, _: object) -> int:
        self._rate = rate
        return 1

    def _play(self, samples: Any, n: int, _: object) -> int:
        self._pieces.append(ctypes.string_at(samples, 2 * n))
        return 1

    def say(self, voice: str, request: Say) -> tuple[NDArray[np.float32], int] | None:
        """Return (samples, rate) of a sentence; None when nothing was said."""
        self._pieces = []
        text, relative = request.text.encode(), (request.rate, request.pitch, 1.0)
        how = _Synthesis(voice.encode(), (0.0, 0.0, 0.0), relative)
        message = self._library.RHVoice_new_message(
            self._engine, text, len(text), 0, ctypes.byref(how), None
        )
        if not message:
            return None
        self._library.RHVoice_speak(ctypes.c_void_p(message))
        self._library.RHVoice_delete_message(ctypes.c_void_p(message))
        samples = np.frombuffer(b"".join(self._pieces), "<i2").astype(np.float32) / 32768
        return (samples, self._rate) if len(samples) > self._rate // 2 else None


def spoken(voice: UntimedVoice, root: Path, seed: int) -> Iterator[tuple[NDArray[np.float32], str]]:
    """Yield (16 kHz samples, text) without end."""
    rng = random.Random(f"{voice.group}-{seed}")
    texts = split_sentences(voice.language, root, data_folder(), test=False)
    rhvoice = RHVoice() if voice.engine == "rhvoice" else None
    while True:
        rate, pitch = rng.uniform(0.8, 1.35), rng.uniform(0.8, 1.25)
        warp = rng.uniform(-LARGEST_WARP, LARGEST_WARP)
        for _ in range(_RUN):
            say = Say(rng.choice(texts), rate, pitch)
            said = rhvoice.say(voice.voice, say) if rhvoice else pico_say(voice.voice, say)
            if said is not None:
                yield resampled(*said, warp)[0], say.text


def build(voice: UntimedVoice, ears: EarsRecogniser, out: Path, root: Path, seed: int = 0) -> float:
    """Write a voice's shard, labelled by the ears; returns its hours."""
    about = {"group": voice.group, "seed": seed, "licence": voice.licence}
    writer = ShardWriter(out, voice.group, about)
    pronouncer = Pronouncer()
    n_lines = n_dropped = 0
    for samples, text in spoken(voice, root, seed):
        n_lines += 1
        levelled = samples * (_PEAK / max(float(np.abs(samples).max()), 1e-6))
        labels = text_labels(
            ears.hear(levelled, voice.language).posteriors, pronouncer.words(text, voice.language)
        )
        if labels is None:
            n_dropped += 1
            continue
        stress = np.full(len(labels), UNKNOWN, np.uint8)
        writer.add_samples(levelled, labels, stress, voice.voice, text)
        if writer.n_frames >= voice.hours * 360_000:
            break
    writer.close()
    log.info("%s: %d lines, %d dropped", voice.group, n_lines, n_dropped)
    return writer.n_frames / 360_000


def main() -> None:
    """Build the shards that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="ears that label the speech")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--root", type=Path, default=Path("/"), help="where packages are unpacked")
    parser.add_argument("--group", nargs="*", help="shards to build; default: all")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    ears = EarsRecogniser(options.weights)
    for voice in VOICES:
        if not options.group or voice.group in options.group:
            log.info("%s: %.2f h", voice.group, build(voice, ears, options.out, options.root))


if __name__ == "__main__":
    main()
