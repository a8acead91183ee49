"""The coarse conditions of a request over time: style, emotion, intensity, and the style of a clip.

The paper holds them constant while a line is spoken, and so has the network learned them. A
direction with stages ("furious, then a bitter little smile") and direction strips therefore make
scenes: each is performed by itself as if it lasted, and the face is made of them by how much of
each is there. In a scene of two blended directions guidance mixes the network's predictions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.strips import AUStrip
from server.errors import BadRequest
from server.language import scope
from server.language.express import Director
from server.language.reading import Content
from server.language.strips import Stage, stages_of, strips_from_text
from server.regeneration import clip_of
from server.wire.messages import GenerateRequest

from .styles import clip_statistics
from .weights import Network

Array = NDArray[np.float64]

CHANGE_SECONDS: Final = 0.35
"""A feeling takes over, and lets go, within this time."""
_TOUCHING: Final = 1e-3  # seconds
_USUAL_INTENSITY: Final = 0.5
"""Intensity of a request at which a direction in words counts as it is said."""
NEUTRAL: Final = "neutral"


@dataclass(frozen=True)
class Feeling:
    """One emotion condition: its words, intensity 0..1, and share of each coarse emotion."""

    text: str
    intensity: float
    emotions: tuple[tuple[str, float], ...] = ()


_NOTHING: Final = Feeling(NEUTRAL, 0.0, ((NEUTRAL, 1.0),))


@dataclass(frozen=True)
class Stretch:
    """A feeling from `start` to `end` seconds; endless if it stays until the line ends."""

    feeling: Feeling
    start: float
    end: float


@dataclass(frozen=True)
class Direction:
    """Feelings of a line over time, and what its words say of single muscles.

    Attributes:
        base: where no stretch lies. stretches: later ones win where they overlap.
        strips: AU strips that the direction's words ask for. notes: sentences for the user.
        second: another direction, `share` of which (0..1) is mixed in.
        over: stretches that win over both.
    """

    base: Feeling
    stretches: tuple[Stretch, ...] = ()
    strips: tuple[AUStrip, ...] = ()
    notes: tuple[str, ...] = ()
    second: Direction | None = None
    share: float = 0.0
    over: tuple[Stretch, ...] = ()

    @property
    def is_neutral(self) -> bool:
        """Whether nothing is to be felt anywhere."""
        return all(f.intensity <= 0 for f in self.feelings)

    @property
    def feelings(self) -> tuple[Feeling, ...]:
        """The base and the feeling of each stretch, then those of `second` and of `over`."""
        further = self.second.feelings if self.second else ()
        here, over = ([s.feeling for s in laid] for laid in (self.stretches, self.over))
        return (self.base, *here, *further, *over)

    def shares(self, times: Array) -> Array:
        """Return how much of each of `feelings` is there, [K, T], summing to 1."""
        mixtures, presence = self.scenes(times)
        return mixtures.T @ presence

    def scenes(self, times: Array) -> tuple[Array, Array]:
        """Return what is felt in each scene and when it is there.

        Returns:
            [M, K], shares of `feelings` in each scene; [M, T], how much of each scene is there.
            Both sum to 1 over their first axis but one: of a scene, of a time.
        """
        presence = _laid(np.ones((1, len(times))), self.stretches, times)
        mixtures = np.eye(len(presence))
        if self.second:
            theirs, there = self.second.scenes(times)
            mixtures = np.array(
                [np.r_[(1.0 - self.share) * a, self.share * b] for a in mixtures for b in theirs]
            )
            presence = np.array([a * b for a in presence for b in there])
        n_scenes, n_feelings = mixtures.shape
        over = np.eye(len(self.over))
        mixtures = np.block(
            [[mixtures, np.zeros((n_scenes, len(over)))], [np.zeros((len(over), n_feelings)), over]]
        )
        return mixtures, _laid(presence, self.over, times)


def direction_of(request: GenerateRequest, seconds: float, director: Director) -> Direction:
    """Read the coarse emotion conditions of a request.

    A direction counts before an emotion. Words that name no feeling but muscles ("raise the left
    eyebrow") become AU strips. A second direction is mixed into either.
    """
    degree = request.intensity / _USUAL_INTENSITY
    has_emotion = request.emotion not in ("", NEUTRAL)
    if request.direction.strip():
        found = _in_words(request.direction, degree, seconds, director)
        if has_emotion:
            note = "The direction decides; the emotion was not used."
            found = replace(found, notes=(*found.notes, note))
    elif has_emotion:
        emotions = _emotions(request.emotion, director)
        feeling = Feeling(request.emotion, request.intensity, emotions)
        found = Direction(feeling, notes=emotion_notes(request.emotion, director))
    else:
        found = Direction(_NOTHING)
    if request.blend is not None:
        second = _in_words(request.blend.text, degree, seconds, director)
        found = _blended(found, second, request.blend.share)
    draft = _Draft(director, seconds, strips=list(found.strips), notes=list(found.notes))
    for strip in request.direction_strips:
        draft.read(Stage(strip.text, strip.start, strip.end), strip.intensity)
    return replace(
        found, over=tuple(draft.stretches), strips=tuple(draft.strips), notes=tuple(draft.notes)
    )


def emotion_notes(word: str, director: Director) -> tuple[str, ...]:
    """Return a note for a word that names no emotion, or none."""
    if director.emotion_of(word).scores.get(NEUTRAL, 0.0) < 1.0:
        return ()
    return (f"'{word}' was not understood as an emotion, so the face stays neutral.",)


def _in_words(text: str, degree: float, seconds: float, director: Director) -> Direction:
    """Read the direction of a whole line."""
    draft = _Draft(director, seconds)
    for stage in stages_of(text, max(seconds, 1e-3)):
        draft.read(stage, degree)
    base, stretches = _NOTHING, draft.stretches
    if len(stretches) == 1 and stretches[0].start <= 0 and np.isinf(stretches[0].end):
        base, stretches = stretches[0].feeling, []
    return Direction(base, tuple(stretches), tuple(draft.strips), tuple(draft.notes))


def _blended(first: Direction, second: Direction, share: float) -> Direction:
    """Return `share` of a second direction mixed into the first, muscles included."""
    strips = (*_weaker(first.strips, 1.0 - share), *_weaker(second.strips, share))
    notes = (*first.notes, *(note for note in second.notes if note not in first.notes))
    return replace(first, second=second, share=share, strips=strips, notes=notes)


def _weaker(strips: Sequence[AUStrip], share: float) -> list[AUStrip]:
    """Return strips at a share of their intensity; none at 0."""
    if share <= 0:
        return []
    return [replace(s, keys=tuple((t, v * share) for t, v in s.keys)) for s in strips]


@dataclass
class _Draft:
    """What was read of a direction so far, for a line of `seconds`."""

    director: Director
    seconds: float
    stretches: list[Stretch] = field(default_factory=list)
    strips: list[AUStrip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self, stage: Stage, degree: float) -> None:
        """Add what a stage of a direction asks for, `degree` times as strongly as it says."""
        found = self.director.express(stage.text)
        self.notes += [note for note in found.notes if note not in self.notes]
        contents = scope.read(stage.text, self.director.left_out).contents
        muscles = [c for c in contents if _is_muscle(c)]
        if found.aus and muscles and len(muscles) == len(contents):
            self._lay(stage.text, stage)
            return
        for content in muscles:
            self._lay(content.text, stage)
        reading = self.director.emotion_of(stage.text)
        intensity = float(np.clip(reading.intensity * degree, 0.0, 1.0))
        feeling = Feeling(stage.text, intensity, tuple(reading.scores.items()))
        end = stage.end if stage.end < self.seconds - _TOUCHING else np.inf
        self.stretches.append(Stretch(feeling, stage.start, end))

    def _lay(self, text: str, stage: Stage) -> None:
        seconds = max(stage.end - stage.start, 1e-3)
        moved = strips_from_text(text, seconds, self.director.express)
        self.strips += [_later(strip, stage.start) for strip in moved]


def _is_muscle(content: Content) -> bool:
    """Say whether a part of a direction names an expression of the face and no feeling."""
    named = content.kind in {"au", "action", "named"} and not content.family
    return named and not content.negated


def _later(strip: AUStrip, seconds: float) -> AUStrip:
    keys = tuple((t + seconds, v) for t, v in strip.keys)
    return AUStrip(strip.au, strip.start + seconds, strip.end + seconds, keys, strip.mode,
                   strip.ease_in, strip.ease_out)  # fmt: skip


def _emotions(word: str, director: Director) -> tuple[tuple[str, float], ...]:
    return tuple(director.emotion_of(word).scores.items())


def felt(direction: Direction, seconds: float) -> list[tuple[str, float]]:
    """Return how much of each coarse emotion a line has on average."""
    shares = direction.shares(np.linspace(0.0, max(seconds, 1e-3), 50)).mean(axis=1)
    total: dict[str, float] = {}
    for feeling, share in zip(direction.feelings, shares, strict=True):
        for emotion, part in feeling.emotions:
            total[emotion] = total.get(emotion, 0.0) + share * feeling.intensity * part
    return list(total.items())


def _laid(shares: Array, stretches: Sequence[Stretch], times: Array) -> Array:
    """Return shares [K, T] with stretches laid over them, each a row more."""
    for stretch in stretches:
        here = _presence(stretch, times)[None]
        shares = np.concatenate([shares * (1.0 - here), here])
    return shares


def _presence(stretch: Stretch, times: Array) -> Array:
    """Return how much of a stretch is there, [T]: centred ramps, none at the start of the line."""
    half = CHANGE_SECONDS / 2
    rise = (times - stretch.start + half) / CHANGE_SECONDS
    x = np.minimum(rise if stretch.start > 0 else np.ones_like(times),
                   (stretch.end - times + half) / CHANGE_SECONDS)  # fmt: skip
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def style_of(request: GenerateRequest, network: Network) -> tuple[Tensor, str]:
    """Return the style embedding [n_style] and the name of the style (nearest) with its habits.

    Raises:
        BadRequest: no style of this name; the message lists those there are.
    """
    names = network.model.config.styles
    if request.style_clip is not None:
        clip = clip_of(request.style_clip, "style_clip")
        read = network.styles(torch.from_numpy(clip_statistics(clip.coefficients, clip.fps))[None])
        distance = (network.model.style_table.weight - read).square().sum(dim=1)
        return read[0], names[int(distance.argmin())]
    name = request.style or names[0]
    if name not in names:
        raise BadRequest(f"There is no talking style '{name}'.", f"Known are {', '.join(names)}.")
    return network.model.style_table.weight[names.index(name)], name
