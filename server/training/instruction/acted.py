"""Lines acted by rule: plain speech whose prosody is changed as the literature says emotions do.

For the default weights, which no recording of acted emotion may train but the Apache-2.0 samples.
Plain lines (synthetic voices, the MIT-licensed speaker of `facegood`, the samples' neutral clips)
are taken apart by WORLD (pyworld, MIT) into pitch, envelope and noise, changed, and put together.

Directions and rough sizes after Banse and Scherer (1996), Burkhardt and Sendlmeier (2000), Juslin
and Laukka (2003, Tab. 7), and Tartter (1980) for the smile's formants.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from server.training.ears.synthesis import Espeak, Say, Spoken, flite_say
from server.training.ears.voices import TRAINING_VARIANTS
from server.training.language.corpora import data_folder

from .recordings import RATE, Recording, a2f
from .truth import CALM, Cell

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Delivery:
    """How an emotion at full strength differs from plain speech.

    Attributes:
        rate: factor. pitch: octaves up. span: factor of the pitch range, in octaves.
        rise: octaves that the line's end goes up. tilt: dB an octave that high bands gain.
        breath: share of noise added. dynamics: factor of the loudness range.
        tremor: octaves of a 5-7 Hz shake. jitter: octaves of roughness. formants: factor.
    """

    rate: float = 1.0
    pitch: float = 0.0
    span: float = 1.0
    rise: float = 0.0
    tilt: float = 0.0
    breath: float = 0.0
    dynamics: float = 1.0
    tremor: float = 0.0
    jitter: float = 0.0
    formants: float = 1.0


DELIVERIES: Final[dict[str, Delivery]] = {
    "neutral": Delivery(),
    CALM: Delivery(rate=0.88, pitch=-0.08, span=0.75, tilt=-2.0, breath=0.25, dynamics=0.8),
    "happy": Delivery(rate=1.1, pitch=0.4, span=1.6, tilt=2.5, dynamics=1.15, formants=1.05),
    "sad": Delivery(rate=0.8, pitch=-0.05, span=0.55, rise=-0.1, tilt=-4.0, breath=0.45,
                    dynamics=0.75, tremor=0.02),
    "angry": Delivery(rate=1.1, pitch=0.35, span=1.5, tilt=5.0, dynamics=1.3, jitter=0.02),
    "fearful": Delivery(rate=1.2, pitch=0.55, span=0.9, rise=0.1, tilt=1.0, breath=0.25,
                        tremor=0.05),
    "disgusted": Delivery(rate=0.78, pitch=-0.12, tilt=0.5, dynamics=1.1, jitter=0.03,
                          formants=0.96),
    "surprised": Delivery(pitch=0.5, span=1.9, rise=0.35, tilt=1.5, breath=0.1, dynamics=1.1),
}  # fmt: skip

_STRENGTHS: Final = {"slightly": (0.2, 0.4), "clearly": (0.5, 0.8), "strongly": (1.0, 1.4)}
_SPREAD: Final = 0.25
"""Two performances of one emotion differ by about a quarter in each respect."""
_FRAME_MS: Final = 5.0

TEXTS: Final = (
    "The train leaves at seven from the second platform.", "She put the letters on the table.",
    "We walked along the river until it got dark.", "There are two cups left in the kitchen.",
    "He opened the window and looked at the garden.", "The shop on the corner closes at six.",
    "My brother called this morning about the car.", "They moved the chairs into the other room.",
    "It has been raining since yesterday evening.", "The children are waiting at the gate.",
    "Somebody left a bag under the seat.", "I will bring the papers back on Monday.",
    "The road turns left behind the church.", "You can see the harbour from the upper floor.",
    "The meeting was moved to the end of the week.", "Nobody has used that door for years.",
)  # fmt: skip
"""Plain sentences of our own, without feeling in their words."""


def acted(count: int, seed: int = 0) -> Iterator[Recording]:
    """`count` lines, every cell equally often, six of each plain line.

    Raises:
        ImportError: pyworld is not installed.
    """
    world: Any = importlib.import_module("pyworld")
    dice = np.random.default_rng(seed)
    cells = [Cell(e, w) for e in DELIVERIES if e != "neutral" for w in ("clearly", "strongly")]
    cells += [Cell("neutral"), Cell("neutral")]
    plain = _plain_lines(dice)
    made = 0
    while made < count:
        samples, speaker = next(plain)
        parts = _taken_apart(world, samples)
        for _ in range(6):
            cell = cells[made % len(cells)]
            delivery = _drawn(cell, dice)
            yield Recording(_put_together(world, parts, delivery, dice), cell, speaker, f"{made}")
            made += 1


def _drawn(cell: Cell, dice: np.random.Generator) -> Delivery:
    """A cell's delivery at a strength, with a performer's freedom."""
    low, high = _STRENGTHS[cell.word] if cell.word else (0.0, 0.0)
    strength = float(dice.uniform(low, high))
    full, plain = DELIVERIES[cell.emotion], Delivery()
    values: dict[str, float] = {}
    for item in fields(Delivery):
        rest: float = getattr(plain, item.name)
        away = (getattr(full, item.name) - rest) * strength * dice.normal(1.0, _SPREAD)
        values[item.name] = rest + away
    values["rate"] *= float(np.exp(dice.normal(0.0, 0.08)))
    values["pitch"] += float(dice.normal(0.0, 0.08))
    values["tilt"] += float(dice.normal(0.0, 1.0))
    values["span"] = max(values["span"] * float(np.exp(dice.normal(0.0, 0.15))), 0.2)
    return Delivery(**values)


@dataclass(frozen=True)
class _Parts:
    """WORLD's analysis at 5 ms: pitch [N] in Hz (0 unvoiced), envelope, aperiodicity [N, K]."""

    pitch: Array
    envelope: Array
    noise: Array


def _taken_apart(world: Any, samples: NDArray[np.float32]) -> _Parts:
    x = samples.astype(np.float64)
    rough, clock = world.dio(x, RATE, frame_period=_FRAME_MS)
    pitch = world.stonemask(x, rough, clock, RATE)
    return _Parts(
        pitch, world.cheaptrick(x, pitch, clock, RATE, fft_size=1024),
        world.d4c(x, pitch, clock, RATE, fft_size=1024),
    )  # fmt: skip


def _put_together(
    world: Any, parts: _Parts, how: Delivery, dice: np.random.Generator
) -> NDArray[np.float32]:
    places = np.arange(0, len(parts.pitch) - 1, np.clip(how.rate, 0.4, 2.0))
    rows = np.round(places).astype(int)
    pitch = _changed_pitch(parts.pitch[rows], how, dice)
    envelope = _changed_envelope(parts.envelope[rows], how)
    noise = np.clip(parts.noise[rows] + np.clip(how.breath, 0.0, 0.8) * 0.5, 0.0, 1.0)
    samples = world.synthesize(
        pitch, np.ascontiguousarray(envelope), np.ascontiguousarray(noise), RATE, _FRAME_MS
    )
    return (0.2 * samples / max(float(np.abs(samples).max()), 1e-6)).astype(np.float32)


def _changed_pitch(pitch: Array, how: Delivery, dice: np.random.Generator) -> Array:
    voiced = pitch > 0
    if not voiced.any():
        return pitch
    octaves = np.log2(np.maximum(pitch, 1.0))
    median = float(np.median(octaves[voiced]))
    clock = np.arange(len(pitch)) * _FRAME_MS / 1000
    along = np.linspace(-0.3, 1.0, len(pitch))
    shake = how.tremor * np.sin(2 * np.pi * dice.uniform(5, 7) * clock)
    rough = how.jitter * dice.standard_normal(len(pitch))
    changed = median + how.pitch + how.span * (octaves - median) + how.rise * along**3
    return np.where(voiced, np.clip(2 ** (changed + shake + rough), 55.0, 700.0), 0.0)


def _changed_envelope(envelope: Array, how: Delivery) -> Array:
    n_bins = envelope.shape[1]
    hertz = np.arange(n_bins) * RATE / 2 / (n_bins - 1)
    source = np.clip(np.arange(n_bins) / how.formants, 0, n_bins - 1)
    low = source.astype(int)
    share = source - low
    high = np.minimum(low + 1, n_bins - 1)
    moved = envelope[:, low] * (1 - share) + envelope[:, high] * share
    tilt = 10 ** (how.tilt * np.log2(np.maximum(hertz, 200.0) / 1000.0) / 10)
    energy = np.log(moved.sum(1) + 1e-12)
    loud = float(np.percentile(energy, 90))
    gain = np.exp((how.dynamics - 1.0) * np.clip(energy - loud, -5.0, 1.0))
    return moved * tilt * gain[:, None]


# --- plain lines -------------------------------------------------------------------------------


def _plain_lines(dice: np.random.Generator) -> Iterator[tuple[NDArray[np.float32], str]]:
    """Speech without feeling, half of it by people: samples at 16 kHz and the speaker."""
    people = list(_people())
    while True:
        if dice.random() < 0.4:
            yield people[dice.integers(len(people))]
            continue
        text = TEXTS[dice.integers(len(TEXTS))]
        spoken, name = _synthetic(text, dice)
        if spoken is not None and len(spoken.samples) > spoken.sample_rate:
            samples = resample_poly(spoken.samples, RATE, spoken.sample_rate)
            yield np.asarray(samples, np.float32), name


_FLITE: Final = (("slt", 175.0), ("rms", 100.0), ("kal16", 105.0), ("awb", 130.0))


def _synthetic(text: str, dice: np.random.Generator) -> tuple[Spoken | None, str]:
    if dice.random() < 0.5:
        voice, hertz = _FLITE[dice.integers(len(_FLITE))]
        say = Say(text, float(dice.uniform(0.9, 1.1)), float(dice.uniform(0.95, 1.05)))
        return flite_say(voice, say, hertz), f"flite_{voice}"
    variant = str(dice.choice(TRAINING_VARIANTS))
    say = Say(text, float(dice.uniform(0.9, 1.15)), float(dice.uniform(0.85, 1.2)))
    return _espeak().say(f"en-us+{variant}", say, int(dice.uniform(35, 55))), f"espeak_{variant}"


@lru_cache(maxsize=1)
def _espeak() -> Espeak:
    return Espeak()


_PIECE: Final = 3 * RATE


def _people() -> Iterator[tuple[NDArray[np.float32], str]]:
    """Pieces of three seconds of the MIT-licensed speaker and of the samples' neutral clips."""
    for recording in a2f():
        if recording.cell.emotion == "neutral":
            yield recording.samples, recording.speaker
    for path in sorted((data_folder() / "facegood").glob("1114_3_*.flac"))[:8]:
        read, _ = soundfile.read(path, dtype="float32")
        samples = np.asarray(read, np.float32)
        for start in range(RATE, len(samples) - _PIECE, 3 * _PIECE):
            yield samples[start : start + _PIECE], "facegood"
