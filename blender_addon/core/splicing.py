"""A part of a take made anew by the server: what is sent, and what is kept of the take's story."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..vendor import clip, messages, names
from .errors import TakeError

if TYPE_CHECKING:
    from ..vendor import splicing

_BYTES_OF_A_VALUE: Final = 4
_ANGLES: Final = 9
_LIPS: Final = frozenset({"mouth", "jaw"})


@dataclass(frozen=True)
class Splice:
    """What of a take is made anew.

    Attributes:
        take_uid: the take that is taken as it is outside of the part.
        part: span and regions.
    """

    take_uid: str
    part: splicing.Part


def clip_data(take: clip.ArkitClip, *, with_layers: bool = True) -> messages.ClipData:
    """A clip as it travels."""
    assert take.head is not None and take.eyes is not None  # a clip fills absent ones with zeros
    return messages.ClipData(
        names=names.ARKIT_NAMES,
        fps=take.fps,
        coefficients=take.coefficients,
        head=take.head,
        eyes=take.eyes,
        layers=dict(take.layers) if with_layers else {},
    )


def check_size(take: clip.ArkitClip, limit: float | None) -> None:
    """Refuse a take that is too long to be sent to a server; without a limit everything goes.

    Raises:
        TakeError: with the length, and the length that would do.
    """
    width = len(names.ARKIT_NAMES)
    per_frame = _BYTES_OF_A_VALUE * (width * (1 + len(take.layers)) + _ANGLES)
    if limit is None or take.n_frames * per_frame < 0.99 * limit:
        return
    longest = limit / per_frame / take.fps
    raise TakeError(
        "This take of {minutes:.0f} minutes is too long to make a part of it anew: the server "
        "takes {most:.0f} minutes. Generate a shorter line.",
        minutes=take.seconds / 60,
        most=longest / 60,
    )


def with_story(base: clip.ArkitClip, made: clip.ArkitClip, splice: Splice) -> clip.ArkitClip:
    """The take that the server made, with what it was made of: provenance, phones, contacts.

    Outside the part, and where the lips are not made anew, phones and contacts are the old ones.
    """
    part = splice.part

    def merged(old: tuple, new: tuple) -> tuple:
        if part.regions.isdisjoint(_LIPS):
            return old
        here = [x for x in new if x.end > part.start and x.start < part.end]
        there = [x for x in old if x.end <= part.start or x.start >= part.end]
        return tuple(sorted([*here, *there], key=lambda x: x.start))

    told = {
        "seed": made.provenance.get("seed"),
        "generator": made.provenance.get("generator"),
        "start": part.start,
        "end": part.end,
        "regions": sorted(part.regions),
    }
    return replace(
        made,
        phones=merged(base.phones, made.phones),
        contacts=merged(base.contacts, made.contacts),
        provenance={**base.provenance, "spliced": told},
    )
