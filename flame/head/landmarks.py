"""Names for the vertices that other code measures or attaches to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flame.head.eyelids import MARGIN_LOOP
from flame.head.lips import BORDER_LOOP, CONTACT_LOOPS
from flame.head.maths import Array
from flame.head.parts import Part
from flame.head.skin import Skin

Landmarks = dict[str, npt.NDArray[np.int32]]


def _nearest(points: Array, target: tuple[float, float, float], among: slice) -> int:
    return among.start + int(np.argmin(np.sum((points[among] - np.asarray(target)) ** 2, axis=-1)))


def _mouth(skin: Skin) -> Landmarks:
    loops = skin.topology.openings["mouth"].loops
    count = loops.shape[1]
    half = count // 2
    above = np.arange(1, half)
    below = count - above
    front = loops[CONTACT_LOOPS[0]]
    return {
        "upper_lip_inner": front[above],
        "lower_lip_inner": front[below],
        "upper_lip_wet": loops[CONTACT_LOOPS[1]][above],
        "lower_lip_wet": loops[CONTACT_LOOPS[1]][below],
        "upper_lip_border": loops[BORDER_LOOP][above],
        "lower_lip_border": loops[BORDER_LOOP][below],
        "lip_centre": front[[half // 2, count - half // 2]],
        "mouth_corner_left": front[[0]],
        "mouth_corner_right": front[[half]],
    }


def _eyes(skin: Skin) -> Landmarks:
    out: Landmarks = {}
    for side in ("left", "right"):
        loops = skin.topology.openings[f"eye_{side}"].loops
        count = loops.shape[1]
        half = count // 2
        edge = loops[MARGIN_LOOP]
        above = np.arange(0, half + 1)
        out[f"eye_outer_corner_{side}"] = edge[[0]]
        out[f"eye_inner_corner_{side}"] = edge[[half]]
        out[f"upper_lid_{side}"] = edge[above]
        out[f"lower_lid_{side}"] = edge[(count - above) % count]
        out[f"upper_lid_centre_{side}"] = edge[[half // 2]]
        out[f"lower_lid_centre_{side}"] = edge[[count - half // 2]]
    return out


def find_landmarks(
    skin: Skin, members: dict[str, tuple[Part, dict[str, Array]]], parts: dict[str, range]
) -> Landmarks:
    """Return the named vertex indices of the whole head."""
    points = np.concatenate([part.vertices for part, _ in members.values()])
    head = slice(parts["head"].start, parts["head"].stop)
    found = _mouth(skin) | _eyes(skin)
    spots = {
        "nose_tip": (0.0, -3.65, 12.0),
        "chin": (0.0, -10.3, 9.2),
        "forehead": (0.0, 5.0, 9.8),
    }
    for side, sign in (("left", 1.0), ("right", -1.0)):
        spots |= {
            f"brow_inner_{side}": (1.4 * sign, 1.75, 9.6),
            f"brow_middle_{side}": (3.2 * sign, 2.3, 9.4),
            f"brow_outer_{side}": (4.9 * sign, 1.8, 8.0),
            f"cheek_{side}": (4.2 * sign, -3.2, 8.2),
            f"nose_wing_{side}": (1.75 * sign, -4.0, 10.0),
        }
    for name, spot in spots.items():
        found[name] = np.array([_nearest(points, spot, head)])
    found |= _teeth(points, parts)
    for side in ("left", "right"):
        span = parts[f"eye_{side}"]
        found[f"pupil_{side}"] = np.array([span.start])
    return {name: np.asarray(index, dtype=np.int32) for name, index in found.items()}


def _teeth(points: Array, parts: dict[str, range]) -> Landmarks:
    out: Landmarks = {}
    for row, lowest in (("upper", True), ("lower", False)):
        span = parts[f"teeth_{row}"]
        block = points[span.start : span.stop]
        middle = np.abs(block[:, 0]) < 0.8
        middle &= block[:, 2] > 8.3
        height = np.where(middle, block[:, 1] if lowest else -block[:, 1], np.inf)
        edge = np.flatnonzero(height < height.min() + 0.03)
        out[f"{row}_incisor_edge"] = span.start + edge[np.argsort(-block[edge, 0])]
    return out
