"""A scene and its spoken line -> the programme of its performance."""

from __future__ import annotations

import numpy as np

from .acting import act
from .actors import actor_named
from .feelings import families, gaze_bias
from .hearing import Line
from .living import live
from .manners import Manner, manner_of, mixed
from .marking import draw_strips
from .performing import Programme
from .scenes import Scene


def stream(seed: int, number: int, purpose: str) -> np.random.Generator:
    """Return the random numbers of one purpose in one scene: no purpose disturbs another."""
    entropy = [seed, number, *purpose.encode()]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def manner_for(scene: Scene) -> Manner:
    """Return how a scene speaks and moves, at its intensity."""
    table = families()
    parts = [
        (manner_of(table[name].emotion, name), share * scene.intensity)
        for name, share in scene.families
    ]
    total = sum(weight for _, weight in parts)
    # Two feelings at once are not twice as strong.
    scale = scene.intensity / total if total > scene.intensity else 1.0
    return mixed([(manner, weight * scale) for manner, weight in parts])


def programme_for(scene: Scene, line: Line, seed: int) -> Programme:
    """Return the performance of a scene as data; the same scene, line and seed, the same data."""
    table = families()
    actor, manner = actor_named(scene.actor), manner_for(scene)
    parts = [
        (table[name], manner_of(table[name].emotion, name), share) for name, share in scene.families
    ]
    acting = act(
        line, actor, parts, word_strengths=scene.word_strengths, intensity=scene.intensity,
        in_turn=scene.in_turn,
        rng=stream(seed, scene.number, "acting"),
    )  # fmt: skip
    bias = np.sum([np.multiply(gaze_bias(f), share) for f, _, share in parts], axis=0)
    bias = bias * scene.intensity
    living = live(
        line, actor, manner, (float(bias[0]), float(bias[1])), stream(seed, scene.number, "living")
    )
    strips = ()
    if scene.with_strips:
        strips = draw_strips(line.seconds, stream(seed, scene.number, "strips"))
    return Programme(line, actor, manner, acting, living, strips)
