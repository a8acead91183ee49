"""Train ExpCLIP's animation generator by a recipe; stop and start it as you like.

    python -m server.training.expclip.train server/training/recipes/expclip.toml --corpus FOLDER \
        --run FOLDER [--out server/weights/expclip.safetensors] [--variant NAME]

The size "paper" reads wav2vec 2.0 (`--wav2vec FOLDER`, a checkpoint for `transformers`), needs a
corpus with audio and an autoencoder of the paper's size (`--autoencoder FILE`).
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.action_units import ACTION_UNITS, combine_aus
from arkit.names import ARKIT_NAMES
from server.generators.cafe_talk.xlsr import XlsrEncoder
from server.generators.expclip.config import BASE, PAPER, TINY, ExpClipConfig
from server.generators.expclip.model import (
    ExpClipAnimator,
    count_parameters,
    style_of,
    style_widths,
)
from server.generators.expclip.weights import load_animator, save_animator
from server.language.errors import WeightsError
from server.language.expclip import ExpClip, load_expclip
from server.language.express import WEIGHTS
from server.training.corpus.reader import CorpusReader
from server.training.language.loop import LoopOptions, run
from server.training.language.tead import Composer

from . import losses
from .frames import LAST, LIPS, Batch, FrameStore, draw, make_store, open_store

log = logging.getLogger(__name__)

AUTOENCODER: Final = WEIGHTS / "expclip_autoencoder.safetensors"
SIZES: Final = {"paper": PAPER, "base": BASE, "tiny": TINY}


@dataclass(frozen=True)
class Recipe:
    """How the generator is trained.

    Attributes:
        size: "paper", "base" or "tiny". steps, batch, rate, seed: of the loop.
        augmented: weight of Expression Prompt Augmentation, 0 to leave it out (the ablation).
        lip_motion, style, strength: weights of Eq. 7, Eq. 8 and of our loss on strength.
        changing: share of augmented windows whose prompt changes on the way, so that direction
            strips work; the paper has one prompt throughout.
        quadruples: of TEAD, to augment with. one_sided: faces of single muscles, mostly of one
            side, beside them: no feeling shows them, people ask for them. threads: of torch.
    """

    size: str = "base"
    steps: int = 4000
    batch: int = 24
    rate: float = 1e-3
    seed: int = 0
    augmented: float = 1.0
    lip_motion: float = 1.0
    style: float = 0.05
    strength: float = 1.0
    changing: float = 0.3
    quadruples: int = 20_000
    one_sided: int = 0
    threads: int = 1
    keep_every: int = 200
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> ExpClipConfig:
        """The sizes of the network."""
        return replace(SIZES[self.size], **self.extra)


def read_recipe(path: Path, variant: str = "") -> Recipe:
    """Read a recipe; an unknown field is an error of `Recipe`.

    Args:
        variant: name of a table under `variants`, whose fields replace those of the recipe.

    Raises:
        KeyError: the recipe has no such variant.
    """
    fields = tomllib.loads(path.read_text("utf-8"))
    variants = fields.pop("variants", {})
    return Recipe(**fields | (variants[variant] if variant else {}))


def tead_faces(count: int, seed: int) -> NDArray[np.float32]:
    """Return the blendshapes of our TEAD's training quadruples, float32 [N, 52]."""
    quadruples = [q for q in Composer(seed).compose(count) if q.split == "train" and q.aus]
    rows = [[q.blendshapes()[name] for name in ARKIT_NAMES] for q in quadruples]
    return np.array(rows, np.float32)


def muscle_faces(count: int, seed: int) -> NDArray[np.float32]:
    """Return faces of one to three AUs, two thirds of them of one side, float32 [N, 52]."""
    rng = np.random.default_rng(seed)
    codes = [code for code, unit in ACTION_UNITS.items() if unit.expressible]
    sided = [code for code in codes if ACTION_UNITS[code].side]
    rows = []
    for _ in range(count):
        pool = sided if rng.random() < 2 / 3 else codes
        drawn = rng.choice(pool, int(rng.integers(1, 4)), replace=False)
        face = combine_aus({str(code): float(rng.uniform(0.3, 1.0)) for code in drawn})
        rows.append([face.get(name, 0.0) for name in ARKIT_NAMES])
    return np.array(rows, np.float32).reshape(-1, len(ARKIT_NAMES))


@dataclass(frozen=True)
class _Tensors:
    """A batch as the network and the losses want it.

    Attributes:
        audio: [B, T, A]. lips: articulated mouth [B, T, 52]. mouth: what the network adds to: the
            same, or nothing where it makes the whole face.
        faces: [B, T, 52]. valid: [B, 1, 52].
    """

    audio: Tensor
    lips: Tensor
    mouth: Tensor
    faces: Tensor
    valid: Tensor


def _as_tensors(batch: Batch, config: ExpClipConfig) -> _Tensors:
    features = torch.from_numpy(batch.features)
    faces, valid = torch.from_numpy(batch.faces), torch.from_numpy(batch.valid)
    if config.speech_encoder == "phones":
        lips = features[:, :, LIPS]
        return _Tensors(features, lips, lips, faces, valid)
    lips = features[:, :, LAST]
    return _Tensors(features[:, :, : config.n_audio], lips, torch.zeros_like(lips), faces, valid)


@dataclass
class Teacher:
    """Makes the loss of one step.

    Attributes:
        expclip: its E and D, frozen. expressions: TEAD's faces [N, 52].
    """

    model: ExpClipAnimator
    expclip: ExpClip
    store: FrameStore
    numbers: list[int]
    expressions: NDArray[np.float32]
    recipe: Recipe

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Return the loss of a batch drawn with `rng`."""
        drawn = draw(self.store, self.numbers, self.recipe.batch, self.model.config.n_frames, rng)
        batch = _as_tensors(drawn, self.model.config)
        prompt = self.model.pooling(losses.shown(batch.faces, batch.lips))
        made = self.model(batch.audio, batch.mouth, style_of(self.expclip, prompt))
        total = losses.reconstruction(made, batch.faces, batch.valid)
        if self.recipe.augmented:
            total = total + self.recipe.augmented * self._augmented(batch, prompt.detach(), rng)
        return total

    def _augmented(self, batch: _Tensors, prompt: Tensor, rng: np.random.Generator) -> Tensor:
        """Expression Prompt Augmentation (Eqs. 6-8), on the true clip's lips."""
        faces, lips, valid = batch.faces, batch.lips, batch.valid
        asked = self._perturbed(prompt, faces.shape[1], rng)  # [B, T, 52]
        made = self.model(batch.audio, batch.mouth, self._embedded(asked))
        recipe = self.recipe
        total = recipe.lip_motion * losses.lip_motion(made, faces, valid)
        total = total + recipe.strength * self._strength(made, lips, asked)
        whole = (asked[:, 0] - asked[:, -1]).abs().amax(dim=1) < 1e-6
        if recipe.style and whole.any():
            shown = self.model.pooling(losses.shown(made[whole], lips[whole]))
            aim = self.expclip.encoder(asked[whole, 0])
            total = total + recipe.style * losses.style(self.expclip.encoder(shown), aim)
        return total

    @staticmethod
    def _strength(made: Tensor, lips: Tensor, asked: Tensor) -> Tensor:
        """Compare first and second half apart, so that a change of prompt is a change of face."""
        middle = made.shape[1] // 2
        halves = (slice(0, middle), slice(middle, None))
        return torch.stack(
            [losses.strength(made[:, h], lips[:, h], asked[:, h]) for h in halves]
        ).mean()

    def _embedded(self, asked: Tensor) -> Tensor:
        flat = asked.reshape(-1, asked.shape[-1])
        different, where = torch.unique(flat, dim=0, return_inverse=True)
        return style_of(self.expclip, different)[where].view(*asked.shape[:2], -1)

    def _perturbed(self, prompt: Tensor, n_frames: int, rng: np.random.Generator) -> Tensor:
        """Eq. 6; some windows go from one perturbed prompt to another within .3 s."""
        first, second = (self._blend(prompt, rng) for _ in range(2))
        size = len(prompt)
        fps = self.model.config.fps
        start = rng.uniform(0.2, 0.8, size) * n_frames
        ramp = (np.arange(n_frames) - start[:, None]) / (0.3 * fps)
        ramp = np.clip(ramp, 0.0, 1.0) * (rng.random(size) < self.recipe.changing)[:, None]
        share = torch.from_numpy((ramp * ramp * (3 - 2 * ramp)).astype(np.float32))[..., None]
        return first[:, None] * (1 - share) + second[:, None] * share

    def _blend(self, prompt: Tensor, rng: np.random.Generator) -> Tensor:
        drawn = self.expressions[rng.integers(0, len(self.expressions), len(prompt))]
        share = torch.from_numpy(rng.random((len(prompt), 1)).astype(np.float32))
        return (1.0 - share) * prompt + share * torch.from_numpy(drawn)


@dataclass(frozen=True)
class Places:
    """Folders and files of a run: its own folder, where weights go, what it leans on.

    `wav2vec` is the folder of a checkpoint, for a network that reads one.
    """

    run: Path
    out: Path | None = None
    autoencoder: Path = AUTOENCODER
    start_from: Path | None = None
    wav2vec: Path | None = None


def _start(config: ExpClipConfig, start_from: Path | None) -> ExpClipAnimator:
    """Return a fresh network, or the one of a weights file."""
    model = ExpClipAnimator(config)
    if start_from is not None:
        model.load_state_dict(load_animator(start_from)[0].state_dict())
    return model


def train(recipe: Recipe, corpus: Path, places: Places) -> ExpClipAnimator:
    """Run a recipe and, where a place for them is given, write the weights.

    Raises:
        WeightsError: the autoencoder is absent, or of another width than the size reads.
        EncoderError: the size reads wav2vec 2.0 and there is none.
        ShardError: there is no corpus, or none with the audio that wav2vec 2.0 hears.
    """
    folder = places.run
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    expclip = load_expclip(places.autoencoder).requires_grad_(False)
    if recipe.config.n_style not in style_widths(expclip):
        raise WeightsError(
            f"{places.autoencoder} makes embeddings of width {expclip.config.n_embedding}; the "
            f"size '{recipe.size}' reads styles of {recipe.config.n_style}"
        )
    encoder = None
    if recipe.config.speech_encoder == "wav2vec2":
        encoder = XlsrEncoder(places.wav2vec or Path(), name="wav2vec 2.0")
    make_store(CorpusReader(corpus), folder / "store", recipe.config.fps, recipe.seed, encoder)
    store = open_store(folder / "store")
    model = _start(recipe.config, places.start_from)
    log.info("%d parameters, %d utterances", count_parameters(model), len(store.spans))
    asked = (
        tead_faces(recipe.quadruples, recipe.seed),
        muscle_faces(recipe.one_sided, recipe.seed),
    )
    numbers = store.of_split("train")
    teacher = Teacher(model, expclip, store, numbers, np.concatenate(asked), recipe)
    options = LoopOptions(recipe.steps, recipe.steps, recipe.rate, recipe.seed, recipe.keep_every)
    run(model, teacher.loss, options, folder / "expclip.pt", log.info)
    if places.out is not None:
        note = {"recipe": repr(recipe), "autoencoder": _hash(places.autoencoder)}
        save_animator(model, places.out, note)
    return model


def _hash(path: Path) -> str:
    """Return the hash of a file: styles mean something only beside their autoencoder."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--autoencoder", type=Path, default=AUTOENCODER)
    parser.add_argument("--start-from", type=Path)
    parser.add_argument("--wav2vec", type=Path, help="wav2vec 2.0, for the size 'paper'")
    parser.add_argument("--variant", default="", help="a table under `variants` of the recipe")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    places = Places(
        options.run, options.out, options.autoencoder, options.start_from, options.wav2vec
    )
    train(read_recipe(options.recipe, options.variant), options.corpus, places)


if __name__ == "__main__":
    main()
