"""Windows for training: lines of one speaker in a row, pauses between, from many shards."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.speech.features import N_MELS, POWER_FLOOR, SPEECH_RANGE
from server.training.ears.shards import UNKNOWN, Shard, read_shard
from server.training.ears.voices import HUMAN_VOICES

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 90
"""Frames of silence put before a line or between two."""
_SHORTEST_BREATH = 18
_BREATH_LEVEL = (-9.0, -3.0)
"""Log mel power at the height of a breath; a levelled line's vowels have about 2 to 6."""
_SIL = 0
_LANGUAGE_OF: Final[dict[str, str]] = {
    **{v.group: v.language for v in HUMAN_VOICES},
    **dict.fromkeys(("pico_us", "pico_gb", "rhvoice_bdl", "rhvoice_clb", "mbrola_en"), "en"),
    **dict.fromkeys(("real_digits", "real_en_allison", "real_ravdess"), "en"),
    **dict.fromkeys(("pico_de", "mbrola_de", "real_emodb"), "de"),
    **dict.fromkeys(("real_it_carlo", "real_it_menardi"), "it"),
    **dict.fromkeys(("real_fr_june", "real_fr_armelle"), "fr"),
    "real_es_allison": "es", "real_ru_maxim": "ru", "real_facegood": "cmn",
}  # fmt: skip
"""Shard -> language; those of espeak-ng name it with each voice, others hold several."""
_BEGINS = 0.45
"""Share of windows that start where a line does, usually with silence."""


@dataclass(frozen=True)
class Batch:
    """log mels float32 [B, F, 80]; phone and stress uint8 [B, F], 255 = unknown.

    `begins` bool [B]: the window starts where a line does. `languages`: of each, "" if unknown.
    """

    mel: NDArray[np.float32]
    phone: NDArray[np.uint8]
    stress: NDArray[np.uint8]
    begins: NDArray[np.bool_]
    languages: tuple[str, ...]


class Mixture:
    """Draws windows from shards by weight; shards that appear later are taken in by `reload`.

    Args:
        folder: of the shards. weights: shard name -> share of the windows.
        frames: length of a window. seed: same seed, same windows.
        tempo: largest log factor by which speech is made faster or slower, its pitch and formants
            as they are. breaths: share of the pauses in which somebody breathes.
    """

    def __init__(
        self,
        folder: Path,
        weights: dict[str, float],
        frames: int,
        seed: int,
        *,
        tempo: float = 0.0,
        breaths: float = 0.0,
    ) -> None:
        self._folder, self._weights, self._frames = folder, weights, frames
        self._tempo, self._breaths = tempo, breaths
        self._rng = np.random.default_rng(seed)
        self._changed: dict[str, float] = {}
        self.shards: list[Shard] = []
        self.reload()

    def reload(self) -> None:
        """Open the shards that are there now, again where they were rewritten."""
        found = [n for n in self._weights if (self._folder / f"{n}.json").exists()]
        changed = {n: (self._folder / f"{n}.json").stat().st_mtime for n in found}
        if changed == self._changed:
            return
        self._changed = changed
        self.shards = [read_shard(self._folder, name) for name in found]
        shares = np.array([self._weights[s.name] for s in self.shards])
        self._shares = shares / shares.sum()
        lengths = [np.array([u["n"] for u in s.utterances], np.float64) for s in self.shards]
        self._edges = [np.cumsum(n) / n.sum() for n in lengths]
        log.info("%d shards, %.1f h", len(found), sum(s.hours for s in self.shards))

    def batch(self, n: int) -> Batch:
        """Draw `n` windows."""
        mel = np.full((n, self._frames, N_MELS), np.log(POWER_FLOOR), np.float32)
        phone = np.full((n, self._frames), _SIL, np.uint8)
        stress = np.full((n, self._frames), UNKNOWN, np.uint8)
        drawn = [self._fill(mel[i], phone[i], stress[i]) for i in range(n)]
        begins = np.array([begin for begin, _ in drawn])
        return Batch(mel, phone, stress, begins, tuple(language for _, language in drawn))

    def _fill(
        self, mel: NDArray[np.float32], phone: NDArray[np.uint8], stress: NDArray[np.uint8]
    ) -> tuple[bool, str]:
        """Fill one window; returns whether it begins where a line does, and its language."""
        if self._tempo == 0.0:
            return self._lines_into(mel, phone, stress)
        place = tempo_curve(self._rng, len(mel), self._tempo)
        n = int(place[-1]) + 2
        source = np.full((n, N_MELS), np.log(POWER_FLOOR), np.float32)
        labels, stresses = np.full(n, _SIL, np.uint8), np.full(n, UNKNOWN, np.uint8)
        drawn = self._lines_into(source, labels, stresses)
        before, part = place.astype(np.int64), (place % 1.0).astype(np.float32)[:, None]
        mel[:] = source[before] * (1 - part) + source[before + 1] * part
        nearest = np.round(place).astype(np.int64)
        phone[:], stress[:] = labels[nearest], stresses[nearest]
        return drawn

    def _lines_into(
        self, mel: NDArray[np.float32], phone: NDArray[np.uint8], stress: NDArray[np.uint8]
    ) -> tuple[bool, str]:
        which = int(self._rng.choice(len(self.shards), p=self._shares))
        shard = self.shards[which]
        line = int(np.searchsorted(self._edges[which], self._rng.random()))
        length = shard.utterances[line]["n"]
        language = language_of(shard.name, shard.utterances[line]["voice"])
        begins = bool(self._rng.random() < _BEGINS)
        last = 1 if begins else max(1, length - 50)
        skip = int(self._rng.integers(-_LONGEST_PAUSE if begins else 0, last))
        at, skip = max(0, -skip), max(0, skip)
        self._breathe(mel[:at])
        while at < len(mel) and line < len(shard.utterances):
            entry = shard.utterances[line]
            first = entry["start"] + skip
            n = min(len(mel) - at, entry["n"] - skip)
            mel[at : at + n] = shard.mel[first : first + n]
            phone[at : at + n] = shard.phone[first : first + n]
            stress[at : at + n] = shard.stress[first : first + n]
            at += n
            pause = int(self._rng.integers(0, _LONGEST_PAUSE))
            self._breathe(mel[at : at + pause])
            at += pause
            if line + 1 < len(shard.utterances) and language != language_of(
                shard.name, shard.utterances[line + 1]["voice"]
            ):
                language = ""
            line, skip = line + 1, 0
        return begins, language

    def _breathe(self, pause: NDArray[np.float32]) -> None:
        """Put a breath into silence [F, N_MELS], in place: noise that swells, label silence."""
        rng, n = self._rng, len(pause)
        if self._breaths == 0.0 or n < _SHORTEST_BREATH or rng.random() >= self._breaths:
            return
        length = int(rng.integers(_SHORTEST_BREATH, min(n, 70) + 1))
        at = int(rng.integers(0, n - length + 1))
        swell = 2 * np.log(np.sin(np.linspace(0.1, np.pi - 0.1, length)))[:, None]
        colour = np.interp(np.arange(N_MELS), np.linspace(0, N_MELS, 7), rng.normal(0, 1.2, 7))
        texture = np.log(rng.gamma(3.0, 1 / 3.0, (length, N_MELS)) + 1e-3)
        breath = rng.uniform(*_BREATH_LEVEL) + swell + colour + texture
        part = pause[at : at + length]
        part[:] = np.logaddexp(part, breath)


def language_of(shard: str, voice: str) -> str:
    """Return the code of the language that a voice of a shard speaks, "" when it is not known."""
    if shard.removeprefix("test_").startswith("espeak_"):
        return voice.split("+", maxsplit=1)[0].split("-", maxsplit=1)[0]
    return _LANGUAGE_OF.get(shard, "")


def tempo_curve(rng: np.random.Generator, n_frames: int, largest: float) -> NDArray[np.float64]:
    """Return the place in the source of each of `n_frames`, from 0 on.

    A window has its own rate and, inside it, speeds up and slows down as emotional speech does.
    """
    knots = rng.uniform(-largest, largest) + rng.normal(0, largest / 3, 6)
    at = np.linspace(0, 5, n_frames)
    rate = np.exp(np.interp(at, np.arange(6), np.clip(knots, -1.5 * largest, 1.5 * largest)))
    return np.cumsum(rate) - rate[0]


def speech_mean(shards: list[Shard], n_utterances: int = 60, seed: int = 0) -> NDArray[np.float32]:
    """Return the mean of (log mel - level) over speech frames, [80]: the normalisation's prior."""
    rng = np.random.default_rng(seed)
    total, weight = np.zeros(N_MELS), 0.0
    for shard in shards:
        for i in rng.choice(len(shard.utterances), min(n_utterances, len(shard.utterances))):
            entry = shard.utterances[int(i)]
            x = np.asarray(shard.mel[entry["start"] : entry["start"] + entry["n"]], np.float64)
            energy = np.logaddexp.reduce(x, axis=1)
            speech = energy > energy.max() - SPEECH_RANGE
            total += (x[speech] - energy.max()).sum(0) / len(shards)
            weight += float(speech.sum()) / len(shards)
    return (total / max(weight, 1.0)).astype(np.float32)
