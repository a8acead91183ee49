"""The ICT head as a FLAME-format model: a foreign topology with its own expressions and jaw."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from flame.model import Embedding, FlameModel

Array = NDArray[np.float64]

DATA = Path(os.environ.get("SOLILOQUY_DATA", Path(__file__).parents[3] / "shared" / "data"))
LOWER_TEETH, EYES = slice(19247, 21451), (slice(21451, 23021), slice(23021, 24591))
SKIN = 11248  # vertices of face, head and neck, which come first
CM = 0.01


def ict_or_skip() -> Path:
    """Return the folder, or skip."""
    folder = DATA / "ict_facekit"
    if not folder.is_dir():
        pytest.skip("needs the ICT head under SOLILOQUY_DATA")
    return folder


def _triangles(path: Path) -> NDArray[np.int32]:
    found = []
    for line in path.read_text().splitlines():
        if line.startswith("f "):
            ring = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            found += [(ring[0], ring[k], ring[k + 1]) for k in range(1, len(ring) - 1)]
    return np.array(found, np.int32)


def _jaw_joint(teeth: Array, moved: Array) -> tuple[Array, Array]:
    """Return the rotation vector of a rigid motion and the point on its axis nearest the ears."""
    a, b = teeth - teeth.mean(0), moved - moved.mean(0)
    turn, _ = Rotation.align_vectors(b, a)
    matrix = turn.as_matrix()
    shift = moved.mean(0) - matrix @ teeth.mean(0)
    joint = np.linalg.lstsq(np.eye(3) - matrix, shift, rcond=1e-3)[0]
    return turn.as_rotvec(), joint


def _regressor(template: Array, joints: Array, among: list[NDArray[np.int64]]) -> Array:
    rows = np.zeros((5, len(template)))
    for row, place, used in zip(rows, joints, among, strict=True):
        system = np.vstack([np.ones(len(used)), template[used].T])
        row[used] = np.linalg.lstsq(system, np.append(1.0, place), rcond=None)[0]
    return rows


def ict_flame_model(folder: Path, n_expressions: int = 60) -> FlameModel:
    """Return the ICT head with its shapes as principal components, metres."""
    with np.load(folder / "ict_expressions.npz") as file:
        rest = file["neutral"].astype(np.float64) * CM
        names = [name for name in file.files if name != "neutral"]
        shapes = np.stack([file[name] * CM - rest for name in names])
    shapes[:, EYES[0]] = shapes[:, EYES[1]] = 0.0
    opened = shapes[names.index("jawOpen")]
    turn, joint = _jaw_joint(rest[LOWER_TEETH], rest[LOWER_TEETH] + opened[LOWER_TEETH])
    full = Rotation.from_rotvec(turn).as_matrix() - np.eye(3)
    arc = (rest - joint) @ full.T
    share = np.clip((opened * arc).sum(1) / np.maximum((arc * arc).sum(1), 1e-8), 0.0, 1.0)
    weights = np.zeros((len(rest), 5))
    weights[:, 2] = share
    for eye, span in enumerate(EYES):
        weights[span] = 0.0
        weights[span, 3 + eye] = 1.0
    rise = np.clip((rest[:, 1] + 0.14) / 0.06, 0.0, 1.0)
    left = 1.0 - weights.sum(1)
    weights[:, 0], weights[:, 1] = left * (1 - rise), left * rise
    blend = np.eye(3) + share[:, None, None] * full
    after = rest + opened - share[:, None] * (joint - (full + np.eye(3)) @ joint)
    shapes[names.index("jawOpen")] = np.linalg.solve(blend, after[..., None])[..., 0] - rest
    _, size, axes = np.linalg.svd(shapes.reshape(len(shapes), -1), full_matrices=False)
    basis = (size[:, None] / np.sqrt(len(shapes)) * axes)[:n_expressions]
    centres = [rest[span].mean(0) for span in EYES]
    joints = np.stack([[0, -0.15, -0.01], [0, -0.09, 0.0], joint, *centres])
    still = np.flatnonzero(np.abs(shapes).max((0, 2))[:SKIN] < 1e-7)[::20]
    eyes = [np.arange(span.start, span.stop)[::40] for span in EYES]
    marks = json.loads((folder / "vertex_indices.json").read_text())["idx_to_landmark_verts"][17:]
    faces = _triangles(folder / "generic_neutral_mesh.obj")
    at = np.array([int(np.flatnonzero((faces == mark).any(1))[0]) for mark in marks])
    return FlameModel(
        name="ICT head",
        template=rest.astype(np.float32),
        faces=faces,
        shape_directions=np.zeros((len(rest), 3, 0), np.float32),
        expression_directions=np.moveaxis(basis.reshape(-1, *rest.shape), 0, -1).astype("f4"),
        pose_directions=np.zeros((len(rest), 3, 36), np.float32),
        joint_regressor=_regressor(rest, joints, [still, still, still, *eyes]).astype("f4"),
        weights=weights.astype(np.float32),
        parents=(-1, 0, 1, 1, 1),
        embedding=Embedding(
            at.astype(np.int32), (faces[at] == np.array(marks)[:, None]).astype(np.float32)
        ),
    )
