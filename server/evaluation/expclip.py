"""How well the generator `expclip` obeys: directions in speech, blends, direction strips, poses.

Movement is what a direction adds to the same line played without it, averaged over voiced frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from arkit.names import ARKIT_NAMES, INDEX, REGIONS
from server.generators.base import Generator, Speech
from server.language.expclip import ExpClip
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
_THERE: Final = 0.9
_STILL_LIPS: Final = 1e-6
_LIPS: Final = [INDEX[name] for name in (*REGIONS["jaw"], *REGIONS["mouth"])]
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
        seconds: from its start until nine tenths of what the direction shows where it lies on the
            whole line, in the same moment: speech takes its share of both alike.
        fastest: per second, the fastest that its coming moves any blendshape: what moves under a
            direction that is fully there, such as lips that must close, is taken off.
        fastest_in_all: with that.
        fastest_anyway: how fast the direction moves the face then if it lies on the whole line.
        clip_p995: 99.5th percentile over frames of the clip's own velocity, its fastest blendshape
            each time, per second: mostly that of blinks.
        line_p995: the same of the line without a direction and without blinks.
    """

    seconds: float
    fastest: float
    fastest_in_all: float
    fastest_anyway: float
    clip_p995: float
    line_p995: float


def change(generator: Generator, speech: Speech, text: str, start: float) -> Change:
    """Play a line whose direction begins in the middle and measure how it comes in."""
    strip = DirectionStrip(text, start, speech.seconds + 1.0)
    clip = play(generator, speech, direction_strips=(strip,))
    added, full = _added(generator, speech, clip, text)
    share = (added * full).sum(axis=1) / np.maximum((full * full).sum(axis=1), 1e-9)
    at = round(start * FPS)
    there = np.flatnonzero(share[at:] >= _THERE)
    seconds = float(there[0] / FPS) if len(there) else math.inf
    under = 0.5 * (share[1:] + share[:-1])[:, None] * np.diff(full, axis=0)
    steps = (np.diff(added, axis=0) - under, np.diff(added, axis=0), np.diff(full, axis=0))
    fastest = [float(np.abs(rows[at - 3 : at + 15]).max() * FPS) for rows in steps]
    return Change(
        seconds, *fastest, clip_p995=_fast(clip.coefficients),
        line_p995=_fast(_acted(play(generator, speech))),
    )  # fmt: skip


def _fast(faces: NDArray[np.floating]) -> float:
    """Return the 99.5th percentile over frames of the fastest blendshape's velocity, per second."""
    return float(np.quantile(np.abs(np.diff(faces, axis=0)).max(axis=1), 0.995) * FPS)


def added_over_time(
    generator: Generator, speech: Speech, text: str, start: float
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return what a strip from `start` on adds, and what it adds on the whole line, [T] each.

    Mean over the blendshapes that it moves.
    """
    strip = DirectionStrip(text, start, speech.seconds + 1.0)
    clip = play(generator, speech, direction_strips=(strip,))
    added, full = _added(generator, speech, clip, text)
    moved = np.abs(full.mean(axis=0)) > 0.05
    return added[:, moved].mean(axis=1), full[:, moved].mean(axis=1)


def _added(
    generator: Generator, speech: Speech, clip: ArkitClip, text: str
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return what a clip adds to the plain line, and a direction on all of it, [T, 52] each."""
    whole = DirectionStrip(text, 0.0, speech.seconds + 1.0)
    full = _acted(play(generator, speech, direction_strips=(whole,)))
    plain = _acted(play(generator, speech))
    return _acted(clip) - plain, full - plain


@dataclass(frozen=True)
class Shown:
    """What a generator shows of poses, one value each, [N].

    Attributes:
        share: movement / asked, mean over the channels that the pose asks for.
        alike: cosine of E(what is shown) and E(what is asked): Eq. 8 asks for it.
        lip_motion: how much the motion of jaw and mouth differs from the line's without a pose,
            over that motion itself: Eq. 7 asks for it.
    """

    share: NDArray[np.float64]
    alike: NDArray[np.float64]
    lip_motion: NDArray[np.float64]


def show_poses(
    generator: Generator, lines: Sequence[Speech], poses: Sequence[Mapping[str, float]],
    expclip: ExpClip,
) -> Shown:  # fmt: skip
    """Play each pose in one of the lines, in turn."""
    plain = [play(generator, line) for line in lines]
    rows = []
    for i, pose in enumerate(poses):
        line, still = lines[i % len(lines)], plain[i % len(lines)]
        clip = play(generator, line, pose=dict(pose))
        moved = movement(clip, still, voiced(line, clip.n_frames))
        asked = [n for n in ARKIT_NAMES if pose.get(n, 0.0) >= _ASKED]
        share = np.mean([moved[INDEX[n]] / pose[n] for n in asked])
        rows.append((share, _alike(expclip, moved, pose), _lip_motion(clip, still)))
    share, alike, lips = np.array(rows, np.float64).reshape(-1, 3).T
    return Shown(share, alike, lips)


def _alike(expclip: ExpClip, moved: NDArray[np.floating], pose: Mapping[str, float]) -> float:
    shown = dict(zip(ARKIT_NAMES, moved.clip(min=0.0).tolist(), strict=True))
    return float(expclip.embed_pose(shown) @ expclip.embed_pose(pose))


def _lip_motion(directed: ArkitClip, plain: ArkitClip) -> float:
    ours, true = (np.diff(_acted(clip)[:, _LIPS], axis=0) for clip in (directed, plain))
    return float(np.abs(ours - true).mean() / max(np.abs(true).mean(), _STILL_LIPS))
