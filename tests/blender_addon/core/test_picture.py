"""Small pictures of a head, drawn by numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from blender_addon.core.head_file import Head, HeadPart
from blender_addon.core.picture import draw, posable
from blender_addon.core.picture_cache import cache_file, keep_picture, kept_picture
from blender_addon.core.presets import EXPRESSIONS, expression_pose, found_expressions


def sheet(name: str, depth: float, size: float, material: str) -> HeadPart:
    """A square that faces the viewer (-Y), made of 20 x 20 quads."""
    line = np.linspace(-size, size, 21)
    x, z = np.meshgrid(line, line, indexing="ij")
    vertices = np.stack([x, np.full_like(x, depth), z], -1).reshape(-1, 3).astype(np.float32)
    i = np.arange(21 * 21).reshape(21, 21)
    quads = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]], -1).reshape(-1, 4)
    up = np.zeros_like(vertices)
    up[:, 2] = 2 * size
    return HeadPart(
        name, vertices, quads.astype(np.int32), (material,), np.zeros(len(quads), np.int32),
        {"jawOpen": up}, np.ones_like(vertices),
    )  # fmt: skip


COLOURS = {"red": (0.8, 0.0, 0.0), "blue": (0.0, 0.0, 0.8)}


def test_what_is_nearer_hides_what_is_behind() -> None:
    near, far = sheet("Head", 0.0, 1.0, "red"), sheet("Board", 0.5, 3.0, "blue")
    picture = draw(posable(Head((near, far), COLOURS)), {}, 64)
    assert picture.shape == (64, 64, 4) and picture.dtype == np.float32
    red, blue = picture[..., 0] > 0.4, picture[..., 2] > 0.4
    assert red[32, 32] and not blue[32, 32]
    far_in_front = sheet("Board", -0.5, 3.0, "blue")
    covered = draw(posable(Head((near, far_in_front), COLOURS)), {}, 64)
    assert covered[32, 32, 2] > 0.4 and covered[32, 32, 0] < 0.1


def test_a_surface_has_no_holes() -> None:
    board = sheet("Head", 0.0, 1.0, "red")
    picture = draw(posable(Head((board,), COLOURS)), {}, 64)
    assert picture[8:56, 16:48, 0].min() > 0.4


def test_a_pose_moves_what_is_drawn_and_a_back_is_not_seen() -> None:
    head = posable(Head((sheet("Head", 0.0, 1.0, "red"),), COLOURS))
    gone = draw(head, {"jawOpen": 5.0}, 32)
    assert gone[..., 0].max() < 0.4
    back = sheet("Head", 0.0, 1.0, "red")
    turned = HeadPart(
        back.name, back.vertices, back.quads[:, ::-1].copy(), back.materials, back.material_index,
        {}, back.vertex_colours,
    )  # fmt: skip
    assert draw(posable(Head((turned,), COLOURS)), {}, 32)[..., 0].max() < 0.4


def test_every_expression_has_a_face_of_its_own() -> None:
    poses = {name: expression_pose(name) for name in EXPRESSIONS}
    assert all(poses.values())
    assert all(0 < value <= 1 for pose in poses.values() for value in pose.values())
    assert len({tuple(sorted(pose.items())) for pose in poses.values()}) == len(EXPRESSIONS)


def test_expressions_are_found_by_name_and_by_muscle() -> None:
    assert found_expressions(" ANGRY ") == ["Angry"]
    assert set(found_expressions("nose wrinkler")) >= {"Disgusted", "Furious"}
    assert found_expressions("AU63 brow") == ["Pleading", "Thinking"]


def test_a_picture_that_is_kept_comes_back_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).random((8, 8, 4)).astype(np.float32)
    path = cache_file(tmp_path / "new", {"jawOpen": 0.5}, 8)
    assert kept_picture(path, 8) is None
    keep_picture(path, picture)
    kept = kept_picture(path, 8)
    assert kept is not None and np.abs(kept - picture).max() < 0.5 / 255 + 1e-6
    assert kept_picture(path, 9) is None
    path.write_bytes(path.read_bytes()[:-10])
    assert kept_picture(path, 8) is None
    others = [cache_file(tmp_path, pose, 8) for pose in ({}, {"jawOpen": 0.4}, {"jawLeft": 0.5})]
    assert len({path.name, *(other.name for other in others)}) == 4
    keep_picture(Path("/proc/nowhere/a.npy"), picture)
