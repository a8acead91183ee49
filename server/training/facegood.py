"""The captured takes of `data/facegood` as ARKit channels beside their sound.

One speaker, Mandarin, mouth only, left equal to right. Takes 2_01 to 2_04 calibrate; 2_05 is looked
at once a release. Their convention for closed lips is press and roll: `mouthClose` is always 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from server.speech.recogniser import SAMPLE_RATE, Samples

CALIBRATION_TAKES: Final[tuple[str, ...]] = ("1114_2_01", "1114_2_02", "1114_2_03", "1114_2_04")
TEST_TAKE: Final = "1114_2_05"
CAPTURE_FPS: Final = 30.0
MOVING: Final = 0.005
"""Standard deviation over a take from which a channel counts as moving."""


@dataclass(frozen=True)
class Take:
    """Sound [S] at 16 kHz, and captured coefficients [T, C] at 30 fps of the named channels."""

    name: str
    samples: Samples
    channels: tuple[str, ...]
    coefficients: NDArray[np.float32]

    @property
    def moving(self) -> tuple[str, ...]:
        """Channels that move in this take, the left of each pair only."""
        spread = self.coefficients.std(axis=0)
        return tuple(
            name
            for name, value in zip(self.channels, spread, strict=True)
            if value >= MOVING and not name.endswith("Right")
        )

    def curve(self, name: str) -> NDArray[np.float32]:
        """Return one captured channel, [T]."""
        return self.coefficients[:, self.channels.index(name)]


def load_take(data: Path, name: str) -> Take:
    """Read one take from the folder of recordings.

    Raises:
        FileNotFoundError: the recordings are not there.
    """
    samples, rate = soundfile.read(data / "facegood" / f"{name}.flac", dtype="float32")
    if rate != SAMPLE_RATE:
        raise ValueError(f"take {name} has {rate} Hz, expected {SAMPLE_RATE}")
    with np.load(data / "facegood" / "arkit_takes.npz") as takes:
        return Take(
            name,
            np.asarray(samples, np.float32),
            tuple(str(n) for n in takes["names"]),
            takes[name],
        )
