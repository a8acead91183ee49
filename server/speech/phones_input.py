"""Corrected phones from a file: JSON as `phones_output` writes it, or any Praat TextGrid.

Strict: a file that does not say clearly what is to be mouthed is refused in one sentence.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from arkit.clip import Phone

from .notations import ARPABET, NotationError, own_phones
from .notations_espeak import ipa_to_phones
from .phones import PHONES, SILENCE
from .recogniser import SpeechError
from .textgrid import TextGridError, read_textgrid_tiers

SUFFIXES: Final = (".json", ".textgrid")  # in lower case
TOLERANCE: Final = 1e-3
"""Seconds by which rounded times may overlap."""
LENGTH_TOLERANCE: Final = 0.02
"""Seconds by which the last phone may end behind the recording: formats cut lengths differently."""
_TIER_NAMES: Final = ("phones", "phone", "phonemes", "phoneme", "segments", "mau", "sounds")


class PhonesFileError(SpeechError):
    """A file of phones cannot be obeyed; the sentence says where and why."""

    code = "bad_request"


def read_phones(path: Path, seconds: float | None = None) -> tuple[Phone, ...]:
    """Return the phones of a file, in our symbols; gaps between them are silence.

    Args:
        path: JSON `{"phones": [{"phone", "start", "end"}, ...]}`, or a TextGrid with a tier
            "phones" (or one tier only). Symbols are ours or ARPABET; an empty label is silence.
        seconds: length of the line, when known.

    Raises:
        PhonesFileError: it cannot be read, or a symbol or time in it cannot be obeyed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PhonesFileError(f"'{path}' cannot be read: {error.strerror}.") from error
    if path.suffix.lower() not in SUFFIXES:
        raise PhonesFileError(f"'{path.name}' holds no phones.", "Give a .json or .TextGrid file.")
    is_json = path.suffix.lower() == ".json"
    given = _from_json(path, data) if is_json else _from_textgrid(path, data)
    _check_times(path, given, seconds)
    return own_phones(p._replace(phone=_known(path, p)) for p in given)


def _from_json(path: Path, data: bytes) -> list[Phone]:
    try:
        found = json.loads(data.decode("utf-8-sig" if b"\0" not in data[:4] else "utf-16"))
    except json.JSONDecodeError as error:
        raise PhonesFileError(
            f"'{path.name}' is no JSON: {error.msg} in line {error.lineno}."
        ) from error
    except ValueError as error:
        raise PhonesFileError(f"'{path.name}' is no JSON: it is no text.") from error
    listed = found.get("phones") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise PhonesFileError(
            f"'{path.name}' has no list named 'phones'.",
            'Write {"phones": [{"phone": "p", "start": 0.1, "end": 0.2}, ...]}.',
        )
    return [_entry(path, number, entry) for number, entry in enumerate(listed, 1)]


def _entry(path: Path, number: int, entry: object) -> Phone:
    where = f"Entry {number} of 'phones' in '{path.name}'"
    if not isinstance(entry, dict):
        raise PhonesFileError(f"{where} is {json.dumps(entry)}, not an object.")
    missing = [key for key in ("phone", "start", "end") if key not in entry]
    if missing:
        raise PhonesFileError(f"{where} has no '{missing[0]}'.")
    if not isinstance(entry["phone"], str):
        raise PhonesFileError(f"{where} has {json.dumps(entry['phone'])} as its phone, not a text.")
    for key in ("start", "end"):
        if isinstance(entry[key], bool) or not isinstance(entry[key], int | float):
            raise PhonesFileError(f"{where} has {json.dumps(entry[key])} as its {key}, no number.")
    return Phone(entry["phone"], float(entry["start"]), float(entry["end"]))


def _from_textgrid(path: Path, data: bytes) -> list[Phone]:
    try:
        tiers = read_textgrid_tiers(data)
    except TextGridError as error:
        raise PhonesFileError(f"'{path.name}' cannot be read: {_lowered(error)}.") from error
    names = [tier.name for tier in tiers]
    chosen = [t for t in tiers if t.name.lower().split("-")[-1].strip() in _TIER_NAMES]
    if len(chosen) > 1:
        raise PhonesFileError(
            f"'{path.name}' has several tiers of phones: {_listed([t.name for t in chosen])}.",
            "Keep one of them.",
        )
    if not chosen and len(tiers) != 1:
        has = f"only {_listed(names)}" if names else "none at all"
        raise PhonesFileError(f"'{path.name}' has no tier named 'phones', {has}.")
    return [
        Phone(label.strip() or SILENCE, start, end)
        for start, end, label in (chosen or tiers)[0].intervals
    ]


def _lowered(error: SpeechError) -> str:
    return error.message[:1].lower() + error.message[1:]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _check_times(path: Path, phones: Sequence[Phone], seconds: float | None) -> None:
    if not any(p.phone != SILENCE for p in phones):
        raise PhonesFileError(
            f"'{path.name}' holds no phone that is heard.", "Leave it out to let the ears listen."
        )
    clock, before = 0.0, ""
    for phone, start, end in phones:
        what = f"'{phone}' in '{path.name}'"
        if not (math.isfinite(start) and math.isfinite(end)) or not 0 <= start < end:
            raise PhonesFileError(f"{what} runs from {start:g} s to {end:g} s.")
        if start < clock - TOLERANCE:
            raise PhonesFileError(
                f"{what} starts at {start:g} s, before '{before}' ends at {clock:g} s.",
                "Write the phones in order and without overlap.",
            )
        if seconds is not None and phone != SILENCE and end > seconds + LENGTH_TOLERANCE:
            raise PhonesFileError(
                f"{what} ends at {end:g} s, but the line ends at {seconds:.3f} s.",
                "Give the phones of this recording.",
            )
        clock, before = end, phone


def _known(path: Path, given: Phone) -> str:
    try:
        own_phones([given])
    except NotationError as error:
        nearest = _nearest(given.phone)
        raise PhonesFileError(
            f"'{given.phone}' at {given.start:g} s in '{path.name}' is no phone known here.",
            f"The nearest is '{nearest}'." if nearest else f"Known are {' '.join(PHONES)}.",
        ) from error
    return given.phone


def _nearest(symbol: str) -> str:
    """Return the phones that an unknown symbol most likely means, or an empty text."""
    heard = [p for p in ipa_to_phones(symbol) if p != SILENCE]
    if heard:
        return " ".join(heard)
    known = (*PHONES, *filter(None, ARPABET))
    close = difflib.get_close_matches(symbol.upper(), known, 1, 0.3)
    return close[0] if close else ""
