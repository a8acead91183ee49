"""Lids of a head that opens its eyes wider than the built-in one, and its teeth elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.core.head_file import load_head
from blender_addon.core.head_fit import TEMPLATE_LANDMARKS, sides
from blender_addon.core.lids import lids_of
from blender_addon.core.shape_transfer import Template, carry_over, fit_head
from blender_addon.core.surface import Surface

_PARTS = ("Head", "Eye Left", "Eye Right", "Teeth Upper", "Teeth Lower")
_RAISED = 0.006  # metres that all teeth stand higher than the built-in ones


@pytest.fixture(scope="module")
def carried():
    """The target, its fit, where its parts are, and what was carried over."""
    template = Template.of(load_head())
    parts = [part for part in template.head.parts if part.name in _PARTS]
    vertices, triangles, rows, first = [], [], {}, 0
    for part in parts:
        points = part.vertices.astype(np.float64)
        if part.name.startswith("Teeth"):
            points += np.array([0.0, 0.0, _RAISED])
        quads = part.quads.astype(np.intp) + first
        vertices.append(points)
        triangles += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
        rows[part.name] = slice(first, first + len(points))
        first += len(points)
    points = np.concatenate(vertices)
    wider = points[rows["Head"]]
    for eye in ("eye_left", "eye_right"):  # upper lids 2 mm higher, eased out
        away = wider - TEMPLATE_LANDMARKS[eye] - (0.0, -0.012, 0.006)
        wider[:, 2] += 0.002 * np.exp(-((np.linalg.norm(away, axis=1) / 0.010) ** 2))
    target = Surface(points, np.concatenate(triangles))
    places = {name: np.array(place) for name, place in TEMPLATE_LANDMARKS.items()}
    fit = fit_head(target, template, places)
    names = ["eyeBlinkLeft", "eyeBlinkRight", "jawOpen"]
    return target, fit, rows, carry_over(target, template, fit, names)


def test_blinking_closes_the_eye_within_half_a_millimetre_and_spares_the_ball(carried) -> None:
    target, fit, rows, moved = carried
    skin = np.zeros(len(target.vertices), bool)
    skin[rows["Head"]] = True
    lids = lids_of(target, sides(target, fit.landmarks, fit.similarity.scale, skin), 1.0)
    assert [lid.eye for lid in lids] == ["Left", "Right"]
    for lid in lids:
        above, below = lid.margins
        closed = target.vertices + moved[f"eyeBlink{lid.eye}"]
        opening = (above.of(target.vertices) - below.of(target.vertices))[:, 2]
        gap = (above.of(closed) - below.of(closed))[:, 2]
        middle = opening > 0.65 * opening.max()
        assert opening.max() > 0.007 and middle.sum() > 10
        assert np.abs(gap[middle]).max() < 0.0005, np.round(gap * 1000, 2)
        lid_rows = np.concatenate([lid.upper, lid.lower])
        before = np.linalg.norm(target.vertices[lid_rows] - lid.centre, axis=1)
        after = np.linalg.norm(closed[lid_rows] - lid.centre, axis=1)
        outside = before > lid.radius
        assert outside.sum() > 50 and after[outside].min() > lid.radius - 1e-6


def test_teeth_that_stand_higher_than_the_built_in_ones_are_told_apart(carried) -> None:
    _, _, rows, moved = carried
    jaw = moved["jawOpen"]
    assert np.abs(jaw[rows["Teeth Upper"]]).max() < 0.001
    assert -jaw[rows["Teeth Lower"], 2].mean() > 0.015
