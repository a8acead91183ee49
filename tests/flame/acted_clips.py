"""Clips as the product makes them: articulated speech under strong feelings; random faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip, Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.training.corpus.feelings import families
from server.training.corpus.hearing import Line
from server.training.corpus.performing import perform
from server.training.corpus.programmes import programme_for
from server.training.corpus.scenes import Scene

FEELINGS = ("rage", "terror")
_SOUNDS = (
    "sil", "p", "ɑ", "m", "u", "b", "ɔ", "t", "f", "i", "n", "sil", "w", "ʌ", "n", "b", "æ", "d",
    "ɹ", "i", "m", "v", "o", "p", "ə", "sil",
)  # fmt: skip


def spoken_line(repeats: int = 1) -> Line:
    """A line with lip closures, rounded and spread vowels."""
    rng = np.random.default_rng(5)
    clock, phones = 0.0, []
    for sound in _SOUNDS * repeats:
        length = 0.3 if sound == "sil" else float(rng.uniform(0.06, 0.16))
        phones.append(Phone(sound, clock, clock + length))
        clock += length
    loudness = np.full(int(clock * 100) + 1, -25.0, np.float32)
    return Line(clock, tuple(phones), (None,) * len(phones), loudness)


def acted(feeling: str, fps: float = 60.0, repeats: int = 1) -> ArkitClip:
    """The line under a feeling, as the performed corpus has it."""
    scene = Scene(
        number=5, split="train", voice="silence", language="en", texts=(), actor="Ada",
        emotion=families()[feeling].emotion, intensity=0.9, families=((feeling, 1.0),),
        in_turn=False, words=(feeling,), word_strengths=(1.0,), direction=feeling,
        with_strips=False, rate=1.0, pitch=1.0, pitch_range=1.0, warp=0.0, level_db=0.0,
        seconds=3.0,
    )  # fmt: skip
    return perform(programme_for(scene, spoken_line(repeats), 1), fps).clip()


def random_faces(n_faces: int, seed: int = 0) -> NDArray[np.float32]:
    """Faces [N, 52] with some shapes each; gaze and jaw go one way at a time."""
    rng = np.random.default_rng(seed)
    faces = rng.uniform(0, 1, (n_faces, 52)) * (rng.uniform(0, 1, (n_faces, 52)) < 0.15)
    for one, other in (
        *((f"eyeLookUp{s}", f"eyeLookDown{s}") for s in ("Left", "Right")),
        *((f"eyeLookIn{s}", f"eyeLookOut{s}") for s in ("Left", "Right")),
        ("jawLeft", "jawRight"),
    ):
        faces[:, INDEX[one]] *= faces[:, INDEX[other]] == 0
    return faces.astype(np.float32)


def figures(
    before: NDArray[np.float32], after: NDArray[np.float32]
) -> dict[str, tuple[float, float]]:
    """Correlation, and mean error as a share of its range, of each channel that moves by .05."""
    found = {}
    for column, name in enumerate(ARKIT_NAMES):
        x, y = before[:, column], after[:, column]
        if np.ptp(x) >= 0.05:
            r = float(np.corrcoef(x, y)[0, 1])
            found[name] = (r, float(np.abs(x - y).mean() / np.ptp(x)))
    return found
