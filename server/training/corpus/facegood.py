"""Real mouths: the facegood takes as utterances with a mask, their closures in our `mouthClose`.

The capture has sixteen mouth channels, no upper face, and shows closed lips as press and roll with
`mouthClose` at 0. Where it presses or rolls, or where the mouth is shut briefly within speech, a
contact is noted and the bounds of `arkit.closure` put `mouthClose` against what the jaw still
opens. Take 2_05 is for final tests and is never read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from arkit.clip import ArkitClip, Contact
from arkit.closure import impose_closure
from arkit.names import ARKIT_NAMES, INDEX
from arkit.retime import resample
from server.speech.recogniser import SAMPLE_RATE, loudness_db

from .errors import MaterialError
from .performing import Performance

TAKES: Final = ("1114_2_01", "1114_2_02", "1114_2_03", "1114_2_04")
VALID_SHARE: Final = 0.1
"""The end of each take that validates."""
_FPS: Final = 30.0
_PIECE: Final = 8.0  # seconds of an utterance
_PRESSING: Final = ("mouthPressLeft", "mouthRollUpper", "mouthRollLower")
_PRESSED: Final = 0.05
_SHUT: Final = 0.03
"""Sum of all that opens the mouth under which it is shut."""
_SPEAKING_DB: Final = -38.0
"""Louder than this within a fifth of a second: a shut mouth is a stop, not a rest."""
_LONGEST_STOP: Final = 0.34  # seconds; a slow speaker's /b/ is pressed for up to 9 frames
_OPENING: Final = (
    "jawOpen", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft", "mouthUpperUpLeft",
)  # fmt: skip
_ALSO_VALID: Final = ("mouthClose",)


@dataclass(frozen=True)
class RealPiece:
    """A piece of a take: what is seen, 16 kHz samples, loudness [F], valid channels, split."""

    name: str
    performance: Performance
    samples: NDArray[np.float32]
    loudness: NDArray[np.float32]
    valid: tuple[str, ...]
    split: str


def find_contacts(
    face: NDArray[np.float32], loudness: NDArray[np.float32], fps: float
) -> tuple[Contact, ...]:
    """Return where captured lips are closed within speech, from [T, 52] and dB [F] at 100 Hz."""
    pressed = face[:, [INDEX[name] for name in _PRESSING]].max(axis=1) > _PRESSED
    shut = face[:, [INDEX[name] for name in _OPENING]].sum(axis=1) < _SHUT
    found: list[Contact] = []
    for start, end in [*_runs(pressed, fps), *_runs(shut & ~pressed, fps)]:
        is_stop = end - start <= _LONGEST_STOP
        if is_stop and _speaking_near(0.5 * (start + end), loudness):
            found.append(Contact("lips", start, end - 1 / fps))
    return tuple(sorted(found, key=lambda contact: contact.start))


def _runs(mask: NDArray[np.bool_], fps: float) -> list[tuple[float, float]]:
    """Return start and end in seconds of each run of true frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask, [0]]).astype(np.int8))) / fps
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _speaking_near(when: float, loudness: NDArray[np.float32]) -> bool:
    first, last = (max(int((when + d) * 100), 0) for d in (-0.2, 0.2))
    near = loudness[first : last + 1]
    return bool(len(near) and near.max() > _SPEAKING_DB)


def real_pieces(folder: Path, fps: float) -> Iterator[RealPiece]:
    """Yield the pieces of the training takes at a frame rate.

    Raises:
        MaterialError: the folder or one of its files is missing.
    """
    try:
        with np.load(folder / "arkit_takes.npz") as takes:
            names = [str(name) for name in takes["names"]]
            captured = {take: takes[take] for take in TAKES}
    except (OSError, KeyError, ValueError) as error:
        raise MaterialError(f"no facegood takes in {folder}: {error}") from error
    for take, values in captured.items():
        samples, rate = soundfile.read(folder / f"{take}.flac", dtype="float32")
        if rate != SAMPLE_RATE:
            raise MaterialError(f"{take}.flac is {rate} Hz, expected {SAMPLE_RATE}")
        heard = np.asarray(samples, np.float32)
        yield from _pieces(take, _as_arkit(values, names), heard, fps)


def _as_arkit(values: NDArray[np.float32], names: list[str]) -> NDArray[np.float32]:
    # One column of the file is spelt "browDownleft".
    columns = {name.casefold(): i for i, name in enumerate(names)}
    face = np.zeros((len(values), len(ARKIT_NAMES)), np.float32)
    for name, column in INDEX.items():
        if name.casefold() in columns:
            face[:, column] = values[:, columns[name.casefold()]]
    return np.clip(face, 0.0, 1.0)


def _pieces(
    take: str, face: NDArray[np.float32], samples: NDArray[np.float32], fps: float
) -> Iterator[RealPiece]:
    loudness = loudness_db(samples)
    valid = tuple(
        name for name, column in INDEX.items() if face[:, column].any() or name in _ALSO_VALID
    )
    contacts = find_contacts(face, loudness, _FPS)
    closed = impose_closure(face, np.arange(len(face)) / _FPS, contacts)
    clip = resample(ArkitClip(closed, _FPS, contacts=contacts), fps)
    seconds = min(clip.seconds, len(samples) / SAMPLE_RATE)
    for number, start in enumerate(np.arange(0.0, seconds - _PIECE / 2, _PIECE)):
        end = min(start + _PIECE, seconds)
        first, last = round(start * fps), round(end * fps)
        lips = clip.coefficients[first:last]
        nothing = np.zeros_like(lips)
        inside = tuple(
            Contact(c.kind, c.start - start, c.end - start)
            for c in contacts
            if start <= c.start and c.end < end
        )
        performance = Performance(
            fps=fps,
            layers={"lips": lips, "emotion": nothing, "strips": nothing, "life": nothing},
            head=np.zeros((len(lips), 3), np.float32),
            eyes=np.zeros((len(lips), 2, 3), np.float32),
            contacts=inside,
        )
        heard = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        split = "valid" if start > (1 - VALID_SHARE) * seconds else "train"
        yield RealPiece(
            f"{take}-{number:02d}", performance, heard, loudness_db(heard), valid, split
        )
