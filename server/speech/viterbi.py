"""Best paths through posteriors: free decoding with a shortest duration, and through a word graph.

Times come out of the best path alone; nothing here knows of sound, spelling or networks. Frames are
100 Hz, posteriors are natural logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Path_ = NDArray[np.int32]

IMPOSSIBLE: Final = -1e30


def best_classes(scores: Array, switch_penalty: float, shortest: int) -> Path_:
    """Return the best class of every frame, [F], for log scores [F, N].

    Args:
        scores: log posteriors. switch_penalty: nats that every change of class costs.
        shortest: frames that a class lasts at least.
    """
    n_frames, n_classes = scores.shape
    if not n_frames:
        return np.zeros(0, np.int32)
    # value[k, c]: best path that is in class c for k + 1 frames (k = shortest - 1: or more)
    value = np.full((shortest, n_classes), IMPOSSIBLE)
    value[:] = scores[0]
    came_from = np.zeros(n_frames, np.int32)
    stayed = np.zeros((n_frames, n_classes), bool)
    stayed[0] = True
    for t in range(1, n_frames):
        settled = value[-1]
        best = int(settled.argmax())
        came_from[t] = best
        entering = settled[best] - switch_penalty
        if shortest > 1:
            before = value[-2]
            stayed[t] = settled >= before
            last = np.maximum(settled, before)
            value[1:-1] = value[:-2]
            value[0] = entering
            value[-1] = last
        else:
            stayed[t] = settled >= entering
            value[0] = np.maximum(settled, entering)
        value += scores[t]
    return _trace_classes(value, stayed, came_from, shortest)


def _trace_classes(
    value: NDArray[np.float64], stayed: NDArray[np.bool_], came_from: Path_, shortest: int
) -> Path_:
    n_frames = len(stayed)
    path = np.zeros(n_frames, np.int32)
    current = int(value[-1].argmax())
    t = n_frames - 1
    while t >= 0:
        path[t] = current
        if stayed[t, current]:
            t -= 1
            continue
        first = max(0, t - (shortest - 1))
        path[first : t + 1] = current
        if first > 0:
            current = int(came_from[first])
        t = first - 1
    return path


@dataclass(frozen=True)
class Graph:
    """States in topological order, each entered from itself and from earlier ones.

    Attributes:
        emission: column of the scores that each state reads, [N].
        sources: earlier states that each may be entered from, [N, K]; -1 pads.
        costs: nats of entering from each, [N, K].
        starts, ends: states that a path may begin and end in.
        may_stay: whether a state may last more than one frame, [N].
    """

    emission: NDArray[np.int32]
    sources: NDArray[np.int32]
    costs: NDArray[np.float32]
    starts: Sequence[tuple[int, float]]
    ends: Sequence[tuple[int, float]]
    may_stay: NDArray[np.bool_]


def best_states(graph: Graph, scores: Array, beam: float = 250.0) -> Path_ | None:
    """Return the best state of every frame, [F], or None when no path fits into the frames.

    Args:
        graph: of states. scores: log scores [F, columns].
        beam: nats behind the best at which a state is dropped; memory is one byte per frame and
            state inside it.
    """
    n_states = len(graph.emission)
    # A frame's new value reads the old values of the state itself (slot 0) and of its sources.
    sources = np.concatenate([np.arange(n_states)[:, None], graph.sources], 1)
    stay = np.where(graph.may_stay, 0.0, -IMPOSSIBLE)[:, None]
    costs = np.concatenate([stay, np.where(graph.sources < 0, -IMPOSSIBLE, graph.costs)], 1)
    forward = int((np.arange(n_states)[:, None] - np.where(sources < 0, n_states, sources)).max())
    value = np.full(n_states + 1, IMPOSSIBLE)
    for state, cost in graph.starts:
        value[state] = scores[0, graph.emission[state]] - cost
    low, high = _alive(value[:-1], beam, 0, n_states)
    slots: list[tuple[int, NDArray[np.int8]]] = [(0, np.zeros(0, np.int8))]
    for t in range(1, len(scores)):
        high = min(n_states, high + forward)
        reach = value[sources[low:high]] - costs[low:high]
        slot = reach.argmax(1)
        value[low:high] = reach[np.arange(high - low), slot] + scores[t, graph.emission[low:high]]
        slots.append((low, slot.astype(np.int8)))
        new_low, new_high = _alive(value[low:high], beam, low, high)
        value[low:new_low] = IMPOSSIBLE
        value[new_high:high] = IMPOSSIBLE
        low, high = new_low, new_high
    finals = [(value[state] - cost, state) for state, cost in graph.ends]
    best, state = max(finals)
    if best < IMPOSSIBLE / 2:
        return None
    path = np.zeros(len(scores), np.int32)
    for t in range(len(scores) - 1, -1, -1):
        path[t] = state
        if t:
            first, slot = slots[t]
            state = int(sources[state, slot[state - first]])
    return path


def _alive(value: NDArray[np.float64], beam: float, low: int, high: int) -> tuple[int, int]:
    """Return the range of states within the beam; `value` holds states low..high."""
    best = value.max()
    alive = np.flatnonzero(value >= best - beam)
    if best < IMPOSSIBLE / 2 or not len(alive):
        return low, high
    return low + int(alive[0]), low + int(alive[-1]) + 1
