"""Lines whose phones are known with times: a synthetic voice, and recordings labelled by hand.

The synthetic voice (flite's `awb`) takes no part in any fit. The recordings are in the folder of
recordings; what is absent is left out with a reason.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from arkit.clip import Phone
from server.generators.base import Speech
from server.speech.notations import NotationError, read_emodb, read_flite_durations, read_textgrid
from server.speech.recogniser import SAMPLE_RATE, Samples, loudness_db

SENTENCES: Final[tuple[str, ...]] = (
    "My mother bought a big blue bubble pipe in the middle of May.",
    "Peter may put the lamp by the window before five.",
    "We hope people from both rooms come to the beach tomorrow.",
    "Five brave women moved far above the village.",
    "Please bring me a cup of hot tea and some bread.",
    "Do you remember the time when we climbed up the mountain?",
    "Bob is rubbing his arm with a damp piece of cloth.",
    "The ship came back empty because of the bad weather.",
    "Nobody believed that the baby slept all afternoon.",
    "A simple map would have helped them to stop in time.",
    "Sam and Pam jumped over the pump and ran home.",
    "He put the book back on the table and shut up the shop.",
    "Maybe the problem is bigger than people suppose.",
    "Keep your promise, or pay the price by Monday morning.",
    "Some apples fell from the pile and rolled down the ramp.",
    "The member of the board gave a public speech about poverty.",
    "Go home, warm up, and drink a mug of milk.",
    "The drum beat like rain upon the metal roof.",
    "I am happy to be part of this company.",
    "The zebra grabbed an apple and escaped from the camp.",
)
"""Ordinary sentences with many bilabials; nothing learned from them."""
_VOICE: Final = "awb"


@dataclass(frozen=True)
class SpokenLine:
    """Samples at 16 kHz with the phones that were really spoken."""

    name: str
    language: str
    samples: Samples
    phones: tuple[Phone, ...]

    @property
    def speech(self) -> Speech:
        """The line as it would be heard without a single mistake."""
        seconds = len(self.samples) / SAMPLE_RATE
        return Speech(self.samples, seconds, self.phones, loudness_db(self.samples))


def synthetic_lines() -> Iterator[SpokenLine]:
    """Speak `SENTENCES` with flite; nothing where flite is not installed."""
    if shutil.which("flite") is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        for number, sentence in enumerate(SENTENCES):
            path = Path(folder) / f"{number}.wav"
            spoken = subprocess.run(
                ["flite", "-voice", _VOICE, "-psdur", "-o", str(path), "-t", sentence],
                capture_output=True,
                text=True,
                check=True,
            )
            phones = read_flite_durations(spoken.stdout)
            yield SpokenLine(f"{_VOICE}-{number}", "en", _read(path), phones)


def emodb_lines(data: Path) -> Iterator[SpokenLine]:
    """Read the Berlin recordings with labels by hand; files without labels are left out."""
    for path in sorted((data / "emodb").glob("*.flac")):
        try:
            phones = read_emodb(path.with_suffix(".lablaut"))
        except NotationError:
            continue  # two label files are empty
        yield SpokenLine(path.stem, "de", _read(path), phones)


def english_lines(data: Path) -> Iterator[SpokenLine]:
    """Read the aligned English recordings."""
    for path in sorted((data / "aligned_english").glob("*.flac")):
        yield SpokenLine(path.stem, "en", _read(path), read_textgrid(path.with_suffix(".TextGrid")))


def _read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != SAMPLE_RATE:
        raise ValueError(f"{path.name} has {rate} Hz, expected {SAMPLE_RATE}")
    return np.asarray(samples, np.float32)
