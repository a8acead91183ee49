"""Phones as strips: where each is laid, and what they say after the user has moved them.

Strips stand on whole frames and phones do not. A strip keeps the exact seconds of its phone, and an
edge that still stands where its seconds put it counts as those seconds: only what the user moved
is read from the frames.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..vendor import clip, messages
from .errors import LineError
from .phone_names import is_phone

_SHORTEST: Final = 1e-3  # seconds; what is left of a phone that others cover is dropped below this


@dataclass(frozen=True)
class PhoneSpan:
    """A phone as a strip.

    Attributes:
        phone: symbol. start, end: scene frames, end exclusive.
        lane: row, 0-based; at 24 frames a second several short phones may want the same frame.
        exact_start, exact_end: seconds of the line.
    """

    phone: str
    start: int
    end: int
    lane: int
    exact_start: float
    exact_end: float


def lay_phones(phones: Iterable[clip.Phone], start_frame: float, rate: float) -> list[PhoneSpan]:
    """Spans of at least one frame, each in the lowest lane that is free there.

    Args:
        start_frame: scene frame of second 0. rate: frames per second.
    """
    lane_ends: list[int] = []
    spans: list[PhoneSpan] = []
    for phone in phones:
        start = frame_of(phone.start, start_frame, rate)
        end = max(frame_of(phone.end, start_frame, rate), start + 1)
        free = (lane for lane, until in enumerate(lane_ends) if until <= start)
        lane = next(free, len(lane_ends))
        lane_ends[lane : lane + 1] = [end]
        spans.append(PhoneSpan(phone.phone, start, end, lane, phone.start, phone.end))
    return spans


def frame_of(seconds: float, start_frame: float, rate: float) -> int:
    """The whole frame nearest to a time of the line."""
    return round(start_frame + seconds * rate)


def phone_of(stored: str, strip_name: str) -> str:
    """The phone of a strip: its name, where the user has written another one over it.

    Names are "m 12": the number keeps Blender from renaming, "m 12.001" is a copy.
    """
    written = re.sub(r"\.\d{3}$", "", strip_name).split()
    return written[0] if written and is_phone(written[0]) else stored


def seconds_of(span: PhoneSpan, start_frame: float, rate: float) -> tuple[float, float]:
    """When the phone of a strip sounds, in seconds of a line that starts at `start_frame`."""

    def edge(frame: int, exact: float) -> float:
        kept = frame_of(exact, start_frame, rate) == frame
        return exact if kept else (frame - start_frame) / rate

    start = edge(span.start, span.exact_start)
    exact_length_kept = max(frame_of(span.exact_end, start_frame, rate), span.start + 1) == span.end
    return start, span.exact_end if exact_length_kept else edge(span.end, span.exact_end)


def told_phones(
    spans: Sequence[PhoneSpan], start_frame: float, rate: float, seconds: float | None
) -> tuple[messages.TimedPhone, ...]:
    """The phones of a request: in order, inside the line, none over another.

    Where two overlap the later one begins where the earlier one ends; what lies between them is
    silence, as the server fills it.

    Raises:
        LineError: a strip's phone is none that the server knows.
    """
    limit = float("inf") if seconds is None else seconds
    timed = sorted((*seconds_of(span, start_frame, rate), span.phone) for span in spans)
    told: list[messages.TimedPhone] = []
    for start, end, phone in timed:
        if not is_phone(phone):
            raise LineError(
                "'{phone}' is not a phone. Choose one in the strip's panel (Sequencer, sidebar, "
                "Strip), or delete the strip.",
                phone=phone,
            )
        begin = max(start, told[-1].end if told else 0.0)
        stop = min(end, limit)
        if stop - begin >= _SHORTEST:
            told.append(messages.TimedPhone(phone, round(begin, 6), round(stop, 6)))
    return tuple(told)
