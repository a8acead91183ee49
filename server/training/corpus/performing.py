"""From a programme to a performance: layers, head and eyes of a line at any frame rate.

    lips      speech with a neutral face, in the actor's articulation
    emotion   what the feeling adds, changed speech movements included
    strips    what AU strips add on top (the same line without them is the other three)
    life      blinks, gaze, brow beats, resting face; head and eyes go with it

The layers sum to the unclamped face. Lips close at every contact whatever the feeling is: the
bounds of `arkit.closure` are imposed on lips, then on lips with feeling, then with strips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip, Contact
from arkit.closure import impose_closure
from arkit.names import INDEX
from arkit.strips import AUStrip
from server.generators.articulate.coarticulation import mouth, with_closures
from server.generators.articulate.config import ArticulateConfig, Timing
from server.generators.articulate.poses import ARTICULATORS
from server.generators.articulate.track import contacts_of, track_of

from .acting import Acting
from .actors import Actor
from .curves import Array
from .hearing import Line
from .living import Living, eyes_from_face
from .manners import Manner
from .marking import with_strips

LAYERS: Final = ("lips", "emotion", "strips", "life")

_GAINED: Final = ("jaw", "aperture", "rounding", "spreading", "pressing")
_LIPS_SHARE_OF_EXPRESSION: Final = 0.45
"""How much of a mouth channel's room speech takes from expression on that channel."""


@dataclass(frozen=True)
class Programme:
    """Everything that decides a performance; evaluating it needs no chance.

    Attributes:
        manner: at the line's intensity (already mixed).
    """

    line: Line
    actor: Actor
    manner: Manner
    acting: Acting
    living: Living
    strips: tuple[AUStrip, ...] = ()

    @cached_property
    def contacts(self) -> tuple[Contact, ...]:
        """When lips, or lip and teeth, must touch."""
        return contacts_of(self.line.phones)


@dataclass(frozen=True)
class Performance:
    """A programme at a frame rate: layers [T, 52], head [T, 3], eyes [T, 2, 3]."""

    fps: float
    layers: dict[str, NDArray[np.float32]]
    head: NDArray[np.float32]
    eyes: NDArray[np.float32]
    contacts: tuple[Contact, ...]

    @property
    def coefficients(self) -> NDArray[np.float32]:
        """The clamped sum of the layers, [T, 52]."""
        return np.clip(np.sum(list(self.layers.values()), axis=0), 0.0, 1.0)

    def clip(self) -> ArkitClip:
        """Return the performance as a clip."""
        return ArkitClip(
            self.coefficients, self.fps, self.head, self.eyes, self.layers, self.contacts
        )


def perform(programme: Programme, fps: float = 25.0) -> Performance:
    """Evaluate a programme at a frame rate."""
    line = programme.line
    n_frames = max(1, int(np.ceil(line.seconds * fps - 1e-6)))
    times = np.arange(n_frames) / fps
    lips = _settled(_speech(times, programme, feeling=None), times, programme, pace=1.0)
    level = programme.acting.level(times)
    head = programme.living.head_angles(times)
    look = programme.living.look(times, head)
    lids = programme.living.lids(times, fps)
    living = programme.living.face(times, look, lids)
    felt = _felt(times, programme, level)
    _yield_lids(living, felt, lids)
    spoken = _speech(times, programme, feeling=level)
    together = _settled(_combined(spoken, felt) + living, times, programme)
    marked = together
    if programme.strips:
        marked = with_strips(together, programme.strips, times)
        marked = _settled(marked, times, programme)
    layers = {
        "lips": lips, "emotion": together - living - lips, "strips": marked - together,
        "life": living,
    }  # fmt: skip
    return Performance(
        fps=fps,
        layers={name: layer.astype(np.float32) for name, layer in layers.items()},
        head=head.astype(np.float32),
        eyes=eyes_from_face(marked).astype(np.float32),
        contacts=programme.contacts,
    )


def _speech(times: Array, programme: Programme, feeling: Array | None) -> Array:
    """Return speech movements without closures, [T, 52]; `feeling` [T] changes size and pace."""
    actor, manner = programme.actor, programme.manner
    config = ArticulateConfig() if feeling is None else _paced(manner.pace)
    face, _ = mouth(times, track_of(programme.line.speech, config), config)
    sizes = {"jaw": actor.jaw, "tongue": 1.0, "pressing": 1.0}
    for articulator, names in ARTICULATORS.items():
        gain = np.full(len(times), sizes.get(articulator, 1.0) * actor.articulation)
        if feeling is not None and articulator in _GAINED:
            gain *= np.power(getattr(manner, articulator), _share(feeling))
        for name in names:
            skew = 1.0
            if name.endswith(("Left", "Right")):
                way = 1.0 if name.endswith("Left") else -1.0
                skew += way * actor.speech_asymmetry / 2
            face[:, INDEX[name]] *= gain * skew
    return np.clip(face, 0.0, 1.0)


def _share(feeling: Array) -> Array:
    """Return how much of a manner is there now: manners are mixed for the line's intensity."""
    peak = max(float(feeling.max(initial=0.0)), 1e-6)
    return feeling / peak if peak > 1e-3 else np.zeros_like(feeling)


def _paced(pace: float) -> ArticulateConfig:
    config = ArticulateConfig()
    timings = tuple(Timing(t.lead * pace, t.lag * pace) for t in config.timings)
    lead, lag = config.closing
    return replace(config, timings=timings, closing=(lead * pace, lag * pace))


def _felt(times: Array, programme: Programme, level: Array) -> Array:
    face = programme.acting.face(times, programme.line.voice(times))
    return face if level.max(initial=0.0) > 0 else np.zeros_like(face)


def _combined(spoken: Array, felt: Array) -> Array:
    """Return speech and expression on one face: where speech needs a channel, expression yields."""
    return spoken + felt * (1.0 - _LIPS_SHARE_OF_EXPRESSION * spoken)


def _yield_lids(living: Array, felt: Array, lids: Array) -> None:
    """Let a blink close wide or tightened eyes: what expression does to the lids gives way."""
    for side in ("Left", "Right"):
        wide, blink = INDEX["eyeWide" + side], INDEX["eyeBlink" + side]
        living[:, wide] *= 1.0 - lids
        living[:, wide] -= felt[:, wide] * lids
        living[:, blink] *= 1.0 - 0.8 * np.clip(felt[:, wide], 0.0, 1.0) * (1.0 - lids)
        living[:, blink] -= felt[:, blink] * lids  # a drooping lid has less way to go


def _settled(face: Array, times: Array, programme: Programme, pace: float | None = None) -> Array:
    """Return a face whose lips travel to their contacts and meet there; elsewhere untouched."""
    config = _paced(programme.manner.pace if pace is None else pace)
    drawn = with_closures(face, times, programme.contacts, config)
    clamped = np.clip(drawn, 0.0, 1.0)
    closed = np.asarray(impose_closure(clamped, times, programme.contacts), np.float64)
    return np.where(np.abs(closed - clamped) > 1e-6, closed, drawn)
