"""Shapes carried over to the ICT head, whose own shapes are known."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from arkit.names import ARKIT_NAMES
from blender_addon.core.head_file import load_head
from blender_addon.core.head_fit import HeadFit, sides
from blender_addon.core.lids import lids_of
from blender_addon.core.shape_transfer import (
    Template,
    carry_over,
    check_fit,
    find_landmarks,
    fit_head,
)
from blender_addon.core.surface import Surface

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("SOLILOQUY_DATA", ROOT.parent / "shared" / "data")) / "ict_facekit"
N_FACE = 9409  # vertices of the skin of the face


def z_up(points: np.ndarray) -> np.ndarray:
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], 1).astype(float) * 0.01


def read_triangles(path: Path) -> np.ndarray:
    found = []
    for line in path.read_text().splitlines():
        if line.startswith("f "):
            face = [int(word.split("/")[0]) - 1 for word in line.split()[1:]]
            found += [(face[0], face[k], face[k + 1]) for k in range(1, len(face) - 1)]
    return np.array(found)


def own_shape(data: dict[str, np.ndarray], name: str) -> np.ndarray | None:
    """ICT's own movement for a blendshape; halves are added."""
    sided = name.replace("Left", "_L").replace("Right", "_R")
    names = [n for n in {name, sided} if n in data] or [f"{name}_L", f"{name}_R"]
    if not all(n in data for n in names):
        return None
    return sum(z_up(data[n]) - z_up(data["neutral"]) for n in names)


@pytest.mark.data
@pytest.mark.slow
def test_the_ict_head_speaks_with_the_shapes_of_the_built_in_one() -> None:
    if not FOLDER.is_dir():
        pytest.skip("needs the ICT head under SOLILOQUY_DATA")
    with np.load(FOLDER / "ict_expressions.npz") as file:
        data = dict(file)
    neutral = z_up(data["neutral"])
    target = Surface(neutral, read_triangles(FOLDER / "generic_neutral_mesh.obj"))
    template = Template.of(load_head())
    landmarks, _ = find_landmarks(target, template)
    marks = json.loads((FOLDER / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    for name, number in (("nose", 30), ("mouth_left", 64), ("mouth_right", 60)):
        assert np.linalg.norm(landmarks[name] - neutral[marks[number]]) < 0.005, name
    fit = fit_head(target, template, landmarks)
    check_fit(fit)
    assert fit.lips_are_cut and fit.rms < 0.002
    moved = carry_over(target, template, fit, ARKIT_NAMES)
    assert len(moved) >= 50
    errors, likeness = [], []
    for name, ours in moved.items():
        own = own_shape(data, name)
        if own is None:
            continue
        a, b = ours[:N_FACE], own[:N_FACE]
        errors.append(np.linalg.norm(a - b, axis=1).mean())
        likeness.append((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))
    assert np.mean(errors) < 0.0007 and np.mean(likeness) > 0.65
    upper, lower = marks[62], marks[66]
    jaw, close = moved["jawOpen"], moved["mouthClose"]
    assert (jaw[upper] - jaw[lower])[2] > 0.02, "lips part"
    assert abs(((jaw + close)[upper] - (jaw + close)[lower])[2]) < 0.002, "and meet again"
    for key, top, bottom in (
        ("eyeBlinkLeft", 43, 47), ("eyeBlinkLeft", 44, 46),
        ("eyeBlinkRight", 38, 40), ("eyeBlinkRight", 37, 41),
    ):  # fmt: skip
        lids = neutral + moved[key]
        assert abs((lids[marks[top]] - lids[marks[bottom]])[2]) < 0.0005, key
    _lids_stay_off_the_eyeball(target, fit, moved)
    _nothing_tears(target, moved)
    tooth, gum = np.arange(20535, 20621), np.arange(14062, 17039)  # a lower incisor; all gums
    assert -jaw[tooth, 2].mean() > 0.02, "lower teeth go with the jaw"
    islands = target.islands
    for number in np.unique(islands[17039:21451]):  # teeth, each an island
        rows = np.flatnonzero(islands == number)
        goes = -jaw[rows, 2].mean() > 0.01
        assert goes == (rows[0] >= 19247), f"tooth from vertex {rows[0]} goes with the other row"
    near = gum[np.linalg.norm(neutral[gum] - neutral[tooth].mean(axis=0), axis=1) < 0.008]
    assert np.abs(jaw[near] - jaw[tooth].mean(axis=0)).max() < 0.006, "and their gums with them"


def _lids_stay_off_the_eyeball(target: Surface, fit: HeadFit, moved: dict[str, np.ndarray]) -> None:
    side = sides(
        target, fit.landmarks, fit.similarity.scale, np.arange(len(target.vertices)) < 14062
    )
    lids = lids_of(target, side, fit.similarity.scale)
    assert [lid.eye for lid in lids] == ["Left", "Right"]
    for lid in lids:
        rest = np.linalg.norm(target.vertices - lid.centre, axis=1) - lid.radius
        closed = target.vertices + moved[f"eyeBlink{lid.eye}"]
        now = np.linalg.norm(closed - lid.centre, axis=1) - lid.radius
        lid_rows = np.concatenate([lid.upper, lid.lower])
        assert (now[lid_rows][rest[lid_rows] > 0] > -1e-6).all(), "none goes into the eyeball"


def _nothing_tears(target: Surface, moved: dict[str, np.ndarray]) -> None:
    """Neighbours of the face go about the same way; those of ICT's own jaw differ by 4.5 mm."""
    edges = target.edges[(target.edges < N_FACE).all(axis=1)]
    length = np.linalg.norm(np.diff(target.vertices[edges], axis=1)[:, 0], axis=1)
    for name, most in (("jawOpen", 20), ("eyeBlinkLeft", 0), ("mouthFunnel", 0)):
        jump = np.linalg.norm(np.diff(moved[name][edges], axis=1)[:, 0], axis=1)
        assert ((jump > 0.004) & (length < 0.006)).sum() <= most, name
