"""The built-in head: closed quads, 52 mirrored shapes, lips and lids that meet."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from arkit.names import ARKIT_NAMES, INDEX, mirror_name
from flame.head import Head, built_in_head
from flame.head.frame import JAW_AXIS
from flame.head.surface import EYE_CENTRE, EYE_RADIUS


@pytest.fixture(scope="module")
def head() -> Head:
    return built_in_head()


def pose(head: Head, **weights: float) -> npt.NDArray[np.float32]:
    coefficients = np.zeros(52, dtype=np.float32)
    for name, value in weights.items():
        coefficients[INDEX[name]] = value
    return head.pose(coefficients)


def both(name: str, value: float) -> dict[str, float]:
    return {f"{name}Left": value, f"{name}Right": value}


def test_all_52_shapes_are_there_and_move_something(head: Head) -> None:
    assert set(head.shapes) == set(ARKIT_NAMES)
    for name, delta in head.shapes.items():
        assert delta.shape == head.vertices.shape
        assert delta.dtype == np.float32
        assert np.isfinite(delta).all(), name
        assert np.linalg.norm(delta, axis=1).max() > 0.001, f"{name} moves less than 1 mm"


def test_no_two_shapes_are_the_same(head: Head) -> None:
    flat = np.stack([head.shapes[name].ravel() for name in ARKIT_NAMES])
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    alike = flat @ flat.T - np.eye(52)
    assert alike.max() < 0.97


def test_neutral_is_finite_and_of_human_size(head: Head) -> None:
    assert np.isfinite(head.vertices).all()
    face = head.vertices[head.parts["head"].start : head.parts["head"].stop]
    chin = face[head.landmarks["chin"][0], 1] - 0.011
    assert 0.21 < face[:, 1].max() - chin < 0.24
    width = face[np.abs(face[:, 1] - 0.06) < 0.01, 0]
    assert 0.14 < np.ptp(width) < 0.16
    assert 6_000 <= len(head.vertices) <= 30_000


def test_parts_tile_the_vertices_and_no_quad_crosses_them(head: Head) -> None:
    spans = list(head.parts.values())
    assert spans[0].start == 0
    assert spans[-1].stop == len(head.vertices)
    assert all(a.stop == b.start for a, b in pairwise(spans))
    owner = np.repeat(np.arange(len(spans)), [len(span) for span in spans])
    assert (owner[head.faces] == owner[head.faces[:, :1]]).all()
    assert sum(len(head.part_faces(name)) for name in head.parts) == len(head.faces)


def test_materials_are_named_and_coloured(head: Head) -> None:
    assert head.face_material.shape == (len(head.faces),)
    assert set(np.unique(head.face_material)) == set(range(len(head.materials)))
    assert {"skin", "lips", "sclera", "iris", "pupil", "teeth", "tongue"} <= set(head.materials)
    assert set(head.colours) == set(head.materials)
    assert head.vertex_colours.min() >= 0
    assert head.vertex_colours.max() <= 1


def skin_edges(head: Head) -> dict[tuple[int, int], int]:
    quads = head.part_faces("head")
    ends = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    edges: dict[tuple[int, int], int] = {}
    for a, b in ends.tolist():
        edges[a, b] = edges.get((a, b), 0) + 1
    return edges


def test_skin_is_one_closed_manifold_open_only_at_the_neck(head: Head) -> None:
    edges = skin_edges(head)
    assert set(edges.values()) == {1}, "an edge is walked twice in one direction"
    open_edges = [edge for edge in edges if edge[::-1] not in edges]
    heights = head.vertices[np.array(open_edges), 1]
    assert np.allclose(heights, head.vertices[: len(edges), 1].min(), atol=1e-4)
    parent = list(range(len(head.parts["head"])))

    def root(v: int) -> int:
        while parent[v] != v:
            parent[v] = parent[parent[v]]
            v = parent[v]
        return v

    for a, b in edges:
        parent[root(a)] = root(b)
    assert len({root(v) for v in range(len(parent))}) == 1


def test_skin_faces_outwards(head: Head) -> None:
    quads = head.vertices[head.part_faces("head")]
    normal = np.cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1])
    volume = np.einsum("fd,fd->f", quads.mean(axis=1), normal).sum()
    assert volume > 0
    nose = head.landmarks["nose_tip"][0]
    around = (head.part_faces("head") == nose).any(axis=1)
    assert (normal[around, 2] > 0).all()


def test_neutral_and_shapes_mirror_exactly(head: Head) -> None:
    flip = np.array([-1, 1, 1], dtype=np.float32)
    span = head.parts["head"]
    # Both lips share points when shut, so a vertex is known by where the jaw takes it, too.
    here = np.stack([head.vertices, head.shapes["jawOpen"]], axis=1)[span.start : span.stop]
    key = {tuple(p): k for k, p in enumerate((np.round(here, 6) + 0.0).reshape(-1, 6).tolist())}
    there = (np.round(here * flip, 6) + 0.0).reshape(-1, 6).tolist()
    other = [key.get(tuple(p), -1) for p in there]
    assert -1 not in other
    index = np.array(other)
    for name in ARKIT_NAMES:
        mine = head.shapes[name][span.start : span.stop]
        twin = head.shapes[mirror_name(name)][span.start : span.stop]
        assert np.allclose(mine[index] * flip, twin, atol=2e-6), name


def test_left_shapes_move_the_left_half(head: Head) -> None:
    for name in ARKIT_NAMES:
        if name.endswith("Left") and not name.startswith(("jaw", "mouthLeft")):
            size = np.linalg.norm(head.shapes[name], axis=1)
            moved = size[head.vertices[:, 0] > 0].sum()
            assert moved > 4 * size[head.vertices[:, 0] < 0].sum(), name


def test_pose_takes_one_frame_or_many_and_refuses_the_rest(head: Head) -> None:
    frames = np.random.default_rng(0).uniform(0, 1, (3, 52)).astype(np.float32)
    many = head.pose(frames)
    assert many.shape == (3, *head.vertices.shape)
    assert np.allclose(many[1], head.pose(frames[1]), atol=1e-6)
    by_hand = head.vertices + sum(
        frames[1, INDEX[name]] * delta for name, delta in head.shapes.items()
    )
    assert np.allclose(many[1], by_hand, atol=1e-6)
    with pytest.raises(ValueError, match="52"):
        head.pose(np.zeros(51))


def lip_distance(head: Head, vertices: npt.NDArray[np.float32]) -> float:
    upper = vertices[head.landmarks["upper_lip_inner"]]
    lower = vertices[head.landmarks["lower_lip_inner"]]
    return float(np.linalg.norm(upper - lower, axis=1).max())


def test_the_neutral_mouth_is_shut_without_gap_or_overlap(head: Head) -> None:
    assert lip_distance(head, head.vertices) < 1e-7
    assert head.lip_gap_mm(head.vertices) == 0.0
    upper = head.vertices[head.landmarks["upper_lip_border"], 1]
    lower = head.vertices[head.landmarks["lower_lip_border"], 1]
    assert (upper > lower).all()


@pytest.mark.parametrize("weight", [0.1, 0.25, 0.5, 0.75, 1.0])
def test_mouth_close_undoes_what_jaw_open_parts(head: Head, weight: float) -> None:
    opened = pose(head, jawOpen=weight)
    closed = pose(head, jawOpen=weight, mouthClose=weight)
    assert head.lip_gap_mm(opened) > 25 * weight
    assert lip_distance(head, closed) < 1e-6
    chin = head.landmarks["chin"]
    assert np.abs(closed[chin] - opened[chin]).max() < 0.0005


def test_jaw_open_parts_the_lips_by_a_human_amount(head: Head) -> None:
    assert 30 < head.lip_gap_mm(pose(head, jawOpen=1.0)) < 45


@pytest.mark.parametrize(
    "name",
    ["mouthPucker", "mouthSmileLeft", "mouthFrownLeft", "mouthStretchLeft", "mouthDimpleLeft",
     "mouthLeft", "mouthPressLeft", "jawForward", "jawLeft", "cheekPuff", "mouthShrugUpper"],
)  # fmt: skip
def test_shapes_that_do_not_part_the_lips_keep_them_shut(head: Head, name: str) -> None:
    assert lip_distance(head, pose(head, **{name: 1.0})) < 0.0008


@pytest.mark.parametrize("name", ["mouthFunnel", "mouthUpperUpLeft", "mouthLowerDownLeft"])
def test_shapes_that_part_the_lips_show_a_gap(head: Head, name: str) -> None:
    assert head.lip_gap_mm(pose(head, **{name: 1.0})) > 3


def lid_gap_mm(head: Head, vertices: npt.NDArray[np.float32], side: str) -> npt.NDArray[np.float32]:
    upper = vertices[head.landmarks[f"upper_lid_{side}"]]
    lower = vertices[head.landmarks[f"lower_lid_{side}"]]
    return np.linalg.norm(upper - lower, axis=1) * 1000


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_blink_shuts_the_lids(head: Head, side: str) -> None:
    assert lid_gap_mm(head, head.vertices, side).max() > 7
    shut = pose(head, **{f"eyeBlink{side.capitalize()}": 1.0})
    assert lid_gap_mm(head, shut, side).max() < 0.1


def deepest_poke_mm(head: Head, vertices: npt.NDArray[np.float32]) -> float:
    """How far the left eyeball comes out through the outer skin of its lids."""
    skin = head.part_faces("head")
    samples = [vertices[skin].mean(axis=1), *(vertices[skin[:, k]] for k in range(4))]
    offset = np.concatenate(samples) / 0.01 - np.array(EYE_CENTRE)
    before = np.tile(head.vertices[skin].mean(axis=1) / 0.01 - np.array(EYE_CENTRE), (5, 1))
    # Outer lid skin: in front of the ball and outside it to begin with.
    outside = (before[:, 2] > 0.3) & (np.linalg.norm(before, axis=1) > EYE_RADIUS + 0.08)
    return float(10 * (EYE_RADIUS - np.linalg.norm(offset[outside], axis=1)).max())


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_the_eyeball_does_not_poke_through_the_lids(head: Head, weight: float) -> None:
    assert deepest_poke_mm(head, pose(head, eyeBlinkLeft=weight)) < 0.25


@pytest.mark.parametrize(
    "weights",
    [
        both("eyeSquint", 1) | both("cheekSquint", 1) | both("mouthSmile", 1),
        both("browDown", 1) | both("noseSneer", 1) | both("eyeBlink", 0.5),
        both("eyeLookDown", 1) | both("eyeBlink", 0.5),
        both("eyeWide", 1) | both("eyeLookUp", 1),
    ],
)
def test_mixtures_keep_the_lids_off_the_eyeball(head: Head, weights: dict[str, float]) -> None:
    assert deepest_poke_mm(head, pose(head, **weights)) < 0.6


@pytest.mark.parametrize(
    ("name", "axis", "sign", "side"),
    [
        ("eyeLookOutLeft", 0, 1, "left"), ("eyeLookInLeft", 0, -1, "left"),
        ("eyeLookUpLeft", 1, 1, "left"), ("eyeLookDownLeft", 1, -1, "left"),
        ("eyeLookOutRight", 0, -1, "right"), ("eyeLookInRight", 0, 1, "right"),
    ],
)  # fmt: skip
def test_gaze_turns_the_iris_the_right_way(
    head: Head, name: str, axis: int, sign: int, side: str
) -> None:
    pupil = head.landmarks[f"pupil_{side}"]
    moved = (pose(head, **{name: 1.0}) - head.vertices)[pupil][0]
    assert sign * moved[axis] > 0.004
    span = head.parts[f"eye_{side}"]
    centre = np.array(EYE_CENTRE) * 0.01 * (1 if side == "left" else -1, 1, 1)
    ball = pose(head, **{name: 1.0})[span.start : span.stop]
    before = np.linalg.norm(head.vertices[span.start : span.stop] - centre, axis=1)
    assert np.allclose(np.linalg.norm(ball - centre, axis=1), before, atol=1e-5)


def test_upper_lids_follow_the_gaze_up_and_down(head: Head) -> None:
    lid = head.landmarks["upper_lid_centre_left"][0]
    rest = head.vertices[lid, 1]
    assert pose(head, eyeLookUpLeft=1.0)[lid, 1] > rest + 0.001
    assert pose(head, eyeLookDownLeft=1.0)[lid, 1] < rest - 0.002
    assert pose(head, eyeWideLeft=1.0)[lid, 1] > rest + 0.001


def test_a_smile_moves_the_corner_up_and_out_and_lifts_the_cheek(head: Head) -> None:
    moved = pose(head, mouthSmileLeft=1.0) - head.vertices
    corner = moved[head.landmarks["mouth_corner_left"][0]]
    assert corner[0] > 0.004
    assert corner[1] > 0.004
    assert moved[head.landmarks["cheek_left"][0], 1] > 0.003


@pytest.mark.parametrize(
    ("name", "landmark", "axis", "sign"),
    [
        ("mouthFrownLeft", "mouth_corner_left", 1, -1),
        ("mouthStretchLeft", "mouth_corner_left", 0, 1),
        ("mouthPucker", "mouth_corner_left", 0, -1),
        ("mouthLeft", "lip_centre", 0, 1),
        ("mouthRight", "lip_centre", 0, -1),
        ("jawLeft", "chin", 0, 1),
        ("jawRight", "chin", 0, -1),
        ("jawForward", "chin", 2, 1),
        ("jawOpen", "chin", 1, -1),
        ("browDownLeft", "brow_inner_left", 1, -1),
        ("browInnerUp", "brow_inner_left", 1, 1),
        ("browOuterUpLeft", "brow_middle_left", 1, 1),
        ("noseSneerLeft", "nose_wing_left", 1, 1),
        ("cheekSquintLeft", "cheek_left", 1, 1),
        ("mouthShrugLower", "chin", 1, 1),
    ],
)  # fmt: skip
def test_shapes_move_their_landmark_the_right_way(
    head: Head, name: str, landmark: str, axis: int, sign: int
) -> None:
    moved = (pose(head, **{name: 1.0}) - head.vertices)[head.landmarks[landmark][0]]
    assert sign * moved[axis] > 0.002


def test_brows_ride_on_the_skin(head: Head) -> None:
    span = head.parts["brows"]
    hairs = head.vertices[span.start : span.stop]
    inner = (hairs[:, 0] > 0.012) & (hairs[:, 0] < 0.022)
    moved = (pose(head, browInnerUp=1.0) - head.vertices)[span.start : span.stop]
    assert moved[inner, 1].mean() > 0.003


def test_lower_teeth_and_tongue_follow_the_jaw_rigidly(head: Head) -> None:
    vertices = pose(head, jawOpen=1.0)
    for part in ("teeth_lower", "tongue"):
        span = head.parts[part]
        before, after = (v[span.start : span.stop : 37] for v in (head.vertices, vertices))
        assert (after[:, 1] < before[:, 1] - 0.001).all()
        gaps = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (before, after)]
        assert np.allclose(*gaps, atol=1e-5)
    span = head.parts["teeth_upper"]
    assert np.array_equal(vertices[span.start : span.stop], head.vertices[span.start : span.stop])
    assert JAW_AXIS[0] == 0


def test_the_tongue_comes_out_past_the_lips(head: Head) -> None:
    span = head.parts["tongue"]
    tip = pose(head, tongueOut=1.0, jawOpen=0.5)[span.start : span.stop, 2].max()
    lips = head.vertices[head.landmarks["lower_lip_border"], 2].max()
    assert tip > lips + 0.015


def test_teeth_stay_behind_closed_lips(head: Head) -> None:
    front = head.vertices[head.landmarks["upper_lip_wet"], 2].max()
    for row in ("teeth_upper", "teeth_lower"):
        span = head.parts[row]
        assert head.vertices[span.start : span.stop, 2].max() < front
    edge = head.vertices[head.landmarks["upper_incisor_edge"], 1]
    assert (np.abs(edge - edge.mean()) < 0.0008).all()


def test_the_head_is_built_once(head: Head) -> None:
    assert built_in_head() is head
