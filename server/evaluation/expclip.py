"""How well the generator `expclip` obeys: directions in speech, blends, direction strips, EPA.

Movement is what a direction adds to the same line played without it, averaged over voiced frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, combine_aus
from arkit.clip import ArkitClip
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.base import Generator, Speech
from server.speech.phones import SILENCE
from server.wire.messages import DirectionStrip, GenerateRequest

from .closures import LineCounts, LipGap, count_line
from .perform import Order, perform_all

Groups = Mapping[str, Sequence[str]]
Express = Callable[[str], Mapping[str, float]]
"""A direction -> all 52 blendshapes."""

FOLLOWED: Final = 0.6
"""Share of what was asked that a directed group must reach."""
STILL: Final = 0.15
"""Most that an undirected group may move."""
_ASKED: Final = 0.2
"""A group of which at least this much is asked is directed; below half of it, undirected."""
_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_BACKWARDS: Final = 0.01  # movement against the order that nobody sees
FPS: Final = 30.0


@dataclass(frozen=True)
class Followed:
    """One direction in one line.

    Attributes:
        reached: group -> movement / asked, of each directed group.
        moved: group -> movement of each undirected group.
    """

    text: str
    reached: dict[str, float]
    moved: dict[str, float]

    @property
    def right(self) -> bool:
        """Whether all directed groups followed and all others kept still."""
        return all(v >= FOLLOWED for v in self.reached.values()) and all(
            v <= STILL for v in self.moved.values()
        )


def play(
    generator: Generator, speech: Speech, direction: str = "", seed: int = 0, **controls: Any
) -> ArkitClip:
    """Return a line played with a direction or other controls of a request."""
    request = GenerateRequest(
        "evaluation", generator=generator.name, direction=direction, fps=FPS, seed=seed
    )
    return perform_all(generator, [Order(replace(request, **controls), speech)])[0]


def voiced(speech: Speech, n_frames: int) -> NDArray[np.bool_]:
    """Return which frames have speech, [T]; all of them in a line without any."""
    times = np.arange(n_frames) / FPS
    said = np.zeros(n_frames, bool)
    for phone in speech.phones:
        if phone.phone != SILENCE:
            said |= (times >= phone.start) & (times < phone.end)
    return said if said.any() else np.ones(n_frames, bool)


def _acted(clip: ArkitClip) -> NDArray[np.floating]:
    """Return what a clip shows besides blinks and gaze, [T, 52]."""
    layers = clip.layers or {}
    kept = [layer for name, layer in layers.items() if name != "life"]
    return np.clip(np.sum(kept, axis=0), 0.0, 1.0)


def movement(
    directed: ArkitClip, plain: ArkitClip, said: NDArray[np.bool_]
) -> NDArray[np.floating]:
    """Return the mean of what a direction adds to each blendshape over voiced frames, [52]."""
    return (_acted(directed) - _acted(plain))[said].mean(axis=0)


def follow(
    generator: Generator,
    speech: Speech,
    plain: ArkitClip,
    *,
    text: str,
    asked: Mapping[str, float],
    groups: Groups,
) -> Followed:
    """Play a direction and compare each group with what was asked of it."""
    clip = play(generator, speech, text)
    moved = movement(clip, plain, voiced(speech, clip.n_frames))
    reached, others = {}, {}
    for name, members in groups.items():
        wanted = max(asked[m] for m in members)
        if wanted >= _ASKED:
            best = max(members, key=lambda m: asked[m])
            reached[name] = float(moved[INDEX[best]] / wanted)
        elif wanted < _ASKED / 2:
            others[name] = float(max(abs(moved[INDEX[m]]) for m in members))
    return Followed(text, reached, others)


def follow_all(
    generator: Generator, lines: Sequence[Speech], texts: Sequence[str], express: Express,
    groups: Groups,
) -> list[Followed]:  # fmt: skip
    """Play each direction in one of the lines, in turn."""
    plain = [play(generator, line) for line in lines]
    return [
        follow(
            generator,
            lines[i % len(lines)],
            plain[i % len(lines)],
            text=text,
            asked=express(text),
            groups=groups,
        )
        for i, text in enumerate(texts)
    ]


def closures(
    generator: Generator, lines: Sequence[Speech], texts: Sequence[str], gap: LipGap
) -> tuple[float, float]:
    """Return bilabial recall without and with directions, over the same lines."""
    plain = [count_line(play(generator, line), line.phones, gap) for line in lines]
    directed = [
        count_line(play(generator, lines[i % len(lines)], text), lines[i % len(lines)].phones, gap)
        for i, text in enumerate(texts)
    ]
    return _recall(plain), _recall(directed)


def _recall(counts: Sequence[LineCounts]) -> float:
    total = sum(c.bilabials for c in counts)
    return sum(c.closed for c in counts) / total if total else math.nan


def monotone_share(generator: Generator, speech: Speech, pairs: Sequence[tuple[str, str]]) -> float:
    """Return the share of pairs of directions whose blend moves every moved group one way."""
    said = voiced(speech, math.ceil(speech.seconds * FPS - 1e-6))
    right = 0
    for first, second in pairs:
        rows = np.stack([
            _acted(play(generator, speech, direction_strips=_blend(first, second, share, speech)))[
                said
            ].mean(axis=0)
            for share in _SHARES
        ])  # fmt: skip
        steps = np.diff(rows, axis=0)
        way = np.sign(rows[-1] - rows[0])
        wide = np.abs(rows[-1] - rows[0]) > 0.05
        right += bool((steps * way)[:, wide].min(initial=0.0) >= -_BACKWARDS)
    return right / len(pairs)


def _blend(first: str, second: str, share: float, speech: Speech) -> tuple[DirectionStrip, ...]:
    end = speech.seconds + 1.0
    both = ((first, 1.0 - share), (second, share))
    return tuple(DirectionStrip(text, 0.0, end, weight) for text, weight in both if weight > 0)


@dataclass(frozen=True)
class Change:
    """How a direction strip comes in.

    Attributes:
        seconds: from its start until nine tenths of the way. fastest: per second, of what it adds.
        clip_p995: 99.5th percentile of the clip's own velocity, per second.
    """

    seconds: float
    fastest: float
    clip_p995: float


def change(generator: Generator, speech: Speech, text: str, start: float) -> Change:
    """Play a line whose direction begins in the middle and measure how it comes in."""
    strip = DirectionStrip(text, start, speech.seconds + 1.0)
    clip = play(generator, speech, direction_strips=(strip,))
    added = _acted(clip) - _acted(play(generator, speech))
    size = added.clip(min=0.0).sum(axis=1)
    kernel = np.ones(5) / 5
    smooth = np.convolve(size, kernel, mode="same")
    at = round(start * FPS)
    settled = float(np.median(smooth[at + 15 : at + 45]))
    there = np.flatnonzero(smooth[at:] >= 0.9 * settled)
    velocity = np.abs(np.diff(clip.coefficients, axis=0)).max(axis=1) * FPS
    seconds = float(there[0] / FPS) if len(there) else math.inf
    fastest = float(np.abs(np.diff(added, axis=0))[at - 3 : at + 15].max() * FPS)
    return Change(seconds, fastest, float(np.quantile(velocity, 0.995)))


def unseen_poses(count: int, seed: int) -> list[dict[str, float]]:
    """Return poses of three or four AUs thrown together, as no feeling does."""
    rng = np.random.default_rng(seed)
    codes = [c for c, unit in ACTION_UNITS.items() if unit.expressible and not unit.side]
    poses = []
    for _ in range(count):
        drawn = rng.choice(codes, int(rng.integers(3, 5)), replace=False)
        values = combine_aus({str(code): float(rng.uniform(0.6, 1.0)) for code in drawn})
        poses.append({name: float(v) for name, v in values.items() if v > 0})
    return poses


def pose_movement(
    generator: Generator, lines: Sequence[Speech], poses: Sequence[Mapping[str, float]]
) -> float:
    """Return the mean of movement / asked over the channels that the poses ask for."""
    plain = [play(generator, line) for line in lines]
    shares = []
    for i, pose in enumerate(poses):
        line, still = lines[i % len(lines)], plain[i % len(lines)]
        clip = play(generator, line, pose=dict(pose))
        moved = movement(clip, still, voiced(line, clip.n_frames))
        shares.append(
            np.mean(
                [moved[INDEX[n]] / v for n, v in pose.items() if v >= _ASKED and n in ARKIT_NAMES]
            )
        )
    return float(np.mean(shares))
