"""Mouth shapes over time for 2D tools: WebVTT cues and Rhubarb's TSV, made from phones.

A cue is a shape from one moment to the next, without gaps. Shapes shorter than a 2D tool can show
give way to their neighbours, except lip closures and lip-teeth contacts, which are kept and take
the time they need: a missed closure is what people see.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ..clip import ArkitClip, Phone
from ..errors import ExportError
from ..saving import replacing
from .report import ExportReport

ShapeSet = Literal["rhubarb", "oculus"]

_RHUBARB: Final[dict[str, str]] = {
    "X": "sil",
    "A": "p b m",
    "B": "t d n ɲ r s z ts ʃ ʒ tʃ dʒ k g ŋ x ç ʁ ʔ θ ð i ɪ j ɨ",
    "C": "ɛ æ ə ʌ ɐ e h",
    "D": "a ɑ",
    "E": "ɔ o ø œ ɒ ɜ ɹ",
    "F": "u ʊ w ɥ y ʏ",
    "G": "f v",
    "H": "l ʎ",
}
"""Rhubarb's nine shapes: A closed, B teeth, C open, D wide, E rounded, F puckered, G lip under
teeth, H tongue up, X at rest."""

_OCULUS: Final[dict[str, str]] = {
    "sil": "sil",
    "PP": "p b m",
    "FF": "f v",
    "TH": "θ ð",
    "DD": "t d",
    "kk": "k g ŋ x ç ʁ ʔ h",
    "CH": "ʃ ʒ tʃ dʒ",
    "SS": "s z ts",
    "nn": "n ɲ l ʎ",
    "RR": "ɹ r ɜ",
    "aa": "a ɑ ʌ ɐ æ",
    "E": "ɛ e ə",
    "ih": "i ɪ j ɨ",
    "oh": "o ɔ ø œ ɒ",
    "ou": "u ʊ w ɥ y ʏ",
}
"""The fifteen visemes of Oculus, Ready Player Me and VRM tools."""

_SHAPES: Final[dict[ShapeSet, dict[str, str]]] = {
    "rhubarb": {phone: shape for shape, row in _RHUBARB.items() for phone in row.split()},
    "oculus": {phone: shape for shape, row in _OCULUS.items() for phone in row.split()},
}
_REST: Final[dict[ShapeSet, str]] = {"rhubarb": "X", "oculus": "sil"}
_CONTACTS: Final = frozenset({"A", "G", "PP", "FF"})

VISEME_PHONES: Final[frozenset[str]] = frozenset(_SHAPES["rhubarb"])
"""Every phone symbol that has a shape."""

SHORTEST: Final = 0.04
"""Seconds; a frame at 25 fps."""


class Cue(NamedTuple):
    """A mouth shape from `start` to `end`, in seconds."""

    start: float
    end: float
    shape: str


def viseme_cues(
    phones: Sequence[Phone], shapes: ShapeSet = "rhubarb", shortest: float = SHORTEST
) -> tuple[Cue, ...]:
    """Return cues without gaps or repeats, none shorter than `shortest` where time allows.

    Args:
        phones: in order; gaps between them are rest.
        shapes: "rhubarb" (A to H, X) or "oculus" (15 visemes).
        shortest: seconds that a shape must last to be shown.

    Raises:
        ExportError: a phone without a shape, or phones out of order.
    """
    cues: list[Cue] = []
    for phone in phones:
        shape = _SHAPES[shapes].get(phone.phone)
        if shape is None:
            raise ExportError(f"the phone '{phone.phone}' at {phone.start:g} s has no mouth shape")
        last = cues[-1].end if cues else 0.0
        if phone.end < phone.start or phone.start < last - 1e-6:
            raise ExportError(f"the phone '{phone.phone}' at {phone.start:g} s is out of order")
        if phone.start > last + 1e-6:
            cues.append(Cue(last, phone.start, _REST[shapes]))
        if phone.end > phone.start:
            cues.append(Cue(max(phone.start, last), phone.end, shape))
    return tuple(_without_short(_joined(cues), shortest))


def _joined(cues: Sequence[Cue]) -> list[Cue]:
    joined: list[Cue] = []
    for cue in cues:
        if joined and joined[-1].shape == cue.shape:
            joined[-1] = joined[-1]._replace(end=cue.end)
        else:
            joined.append(cue)
    return joined


def _without_short(cues: list[Cue], shortest: float) -> list[Cue]:
    """Widen short contacts into their neighbours, then let other short cues give way."""
    bounds = [cue.start for cue in cues] + ([cues[-1].end] if cues else [])
    shapes = [cue.shape for cue in cues]
    for i, shape in enumerate(shapes):
        lack = shortest - (bounds[i + 1] - bounds[i])
        if shape in _CONTACTS and lack > 0:
            if i:
                bounds[i] = max(bounds[i] - lack / 2, bounds[i - 1])
            if i + 1 < len(shapes):
                bounds[i + 1] = min(bounds[i + 1] + lack / 2, bounds[i + 2])
    kept: list[Cue] = []
    for i, shape in enumerate(shapes):
        cue = Cue(kept[-1].end if kept else bounds[0], bounds[i + 1], shape)
        is_short = cue.end - bounds[i] < shortest - 1e-9 and shape not in _CONTACTS
        if is_short and kept and cue.end > cue.start:
            kept[-1] = kept[-1]._replace(end=cue.end)
        elif cue.end > cue.start:
            kept.append(cue)
    return _joined(kept)


def format_webvtt(cues: Sequence[Cue]) -> str:
    """Return cues as WebVTT, one numbered cue a shape; times in milliseconds."""
    blocks = [
        f"{number}\n{_vtt_time(cue.start)} --> {_vtt_time(cue.end)}\n{cue.shape}"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _vtt_time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def format_rhubarb_tsv(cues: Sequence[Cue]) -> str:
    """Return cues as Rhubarb writes them: start and shape a line, and the end, at rest."""
    lines = [f"{cue.start:.2f}\t{cue.shape}" for cue in cues]
    end = f"{cues[-1].end:.2f}\tX" if cues else "0.00\tX"
    return "\n".join([*lines, end]) + "\n"


def write_viseme_cues(clip: ArkitClip, path: Path, shapes: ShapeSet | None = None) -> ExportReport:
    """Write the visemes of a clip's phones: `.vtt` (WebVTT) or `.tsv` (Rhubarb).

    Args:
        shapes: None takes Rhubarb's for `.tsv` and Oculus' for `.vtt`.

    Raises:
        ExportError: the clip has no phones, another suffix, shapes that the format has no place
            for, or no place to write.
    """
    if not clip.phones:
        raise ExportError("the clip carries no phones; generate it from a recording first")
    kind = path.suffix.lower()
    if kind not in {".vtt", ".tsv"}:
        raise ExportError(f"viseme cues go into .vtt or .tsv, not {path.name}")
    if kind == ".tsv" and shapes == "oculus":
        raise ExportError("Rhubarb's .tsv knows only Rhubarb's shapes; write .vtt for Oculus'")
    chosen: ShapeSet = shapes or ("rhubarb" if kind == ".tsv" else "oculus")
    cues = viseme_cues(clip.phones, chosen)
    text = format_rhubarb_tsv(cues) if kind == ".tsv" else format_webvtt(cues)
    try:
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
    return ExportReport((path,), len(cues), cues[-1].end if cues else 0.0, clip.fps)
