"""Heard phones for other programs: JSON, and Praat TextGrid. `phones_input` reads both again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from arkit.saving import replacing

from .alignment import viseme_posteriors, voice_activity
from .phones import SILENCE, VISEMES, VOWELS
from .pitch import pitch_track
from .recogniser import FEATURE_RATE, AlignedWord, Recognition, Samples
from .textgrid import Interval, Tier, write_textgrid

_DIGITS = 7  # of seconds: one sample at 16 kHz is 0.0000625 s


def recognition_json(heard: Recognition, curves: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what was heard as a JSON object; times are seconds.

    "phones": each with "phone", "start", "end", and for vowels "stress" 0..1 where the recogniser
    hears it. "words": of an obeyed transcript, with "confidence" 0..1. "notes": sentences.
    "curves": see `curves_of`, when given.
    """
    content: dict[str, Any] = {"phones": [_phone(p, heard.stress) for p in heard.phones]}
    if heard.words:
        content["words"] = [
            {
                "word": w.text, "start": round(w.start, _DIGITS), "end": round(w.end, _DIGITS),
                "confidence": round(w.confidence, 3),
            }
            for w in heard.words
        ]  # fmt: skip
    content["notes"] = list(heard.notes)
    return content if curves is None else {**content, "curves": curves}


def _phone(phone: Phone, stress: NDArray[np.float32] | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "phone": phone.phone,
        "start": round(phone.start, _DIGITS),
        "end": round(phone.end, _DIGITS),
    }
    if stress is not None and phone.phone in VOWELS:
        under = stress[round(phone.start * FEATURE_RATE) : round(phone.end * FEATURE_RATE)]
        told["stress"] = round(float(under.mean()), 3) if len(under) else 0.0
    return told


def curves_of(samples: Samples, heard: Recognition) -> dict[str, Any]:
    """Return the curves of a line at 100 Hz as JSON holds them, frame i at i / 100 s.

    "loudness_db" and "pitch_hz" (0 where nothing is voiced) always; "voice" and "stress" 0..1, and
    "visemes", one row of probabilities a frame in the order of "viseme_names", where the recogniser
    gives them.
    """
    curves: dict[str, Any] = {
        "frame_rate": FEATURE_RATE,
        "loudness_db": _rounded(heard.loudness, 1),
        "pitch_hz": _rounded(pitch_track(samples), 1),
    }
    if heard.posteriors is not None:
        curves["voice"] = _rounded(voice_activity(heard.posteriors), 3)
        curves["viseme_names"] = list(VISEMES)
        curves["visemes"] = _rounded(viseme_posteriors(heard.posteriors), 3)
    if heard.stress is not None:
        curves["stress"] = _rounded(heard.stress, 3)
    return curves


def _rounded(values: NDArray[np.float32], digits: int) -> list[Any]:
    return np.round(values.astype(np.float64), digits).tolist()


def phones_textgrid(
    phones: Sequence[Phone], seconds: float, words: Sequence[AlignedWord] = ()
) -> str:
    """Return a TextGrid with the tier "phones", and "words" when they are known.

    Silence is an empty label, as Praat and the common aligners write it.
    """
    heard = [Interval(p.start, p.end, "" if p.phone == SILENCE else p.phone) for p in phones]
    tiers = [Tier("phones", tuple(heard))]
    if words:
        said = tuple(Interval(w.start, w.end, w.text) for w in words if w.end > w.start)
        tiers.insert(0, Tier("words", said))
    return write_textgrid(tiers, seconds)


def write_phones(path: Path, heard: Recognition, curves: dict[str, Any] | None = None) -> None:
    """Write what was heard as the ending of `path` says: `.TextGrid`, anything else JSON."""
    if path.suffix.lower() == ".textgrid":
        text = phones_textgrid(heard.phones, heard.seconds, heard.words)
    else:
        text = json.dumps(recognition_json(heard, curves), ensure_ascii=False, indent=1)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
