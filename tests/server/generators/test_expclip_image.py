"""A picture as the direction: refusals that say what to get, and the way on a tiny random CLIP."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch

from arkit.names import INDEX
from server.errors import BadRequest, Unavailable
from server.generators.expclip import image
from server.generators.expclip.clip_image import ClipImageEncoder, prepared, read_picture
from server.generators.expclip.image import PROJECTOR, prompt_of_image
from server.language.expclip import ImageProjector, ProjectorConfig, load_expclip, save_projector
from server.training.expclip.image import (
    ImageRecipe,
    faces_to_render,
    read_pairs,
    rendered,
    train,
    varied,
)
from server.training.expclip.train import AUTOENCODER

WIDTH = 48


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    image._reader.cache_clear()


def make_clip(folder: Path, seed: int = 0) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is optional")
    torch.manual_seed(seed)
    config = transformers.CLIPVisionConfig(
        hidden_size=48, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2,
        image_size=64, patch_size=8, projection_dim=WIDTH,
    )  # fmt: skip
    model = transformers.CLIPVisionModelWithProjection(config)
    model.save_pretrained(str(folder), safe_serialization=True)


def png(pixels: np.ndarray) -> bytes:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is optional")
    stream = io.BytesIO()
    pillow.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def _expclip():
    return load_expclip(AUTOENCODER)


GREY = np.full((48, 64, 3), 128, np.uint8)


def test_without_clip_a_picture_is_refused_with_what_to_get(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.delenv(image.VARIABLE, raising=False)
    with pytest.raises(Unavailable, match=r"no CLIP is installed.*Put a CLIP checkpoint"):
        prompt_of_image(b"", _expclip())
    with pytest.raises(Unavailable, match="there is no CLIP checkpoint in"):
        prompt_of_image(b"", _expclip(), tmp_path)


def test_without_a_projector_a_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "config.json").write_text("{}")
    with pytest.raises(Unavailable, match="no image projector"):
        prompt_of_image(b"", _expclip(), tmp_path)


def test_a_projector_of_another_clip_is_noticed(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip")
    model = ImageProjector(ProjectorConfig(WIDTH, 16, 256))
    model.probe.copy_(torch.nn.functional.normalize(torch.randn(WIDTH), dim=0))
    save_projector(model, tmp_path / PROJECTOR, {})
    with pytest.raises(Unavailable, match="trained for another CLIP"):
        prompt_of_image(png(GREY), _expclip(), tmp_path)


def test_what_is_no_picture_is_refused() -> None:
    pytest.importorskip("PIL", reason="Pillow is optional")
    with pytest.raises(BadRequest, match="cannot be read: it is no picture file"):
        read_picture(b"not a picture")
    with pytest.raises(BadRequest, match="cannot be read"):
        read_picture(png(GREY)[:60])


def test_the_middle_square_of_a_picture_is_what_clip_sees() -> None:
    pytest.importorskip("PIL", reason="Pillow is optional")
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    seen = prepared(wide, 16)
    assert seen.shape == (3, 16, 16) and seen.min() > 1.5


def test_a_mirrored_picture_has_a_mirrored_face() -> None:
    face = np.zeros(52, np.float32)
    face[INDEX["mouthSmileLeft"]] = 1.0
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, :20] = 200
    for seed in range(6):
        pixels, shown = varied(picture, face, np.random.default_rng(seed))
        left_is_bright = pixels[:, :4].mean() > pixels[:, -4:].mean()
        assert shown[INDEX["mouthSmileLeft" if left_is_bright else "mouthSmileRight"]] == 1.0


def test_own_pairs_are_read_and_a_wrong_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(GREY))
    (tmp_path / "pairs.csv").write_text("image,jawOpen\na.png,0.5\n")
    ((pixels, face),) = read_pairs(tmp_path)
    assert pixels.shape == GREY.shape and face[INDEX["jawOpen"]] == 0.5
    (tmp_path / "pairs.csv").write_text("image,jaw\na.png,0.5\n")
    with pytest.raises(BadRequest, match="the column 'jaw'"):
        list(read_pairs(tmp_path))
    (tmp_path / "pairs.csv").write_text("image,jawOpen\nb.png,0.5\n")
    with pytest.raises(BadRequest, match=r"'b.png', which is not there"):
        list(read_pairs(tmp_path))


@pytest.mark.slow
def test_a_projector_trained_on_renders_reads_them_through_the_whole_way(
    tmp_path: Path,
) -> None:
    make_clip(tmp_path / "clip")
    pytest.importorskip("pyvista", reason="the preview is optional")
    recipe = ImageRecipe(renders=48, tile=64, views=1, quadruples=300, hidden=96, steps=300,
                         batch=32, held_out=0.2)  # fmt: skip
    model, figures = train(recipe, ClipImageEncoder(tmp_path / "clip"), tmp_path / "run")
    assert figures["pictures"] >= 4
    save_projector(model, tmp_path / PROJECTOR, {})
    faces = faces_to_render(recipe)[:12]
    expclip = _expclip()
    shown = np.stack([
        prompt_of_image(png(picture), expclip, tmp_path) for picture in rendered(faces, 64)
    ])  # fmt: skip
    assert shown.shape == faces.shape
    error, plain = np.square(shown - faces).mean(), np.square(faces.mean(axis=0) - faces).mean()
    assert error < 0.5 * plain
