"""A clip as JSON that any program can read: names inside, frames as rows, times in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..clip import ArkitClip, Contact, Phone
from ..errors import ArkitError, ClipReadError, ExportError
from ..names import ARKIT_NAMES, INDEX
from ..saving import replacing
from .report import ExportReport, check_clip

_FORMAT: Final = "soliloquy-arkit-clip-json/1"
_DECIMALS: Final = 6


def clip_to_json(clip: ArkitClip, *, layers: bool = True) -> str:
    """Return a clip as JSON text; values keep six decimals.

    Args:
        layers: write the layers too, which makes the text about four times as long.

    Raises:
        ExportError: nothing to write, or values that are not numbers.
    """
    check_clip(clip)
    content: dict[str, Any] = {
        "format": _FORMAT,
        "fps": clip.fps,
        "names": list(ARKIT_NAMES),
        "coefficients": _rows(clip.coefficients),
        "head_yaw_pitch_roll_radians": _rows(clip.head),
        "eyes_yaw_pitch_roll_radians": _rows(clip.eyes),
        "layers": {name: _rows(values) for name, values in clip.layers.items()} if layers else {},
        "contacts": [contact._asdict() for contact in clip.contacts],
        "phones": [phone._asdict() for phone in clip.phones],
        "notes": list(clip.notes),
        "provenance": dict(clip.provenance),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)


def _rows(values: NDArray[np.float32] | None) -> list[Any]:
    return np.round(np.asarray(values, np.float64), _DECIMALS).tolist()


def clip_from_json(text: str) -> ArkitClip:
    """Read a clip written by `clip_to_json`, whatever the order of its names.

    Blendshapes that the text lacks stay at 0, and a note says so.

    Raises:
        ClipReadError: not such a clip, or a name that is no ARKit blendshape.
    """
    try:
        content = json.loads(text)
        if content.get("format") != _FORMAT:
            raise ClipReadError(f"the format is {content.get('format')!r}, expected {_FORMAT!r}")
        return _read(content)
    except ClipReadError:
        raise
    except (ArkitError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClipReadError(f"this is not a Soliloquy clip in JSON: {error}") from error


def _read(content: dict[str, Any]) -> ArkitClip:
    names = content["names"]
    unknown = [name for name in names if name not in INDEX]
    if unknown:
        raise ClipReadError(f"'{unknown[0]}' is not an ARKit blendshape")
    absent = [name for name in ARKIT_NAMES if name not in names]
    notes = [f"Blendshapes that the file lacks stay at 0: {', '.join(absent)}."] if absent else []

    def placed(rows: list[list[float]]) -> NDArray[np.float32]:
        values = np.asarray(rows, np.float32).reshape(-1, len(names))
        full = np.zeros((len(values), len(ARKIT_NAMES)), np.float32)
        full[:, [INDEX[name] for name in names]] = values
        return full

    return ArkitClip(
        coefficients=placed(content["coefficients"]),
        fps=float(content["fps"]),
        head=np.asarray(content["head_yaw_pitch_roll_radians"], np.float32),
        eyes=np.asarray(content["eyes_yaw_pitch_roll_radians"], np.float32),
        layers={name: placed(rows) for name, rows in content["layers"].items()},
        contacts=tuple(Contact(**contact) for contact in content["contacts"]),
        phones=tuple(Phone(**phone) for phone in content["phones"]),
        notes=(*content["notes"], *notes),
        provenance=content["provenance"],
    )


def write_clip_json(clip: ArkitClip, path: Path, *, layers: bool = True) -> ExportReport:
    """Write a clip as JSON and report.

    Raises:
        ExportError: see `clip_to_json`; or no place to write.
    """
    text = clip_to_json(clip, layers=layers)
    try:
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
    notes = check_clip(clip, "were written as they are")
    return ExportReport((path,), clip.n_frames, clip.seconds, clip.fps, notes)


def read_clip_json(path: Path) -> ArkitClip:
    """Read a clip from a JSON file.

    Raises:
        ClipReadError: the file cannot be read or is not such a clip.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ClipReadError(f"{path.name} cannot be read as text: {error}") from error
    try:
        return clip_from_json(text)
    except ClipReadError as error:
        raise ClipReadError(f"{path.name}: {error}") from error
