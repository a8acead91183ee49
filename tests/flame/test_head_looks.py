"""What an animator would see at once: teeth through lips, a tongue through them, loose lashes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from arkit.names import INDEX
from flame.head import Head, built_in_head
from flame.head.surface import EYE_CENTRE, EYE_RADIUS

Floats = npt.NDArray[np.float32]
HEAD = built_in_head()


def both(name: str, value: float) -> dict[str, float]:
    return {f"{name}Left": value, f"{name}Right": value}


FACES: dict[str, dict[str, float]] = {
    "rest": {},
    "angry e": both("browDown", 0.9) | both("noseSneer", 0.5) | both("mouthUpperUp", 0.6)
    | both("mouthStretch", 0.7) | both("mouthLowerDown", 0.3) | {"jawOpen": 0.2},
    "grimace": both("mouthUpperUp", 1) | both("mouthLowerDown", 1) | both("mouthStretch", 1),
    "laugh": both("mouthSmile", 1) | {"jawOpen": 1.0},
    "pucker": {"mouthPucker": 1.0, "jawOpen": 0.3},
    "funnel": {"mouthFunnel": 1.0, "jawOpen": 0.6},
    "rolled": {"mouthRollUpper": 1.0, "mouthRollLower": 1.0},
    "pressed": both("mouthPress", 1) | both("mouthDimple", 1),
    "chewed": {"jawLeft": 1.0, "jawOpen": 0.4, "mouthRight": 0.5},
    "closed": {"jawOpen": 0.6, "mouthClose": 0.6},
    "thrust": {"jawForward": 1.0, "jawOpen": 0.2},
}  # fmt: skip


def posed(weights: dict[str, float], head: Head = HEAD) -> Floats:
    coefficients = np.zeros(52, np.float32)
    for name, value in weights.items():
        coefficients[INDEX[name]] = value
    return head.pose(coefficients)


def rows_of(material: str) -> npt.NDArray[np.int32]:
    return np.unique(HEAD.faces[HEAD.face_material == HEAD.materials.index(material)])


def part(name: str, vertices: Floats) -> Floats:
    return vertices[HEAD.parts[name].start : HEAD.parts[name].stop]


def crowns() -> npt.NDArray[np.int32]:
    """Crown vertices that can come near the lips."""
    rows = rows_of("teeth")
    return rows[HEAD.vertices[rows, 2] > 0.068]


def triangles_ahead() -> npt.NDArray[np.int32]:
    """Skin, lips and the inside of the lips around the mouth."""
    quads = HEAD.part_faces("head")
    middle = HEAD.vertices[quads].mean(axis=1)
    near = (np.abs(middle[:, 0]) < 0.045) & (np.abs(middle[:, 1] + 0.075) < 0.045)
    quads = quads[near & (middle[:, 2] > 0.05)]
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def covered(points: Floats, vertices: Floats) -> npt.NDArray[np.bool_]:
    """Whether skin or lips lie straight ahead of points [N, 3], seen from the front."""
    a, b, c = (vertices[triangles_ahead()[:, k]] for k in range(3))
    u, v = (b - a)[:, :2], (c - a)[:, :2]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    area = np.where(np.abs(area) < 1e-12, np.inf, area)
    w = points[:, None, :2] - a[:, :2]
    s = (w[..., 0] * v[:, 1] - w[..., 1] * v[:, 0]) / area
    t = (u[:, 0] * w[..., 1] - u[:, 1] * w[..., 0]) / area
    z = a[:, 2] + s * (b - a)[:, 2] + t * (c - a)[:, 2]
    hit = (s >= -0.01) & (t >= -0.01) & (s + t <= 1.01) & (z > points[:, None, 2])
    return hit.any(axis=1)


def in_opening(points: Floats, vertices: Floats, slack: float) -> npt.NDArray[np.bool_]:
    """Whether points lie between the lips, seen from the front."""
    inside = np.ones(len(points), bool)
    for lip, sign in (("upper", 1.0), ("lower", -1.0)):
        line = vertices[HEAD.landmarks[f"{lip}_lip_inner"]]
        line = line[np.argsort(line[:, 0])]
        edge = np.interp(points[:, 0], line[:, 0], line[:, 1])
        inside &= sign * (edge - points[:, 1]) > -slack
    return inside


@pytest.mark.parametrize("face", FACES)
def test_no_tooth_comes_through_the_face(face: str) -> None:
    vertices = posed(FACES[face])
    teeth = vertices[crowns()]
    bare = ~covered(teeth, vertices)
    assert in_opening(teeth[bare], vertices, 0.0008).all(), "a tooth is seen beside the mouth"
    lips = vertices[np.concatenate([HEAD.landmarks[f"{k}_lip_border"] for k in ("upper", "lower")])]
    assert teeth[:, 2].max() < lips[:, 2].max(), "a tooth stands out of the mouth"


@pytest.mark.parametrize("face", ["angry e", "grimace", "laugh"])
def test_teeth_go_on_to_the_corners_of_a_wide_mouth(face: str) -> None:
    vertices = posed(FACES[face])
    corner = vertices[HEAD.landmarks["mouth_corner_left"][0], 0]
    upper = vertices[np.intersect1d(rows_of("teeth"), HEAD.parts["teeth_upper"])]
    assert upper[:, 0].max() > 0.8 * corner


def test_the_inside_of_the_mouth_holds_both_arches() -> None:
    inside, teeth = HEAD.vertices[rows_of("mouth")], HEAD.vertices[rows_of("teeth")]
    for low in (0.05, 0.06, 0.07, 0.08):
        slices = [p[np.abs(p[:, 2] - low) < 0.006] for p in (inside, teeth)]
        pocket, arch = (np.abs(slice_[:, 0]).max() for slice_ in slices)
        assert pocket > arch - 0.0005, f"teeth stand in the cheek {1000 * low:.0f} mm ahead"


def test_single_teeth_are_told_apart_by_shade() -> None:
    front = crowns()[np.abs(HEAD.vertices[crowns(), 0]) < 0.012]
    light = HEAD.vertex_colours[front].mean(axis=1)
    assert light.min() < 0.7 * light.max()
    back = rows_of("teeth")[HEAD.vertices[rows_of("teeth"), 2] < 0.06]
    assert HEAD.vertex_colours[back].max() < 0.85 * HEAD.vertex_colours[front].max()


def test_the_inside_of_the_mouth_is_dark_red_and_nowhere_black() -> None:
    red, green, blue = HEAD.vertex_colours[rows_of("mouth")].T
    assert red.min() > 0.2
    assert (red > 1.5 * np.maximum(green, blue)).all()


@pytest.mark.parametrize("weight", [0.3, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("jaw", [0.2, 0.5, 1.0])
def test_the_tongue_passes_over_the_lower_lip(weight: float, jaw: float) -> None:
    vertices = posed({"tongueOut": weight, "jawOpen": jaw})
    line = vertices[HEAD.landmarks["lower_lip_inner"]]
    line = line[np.argsort(line[:, 0])]
    tongue = part("tongue", vertices)
    tongue = tongue[np.abs(tongue[:, 0]) < 0.006]
    y, z = (np.interp(tongue[:, 0], line[:, 0], line[:, k]) for k in (1, 2))
    on_lip = np.abs(tongue[:, 2] - z) < 0.002
    deep = (y - tongue[:, 1])[on_lip]
    assert deep.max(initial=0.0) < 0.0035, "soft flesh gives way by 3 mm, no more"


def lash_clearance(vertices: Floats) -> float:
    """How far the nearest lash vertex is outside its eyeball, metres."""
    lashes = part("lashes", vertices)
    half = len(lashes) // 2
    least = np.inf
    for side, rows in ((1.0, lashes[:half]), (-1.0, lashes[half:])):
        centre = np.array(EYE_CENTRE) * 0.01 * np.array([side, 1.0, 1.0])
        least = min(least, np.linalg.norm(rows - centre, axis=1).min() - EYE_RADIUS * 0.01)
    return float(least)


def off_the_lid(vertices: Floats) -> float:
    """How far the root of a left lash is from the margin of its lid at most, metres."""
    found = []
    lashes = part("lashes", vertices)[:600]
    for rows, steps, lid in ((lashes[:432], 4, "upper"), (lashes[432:], 3, "lower")):
        roots = rows.reshape(-1, steps, 2, 3)[:, 0].mean(axis=1)
        line = vertices[HEAD.landmarks[f"{lid}_lid_left"]]
        share = np.linspace(0.0, 1.0, 20)[:, None, None]
        fine = ((1 - share) * line[:-1] + share * line[1:]).reshape(-1, 3)
        found.append(np.linalg.norm(roots[:, None] - fine, axis=-1).min(axis=1).max())
    return float(max(found))


BLINKS = [both("eyeBlink", k / 8) for k in range(9)]
LIDS = [
    both("eyeBlink", 0.5) | both("eyeLookDown", 0.6),
    both("eyeBlink", 0.6) | both("eyeSquint", 0.6),
    both("eyeBlink", 0.5) | both("mouthSmile", 1) | both("cheekSquint", 1),
    both("eyeWide", 1),
]


@pytest.mark.parametrize("weights", BLINKS + LIDS)
def test_lashes_stay_on_their_lid_and_off_the_eyeball(weights: dict[str, float]) -> None:
    vertices = posed(weights)
    assert lash_clearance(vertices) > 0.0008
    assert off_the_lid(vertices) < 0.0004


def test_no_hair_of_the_brow_hangs_over_the_temple() -> None:
    hairs = part("brows", HEAD.vertices).reshape(-1, 2, 2, 3).mean(axis=2)
    tail = np.abs(hairs[:, 0, 0]) > 0.046
    length = np.linalg.norm(hairs[:, 1] - hairs[:, 0], axis=1)
    assert length[tail].max() < 0.0042
