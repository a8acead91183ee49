"""Train the image projector: pictures of our head, and a user's own, into ExpCLIP's space.

    python -m server.training.expclip.image server/training/recipes/expclip_image.toml \
        --clip FOLDER --run FOLDER --out FOLDER/expclip_image.safetensors [--pairs FOLDER]

The paper finetunes P_img alone on 150,000 photographs with reconstructed blendshapes; E_img, E and
D stay as they are. We render the built-in head, from the front and from the side, in other light
and crops; `--pairs` adds a user's own pictures: a folder with `pairs.csv`, whose first column is
`image` (a file beside it) and whose others are blendshapes. Losses are Eqs. 3 and 4.
"""

from __future__ import annotations

import argparse
import csv
import logging
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.names import ARKIT_NAMES, INDEX
from server.errors import BadRequest
from server.generators.expclip.clip_image import ClipImageEncoder, Pixels, read_picture
from server.generators.expclip.image import probe_picture
from server.language.expclip import (
    ExpClip,
    ImageProjector,
    ProjectorConfig,
    load_expclip,
    save_projector,
)
from server.training.language.loop import LoopOptions, run

from .train import AUTOENCODER, muscle_faces, tead_faces

log = logging.getLogger(__name__)

Faces = NDArray[np.float32]

_CAMERAS: Final = ("front", "front", "three_quarter")
_PICTURES: Final = "pictures.npz"
_LEAST_SPREAD: Final = 1e-4
_MIRRORED: Final = [
    INDEX[n.replace("Left", "?").replace("Right", "Left").replace("?", "Right")]
    for n in ARKIT_NAMES
]


@dataclass(frozen=True)
class ImageRecipe:
    """How the image projector is trained.

    Attributes:
        renders: pictures of our head. tile: their side in pixels.
        views: pictures made of each by crop, light and mirror. quadruples: of TEAD, whose faces
            are rendered; half as many faces of single muscles and of one side are rendered too.
        hidden: width inside the projector. steps, batch, rate, seed: of the loop.
        embedding, cross: weights of Eq. 3 and Eq. 4 (paper: 10 and 10).
        held_out: share of the pictures that is only measured on. threads: of torch.
    """

    renders: int = 6000
    tile: int = 224
    views: int = 4
    quadruples: int = 12_000
    hidden: int = 512
    steps: int = 4000
    batch: int = 128
    rate: float = 1e-3
    seed: int = 0
    embedding: float = 10.0
    cross: float = 10.0
    held_out: float = 0.1
    threads: int = 1


def read_recipe(path: Path) -> ImageRecipe:
    """Read a recipe; an unknown field is an error of `ImageRecipe`."""
    return ImageRecipe(**tomllib.loads(path.read_text("utf-8")))


@dataclass(frozen=True)
class Pictures:
    """CLIP embeddings of pictures [N, n_image], their faces [N, 52], which are held out [N]."""

    embeddings: NDArray[np.float32]
    faces: Faces
    held_out: NDArray[np.bool_]


def faces_to_render(recipe: ImageRecipe) -> Faces:
    """Return the faces of a recipe, neutral first, float32 [renders, 52]."""
    rng = np.random.default_rng(recipe.seed)
    feelings = tead_faces(recipe.quadruples, recipe.seed)
    both = np.concatenate([feelings, muscle_faces(len(feelings) // 2, recipe.seed)])
    chosen = both[rng.permutation(len(both))[: recipe.renders]]
    strength = rng.uniform(0.4, 1.0, (len(chosen), 1)).astype(np.float32)
    chosen = chosen * strength
    chosen[0] = 0.0
    return chosen


def rendered(faces: Faces, tile: int) -> Iterator[Pixels]:
    """Yield pictures of our head [tile, tile, 3], from cameras in turn.

    Raises:
        PreviewError: the renderer is missing or cannot start.
    """
    from flame.head import built_in_head
    from flame.preview.stage import Stage

    head = built_in_head()
    stages = {name: Stage(head, (tile, tile), name) for name in dict.fromkeys(_CAMERAS)}
    try:
        for i, face in enumerate(faces):
            yield stages[_CAMERAS[i % len(_CAMERAS)]].draw(head.pose(face))
    finally:
        for stage in stages.values():
            stage.close()


def varied(picture: Pixels, face: Faces, rng: np.random.Generator) -> tuple[Pixels, Faces]:
    """Return a picture in another crop, light and colour, perhaps mirrored, with its face."""
    side = min(picture.shape[:2])
    size = int(side * rng.uniform(0.75, 1.0))
    top, left = (int(rng.integers(0, n - size + 1)) for n in picture.shape[:2])
    values = picture[top : top + size, left : left + size].astype(np.float32)
    values = 255.0 * (values / 255.0) ** rng.uniform(0.7, 1.4)
    values = values * rng.uniform(0.85, 1.15, 3) + rng.normal(0.0, 4.0, values.shape)
    pixels = values.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        return pixels[:, ::-1], face[_MIRRORED]
    return pixels, face


def read_pairs(folder: Path) -> Iterator[tuple[Pixels, Faces]]:
    """Yield a user's own pictures with their faces.

    Raises:
        BadRequest: there is no `pairs.csv`, a column is no blendshape, or a number or picture
            cannot be read.
    """
    path = folder / "pairs.csv"
    if not path.is_file():
        raise BadRequest(
            f"There is no {path}.", "Write one with the columns image, browInnerUp, jawOpen, ..."
        )
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        unknown = set(rows.fieldnames or ()) - {"image", *ARKIT_NAMES}
        if unknown or "image" not in (rows.fieldnames or ()):
            wrong = f"the column '{sorted(unknown)[0]}'" if unknown else "no column 'image'"
            raise BadRequest(f"{path} has {wrong}.", "Columns are image and ARKit's blendshapes.")
        for row in rows:
            picture = folder / row["image"]
            if not picture.is_file():
                raise BadRequest(f"{path} names '{row['image']}', which is not there.")
            yield read_picture(picture.read_bytes()), _face_of(row, path)


def _face_of(row: dict[str, str], path: Path) -> Faces:
    try:
        values = [float(row.get(name) or 0.0) for name in ARKIT_NAMES]
    except ValueError as error:
        raise BadRequest(
            f"{path}, '{row['image']}': {error}.", "Write numbers from 0 to 1."
        ) from error
    return np.clip(np.array(values, np.float32), 0.0, 1.0)


def gathered(recipe: ImageRecipe, encoder: ClipImageEncoder, pairs: Path | None = None) -> Pictures:
    """Render, vary and embed all pictures; views of one picture are held out together."""
    rng = np.random.default_rng(recipe.seed)
    faces = faces_to_render(recipe)
    material = zip(rendered(faces, recipe.tile), faces, strict=True)
    rows: list[NDArray[np.float32]] = []
    kept: list[Faces] = []
    held: list[bool] = []
    for picture, face in (*material, *(read_pairs(pairs) if pairs else ())):
        views = [(picture, face), *(varied(picture, face, rng) for _ in range(recipe.views - 1))]
        rows.append(encoder.encode([pixels for pixels, _ in views]))
        kept += [shown for _, shown in views]
        held += [rng.random() < recipe.held_out] * len(views)
    return Pictures(np.concatenate(rows), np.stack(kept), np.array(held))


@dataclass
class ProjectorTeacher:
    """Makes the loss of one step: Eqs. 3 and 4 with d = image."""

    model: ImageProjector
    expclip: ExpClip
    pictures: Pictures
    recipe: ImageRecipe
    numbers: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = np.flatnonzero(~self.pictures.held_out)

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Return the loss of a batch drawn with `rng`."""
        drawn = rng.choice(self.numbers, self.recipe.batch)
        face = torch.from_numpy(self.pictures.faces[drawn])
        made = self.model(torch.from_numpy(self.pictures.embeddings[drawn]))
        apart = 1.0 - (made * self.expclip.encoder(face)).sum(dim=1)
        wrong = torch.linalg.vector_norm(self.expclip.decoder(made) - face, dim=1)
        return self.recipe.embedding * apart.mean() + self.recipe.cross * wrong.mean()


@torch.inference_mode()
def measured(model: ImageProjector, expclip: ExpClip, pictures: Pictures) -> dict[str, float]:
    """Return, on held-out pictures, the squared error of their faces and that of the mean face."""
    own = pictures.held_out
    made = expclip.decoder(model(torch.from_numpy(pictures.embeddings[own]))).clamp(0.0, 1.0)
    faces = pictures.faces[own]
    plain = pictures.faces[~own].mean(axis=0)
    return {
        "pictures": float(own.sum()),
        "mse": float(np.square(made.numpy() - faces).mean()),
        "mse_of_mean_face": float(np.square(plain - faces).mean()),
    }


def train(
    recipe: ImageRecipe, encoder: ClipImageEncoder, folder: Path, pairs: Path | None = None
) -> tuple[ImageProjector, dict[str, float]]:
    """Run a recipe in a folder; return the projector and its figures on held-out pictures."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    expclip = load_expclip(AUTOENCODER).requires_grad_(False)
    pictures = _kept(folder / _PICTURES, recipe, encoder, pairs)
    config = ProjectorConfig(encoder.width, recipe.hidden, expclip.config.n_embedding)
    model = ImageProjector(config)
    own = torch.from_numpy(pictures.embeddings[~pictures.held_out])
    model.middle.copy_(own.mean(dim=0))
    model.spread.copy_(own.std(dim=0).clamp(min=_LEAST_SPREAD))
    model.probe.copy_(torch.from_numpy(encoder.encode([probe_picture()])[0]))
    teacher = ProjectorTeacher(model, expclip, pictures, recipe)
    options = LoopOptions(recipe.steps, recipe.steps, recipe.rate, recipe.seed)
    run(model, teacher.loss, options, folder / "projector.pt", log.info)
    return model, measured(model, expclip, pictures)


def _kept(
    path: Path, recipe: ImageRecipe, encoder: ClipImageEncoder, pairs: Path | None
) -> Pictures:
    """Return the pictures of an earlier start of this run, or make and keep them."""
    if not path.is_file():
        made = gathered(recipe, encoder, pairs)
        np.savez(path, embeddings=made.embeddings, faces=made.faces, held_out=made.held_out)
    with np.load(path) as stored:
        return Pictures(stored["embeddings"], stored["faces"], stored["held_out"])


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--clip", type=Path, required=True, help="folder of a CLIP checkpoint")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, help="a folder with pairs.csv")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(options.recipe)
    model, figures = train(recipe, ClipImageEncoder(options.clip), options.run, options.pairs)
    log.info("held-out pictures: %s", figures)
    note: dict[str, Any] = {"recipe": repr(recipe), "figures": repr(figures)}
    save_projector(model, options.out, note)


if __name__ == "__main__":
    main()
