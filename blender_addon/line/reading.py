"""Reads a line from the scene: where its recording is, which part is heard, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import bpy

from .. import compat
from ..core.errors import LineError
from ..core.timing import (
    AudiblePart,
    StripTiming,
    audible_part,
    constant_speed,
    scene_rate,
    wav_seconds,
)


@dataclass(frozen=True)
class Recording:
    """The sound of a line.

    Attributes:
        audio: the file, or its bytes when it is packed into the .blend.
        filename: for messages.
        start_frame: scene frame at which the first heard sample plays.
        trim_start, trim_end: seconds of the file that are heard; the end is None for all of it.
        playback_rate: seconds of the file in one second of the scene.
        label: what takes are named after.
        seconds: how long it sounds in the scene; None where that cannot be told.
    """

    audio: Path | bytes
    filename: str
    start_frame: float
    trim_start: float
    trim_end: float | None
    playback_rate: float
    label: str
    seconds: float | None

    @property
    def heard_part(self) -> str:
        """What of which recording is heard: equal as long as the same words are."""
        end = "" if self.trim_end is None else f"{self.trim_end:.3f}"
        return f"{self.filename} {self.trim_start:.3f}-{end}"


def read_line(line: Any, context: Any) -> Recording:
    """Find the recording of a line.

    Raises:
        LineError: there is none, or it cannot be heard.
    """
    if line.source == "FILE":
        return _whole_file(line)
    return _from_strip(find_strip(line, context), context)


def find_strip(line: Any, context: Any) -> Any:
    """The sound strip that a line names.

    Raises:
        LineError: none is chosen, or it is gone.
    """
    if not line.strip:
        raise LineError(
            "No sound strip is chosen. Press Add Recording in Line, or choose one there."
        )
    scene = compat.sequencer_scene(context)
    editor = scene.sequence_editor
    strips = compat.all_strips_of(editor) if editor is not None else ()
    found = next((strip for strip in strips if strip.name == line.strip), None)
    if found is None:
        raise LineError(
            f"The sound strip '{line.strip}' is not in the Sequencer of scene '{scene.name}'. "
            "Pick another one in Line."
        )
    if found.type != "SOUND":
        raise LineError(f"The strip '{found.name}' is not a sound strip. Pick one in Line.")
    return found


def _whole_file(line: Any) -> Recording:
    if not line.filepath:
        raise LineError("No sound file is chosen. Pick one in Line.")
    path = _existing(bpy.path.abspath(line.filepath), line.filepath)
    return Recording(
        path, path.name, line.start_frame, 0.0, None, 1.0, path.stem, source_seconds(path)
    )


def _from_strip(strip: Any, context: Any) -> Recording:
    scene = compat.sequencer_scene(context)
    _check_heard(strip, scene)
    _check_rate(scene, context.scene)
    audio, filename = _sound_data(strip)
    part = _part(strip, scene, source_seconds(audio))
    return Recording(
        audio=audio,
        filename=filename,
        start_frame=part.start_frame,
        trim_start=part.trim_start,
        trim_end=part.trim_end,
        playback_rate=part.playback_rate,
        label=Path(strip.name).stem or strip.name,
        seconds=part.seconds,
    )


def _part(strip: Any, scene: Any, seconds: float | None) -> AudiblePart:
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    left, right = compat.strip_span(strip)
    keys = retiming_frames(strip)
    timing = StripTiming(
        left_handle=left,
        right_handle=right,
        skipped_frames=compat.skipped_frames(strip),
        speed=constant_speed(keys, seconds, rate, strip.name, compat.KEY_ON_LAST_FRAME),
        sound_offset=getattr(strip, "sound_offset", 0.0),
    )
    for meta in compat.strip_parents(strip):
        timing = timing.within(*compat.strip_span(meta))
    return audible_part(timing, rate, seconds, strip.name)


def retiming_frames(strip: Any) -> tuple[float, ...]:
    """Frames of a strip's retiming keys; a Blender without audio has none."""
    return tuple(float(key.timeline_frame) for key in getattr(strip, "retiming_keys", ()))


def is_retimed(line: Any, context: Any) -> bool:
    """Whether a line's strip has a speed of its own."""
    try:
        return len(retiming_frames(find_strip(line, context))) > 1
    except LineError:
        return False


def _check_heard(strip: Any, scene: Any) -> None:
    around = [*compat.strip_parents(strip), scene.sequence_editor]
    for item, holder in zip([strip, *around[:-1]], around, strict=True):
        channel = holder.channels[item.channel]
        if item.mute or channel.mute:
            kind = "sound" if item == strip else "meta"
            what = f"The {kind} strip '{item.name}'" if item.mute else f"Channel '{channel.name}'"
            raise LineError(f"{what} is muted, so nothing is heard. Unmute it (H / Alt H).")


def _check_rate(sequencer_scene: Any, scene: Any) -> None:
    rates = [scene_rate(s.render.fps, s.render.fps_base) for s in (sequencer_scene, scene)]
    if abs(rates[0] - rates[1]) > 1e-6:
        raise LineError(
            f"The Sequencer's scene '{sequencer_scene.name}' runs at {rates[0]:.3f} fps and "
            f"'{scene.name}' at {rates[1]:.3f}. Give both the same frame rate."
        )


def _sound_data(strip: Any) -> tuple[Path | bytes, str]:
    sound = strip.sound
    if sound is None:
        raise LineError(f"The sound strip '{strip.name}' has lost its sound. Pick another one.")
    filename = Path(bpy.path.basename(sound.filepath)).name or sound.name
    if sound.packed_file is not None:
        return bytes(sound.packed_file.data), filename
    path = bpy.path.abspath(sound.filepath, library=sound.library)
    return _existing(path, sound.filepath), filename


def _existing(absolute: str, shown: str) -> Path:
    path = Path(absolute)
    if not path.is_file():
        raise LineError(f"The sound file '{shown}' does not exist. Find it, or pick another one.")
    return path


def source_seconds(audio: Path | bytes) -> float | None:
    """Length of a recording in seconds; None where it cannot be told. Cheap enough for a panel."""
    if isinstance(audio, bytes):
        return wav_seconds(BytesIO(audio))
    try:
        stat = audio.stat()
    except OSError:
        return None
    return _file_seconds(str(audio), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _file_seconds(path: str, _changed: int, _size: int) -> float | None:
    try:
        import aud  # some builds with sound strips have no module for Python
    except ImportError:
        with Path(path).open("rb") as file:
            return wav_seconds(file)
    try:
        sound = aud.Sound(path)
        length, rate = sound.length, sound.specs[0]
    except aud.error:
        return None  # the server says what is wrong with it
    return length / rate if length > 0 and rate > 0 else None
