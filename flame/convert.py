"""Between the 52 blendshapes and any FLAME basis, both ways, and between two FLAME bases.

ARKit -> FLAME is a linear map (and a remedy for the turned jaw, see `flame.mapping`). The way back
is a bounded least squares over the whole clip: the jaw says first how far it is open, the rest is
what moves the model's face as the expression does, each coefficient between 0 and 1, with a small
price on jumps from frame to frame. What the 52 shapes cannot show is reported in millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from arkit.clip import ArkitClip, Contact
from arkit.names import ARKIT_NAMES, INDEX
from arkit.retime import impose_contacts
from flame.built_in import built_in_flame_model
from flame.clip import FlameClip
from flame.errors import BasisError
from flame.mapping import ShapeMap, shape_map
from flame.model import FlameModel

Array = NDArray[np.float64]

_CHUNK: Final = 300  # frames solved at once; an hour stays within memory
_OVERLAP: Final = 20  # frames that the next chunk solves again, so that no seam shows
_PRICE_MM: Final = 0.012
"""What a coefficient of 1 costs, mm: what moves the face by less stays at 0."""
_JUMP_MM: Final = 0.02
"""What a jump of a coefficient by 1 within 1/60 s costs, mm."""
_JAW_WEIGHT: Final = 3.0
"""How much more the jaw's own rotation counts than what it moves: it is solved first."""
_MAX_STEPS: Final = 40
_STEP_LENGTHS: Final = (1.0, 0.5, 0.2, 0.05, 0.01)
_SETTLED: Final = 1e-4  # largest change of a coefficient
_CAMERA_RADIANS: Final = 1.0
"""A mean global rotation beyond this is a tracker's camera, not a turned head."""
_SHOWN: Final = 0.02  # a coefficient that is worth a note


@dataclass(frozen=True)
class Conversion:
    """ARKit coefficients made from a FLAME clip.

    Attributes:
        clip: with the residual in its notes.
        residual_mm: [T], root mean square over the face of what the 52 shapes cannot show.
    """

    clip: ArkitClip
    residual_mm: Array


def arkit_to_flame(clip: ArkitClip, model: FlameModel | None = None) -> FlameClip:
    """Return a clip in a model's basis (the built-in head's by default).

    Layers and phones are not carried; contacts are, and lips that the coefficients close stay
    closed.

    Raises:
        TransferError: the 52 shapes cannot be carried over to the model.
    """
    model = model or built_in_flame_model()
    shapes = shape_map(model)
    faces = clip.coefficients.astype(np.float64)
    parts = shapes.of_faces(faces)
    n = model.n_expressions
    eyes = parts[:, n + 3 :].reshape(-1, 2, 3)
    assert clip.eyes is not None
    assert clip.head is not None
    if not eyes.any() and clip.eyes.any():
        eyes = _vectors(clip.eyes)
    return FlameClip(
        expression=parts[:, :n].astype(np.float32),
        fps=clip.fps,
        basis_id=model.basis_id,
        jaw=parts[:, n : n + 3].astype(np.float32),
        neck=_vectors(clip.head).astype(np.float32),
        eyes=eyes.astype(np.float32),
        contacts=tuple(clip.contacts),
        notes=(*clip.notes, *_carried(shapes), *_lost(shapes, faces)),
        provenance=clip.provenance,
    )


def flame_to_arkit(clip: FlameClip, model: FlameModel | None = None) -> Conversion:
    """Return the coefficients that come nearest to a FLAME clip, and how near.

    Args:
        model: whose basis the clip is in; the built-in head by default.

    Raises:
        BasisError: the clip is in another basis. TransferError: as `arkit_to_flame`.
    """
    model = model or built_in_flame_model()
    model.check_basis(clip.basis_id)
    shapes = shape_map(model)
    goal = _parts(clip, model)
    faces = _solve(shapes, goal, clip.fps)
    missed = np.linalg.norm((shapes.of_faces(faces) - goal) @ shapes.metric.T, axis=1)
    assert clip.eyes is not None
    head, notes = _head(clip)
    made = ArkitClip(
        coefficients=faces.astype(np.float32),
        fps=clip.fps,
        head=head,
        eyes=_angles(clip.eyes),
        contacts=tuple(Contact(*contact) for contact in clip.contacts),
        notes=(*clip.notes, *notes, _residual_note(missed)),
        provenance=clip.provenance,
    )
    return Conversion(impose_contacts(made), missed)


def to_basis(clip: FlameClip, source: FlameModel, target: FlameModel) -> FlameClip:
    """Return a clip in another model's basis.

    Models of one mesh (FLAME 2019, 2020, 2023) exchange what they do to its vertices; others go
    through the 52 blendshapes, and the notes say what was lost.

    Raises:
        BasisError: the clip is not in the source's basis. TransferError: as `arkit_to_flame`.
    """
    source.check_basis(clip.basis_id)
    if source.basis_id == target.basis_id:
        return clip
    if np.array_equal(source.faces, target.faces):
        return _same_mesh(clip, source, target)
    return replace(
        arkit_to_flame(flame_to_arkit(clip, source).clip, target),
        root=clip.root,
        neck=clip.neck,
        eyes=clip.eyes,
        translation=clip.translation,
    )


def load_on(clip: FlameClip, model: FlameModel, source: FlameModel | None = None) -> FlameClip:
    """Return a clip for a model: as it is, or converted from `source`, or refused.

    A clip whose file named no basis is taken to be in that of `source`, else of `model`, if it
    has no more coefficients.

    Raises:
        BasisError: it is in another basis, and `source` is not the model of that basis.
    """
    if not clip.basis_id:
        clip = adopt(clip, source or model)
    if clip.basis_id == model.basis_id:
        return clip
    if source is None:
        model.check_basis(clip.basis_id)
    assert source is not None
    return to_basis(clip, source, model)


def adopt(clip: FlameClip, model: FlameModel) -> FlameClip:
    """Return a clip of no named basis as one of a model's.

    Raises:
        BasisError: it has more coefficients than the model.
    """
    if clip.basis_id:
        model.check_basis(clip.basis_id)
        return clip
    n = clip.expression.shape[1]
    if n > model.n_expressions:
        raise BasisError(
            f"The clip has {n} expression coefficients and '{model.name}' has "
            f"{model.n_expressions}. Name the model that it was made with."
        )
    note = f"The file names no basis; its {n} coefficients were taken as those of '{model.name}'."
    return replace(clip, basis_id=model.basis_id).with_notes(note)


def _same_mesh(clip: FlameClip, source: FlameModel, target: FlameModel) -> FlameClip:
    wanted = source.expression_directions.reshape(-1, source.n_expressions).astype(np.float64)
    basis = target.expression_directions.reshape(-1, target.n_expressions).astype(np.float64)
    change = np.linalg.lstsq(basis, wanted, rcond=None)[0]
    padded = np.zeros((clip.n_frames, source.n_expressions))
    padded[:, : clip.expression.shape[1]] = clip.expression
    left = wanted - basis @ change
    gram = left.T @ left / source.n_vertices
    moved = 1000.0 * np.sqrt(np.maximum(((padded @ gram) * padded).sum(axis=1), 0.0))
    note = f"Converted to the basis of '{target.name}': {_shares(moved)} of the motion is lost."
    return replace(
        clip,
        expression=(padded @ change.T).astype(np.float32),
        basis_id=target.basis_id,
        eyelids=clip.eyelids if target.eyelid_directions is not None else None,
    ).with_notes(note)


def _parts(clip: FlameClip, model: FlameModel) -> Array:
    """Lay a clip out as expression, jaw and eyes, [T, E + 9]; own eyelids become expressions."""
    assert clip.jaw is not None
    assert clip.eyes is not None
    goal = np.zeros((clip.n_frames, model.n_expressions + 9))
    goal[:, : clip.expression.shape[1]] = clip.expression
    goal[:, -9:-6] = clip.jaw
    goal[:, -6:] = clip.eyes.reshape(-1, 6)
    if clip.eyelids is not None and model.eyelid_directions is not None:
        basis = model.expression_directions.reshape(-1, model.n_expressions)
        lids = model.eyelid_directions.reshape(-1, 2)
        goal[:, :-9] += clip.eyelids @ np.linalg.lstsq(basis, lids, rcond=None)[0].T
    return goal


def _solve(shapes: ShapeMap, goal: Array, fps: float) -> Array:
    """Return the faces [T, 52] in 0..1 whose parts come nearest to the goal [T, P]."""
    weigh = np.concatenate([shapes.metric, _jaw_rows(shapes)])
    plain, remedies = shapes.plain @ weigh.T, shapes.per_radian @ weigh.T
    faces = np.zeros((len(goal), len(ARKIT_NAMES)))
    jump = _JUMP_MM**2 * (fps / 60.0) ** 2
    for first in range(0, len(goal), _CHUNK):
        start = max(first - _OVERLAP, 0)
        part = slice(start, min(first + _CHUNK, len(goal)))
        turns = goal[part, -9:-6]
        # The jaw's rotation is known, so the remedies it calls for leave each frame linear.
        maps = plain + np.einsum("ta,akp->tkp", turns[:, :2], remedies)
        system = maps @ maps.transpose(0, 2, 1) + _PRICE_MM**2 * np.eye(len(ARKIT_NAMES))
        pull = (maps @ (goal[part] @ weigh.T)[..., None])[..., 0]
        top = _ceilings(shapes, goal[part])
        solved = solve_bounded(system, pull, jump, np.minimum(_by_jaw(shapes, turns), top), top)
        share = np.linspace(0.0, 1.0, first - start + 2)[1:-1, None]  # fade over what both have
        solved[: first - start] *= share
        solved[: first - start] += (1.0 - share) * faces[start:first]
        faces[part] = solved
    return faces


def _jaw_rows(shapes: ShapeMap) -> Array:
    """Return rows [3, P] that let the jaw's own rotation count more than what it moves."""
    jaw = slice(-9, -6)
    rows = np.zeros((3, shapes.metric.shape[1]))
    rows[:, jaw] = np.diag(_JAW_WEIGHT * np.sqrt((shapes.metric[:, jaw] ** 2).sum(axis=0)))
    return rows


def _ceilings(shapes: ShapeMap, goal: Array) -> Array:
    """Return upper bounds [T, 52]: gaze up and down, or a jaw left and right, exclude each other.

    Without them both could be raised to move the lids a little, since the eye itself would not.
    """
    top = np.ones((len(goal), len(ARKIT_NAMES)))
    turns = shapes.plain[:, -9:]
    for part in range(goal.shape[1] - 9, goal.shape[1]):
        ways = turns[:, part - goal.shape[1]]
        if (ways > 0).any() and (ways < 0).any():
            top[np.ix_(goal[:, part] >= 0, ways < 0)] = 0.0
            top[np.ix_(goal[:, part] <= 0, ways > 0)] = 0.0
    return top


def solve_bounded(system: Array, pull: Array, jump: float, begin: Array, top: Array) -> Array:
    """Minimise the sum of x H x / 2 - b x over frames, 0 <= x <= top, with a price on jumps.

    Projected Newton (Bertsekas 1982) on all frames at once: coefficients that a bound holds are
    left out, the others are solved for, and each frame takes the longest step that helps it.
    Neighbouring frames count as they were in the step before.

    Args:
        system: H [T, C, C], positive definite. pull: b [T, C]. begin, top: [T, C].
        jump: added to the minimum for a jump of 1 between two frames, halved.
    """
    n_frames, width = pull.shape
    faces = np.clip(begin, 0.0, top)
    sides = np.full(n_frames, 2.0)
    sides[[0, -1]] -= 1.0
    own = system + (jump * sides)[:, None, None] * np.eye(width)
    for _ in range(_MAX_STEPS):
        around = np.zeros_like(faces)
        around[1:] += faces[:-1]
        around[:-1] += faces[1:]
        wanted = pull + jump * around
        slope = (own @ faces[..., None])[..., 0] - wanted
        held = ((faces <= 0.0) & (slope > 0)) | ((faces >= top) & (slope < 0))
        free = ~held
        matrix = own * (free[:, :, None] & free[:, None, :])
        matrix[:, range(width), range(width)] += held
        way = -np.linalg.solve(matrix, (slope * free)[..., None])[..., 0]
        better = _best_step(own, slope, faces, way, top)
        change = np.abs(better - faces).max(initial=0.0)
        faces = better
        if change < _SETTLED:
            break
    return faces


def _best_step(system: Array, slope: Array, faces: Array, way: Array, top: Array) -> Array:
    """Return the faces after the step, of several lengths, that lowers each frame's cost most."""
    best, lowest = faces, np.zeros(len(faces))
    for length in _STEP_LENGTHS:
        tried = np.clip(faces + length * way, 0.0, top)
        step = tried - faces
        cost = ((0.5 * (system @ step[..., None])[..., 0] + slope) * step).sum(axis=1)
        helps = cost < lowest
        best = np.where(helps[:, None], tried, best)
        lowest = np.where(helps, cost, lowest)
        if helps.all():
            break
    return best


def _by_jaw(shapes: ShapeMap, turns: Array) -> Array:
    """Return faces [T, 52] with what the jaw's rotation alone says."""
    faces = np.zeros((len(turns), len(ARKIT_NAMES)))
    for name, axis in (("jawOpen", 0), ("jawLeft", 1), ("jawRight", 1)):
        full = shapes.jaw[INDEX[name], axis]
        if abs(full) > 1e-6:
            faces[:, INDEX[name]] = np.clip(turns[:, axis] / full, 0.0, 1.0)
    return faces


def _vectors(angles: NDArray[np.float32]) -> Array:
    """Return rotation vectors [..., 3] of yaw, pitch, roll as in Live Link, radians.

    Positive yaw turns to the character's right, positive pitch down; roll is applied first.
    """
    flat = np.asarray(angles, np.float64).reshape(-1, 3) * np.array([-1.0, 1.0, 1.0])
    return Rotation.from_euler("YXZ", flat).as_rotvec().reshape(np.shape(angles))


def _angles(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return yaw, pitch, roll [..., 3] of rotation vectors: the way back of `_vectors`."""
    turned = Rotation.from_rotvec(np.asarray(vectors, np.float64).reshape(-1, 3))
    flat = turned.as_euler("YXZ") * np.array([-1.0, 1.0, 1.0])
    return flat.reshape(np.shape(vectors)).astype(np.float32)


def _head(clip: FlameClip) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return the head's yaw, pitch, roll [T, 3] from global and neck rotation, and notes."""
    assert clip.root is not None
    assert clip.neck is not None
    if not clip.n_frames:
        return np.zeros((0, 3), np.float32), ()
    root, neck = Rotation.from_rotvec(clip.root), Rotation.from_rotvec(clip.neck)
    mean = root.mean()
    notes: tuple[str, ...] = ()
    if mean.magnitude() > _CAMERA_RADIANS:
        root = mean.inv() * root
        notes = ("The global rotation faces a camera; the head turns about its mean.",)
    return _angles((root * neck).as_rotvec().astype(np.float32)), notes


def _carried(shapes: ShapeMap) -> tuple[str, ...]:
    """Say how well the 52 shapes fit a model that is not our own."""
    if shapes.registration_error_mm == 0.0:
        return ()
    laid, shown = shapes.registration_error_mm, shapes.fit_error_mm
    return (
        f"The 52 shapes lie on '{shapes.model.name}' to {laid:.2f} mm (mean); its expressions show "
        f"each at full strength to {shown:.2f} mm (rms).",
    )


def _lost(shapes: ShapeMap, faces: Array) -> tuple[str, ...]:
    """Say which blendshapes that are used the model cannot show."""
    size = np.linalg.norm(shapes.plain @ shapes.metric.T, axis=1)
    dead = [
        name
        for name in ARKIT_NAMES
        if size[INDEX[name]] < _PRICE_MM and faces[:, INDEX[name]].max(initial=0.0) > _SHOWN
    ]
    if not dead:
        return ()
    return (f"'{shapes.model.name}' cannot show {', '.join(dead)}.",)


def _shares(missed: Array) -> str:
    if not len(missed):
        return "0 mm"
    mean, most = float(np.mean(missed)), float(np.percentile(missed, 95))
    return f"{mean:.2f} mm on the mean (rms over the face, {most:.2f} mm in the worst frames)"


def _residual_note(missed: Array) -> str:
    return f"The 52 blendshapes miss the FLAME motion by {_shares(missed)}."
