"""The 52 blendshapes and FLAME: there and back on the built-in head, its look, its lips."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from acted_clips import FEELINGS, acted, figures, random_faces
from scipy.optimize import lsq_linear

from arkit.clip import ArkitClip, Contact
from arkit.names import ARKIT_NAMES, INDEX
from flame.built_in import BASIS_FILE, built_in_flame_model, built_in_metric, make_basis
from flame.clip import FlameClip
from flame.convert import adopt, arkit_to_flame, flame_to_arkit, load_on, solve_bounded, to_basis
from flame.errors import BasisError, TransferError
from flame.head import built_in_head
from flame.mapping import shape_map
from flame.model import FlameModel

MODEL = built_in_flame_model()


def shown(clip: ArkitClip) -> np.ndarray:
    """Vertices [T, V, 3] of a clip after it went through FLAME."""
    flame = arkit_to_flame(replace(clip, head=None), MODEL)
    return MODEL.vertices(flame.expression, **flame.pose)


def skin_rows() -> np.ndarray:
    return np.flatnonzero(MODEL.weights[:, 3:].sum(1) < 0.5)


def test_the_basis_file_is_that_of_the_head() -> None:
    made = make_basis()
    with np.load(BASIS_FILE) as kept:
        # What rides on the face may be drawn anew: a component more or less is left then.
        assert kept["table"].shape[1] == made["table"].shape[1]
        assert abs(len(kept["table"]) - len(made["table"])) <= 1
        assert np.abs(kept["fingerprint"] - made["fingerprint"]).max() < 0.1
    assert MODEL.basis_id.startswith("soliloquy-")


def test_the_motion_that_weights_speak_in_outlives_better_teeth() -> None:
    kept = built_in_metric()
    assert kept is not None
    assert np.allclose(shape_map(MODEL).metric, kept)
    assert MODEL.basis_id == "soliloquy-8521d383af877592", "shipped AVI-Talking weights name it"


def test_expressions_are_really_independent() -> None:
    rows = MODEL.expression_directions.reshape(-1, MODEL.n_expressions)
    size = np.linalg.svd(rows, compute_uv=False)
    assert size[-1] > 0
    reach = np.linalg.norm(MODEL.expression_directions, axis=1).max(axis=0)
    assert reach.min() > 1e-5  # each moves something by more than a hundredth of a millimetre
    assert np.linalg.matrix_rank(rows, tol=size[0] * 1e-5) == MODEL.n_expressions


def test_joints_stand_where_the_head_has_them() -> None:
    from flame.head.surface import EYE_CENTRE

    left, right = MODEL.joints[3], MODEL.joints[4]
    assert np.allclose(left, np.array(EYE_CENTRE) * 0.01, atol=1e-6)
    assert np.allclose(right, left * np.array([-1, 1, 1]), atol=1e-6)
    assert np.allclose(MODEL.weights.sum(1), 1, atol=1e-6)
    assert MODEL.weights.min() >= 0


def test_every_blendshape_looks_the_same_in_flame() -> None:
    faces = np.eye(52, dtype=np.float32)
    wanted, rows = built_in_head().pose(faces), skin_rows()
    gap = np.linalg.norm(shown(ArkitClip(faces, 25.0)) - wanted, axis=2)[:, rows] * 1000
    worst = int(gap.max(axis=1).argmax())
    assert gap.max() < 0.5, ARKIT_NAMES[worst]
    assert gap.mean() < 0.01


def test_faces_at_random_look_the_same_in_flame() -> None:
    faces = random_faces(40, seed=7)
    rows = skin_rows()
    gap = np.linalg.norm(shown(ArkitClip(faces, 25.0)) - built_in_head().pose(faces), axis=2)
    assert gap[:, rows].mean() * 1000 < 0.1
    assert np.percentile(gap[:, rows].max(axis=1) * 1000, 90) < 4.0


def test_lips_that_close_in_arkit_close_in_flame() -> None:
    faces = np.zeros((5, 52), np.float32)
    faces[:, INDEX["jawOpen"]] = faces[:, INDEX["mouthClose"]] = [0.05, 0.15, 0.3, 0.4, 0.45]
    gaps = built_in_head().lip_gap_mm(shown(ArkitClip(faces, 25.0)))
    assert np.abs(gaps - built_in_head().lip_gap_mm(built_in_head().pose(faces))).max() < 0.3


@pytest.mark.parametrize("feeling", FEELINGS)
def test_a_clip_comes_back_through_flame(feeling: str) -> None:
    clip = acted(feeling)
    back = flame_to_arkit(arkit_to_flame(clip, MODEL), MODEL)
    found = figures(clip.coefficients, back.clip.coefficients)
    assert len(found) > 20
    for name, (r, error) in found.items():
        assert r >= 0.95, name
        assert error <= 0.1, name
    assert back.residual_mm.mean() < 0.05
    assert clip.head is not None and back.clip.head is not None
    assert np.abs(back.clip.head - clip.head).max() < 1e-4
    assert back.clip.contacts == clip.contacts


def test_900_frames_take_less_than_three_seconds() -> None:
    faces = np.concatenate([acted("rage", repeats=3).coefficients, random_faces(900)])[:900]
    clip = ArkitClip(faces, 60.0)
    shape_map(MODEL)
    begun = time.process_time()
    flame_to_arkit(arkit_to_flame(clip, MODEL), MODEL)
    assert time.process_time() - begun < 3.0  # .3 s where nothing else runs


def test_the_same_numbers_as_scipys_bounded_least_squares() -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(6, 12, 20))
    wanted = rng.normal(size=(6, 20))
    system = maps @ maps.transpose(0, 2, 1) + 1e-4 * np.eye(12)
    pull = (maps @ wanted[..., None])[..., 0]
    found = solve_bounded(system, pull, 0.0, np.zeros((6, 12)), np.ones((6, 12)))
    for frame in range(6):
        rows = np.vstack([maps[frame].T, 0.01 * np.eye(12)])
        goal = np.concatenate([wanted[frame], np.zeros(12)])
        judge = lsq_linear(rows, goal, bounds=(0, 1), tol=1e-12).x
        assert np.abs(found[frame] - judge).max() < 1e-4


def test_a_price_on_jumps_smooths() -> None:
    rng = np.random.default_rng(0)
    system = np.tile(np.eye(2), (50, 1, 1))
    pull = 0.5 + 0.2 * rng.normal(size=(50, 2))
    rough, smooth = (
        solve_bounded(system, pull, jump, pull, np.ones((50, 2))) for jump in (0.0, 5.0)
    )
    assert np.abs(np.diff(smooth, axis=0)).mean() < 0.3 * np.abs(np.diff(rough, axis=0)).mean()


def test_noise_in_flame_does_not_become_a_twitching_face() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, (60, MODEL.n_expressions)).astype(np.float32)
    made = flame_to_arkit(FlameClip(noise, 60.0, MODEL.basis_id), MODEL).clip
    assert made.coefficients.mean() < 0.05


def test_what_the_shapes_cannot_show_is_reported() -> None:
    expression = np.zeros((3, MODEL.n_expressions), np.float32)
    expression[:, 0] = -6.0  # opposite to what any blendshape does
    made = flame_to_arkit(FlameClip(expression, 25.0, MODEL.basis_id), MODEL)
    assert made.residual_mm.min() > 0.3
    assert "mm on the mean" in made.clip.notes[-1]


def test_a_jaw_further_open_than_arkits_is_one() -> None:
    jaw = np.tile(np.array([[0.6, 0, 0]], np.float32), (3, 1))
    still = np.zeros((3, MODEL.n_expressions), np.float32)
    made = flame_to_arkit(FlameClip(still, 25.0, MODEL.basis_id, jaw=jaw), MODEL).clip
    assert np.allclose(made.curve("jawOpen"), 1.0, atol=1e-3)


def test_contacts_close_after_the_way_back() -> None:
    faces = np.zeros((20, 52), np.float32)
    faces[:, INDEX["jawOpen"]] = 0.3
    clip = ArkitClip(faces, 60.0, contacts=(Contact("lips", 0.1, 0.15),))
    made = flame_to_arkit(arkit_to_flame(clip, MODEL), MODEL).clip
    assert made.curve("mouthClose")[7] > 0.9 * made.curve("jawOpen")[7]


def test_gaze_turns_the_eyes_and_angles_alone_do_too() -> None:
    faces = np.zeros((2, 52), np.float32)
    faces[:, INDEX["eyeLookOutLeft"]] = 1.0
    eyes = arkit_to_flame(ArkitClip(faces, 25.0), MODEL).eyes
    assert eyes is not None
    assert eyes[0, 0, 1] == pytest.approx(np.radians(34), abs=1e-5)
    assert eyes[0, 1] == pytest.approx([0, 0, 0])
    angles = np.zeros((2, 2, 3), np.float32)
    angles[..., 1] = 0.2  # pitch: down
    turned = arkit_to_flame(ArkitClip(np.zeros((2, 52), np.float32), 25.0, eyes=angles), MODEL).eyes
    assert turned is not None
    assert turned[..., 0] == pytest.approx(0.2, abs=1e-6)


def test_the_head_turns_as_in_the_preview() -> None:
    from flame.preview import turn_head

    angles = np.array([[0.3, -0.2, 0.1]], np.float32)
    flame = arkit_to_flame(ArkitClip(np.zeros((1, 52), np.float32), 25.0, head=angles), MODEL)
    found = MODEL.vertices(flame.expression, **flame.pose)[0]
    gap = np.abs(found - turn_head(MODEL.template, angles[0])).max(axis=1)
    assert gap[MODEL.weights[:, 2] == 0].max() < 1e-5
    assert gap.max() < 4e-3  # under the chin, where jaw and neck meet


def test_another_basis_converts_or_refuses() -> None:
    rng = np.random.default_rng(0)
    mixed, _ = np.linalg.qr(rng.normal(size=(MODEL.n_expressions,) * 2))
    other = replace(
        MODEL,
        name="Other",
        expression_directions=(MODEL.expression_directions @ mixed).astype(np.float32),
        basis_id="",
    )
    assert other.basis_id != MODEL.basis_id
    clip = arkit_to_flame(acted("joy"), MODEL)
    with pytest.raises(BasisError, match="Convert the clip first"):
        load_on(clip, other)
    moved = load_on(clip, other, source=MODEL)
    assert moved.basis_id == other.basis_id
    rows = slice(0, 40)
    before = MODEL.vertices(clip.expression[rows], jaw=clip.pose["jaw"][rows])
    after = other.vertices(moved.expression[rows], jaw=moved.pose["jaw"][rows])
    assert np.abs(before - after).max() < 1e-5
    again = to_basis(moved, other, MODEL)
    assert np.abs(again.expression - clip.expression).max() < 1e-3


def test_a_clip_of_no_named_basis_is_adopted_when_it_fits() -> None:
    few = FlameClip(np.zeros((2, 10), np.float32), 25.0, "")
    assert adopt(few, MODEL).basis_id == MODEL.basis_id
    assert "names no basis" in adopt(few, MODEL).notes[-1]
    with pytest.raises(BasisError, match="Name the model"):
        adopt(FlameClip(np.zeros((2, 100), np.float32), 25.0, ""), MODEL)


def test_a_model_without_landmarks_is_refused_with_what_to_do() -> None:
    bare = replace(MODEL, name="Bare", embedding=None, basis_id="flame-bare")
    with pytest.raises(TransferError, match="flame_static_embedding"):
        arkit_to_flame(ArkitClip(np.zeros((1, 52), np.float32), 25.0), bare)


def test_an_empty_clip_goes_both_ways() -> None:
    clip = ArkitClip(np.zeros((0, 52), np.float32), 25.0)
    flame = arkit_to_flame(clip, MODEL)
    assert flame.n_frames == 0
    assert flame_to_arkit(flame, MODEL).clip.n_frames == 0
    assert isinstance(MODEL, FlameModel)
