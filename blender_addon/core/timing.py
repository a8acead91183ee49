"""Which seconds of a recording a sound strip lets through, and where they start in the scene.

Frames are Blender's: the first audible sample plays at the beginning of the start frame, and the
exact rate is fps / fps_base (24 / 1.001 is 23.976).
"""

from __future__ import annotations

import wave
from dataclasses import dataclass, replace
from typing import BinaryIO

from .errors import LineError


@dataclass(frozen=True)
class StripTiming:
    """Where a sound strip stands, as Blender tells it.

    Attributes:
        left_handle, right_handle: first frame of the strip, and the frame after its last.
        skipped_frames: frames of the content hidden by trimming at the left handle; negative
            where the handle was pulled out to the left of the content.
        speed: seconds of recording that pass in one second of the scene.
        sound_offset: seconds by which the sound starts later than the content.
    """

    left_handle: float
    right_handle: float
    skipped_frames: float = 0.0
    speed: float = 1.0
    sound_offset: float = 0.0

    def within(self, left: float, right: float) -> StripTiming:
        """The strip as seen through a window of frames: the meta strip that it is in."""
        hidden = max(left - self.left_handle, 0.0)
        return replace(
            self,
            left_handle=self.left_handle + hidden,
            right_handle=min(self.right_handle, right),
            skipped_frames=self.skipped_frames + hidden,
        )


@dataclass(frozen=True)
class AudiblePart:
    """The part of a recording that is heard.

    Attributes:
        start_frame: scene frame, possibly fractional, at which the first heard sample plays.
        trim_start, trim_end: seconds of the recording.
        playback_rate: seconds of recording in one second of the scene.
    """

    start_frame: float
    trim_start: float
    trim_end: float
    playback_rate: float

    @property
    def seconds(self) -> float:
        """How long it sounds in the scene."""
        return (self.trim_end - self.trim_start) / self.playback_rate


def scene_rate(fps: float, fps_base: float) -> float:
    """Exact frames per second of a scene.

    Raises:
        LineError: a rate that is not positive.
    """
    if fps <= 0 or fps_base <= 0:
        raise LineError(
            "The scene's frame rate {fps} / {base} is not positive.", fps=fps, base=fps_base
        )
    return fps / fps_base


def audible_part(
    timing: StripTiming, rate: float, source_seconds: float | None, name: str
) -> AudiblePart:
    """Find what is heard of a recording of `source_seconds` (None: unknown) in a strip.

    Raises:
        LineError: trimming leaves nothing to hear.
    """
    begin = timing.skipped_frames / rate * timing.speed - timing.sound_offset
    start_frame = timing.left_handle
    if begin < 0.0:  # silence before the recording: the line starts when the recording does
        start_frame += -begin / timing.speed * rate
        begin = 0.0
    end = begin + (timing.right_handle - start_frame) / rate * timing.speed
    if source_seconds is not None:
        end = min(end, source_seconds)
    if end - begin <= 0.0:
        raise LineError(
            "Nothing of the sound strip '{name}' is audible: its trimming hides the whole "
            "recording. Pull its handles out, or choose another strip.",
            name=name,
        )
    return AudiblePart(start_frame, begin, end, timing.speed)


def constant_speed(
    key_frames: tuple[float, ...],
    source_seconds: float | None,
    rate: float,
    name: str,
    key_on_last_frame: bool = False,
) -> float:
    """Speed of a retimed strip from the frames of its retiming keys, 1.0 without any.

    Two keys stretch the whole recording between them, measured by ear (clicks in a mixdown, 4.5
    and 5.0). With more the speed may change along the way, and Blender does not tell which part of
    the recording lies between two keys.

    Args:
        key_on_last_frame: the last key stands on the last frame of the recording, as until 4.5,
            and not on the one after it.

    Raises:
        LineError: the speed changes along the strip, or cannot be known.
    """
    if len(key_frames) < 2:
        return 1.0
    if len(key_frames) > 2:
        raise LineError(
            "The speed of the sound strip '{name}' changes along the way ({n} retiming keys). "
            "Press Render Sound below: that writes what is heard to a file and makes it the line.",
            name=name,
            n=len(key_frames),
        )
    length = (max(key_frames) - min(key_frames)) / rate
    if source_seconds is None or length <= 0.0:
        raise LineError(
            "The speed of the retimed sound strip '{name}' cannot be measured. "
            "Press Render Sound below, or remove its retiming keys.",
            name=name,
        )
    content = source_seconds - 1.0 / rate if key_on_last_frame else source_seconds
    return max(content, 1.0 / rate) / length


def wav_seconds(file: BinaryIO) -> float | None:
    """Length of a wav file, None for any other; for Blenders that cannot decode sound."""
    try:
        with wave.open(file) as sound:
            return sound.getnframes() / sound.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError):
        return None
