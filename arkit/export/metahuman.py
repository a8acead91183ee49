"""ARKit coefficients -> MetaHuman: raw `CTRL_expressions_*` curves and the face control board.

What Unreal's ARKit path does at run time is done here once: poses add up, `mouthClose` becomes
lips together relative to the jaw, and board axes are clamped to their range. The numbers stand in
`metahuman_tables`; this module only sums them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..clip import ArkitClip
from ..errors import ExportError
from ..names import ARKIT_NAMES, INDEX
from ..saving import replacing
from .metahuman_tables import (
    ARKIT_TO_RAW,
    BOARD,
    LIPS_TOGETHER,
    OLD_RIG_CURVES,
    RAW_CURVES,
    RAW_PREFIX,
    BoardAxis,
)
from .report import ExportReport, check_clip

_SMALLEST_JAW: Final = 1e-3
"""jawOpen below which there is no gap to close; a ratio of two roundings would flicker."""

OLD_CONTROLS: Final[dict[str, str]] = {
    "CTRL_C_tongue_move": "CTRL_C_tongue",
    "CTRL_C_tongue_tipMove": "CTRL_C_tongue_tip",
    "CTRL_C_tongue_wideNarrow": "CTRL_C_tongue_narrowWide",
}
"""Control -> its name on boards from 2021 to 2023."""


@dataclass(frozen=True)
class MetaHumanOptions:
    """How ARKit becomes MetaHuman.

    Attributes:
        swap_mouth_sides: exchange mouthLeft and mouthRight, for data from iPhones, whose mouth
            sides are the observer's.
        old_rig: curve names of rigs from 2021 to 2023.
        head: add the curves HeadYaw, HeadPitch, HeadRoll (degrees) and HeadControlSwitch that the
            MetaHuman animation blueprint reads.
    """

    swap_mouth_sides: bool = False
    old_rig: bool = False
    head: bool = False


def _driven_raw() -> tuple[str, ...]:
    driven = {curve for row in ARKIT_TO_RAW.values() for curve in row} | set(LIPS_TOGETHER)
    return tuple(curve for curve in RAW_CURVES if curve in driven)


DRIVEN_RAW: Final[tuple[str, ...]] = _driven_raw()
"""The raw curves that ARKit reaches, without the prefix, in board order."""

DRIVEN_AXES: Final[tuple[BoardAxis, ...]] = tuple(
    axis for axis in BOARD if axis.plus in DRIVEN_RAW or axis.minus in DRIVEN_RAW
)
"""The 73 board axes that ARKit reaches; the others stay where they are."""


def _weights() -> NDArray[np.float64]:
    matrix = np.zeros((len(ARKIT_NAMES), len(DRIVEN_RAW)))
    for name, curves in ARKIT_TO_RAW.items():
        for curve, weight in curves.items():
            matrix[INDEX[name], DRIVEN_RAW.index(curve)] = weight
    return matrix


_WEIGHTS: Final = _weights()


def lips_together(coefficients: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return clamp(mouthClose / jawOpen, 0, 1) for [T, 52], [T]; 0 while the jaw is closed."""
    close = np.asarray(coefficients[:, INDEX["mouthClose"]], np.float64)
    jaw = np.asarray(coefficients[:, INDEX["jawOpen"]], np.float64)
    is_open = jaw >= _SMALLEST_JAW
    return np.where(is_open, np.clip(close / np.where(is_open, jaw, 1.0), 0.0, 1.0), 0.0)


def _raw_sums(coefficients: NDArray[np.floating], options: MetaHumanOptions) -> NDArray[np.float64]:
    """Return the raw curves before clamping, [T, len(DRIVEN_RAW)]."""
    faces = np.clip(np.asarray(coefficients, np.float64), 0.0, 1.0)
    if faces.ndim != 2 or faces.shape[1] != len(ARKIT_NAMES):
        raise ExportError(f"coefficients must be [T, 52], got {list(faces.shape)}")
    if options.swap_mouth_sides:
        left, right = INDEX["mouthLeft"], INDEX["mouthRight"]
        faces[:, [left, right]] = faces[:, [right, left]]
    raw = faces @ _WEIGHTS
    together = lips_together(faces)
    for curve in LIPS_TOGETHER:
        raw[:, DRIVEN_RAW.index(curve)] = together
    return raw


def raw_curves(
    coefficients: NDArray[np.floating], options: MetaHumanOptions | None = None
) -> dict[str, NDArray[np.float32]]:
    """Return curve name with its prefix -> values [T], 0..1, for [T, 52] coefficients.

    Raises:
        ExportError: the array is not [T, 52].
    """
    options = options or MetaHumanOptions()
    values = np.clip(_raw_sums(coefficients, options), 0.0, 1.0).astype(np.float32)
    renamed = OLD_RIG_CURVES if options.old_rig else {}
    return {
        RAW_PREFIX + renamed.get(curve, curve): values[:, i] for i, curve in enumerate(DRIVEN_RAW)
    }


def board_values(
    coefficients: NDArray[np.floating], options: MetaHumanOptions | None = None
) -> dict[str, NDArray[np.float32]]:
    """Return "control.axis" -> values [T] in the axis' range, for the 73 axes that ARKit reaches.

    Raises:
        ExportError: the array is not [T, 52].
    """
    raw = _raw_sums(coefficients, options or MetaHumanOptions())
    column = {curve: raw[:, i] for i, curve in enumerate(DRIVEN_RAW)}
    still = np.zeros(len(raw))
    return {
        axis.key: np.clip(
            column.get(axis.plus, still) - column.get(axis.minus, still), axis.low, axis.high
        ).astype(np.float32)
        for axis in DRIVEN_AXES
    }


def head_curves(clip: ArkitClip) -> dict[str, NDArray[np.float32]]:
    """Return the head curves of the MetaHuman animation blueprint, degrees, [T] each.

    The face bone's axes differ from ours, so the channels cross: roll takes our yaw, yaw the
    opposite of our pitch, pitch our roll.
    """
    yaw, pitch, roll = np.degrees(np.asarray(clip.head, np.float64)).T.astype(np.float32)
    turns = dict(zip(("HeadYaw", "HeadPitch", "HeadRoll"), (-pitch, roll, yaw), strict=True))
    return {**turns, "HeadControlSwitch": np.ones(clip.n_frames, np.float32)}


def clip_curves(
    clip: ArkitClip, options: MetaHumanOptions | None = None
) -> dict[str, NDArray[np.float32]]:
    """Return every curve of a clip for an AnimSequence: raw curves, and the head where wanted."""
    options = options or MetaHumanOptions()
    head = head_curves(clip) if options.head else {}
    return raw_curves(clip.coefficients, options) | head


def write_rig_mapper_csv(
    clip: ArkitClip, path: Path, options: MetaHumanOptions | None = None
) -> ExportReport:
    """Write raw curves as the long CSV that Unreal 5.8's RigMapper imports.

    Raises:
        ExportError: nothing to write, values that are not numbers, or no place to write.
    """
    notes = check_clip(clip)
    lines = ["curve_name,frame_number,value"]
    for name, values in clip_curves(clip, options).items():
        lines += [f"{name},{frame},{value:.6f}" for frame, value in enumerate(values.tolist())]
    try:
        with replacing(path) as part:
            part.write_text("\n".join(lines) + "\n", encoding="ascii", newline="")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
    hint = f"Frames count at {clip.fps:g} per second; set the same rate when importing."
    return ExportReport((path,), clip.n_frames, clip.seconds, clip.fps, (*notes, hint))
