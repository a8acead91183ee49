"""Surfaces, and the built-in head laid over itself, turned and bent."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.core.errors import CharacterError
from blender_addon.core.head_fit import (
    HeadFit,
    Similarity,
    coarse_similarity,
    similarity_between,
    thin_plate,
)
from blender_addon.core.shape_transfer import check_fit
from blender_addon.core.surface import (
    Surface,
    closest_on_triangles,
    distance_along,
    nearest,
    triangles_of_polygons,
)


def grid(n: int = 8, cut: bool = False) -> Surface:
    """A flat sheet of n x n vertices; when cut, a slit through its middle row but for one end."""
    x, y = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), np.zeros(n * n)], axis=1).astype(float)
    corner = np.array([i * n + j for i in range(n - 1) for j in range(n - 1)])
    if cut:
        corner = corner[(corner // n != n // 2) | (corner % n == n - 2)]
    return Surface(
        points,
        np.concatenate(
            [np.stack([corner, corner + n, corner + 1], 1),
             np.stack([corner + 1, corner + n, corner + n + 1], 1)]
        ),
    )  # fmt: skip


def test_normals_neighbours_and_islands_of_a_sheet() -> None:
    sheet = grid()
    assert np.allclose(sheet.normals, (0, 0, 1))
    assert sorted(sheet.around[0][0][: sheet.around[1][0]]) == [1, 8]
    two = Surface(
        np.concatenate([sheet.vertices, sheet.vertices + 20]),
        np.concatenate([sheet.triangles, sheet.triangles + 64]),
    )
    assert np.array_equal(two.islands, np.repeat([0, 1], 64))


def test_the_way_along_a_surface_leads_round_a_slit() -> None:
    every = np.ones(64, bool)
    whole, cut = grid(), grid(cut=True)
    seed = np.array([4 * 8])
    assert distance_along(whole, seed, every)[5 * 8] == 1.0
    assert distance_along(cut, seed, every)[5 * 8] > 10.0


def test_smoothing_by_angles_keeps_an_even_slope_however_the_quads_are_halved() -> None:
    sheet = grid(9)
    turned = sheet.triangles.copy()
    n_quads = len(turned) // 2
    other = np.flatnonzero(np.arange(n_quads) % 2)  # every second quad is halved the other way
    a, b, c = turned[other].T
    d = turned[other + n_quads, 2]
    turned[other], turned[other + n_quads] = np.stack([a, b, d], 1), np.stack([a, d, c], 1)
    uneven = Surface(sheet.vertices, turned)
    slope = sheet.vertices @ np.array([[1.0], [2.0], [0.0]])
    inner = ((sheet.vertices[:, :2] > 0) & (sheet.vertices[:, :2] < 8)).all(axis=1)
    off = np.abs(uneven.smoothed(slope, 1, by_angles=True) - slope)[inner]
    assert off.max() < 1e-4
    assert np.abs(uneven.smoothed(slope, 1) - slope)[inner].max() > 0.05
    lump = np.zeros((81, 1))
    lump[40] = 1.0
    spread = uneven.smoothed(lump, 3, by_angles=True)
    assert 0 < spread[40, 0] < 0.5 and spread.min() >= 0.0


def test_the_nearest_is_the_nearest() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 6)), rng.normal(size=(400, 6))
    index, far = nearest(a, b)
    every = np.linalg.norm(a[:, None] - b[None], axis=2)
    assert np.array_equal(index, every.argmin(axis=1)) and np.allclose(far, every.min(axis=1))


def test_closest_points_on_triangles_beat_every_sample() -> None:
    rng = np.random.default_rng(1)
    points, corners = rng.normal(size=(300, 3)), rng.normal(size=(300, 3, 3))
    weights, far = closest_on_triangles(points, corners)
    assert weights.min() > -1e-9 and np.allclose(weights.sum(axis=1), 1)
    samples = rng.dirichlet((1, 1, 1), 2000) @ corners
    best = np.linalg.norm(samples - points[:, None], axis=2).min(axis=1)
    assert (far <= best + 1e-9).all() and (best - far).max() < 0.2


def test_polygons_become_fans() -> None:
    fans = triangles_of_polygons(np.array([0, 3]), np.array([3, 4]), np.arange(7))
    assert fans.tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6]]


def test_a_similarity_is_found_again() -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(40, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    wanted = Similarity(2.5, turn, np.array([1.0, 2.0, 3.0]))
    found = similarity_between(points, wanted(points))
    assert found.scale == pytest.approx(2.5) and np.allclose(found.rotation, turn)


def test_a_thin_plate_goes_through_its_points_and_keeps_flat_things_flat() -> None:
    rng = np.random.default_rng(3)
    source = rng.normal(size=(7, 3))
    target = source + 0.1 * rng.normal(size=(7, 3))
    assert np.allclose(thin_plate(source, target, source, give=0.0), target, atol=1e-6)
    moved = thin_plate(source, 2 * source + 1, rng.normal(size=(5, 3)) * 0 + 0.3, give=0.0)
    assert np.allclose(moved, 1.6, atol=1e-6)


def test_a_bad_fit_is_refused_with_its_figures() -> None:
    still = Similarity(1.0, np.eye(3), np.zeros(3))
    bent = HeadFit(still, np.zeros((1, 3)), {}, np.zeros(1), 0.001, 0.0, 0.0129, True)
    with pytest.raises(CharacterError, match=r"bent by 12.9 mm \(at most 9\)"):
        check_fit(bent)
    check_fit(bent, by_hand=True)
    with pytest.raises(CharacterError, match="40% of it lies on nothing"):
        check_fit(HeadFit(still, np.zeros((1, 3)), {}, np.zeros(1), 0.001, 0.4, 0.001, True))


def test_what_is_too_small_or_flat_to_be_a_head_is_refused() -> None:
    template = grid()
    with pytest.raises(CharacterError, match="64 vertices, too few"):
        coarse_similarity(template, template, np.arange(4))
    flat = grid(20)
    with pytest.raises(CharacterError, match="No nose is found"):
        coarse_similarity(flat, template, np.arange(4))
