"""The 52 shapes on a head of another topology: the ICT head as a FLAME-format model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from acted_clips import FEELINGS, acted, figures
from ict_flame import ict_flame_model, ict_or_skip

from arkit.clip import ArkitClip
from arkit.names import INDEX
from flame.built_in import built_in_flame_model
from flame.convert import arkit_to_flame, flame_to_arkit, to_basis
from flame.errors import TransferError
from flame.mapping import shape_map
from flame.model import FlameModel
from flame.model_files import read_flame_model, write_flame_model
from flame.registration import register

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def model(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> FlameModel:
    made = ict_flame_model(ict_or_skip())
    path = write_flame_model(made, tmp_path_factory.mktemp("flame") / "ict.npz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOLILOQUY_CACHE", str(cache))
        model = read_flame_model(path)
        shape_map(model)
    return model


def test_the_face_is_laid_over_to_less_than_a_millimetre(model: FlameModel, cache: Path) -> None:
    assert 0.0 < shape_map(model).registration_error_mm < 0.8
    assert len(list(cache.glob("flame-shapes-*.npz"))) == 1


def lip_gap_mm(model: FlameModel, vertices: np.ndarray) -> np.ndarray:
    """Gap between the inner lips' landmarks, [T]."""
    marks = model.landmarks(vertices)
    return np.linalg.norm(marks[..., 44:47, :] - marks[..., [50, 49, 48], :], axis=-1).max(-1) * 1e3


def posed(model: FlameModel, **weights: float) -> np.ndarray:
    faces = np.zeros((1, 52), np.float32)
    for name, value in weights.items():
        faces[:, INDEX[name]] = value
    flame = arkit_to_flame(ArkitClip(faces, 25.0), model)
    return model.vertices(flame.expression, **flame.pose)


def test_the_mouth_opens_and_its_closing_shape_closes_it(model: FlameModel) -> None:
    rest = lip_gap_mm(model, model.template[None])[0]
    assert lip_gap_mm(model, posed(model, jawOpen=1.0))[0] > 20.0
    for amount in (0.15, 0.3, 0.45):
        gap = lip_gap_mm(model, posed(model, jawOpen=amount, mouthClose=amount))[0]
        assert gap - rest < 2.0, amount


def test_shapes_move_what_they_are_named_after(model: FlameModel) -> None:
    rest = model.landmarks(model.template[None])[0]
    smile = model.landmarks(posed(model, mouthSmileLeft=1.0))[0] - rest
    assert smile[37, 1] > 0.003 and abs(smile[31, 1]) < 0.003  # left corner up, right stays
    blink = model.landmarks(posed(model, eyeBlinkRight=1.0))[0] - rest
    assert blink[[20, 21], 1].max() < -0.004 and np.abs(blink[[26, 27], 1]).max() < 0.002
    brows = model.landmarks(posed(model, browInnerUp=1.0))[0] - rest
    assert brows[[4, 5], 1].min() > 0.003


@pytest.mark.parametrize("feeling", FEELINGS)
def test_a_clip_comes_back_through_a_foreign_head(feeling: str, model: FlameModel) -> None:
    clip = acted(feeling)
    back = flame_to_arkit(arkit_to_flame(clip, model), model)
    found = figures(clip.coefficients, back.clip.coefficients)
    assert len(found) > 20
    for name, (r, error) in found.items():
        assert r >= 0.95, name
        assert error <= 0.1, name


def test_between_two_topologies_the_face_goes_through_the_blendshapes(model: FlameModel) -> None:
    own = built_in_flame_model()
    clip = acted("joy")
    there = to_basis(arkit_to_flame(clip, own), own, model)
    assert there.basis_id == model.basis_id
    back = flame_to_arkit(there, model).clip
    mouth = INDEX["jawOpen"]
    assert np.corrcoef(clip.coefficients[:, mouth], back.coefficients[:, mouth])[0, 1] > 0.95


def test_a_face_too_far_away_is_refused_with_the_figure(model: FlameModel) -> None:
    rng = np.random.default_rng(0)
    lumps = model.template + rng.normal(0, 0.004, model.template.shape).astype(np.float32)
    with pytest.raises(TransferError, match=r"\d\.\d\d mm"):
        register(replace(model, template=lumps, basis_id=""))
