"""A picture of what was heard: waveform, phones, loudness, pitch and soft visemes over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.speech.alignment import DOUBTFUL
from server.speech.phones import BILABIALS, LABIODENTALS, SILENCE, VISEMES, VOWELS
from server.speech.pitch import pitch_track
from server.speech.recogniser import FEATURE_RATE, SAMPLE_RATE, AlignedWord, Samples, loudness_db

_COLOURS: Final = {"closed": "#c0392b", "contact": "#e67e22", "other": "#dfe6ee", "sil": "#ffffff"}
_LONGEST_SECONDS: Final = 60.0
_WIDTH_PER_SECOND: Final = 1.6


def plot_phones(
    path: Path,
    samples: Samples,
    phones: Sequence[Phone],
    visemes: NDArray[np.float32] | None = None,
    words: Sequence[AlignedWord] = (),
    *,
    voice: NDArray[np.float32] | None = None,
    stress: NDArray[np.float32] | None = None,
) -> None:
    """Write a PNG of a line; beyond a minute only its first minute is drawn.

    Args:
        path: of the PNG.
        samples: float32 [S], 16 kHz mono.
        phones: with times; closed lips are red, lip-teeth contacts orange.
        visemes: float32 [F, len(VISEMES)] at 100 Hz, or None.
        words: of an aligned transcript, or none; doubtful ones are red, in brackets.
        voice: probability of speech, float32 [F], or None.
        stress: probability of a stressed vowel, float32 [F], or None; drawn under vowels.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    samples = samples[: int(_LONGEST_SECONDS * SAMPLE_RATE)]
    seconds = max(len(samples) / SAMPLE_RATE, 0.1)
    n_rows = 3 if visemes is None else 4
    heights = [1.2, 0.6, 1.0, 1.6][:n_rows]
    size = (max(8.0, min(48.0, seconds * _WIDTH_PER_SECOND)), 1.9 * sum(heights))
    figure, axes = plt.subplots(
        n_rows, 1, sharex=True, figsize=size, gridspec_kw={"height_ratios": heights}
    )
    step = max(1, len(samples) // 20_000)
    axes[0].plot(np.arange(0, len(samples), step) / SAMPLE_RATE, samples[::step], lw=0.5, c="#345")
    axes[0].set_ylabel("waveform")
    _draw_phones(axes[1], phones, words, seconds)
    _draw_curves(axes[2], samples)
    _draw_likely(axes[0], phones, voice, stress)
    if visemes is not None:
        extent = (0.0, len(visemes) / FEATURE_RATE, len(VISEMES) - 0.5, -0.5)
        axes[3].imshow(visemes.T, aspect="auto", extent=extent, cmap="magma", vmin=0, vmax=1)
        axes[3].set_yticks(range(len(VISEMES)), VISEMES, fontsize=7)
        axes[3].set_ylabel("visemes")
    axes[-1].set_xlim(0, seconds)
    axes[-1].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_phones(
    axis, phones: Sequence[Phone], words: Sequence[AlignedWord], seconds: float
) -> None:
    for p in phones:
        if p.start > seconds:
            break
        kind = (
            "closed" if p.phone in BILABIALS else "contact" if p.phone in LABIODENTALS else "other"
        )
        colour = _COLOURS["sil" if p.phone == SILENCE else kind]
        axis.axvspan(p.start, p.end, ymin=0.0, ymax=0.6, facecolor=colour, edgecolor="#aab", lw=0.4)
        if p.phone != SILENCE:
            middle = (p.start + p.end) / 2
            axis.text(middle, 0.3, p.phone, ha="center", va="center", fontsize=8, clip_on=True)
    for w in words:
        middle = (w.start + w.end) / 2
        doubtful = w.confidence < DOUBTFUL
        axis.text(
            middle, 0.8, f"({w.text})" if doubtful else w.text, ha="center", va="center",
            fontsize=8, clip_on=True, color="#c0392b" if doubtful else "#000000",
        )  # fmt: skip
    axis.set_ylim(0, 1)
    axis.set_yticks([])
    axis.set_ylabel("phones")


def _draw_likely(
    axis,
    phones: Sequence[Phone],
    voice: NDArray[np.float32] | None,
    stress: NDArray[np.float32] | None,
) -> None:
    """Draw probabilities over the waveform, 0 at its foot and 1 at its head."""
    if voice is None:
        return
    other = axis.twinx()
    times = np.arange(len(voice)) / FEATURE_RATE
    other.plot(times, voice, c="#2a8", lw=0.8, label="voice")
    if stress is not None:
        inside = np.zeros(len(times), bool)
        for _, start, end in (p for p in phones if p.phone in VOWELS):
            inside[round(start * FEATURE_RATE) : round(end * FEATURE_RATE) + 1] = True
        other.fill_between(
            times, 0, stress, where=inside, color="#e67e22", alpha=0.35, lw=0, label="stress"
        )
    other.set_ylim(0, 1.02)
    other.set_ylabel("voice, stress")
    other.legend(loc="upper right", fontsize=7)


def _draw_curves(axis, samples: Samples) -> None:
    loudness = loudness_db(samples)
    times = np.arange(len(loudness)) / FEATURE_RATE
    axis.plot(times, loudness, c="#2c6", lw=1)
    axis.set_ylabel("loudness, dB")
    pitch = pitch_track(samples)
    other = axis.twinx()
    other.plot(times, np.where(pitch > 0, pitch, np.nan), ".", c="#36c", ms=2)
    other.set_ylabel("pitch, Hz")
