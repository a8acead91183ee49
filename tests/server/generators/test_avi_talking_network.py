"""The networks of AVI-Talking's synthesis, their space and their weights file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from arkit.names import ARKIT_NAMES, INDEX
from flame.built_in import built_in_flame_model
from server.generators.avi_talking.config import BASE, TINY
from server.generators.avi_talking.following import Follower
from server.generators.avi_talking.model import (
    Labels,
    TalkingPrior,
    count_parameters,
    distance_bias,
)
from server.generators.avi_talking.space import built_in_space, upper_face, upper_metric
from server.generators.avi_talking.weights import (
    WEIGHTS,
    load_weights,
    random_network,
    save_weights,
)
from server.language.errors import WeightsError

CONFIG = replace(TINY, n_motion=built_in_space().n_motion)


def test_motion_and_flame_coefficients_are_one_and_the_same_face() -> None:
    space = built_in_space()
    faces = np.random.default_rng(0).uniform(0, 0.5, (4, 52))
    faces[:, [k for name, k in INDEX.items() if name.startswith("eyeLook")]] = 0.0
    expression, jaw = space.to_flame(space.of_blendshapes(faces))
    parts = space.shapes.of_faces(faces)
    assert np.allclose(np.hstack([expression, jaw]), parts[:, : space.n_motion], atol=1e-6)


def test_the_length_of_a_motion_is_how_far_vertices_move() -> None:
    space, model = built_in_space(), built_in_flame_model()
    brows = np.zeros((2, 52))
    brows[1, [INDEX["browInnerUp"], INDEX["browOuterUpLeft"]]] = 1.0
    motion = space.of_blendshapes(brows)
    expression, jaw = space.to_flame(motion)
    made = model.vertices(expression.astype(np.float32), jaw=jaw.astype(np.float32))
    moved = 1000.0 * np.linalg.norm((made[1] - made[0])[upper_face()], axis=1)
    rms = np.sqrt(np.mean(moved**2))
    assert np.linalg.norm(upper_metric() @ motion[1]) == pytest.approx(rms, rel=0.02)
    assert np.linalg.norm(upper_metric() @ space.of_blendshapes(_face(jawOpen=1.0))[0]) < 0.3


def _face(**values: float) -> np.ndarray:
    face = np.zeros((1, len(ARKIT_NAMES)))
    for name, value in values.items():
        face[0, INDEX[name]] = value
    return face


def test_a_style_does_not_depend_on_the_order_of_its_references() -> None:
    encoder = random_network(CONFIG).prior.encoder
    references = torch.randn(2, 6, CONFIG.n_motion)
    style, turned = encoder(references), encoder(references.flip(1))
    assert torch.allclose(style, turned, atol=1e-5)
    assert torch.allclose(style.var(dim=1, correction=0), torch.ones(2), atol=1e-2)


def test_an_untrained_generator_says_the_line_plainly() -> None:
    prior = TalkingPrior(CONFIG)
    lips = torch.randn(2, 20, CONFIG.n_motion)
    made = prior(torch.randn(2, 20, CONFIG.n_audio), lips, torch.randn(2, CONFIG.n_style))
    assert torch.equal(made, lips)


def test_a_frame_is_the_same_wherever_its_window_starts() -> None:
    prior = random_network(CONFIG).prior
    audio, lips = torch.randn(1, 60, CONFIG.n_audio), torch.zeros(1, 60, CONFIG.n_motion)
    style = torch.randn(1, CONFIG.n_style)
    whole, late = prior(audio, lips, style), prior(audio[:, 20:], lips[:, 20:], style)
    assert torch.allclose(whole[:, 35], late[:, 15], atol=1e-5)


def test_attention_reaches_as_far_as_it_may_and_weakens_with_distance() -> None:
    bias = distance_bias(4, 10, 3, torch.device("cpu"))
    assert torch.isinf(bias[:, 0, 4:]).all()
    assert (bias[:, 0, 0] > bias[:, 0, 1]).all()
    assert (bias[:, 0, 1] > bias[:, 0, 3]).all()


def test_the_teacher_is_linear_in_the_intensity_before_its_norm() -> None:
    teacher = random_network(CONFIG).prior.teacher
    labels = Labels(torch.tensor([1, 1]), torch.tensor([0.2, 0.9]), torch.tensor([0, 0]))
    styles = teacher(labels)
    assert styles.shape == (2, CONFIG.n_style)
    assert not torch.allclose(styles[0], styles[1])


def test_other_noise_is_another_style_and_without_diffusion_there_is_one() -> None:
    text = torch.randn(1, CONFIG.n_text).expand(5, -1)
    eps = torch.randn(5, CONFIG.n_style)
    drawn = random_network(CONFIG).follower.sample(text, eps)
    assert torch.pdist(drawn).min() > 1e-3
    plain = Follower(replace(CONFIG, is_diffusion=False)).sample(text, eps)
    assert torch.equal(plain[0], plain[1])


def test_no_guidance_is_guidance_of_one() -> None:
    follower = random_network(CONFIG).follower
    text, eps = torch.randn(3, CONFIG.n_text), torch.randn(3, CONFIG.n_style)
    assert torch.equal(follower.sample(text, eps), follower.sample(text, eps, 1.0))
    assert not torch.allclose(follower.sample(text, eps), follower.sample(text, eps, 2.0))


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    network = random_network(CONFIG)
    network.habits = {"emotions": {"sad": {"head": 0.5}}}
    save_weights(network, tmp_path / "a.safetensors", {"recipe": "none"})
    read, digest = load_weights(tmp_path / "a.safetensors")
    assert read.habits == network.habits
    assert read.config == CONFIG
    assert len(digest) == 16
    for name, value in network.state_dict().items():
        assert torch.allclose(read.state_dict()[name], value, atol=2e-3), name


def test_weights_of_another_head_are_refused(tmp_path: Path) -> None:
    network = random_network(replace(CONFIG, basis_id="a stranger"))
    save_weights(network, tmp_path / "a.safetensors", {})
    with pytest.raises(WeightsError, match="a stranger"):
        load_weights(tmp_path / "a.safetensors")


def test_a_file_that_is_not_there_or_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no AVI-Talking weights"):
        load_weights(tmp_path / "none.safetensors")
    (tmp_path / "b.safetensors").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="does not hold AVI-Talking"):
        load_weights(tmp_path / "b.safetensors")


def test_the_shipped_size_fits_its_budget() -> None:
    config = replace(
        BASE, emotions=("a",) * 8, actors=("b",) * 18, n_motion=built_in_space().n_motion
    )
    numbers = sum(map(count_parameters, (TalkingPrior(config), Follower(config))))
    assert 2 * numbers < 2.5e6


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="the weights are not in this checkout")
def test_the_shipped_weights_load() -> None:
    network, _ = load_weights()
    assert network.config.basis_id == built_in_flame_model().basis_id
