"""Puts skin and parts together: one vertex array, materials, shapes for every part, landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from arkit.names import ARKIT_NAMES, mirror_name
from flame.head import mouth_shapes as mouth
from flame.head import upper_shapes as upper
from flame.head.colour import COLOURS, eye_colours, skin_colours
from flame.head.eyes_shapes import LOOK_RADIANS, eye_shapes, keep_off_ball, turn_eye
from flame.head.frame import Face, make_face
from flame.head.hair import hair_cap, hairline_strands, locks
from flame.head.jaw import jaw_shapes, lips_together, open_jaw, slide_jaw
from flame.head.landmarks import find_landmarks
from flame.head.lashes import lashes, other_side, ride_lids
from flame.head.maths import Array, Indices
from flame.head.parts import Part, brow, eyeball, join, mirrored, tongue
from flame.head.skin import Skin, build_skin
from flame.head.teeth import teeth
from flame.head.tongue_shapes import tongue_out

CM = 0.01
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Made:
    """The finished arrays, as `Head` holds them."""

    vertices: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]
    materials: tuple[str, ...]
    face_material: npt.NDArray[np.int32]
    colours: dict[str, tuple[float, float, float]]
    vertex_colours: npt.NDArray[np.float32]
    shapes: dict[str, npt.NDArray[np.float32]]
    parts: dict[str, range]
    landmarks: dict[str, npt.NDArray[np.int32]]


def _reflect(delta: Array, mirror: Indices) -> Array:
    return delta[mirror] * _MIRROR


def skin_shapes(face: Face) -> dict[str, Array]:
    """Return the displacement [V, 3] cm of the skin for the 52 names, exactly mirrored."""
    left = {
        "mouthSmileLeft": mouth.smile(face),
        "mouthFrownLeft": mouth.frown(face),
        "mouthDimpleLeft": mouth.dimple(face),
        "mouthStretchLeft": mouth.stretch(face),
        "mouthPressLeft": mouth.press(face),
        "mouthLowerDownLeft": mouth.lower_down(face),
        "mouthUpperUpLeft": mouth.upper_up(face),
        "browDownLeft": upper.brow_down(face),
        "browOuterUpLeft": upper.brow_outer_up(face),
        "cheekSquintLeft": upper.cheek_squint(face),
        "noseSneerLeft": upper.nose_sneer(face),
        "mouthLeft": mouth.sideways(face, 1.0),
    }
    jaw = jaw_shapes(face)
    left = {name: keep_off_ball(face, delta) for name, delta in left.items()} | eye_shapes(face)
    left["jawLeft"] = jaw["jawLeft"]
    middle = {
        "jawForward": jaw["jawForward"],
        "jawOpen": jaw["jawOpen"],
        "mouthPucker": mouth.pucker(face),
        "mouthFunnel": mouth.funnel(face),
        "mouthRollLower": mouth.roll(face, upper=False),
        "mouthRollUpper": mouth.roll(face, upper=True),
        "mouthShrugLower": mouth.shrug_lower(face),
        "mouthShrugUpper": mouth.shrug_upper(face),
        "browInnerUp": keep_off_ball(face, upper.brow_inner_up(face)),
        "cheekPuff": upper.cheek_puff(face),
        "tongueOut": np.zeros_like(face.points),
    }
    mirror = face.skin.mirror
    shapes = {name: 0.5 * (delta + _reflect(delta, mirror)) for name, delta in middle.items()}
    close = lips_together(face, shapes["jawOpen"])
    shapes["mouthClose"] = 0.5 * (close + _reflect(close, mirror))
    for name, delta in left.items():
        shapes[name] = delta
        shapes[mirror_name(name)] = _reflect(delta, mirror)
    return shapes


def _riding_weights(anchor: Array, skin: Skin) -> tuple[Indices, Array]:
    """Return the 4 nearest skin vertices [A, 4] of each anchor and their shares [A, 4]."""
    unique, back = np.unique(anchor, axis=0, return_inverse=True)
    nearest = np.empty((len(unique), 4), dtype=np.int64)
    distance = np.empty((len(unique), 4))
    for start in range(0, len(unique), 256):
        block = unique[start : start + 256]
        gap = np.sum((block[:, None] - skin.vertices[None]) ** 2, axis=-1)
        index = np.argpartition(gap, 4, axis=1)[:, :4]
        nearest[start : start + 256] = index
        distance[start : start + 256] = np.take_along_axis(gap, index, axis=1)
    share = 1.0 / (distance + 1e-4)
    share /= share.sum(axis=1, keepdims=True)
    return nearest[back.ravel()], share[back.ravel()]


def _ride(part: Part, skin: Skin, shapes: dict[str, Array]) -> dict[str, Array]:
    assert part.anchor is not None
    nearest, share = _riding_weights(part.anchor, skin)
    return {name: np.einsum("akd,ak->ad", delta[nearest], share) for name, delta in shapes.items()}


def _gaze(part: Part, side: float) -> dict[str, Array]:
    ending = "Left" if side > 0 else "Right"
    return {
        f"eyeLook{direction}{ending}": turn_eye(part.vertices, direction, side)
        for direction in LOOK_RADIANS
    }


def _with_jaw(part: Part) -> dict[str, Array]:
    return {
        "jawOpen": open_jaw(part.vertices),
        "jawForward": slide_jaw(part.vertices, "forward"),
        "jawLeft": slide_jaw(part.vertices, "left"),
        "jawRight": slide_jaw(part.vertices, "right"),
    }


def assemble() -> Made:
    """Build the whole head; metres, float32."""
    skin = build_skin()
    face = make_face(skin)
    shapes = skin_shapes(face)
    left_eye, left_lash, left_brow = eyeball(), lashes(skin), brow()
    tongue_part = tongue()
    brows = join([left_brow, mirrored(left_brow)])
    hair, scalp = hair_cap(skin)
    fringe = hairline_strands()
    fringe = join([fringe, mirrored(fringe)])
    fringe_shapes = _ride(fringe, skin, shapes)
    right_lash = other_side(left_lash, skin)
    lash_left, lash_right = ride_lids(left_lash, shapes, 1.0), ride_lids(right_lash, shapes, -1.0)
    members: dict[str, tuple[Part, dict[str, Array]]] = {
        "head": (Part(skin.vertices, skin.faces, _skin_materials(skin)), shapes),
        "eye_left": (left_eye, _gaze(left_eye, 1.0)),
        "eye_right": (mirrored(left_eye), _gaze(mirrored(left_eye), -1.0)),
        "teeth_upper": (teeth(upper=True), {}),
        "teeth_lower": (lower := teeth(upper=False), _with_jaw(lower)),
        "tongue": (tongue_part, _with_jaw(tongue_part) | {"tongueOut": tongue_out(tongue_part)}),
        "lashes": (
            join([left_lash.part, right_lash.part]),
            {name: np.concatenate([lash_left[name], lash_right[name]]) for name in ARKIT_NAMES},
        ),
        "brows": (brows, _ride(brows, skin, shapes)),
        "hair": (
            join([hair, fringe]),
            {
                name: np.concatenate([delta[scalp], fringe_shapes[name]])
                for name, delta in shapes.items()
            },
        ),
    }
    return _merge(members, skin, np.append(locks(skin)[scalp], np.zeros(len(fringe.vertices))))


def _skin_materials(skin: Skin) -> tuple[str, ...]:
    """Return skin, lips or mouth for each quad of the sheet."""
    kind = np.zeros(len(skin.vertices), dtype=np.int64)
    opening = skin.topology.openings["mouth"]
    kind[opening.loops[6:10].ravel()] = 1
    kind[opening.loops[10:].ravel()] = 2
    kind[opening.bottom] = 2
    names = np.array(["skin", "lips", "mouth"])
    return tuple(names[kind[skin.faces].max(axis=1)].tolist())


def _merge(members: dict[str, tuple[Part, dict[str, Array]]], skin: Skin, strands: Array) -> Made:
    parts, start = {}, 0
    for name, (part, _) in members.items():
        parts[name] = range(start, start + len(part.vertices))
        start += len(part.vertices)
    whole = join([part for part, _ in members.values()])
    shapes = {name: np.zeros((start, 3), dtype=np.float32) for name in ARKIT_NAMES}
    for name, (_, deltas) in members.items():
        for shape, delta in deltas.items():
            shapes[shape][parts[name].start : parts[name].stop] = delta * CM
    materials = tuple(dict.fromkeys(whole.materials))
    lookup = {name: k for k, name in enumerate(materials)}
    face_material = np.array([lookup[name] for name in whole.materials], dtype=np.int32)
    colours = np.zeros((start, 3))
    base = np.array([COLOURS[name] for name in materials])
    colours[whole.faces] = base[face_material][:, None]
    assert whole.shade is not None
    colours = np.clip(colours * whole.shade, 0.0, 1.0)
    colours[: len(skin.vertices)] = skin_colours(skin)
    for side in ("left", "right"):
        span = parts[f"eye_{side}"]
        colours[span.start : span.stop] = eye_colours(whole.vertices[span.start : span.stop])
    span = parts["hair"]
    colours[span.start : span.stop] *= 1.0 + 0.30 * strands[:, None]
    return Made(
        vertices=(whole.vertices * CM).astype(np.float32),
        faces=whole.faces.astype(np.int32),
        materials=materials,
        face_material=face_material,
        colours={name: COLOURS[name] for name in materials},
        vertex_colours=colours.astype(np.float32),
        shapes=shapes,
        parts=parts,
        landmarks=find_landmarks(skin, members, parts),
    )
