"""How well directions in words become faces: held-out wording, development directions, speed.

The development directions (language_directions.tsv) were written before any model output was
seen and may be tuned on; the frozen 300 of the tests may not, and nothing here reads them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES
from server.language.express import Director, Expression
from server.language.faces import Face, expand

DIRECTIONS: Final = Path(__file__).with_name("language_directions.tsv")

MOVES: Final = 0.12
"""A group moves when its strongest blendshape passes this coefficient."""


def _both(*stems: str) -> tuple[str, ...]:
    return tuple(stem + side for stem in stems for side in ("Left", "Right"))


GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "smile": _both("mouthSmile"), "sad_mouth": _both("mouthFrown"),
    "brow_inner": ("browInnerUp",), "brow_outer": _both("browOuterUp"),
    "brow_raise": ("browInnerUp", *_both("browOuterUp")), "brow_down": _both("browDown"),
    "eye_wide": _both("eyeWide"), "eye_squint": _both("eyeSquint"), "blink": _both("eyeBlink"),
    "lids_down": _both("eyeBlink"), "cheek": _both("cheekSquint"), "nose": _both("noseSneer"),
    "upper_lip": _both("mouthUpperUp"), "lower_lip": _both("mouthLowerDown"),
    "dimple": _both("mouthDimple"), "one_smile": _both("mouthSmile"),
    "stretch": _both("mouthStretch"), "press": _both("mouthPress"), "jaw": ("jawOpen",),
    "jaw_forward": ("jawForward",), "jaw_left": ("jawLeft",), "jaw_right": ("jawRight",),
    "chin": ("mouthShrugLower", "mouthShrugUpper"), "pucker": ("mouthPucker",),
    "funnel": ("mouthFunnel",), "roll": ("mouthRollLower", "mouthRollUpper"),
    "puff": ("cheekPuff",), "tongue": ("tongueOut",),
    "gaze": _both("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut"),
    "gaze_up": _both("eyeLookUp"), "gaze_down": _both("eyeLookDown"),
    "gaze_left": ("eyeLookOutLeft", "eyeLookInRight"),
    "gaze_right": ("eyeLookInLeft", "eyeLookOutRight"),
}  # fmt: skip
"""Names of what moves; "smileL" is the left half of "smile"."""


def group_names(group: str) -> tuple[str, ...]:
    """Blendshapes of a group.

    Raises:
        KeyError: no such group.
    """
    if group in GROUPS:
        return GROUPS[group]
    side = {"L": "Left", "R": "Right"}[group[-1]]
    return tuple(name for name in GROUPS[group[:-1]] if name.endswith(side))


def movement(shapes: Mapping[str, float], group: str) -> float:
    """The strongest coefficient of a group."""
    return max(shapes[name] for name in group_names(group))


@dataclass(frozen=True)
class Direction:
    """One development direction.

    Attributes:
        kind: word, situation, action, negation, side, mixed, order or neutral.
        texts: one, or several from weak to strong for `order`.
        must: alternatives in each entry; every entry has to move. must_not: none may move.
    """

    kind: str
    texts: tuple[str, ...]
    must: tuple[str, ...]
    must_not: tuple[str, ...]


def read_directions(path: Path = DIRECTIONS) -> list[Direction]:
    """Read the table of directions."""
    found: list[Direction] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or line.startswith("kind\t") or not line.strip():
            continue
        kind, text, must, must_not = line.split("\t")
        found.append(
            Direction(
                kind,
                tuple(text.split(" < ")),
                tuple(item for item in must.split("|") if item),
                tuple(item for item in must_not.split("|") if item),
            )
        )
    return found


def is_right(direction: Direction, express: Callable[[str], Expression]) -> bool:
    """Whether the faces do what a direction asks.

    Words, situations and single actions list alternatives (one has to move); sides and mixed
    feelings list what has to move together; `order` has to rise from each text to the next.
    """
    shapes = [express(text).blendshapes for text in direction.texts]
    if direction.kind == "order":
        values = [movement(shape, direction.must[0]) for shape in shapes]
        return all(low < high for low, high in pairwise(values))
    moved = [movement(shapes[0], group) > MOVES for group in direction.must]
    together = direction.kind in ("side", "mixed")
    right = (all(moved) if together else any(moved)) or not moved
    return right and not any(movement(shapes[0], g) > MOVES for g in direction.must_not)


def score_directions(
    directions: Sequence[Direction], express: Callable[[str], Expression]
) -> tuple[dict[str, float], list[Direction]]:
    """Share right of each kind and of "all", and the wrong ones."""
    right: dict[str, list[bool]] = defaultdict(list)
    wrong: list[Direction] = []
    for direction in directions:
        verdict = is_right(direction, express)
        right[direction.kind].append(verdict)
        right["all"].append(verdict)
        if not verdict:
            wrong.append(direction)
    return {kind: float(np.mean(verdicts)) for kind, verdicts in right.items()}, wrong


def au_f1(found: Sequence[Face], wanted: Sequence[Face], least: float = 0.1) -> dict[str, float]:
    """F1 over all AU decisions ("micro") and the mean of each text's ("mean").

    An AU counts on each side by itself; two empty faces agree (1.0).
    """
    hits = misses = extras = 0
    each: list[float] = []
    for face, target in zip(found, wanted, strict=True):
        ours = {code for code, value in expand(face).items() if value >= least}
        theirs = {code for code, value in expand(target).items() if value >= least}
        both = len(ours & theirs)
        hits, misses, extras = hits + both, misses + len(theirs - ours), extras + len(ours - theirs)
        each.append(2 * both / (len(ours) + len(theirs)) if ours or theirs else 1.0)
    micro = 2 * hits / max(1, 2 * hits + misses + extras)
    return {"micro": micro, "mean": float(np.mean(each))}


def blendshape_error(
    found: NDArray[np.float32], wanted: NDArray[np.float32], mean: NDArray[np.float32]
) -> dict[str, float]:
    """Mean squared error [n, 52], and its ratio to predicting `mean` [52] for every text."""
    error = float(np.square(found - wanted).mean())
    baseline = float(np.square(mean[None] - wanted).mean())
    return {"mse": error, "mean_mse": baseline, "ratio": error / max(baseline, 1e-9)}


def recall_at(
    queries: NDArray[np.float32], poses: NDArray[np.float32], wanted: NDArray[np.float32],
    *, k: int = 10, among: int = 100, seed: int = 0,
) -> float:  # fmt: skip
    """Share of texts whose own expression is among the `k` nearest of `among` different ones.

    queries, poses: unit embeddings [n, D] of texts and of their expressions; wanted [n, 52] tells
    which expressions are one and the same.
    """
    rng = np.random.default_rng(seed)
    kinds = np.unique(np.round(wanted, 3), axis=0, return_index=True)[1]
    hits: list[bool] = []
    for i in range(len(queries)):
        others = rng.permutation(kinds)
        same = np.abs(wanted[others] - wanted[i]).max(1) < 5e-3
        rivals = others[~same][: among - 1]
        own = float(poses[i] @ queries[i])
        hits.append(bool((poses[rivals] @ queries[i] > own).sum() < k))
    return float(np.mean(hits))


def seconds_per_text(
    express: Callable[[str], Expression], texts: Sequence[str]
) -> dict[str, float]:
    """Median and 95th percentile of seconds for a text, after one warm-up text."""
    express(texts[0])
    taken: list[float] = []
    for text in texts:
        started = time.perf_counter()
        express(text)
        taken.append(time.perf_counter() - started)
    return {"median": float(np.median(taken)), "p95": float(np.percentile(taken, 95))}


def shapes_array(expression: Expression) -> NDArray[np.float32]:
    """An expression's blendshapes as float32 [52]."""
    return np.array([expression.blendshapes[name] for name in ARKIT_NAMES], np.float32)


def network_faces(director: Director, texts: Sequence[str]) -> list[Face]:
    """The detector alone, without the rules."""
    from server.language.detector import guess

    found: list[Face] = []
    for i in range(0, len(texts), 256):
        batch = guess(director.detector, director.encoder.encode(texts[i : i + 256]))
        found += [{} if one.unknown > 0.5 else one.face for one in batch]
    return found
