"""What every generator is: plan -> denoise(batch of windows) -> assemble.

A window is sampled with the last final frames of the one before as given frames, so the windows of
one plan run in order, while the next windows of several plans (several requests) run as one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact, Phone
from server.wire.messages import GenerateRequest


@dataclass(frozen=True)
class Speech:
    """What was heard in a line.

    Attributes:
        samples: float32 [S], 16 kHz mono, -1..1; empty without audio.
        seconds: length of the line.
        phones: in order, without gaps (silence is a phone).
        loudness: float32 [F], 100 Hz, dB relative to full scale.
        features: float32 [F, D] at 100 Hz, hidden features of the recogniser, or None.
        notes: sentences for the user.
        guessed_words: what was probably said, where nobody gave a transcript and it was guessed.
    """

    samples: NDArray[np.float32]
    seconds: float
    phones: tuple[Phone, ...]
    loudness: NDArray[np.float32]
    features: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()
    guessed_words: tuple[str, ...] = ()


class FlameFrames(NamedTuple):
    """The same frames in the terms of the built-in head's FLAME basis, everything in them.

    Attributes:
        expression: float32 [n, E]. jaw: float32 [n, 3], a rotation vector in radians.
    """

    expression: NDArray[np.float32]
    jaw: NDArray[np.float32]


@dataclass(frozen=True)
class Frames:
    """Final frames of a window, at the generator's own rate or at the rate asked for.

    Attributes:
        start_frame: index of the first frame in the take.
        layers: name -> float32 [n, 52], ARKit order; coefficients are their clamped sum.
        head: float32 [n, 3] radians. eyes: float32 [n, 2, 3] radians.
        flame: of a generator that works in FLAME's terms, at the generator's own rate; None from
            others, whose layers are converted.
    """

    start_frame: int
    layers: dict[str, NDArray[np.float32]]
    head: NDArray[np.float32]
    eyes: NDArray[np.float32]
    flame: FlameFrames | None = None


@dataclass
class Plan:
    """One take on its way.

    Attributes:
        n_frames: frames of the whole take at `fps`.
        n_windows: windows to denoise; `next_window` is the one due.
        contacts: closures to impose again after any resampling.
        state: the generator's own (previous frames, conditions).
        provenance: what the take's provenance keeps beside the request and the weights, such as
            `instruction`, the sentence that a generator heard in the voice.
    """

    request: GenerateRequest
    speech: Speech
    seed: int
    fps: float
    n_frames: int
    n_windows: int
    contacts: tuple[Contact, ...] = ()
    notes: tuple[str, ...] = ()
    next_window: int = 0
    state: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)


CheckCancel = Callable[[], None]
"""Called between denoising steps; raises `Cancelled` when the plans are no longer wanted."""


class Generator(Protocol):
    """Plans, denoises and assembles; knows nothing of sockets, files or Blender.

    A class may also have `understands: frozenset[str]`, the controls it obeys out of
    `server.validation.CONTROLS`: the service then tells the user of all others that were set. A
    generator without it tells them in `Plan.notes`.

    `denoise` advances `next_window` of each plan by one and leaves plans untouched when it raises,
    for the service then tries them one by one.
    """

    name: str

    def provenance(self) -> dict[str, Any]:
        """Version and weights hash: what is needed, with seed and request, to make it again."""
        ...

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        """Lay out the windows of one take."""
        ...

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        """Make the next window of every plan in one batch, and advance the plans.

        Returns final frames, one entry a plan, possibly empty while a window is still open.
        """
        ...
