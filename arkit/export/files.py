"""Clips into files and back by suffix: .csv (Live Link Face), .json and .npz."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ..clip import ArkitClip
from ..errors import ClipReadError, ExportError
from .clip_json import read_clip_json, write_clip_json
from .live_link_csv import read_live_link_csv, write_live_link_csv
from .report import ExportReport, check_clip
from .visemes import write_viseme_cues


def write_npz(clip: ArkitClip, path: Path) -> ExportReport:
    """Write a clip as npz with its names inside, and report.

    Raises:
        ExportError: nothing to write, values that are not numbers, or no place to write.
    """
    notes = check_clip(clip, "were written as they are")
    try:
        clip.save(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
    return ExportReport((path,), clip.n_frames, clip.seconds, clip.fps, notes)


WRITERS: Final[Mapping[str, Callable[[ArkitClip, Path], ExportReport]]] = {
    ".csv": write_live_link_csv,
    ".json": write_clip_json,
    ".npz": write_npz,
    ".vtt": write_viseme_cues,
    ".tsv": write_viseme_cues,
}
READERS: Final[Mapping[str, Callable[[Path], ArkitClip]]] = {
    ".csv": read_live_link_csv,
    ".json": read_clip_json,
    ".npz": ArkitClip.load,
}


def write_clip(clip: ArkitClip, path: Path) -> ExportReport:
    """Write a clip in the format that the suffix names.

    Raises:
        ExportError: an unknown suffix, or what the format raises.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ExportError(f"'{path.name}' cannot be written; use one of {', '.join(WRITERS)}")
    return writer(clip, path)


def read_clip(path: Path) -> ArkitClip:
    """Read a clip in the format that the suffix names.

    Raises:
        ClipReadError: an unknown suffix, or a file that is no such clip.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ClipReadError(f"'{path.name}' cannot be read; use one of {', '.join(READERS)}")
    if not path.is_file():
        raise ClipReadError(f"there is no file '{path}'; give the path of a take")
    return reader(path)
