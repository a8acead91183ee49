"""A take on its way: what its windows share, and what the take before it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from arkit.clip import ArkitClip
from arkit.closure import impose_closure
from arkit.names import ARKIT_NAMES
from arkit.strips import AUStrip
from server.generators.articulate.coarticulation import with_closures
from server.generators.base import Plan
from server.generators.spoken import SpokenLine
from server.generators.windows import Windows
from server.regeneration import Regeneration

from .coarse import Direction
from .guidance import Scales
from .habits import Living
from .sampling import Trajectory

Array = NDArray[np.float64]

PASSES: Final = ("lips", "emotion", "strips")

PassKey = tuple[str, int]
"""A pass and the number of its scene; what has no feeling is of scene `NO_SCENE`."""
NO_SCENE: Final = -1
NEUTRAL_PASS: Final[PassKey] = ("lips", NO_SCENE)


@dataclass
class Take:
    """A plan's own state.

    Attributes:
        sound: features of the paper's speech encoder and their times, or None.
        tails: pass and scene -> its last frames, in the network's scale, [n_given, C].
        ahead: pass and scene -> the frames after them, [n_ahead, C], that fade into the next
            window.
        living: blinks, gaze, head. base: the take that a part is made anew of, also at 25 fps.
        is_plain: whether no talking style was asked for.
    """

    windows: Windows
    line: SpokenLine
    direction: Direction
    strips: tuple[AUStrip, ...]
    style: Tensor
    texts: Tensor
    scales: Scales
    mode: str
    n_steps: int
    living: Living
    base: tuple[Regeneration, ArkitClip] | None
    is_plain: bool = False
    sound: tuple[NDArray[np.float32], Array] | None = None
    tails: dict[PassKey, Tensor] = field(default_factory=dict)
    ahead: dict[PassKey, Tensor] = field(default_factory=dict)


@dataclass
class Window:
    """One window of one take while it is made.

    Attributes:
        times: [T]. lips: [T, 52], articulated.
        scenes: scene -> shares of the direction's feelings [K] and presence [T], both summing to
            1; `NO_SCENE` is what has no feeling.
        passes: what is sampled.
    """

    plan: Plan
    take: Take
    number: int
    times: Array
    lips: Array
    scenes: dict[int, tuple[Array, Array]]
    passes: dict[PassKey, Trajectory]


def scenes_of(direction: Direction, times: Array) -> dict[int, tuple[Array, Array]]:
    """Return `Window.scenes` of a direction at times [T]: those that are there at all."""
    mixtures, presence = direction.scenes(times)
    felt = np.array([feeling.intensity > 0 for feeling in direction.feelings])
    found: dict[int, tuple[Array, Array]] = {}
    for scene, (mixture, here) in enumerate(zip(mixtures, presence, strict=True)):
        if not (here > 0).any():
            continue
        if (mixture * felt).any():
            found[scene] = (mixture, here)
        else:
            before = found.get(NO_SCENE, (mixture, np.zeros_like(here)))
            found[NO_SCENE] = (before[0], before[1] + here)
    return found


def met(face: Array, lips: Array, times: Array, window: Window) -> Array:
    """Return a face [n, 52] whose lips travel to their contacts and meet there.

    The articulated mouth in it has travelled already; only what is added to it has still to.
    """
    contacts, config = window.plan.contacts, window.take.line.config
    twice = with_closures(lips, times, contacts, config) - lips
    face = np.clip(with_closures(face, times, contacts, config) - twice, 0.0, 1.0)
    return impose_closure(face, times, contacts).astype(np.float64)


def kept(take: Take, times: Array, name: str) -> tuple[Array, NDArray[np.bool_]] | None:
    """Return the take's own frames [T, 52] for a pass, and which of them stay as they are."""
    if take.base is None:
        return None
    regeneration, clip = take.base
    if not all(layer in clip.layers for layer in PASSES):
        return None
    at = np.clip(np.rint(times * clip.fps).astype(int), 0, clip.n_frames - 1)
    passes = PASSES[: PASSES.index(name) + 1]
    total = np.sum([clip.layers[layer][at] for layer in passes], axis=0)
    columns = np.array([n in regeneration.part.blendshapes for n in ARKIT_NAMES])
    anew = regeneration.part.share_of_new(times, regeneration.base.seconds) > 0
    return np.clip(total, 0.0, 1.0).astype(np.float64), ~(anew[:, None] & columns)


def last_of(parts: Mapping[PassKey, Tensor], name: str, scene: int) -> Tensor | None:
    """Return what the window before made of a pass of a scene, or of the pass below it."""
    below: list[PassKey] = [("strips", scene), ("emotion", scene)]
    if scene == NO_SCENE:
        below.append(NEUTRAL_PASS)
    return next((parts[key] for key in below[below.index((name, scene)) :] if key in parts), None)
