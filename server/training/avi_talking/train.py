"""Train AVI-Talking's synthesis by a recipe; stop and start it as you like.

    python -m server.training.avi_talking.train server/training/recipes/avi_talking.toml \
        --cafe-talk STORE --store FOLDER --run FOLDER

This is the talking prior; `server.training.avi_talking.follow` then teaches instructions its
styles.
`STORE` is made by `python -m server.training.cafe_talk.store`.

The size "paper" reads wav2vec 2.0 (`--wav2vec FOLDER`, a checkpoint for `transformers`) and needs
the corpus of the store, with audio (`--corpus FOLDER`).
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flame.built_in import built_in_flame_model
from server.generators.avi_talking.config import SIZES, AviTalkingConfig
from server.generators.avi_talking.model import TalkingPrior, count_parameters
from server.generators.cafe_talk.xlsr import XlsrEncoder
from server.language.errors import EncoderError
from server.training.cafe_talk.loop import Clock, run
from server.training.corpus.manners import EMOTIONS
from server.training.corpus.reader import CorpusReader

from . import losses
from .batches import Drawer
from .store import MotionStore, make_heard, make_motion, open_motion

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How AVI-Talking's synthesis is trained.

    Attributes:
        size: "paper", "base" or "tiny"; `extra` changes single fields of it.
        minutes, batch, rate: of the talking prior. most_steps: of it, 0 for no limit.
        velocity, distillation: weights of those losses beside the reconstruction.
        taught: share of windows that speak with the linear style net's style.
        noise: standard deviation that is put on styles, so that near styles make near faces.
        bfloat16: autocast on the CPU.
        follow_minutes, follow_batch, follow_rate, follow_steps: of instructions to styles.
        contrast, diffusion: weights of Eq. 7 and Eq. 8 (lambda 30); 0 leaves one out (ablation).
        augmented: False has one wording for each feeling (the ablation "w/o Aug.").
        wordings: sentences made for each line. draws: styles read of each line.
        drop: share of instructions left out, for guidance.
        seed, threads: of both.
    """

    size: str = "base"
    minutes: float = 30.0
    batch: int = 16
    rate: float = 2e-3
    most_steps: int = 0
    velocity: float = 4.0
    distillation: float = 0.1
    taught: float = 0.25
    noise: float = 0.1
    bfloat16: bool = True
    follow_minutes: float = 8.0
    follow_batch: int = 128
    follow_rate: float = 1e-3
    follow_steps: int = 0
    contrast: float = 1.0
    diffusion: float = 30.0
    augmented: bool = True
    wordings: int = 8
    draws: int = 4
    drop: float = 0.1
    seed: int = 0
    threads: int = 1
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def speech_encoder(self) -> str:
        """Name of what the network hears with."""
        return str(self.extra.get("speech_encoder", SIZES[self.size].speech_encoder))

    def config(self, store: MotionStore) -> AviTalkingConfig:
        """Return the sizes of the network for a store."""
        return replace(
            SIZES[self.size], emotions=tuple(EMOTIONS), actors=store.actors,
            basis_id=built_in_flame_model().basis_id, **self.extra,
        )  # fmt: skip


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; an unknown field is an error of `Recipe`."""
    return Recipe(**tomllib.loads(path.read_text("utf-8")))


@dataclass
class Teacher:
    """Makes the loss of a step of the talking prior."""

    prior: TalkingPrior
    drawer: Drawer
    recipe: Recipe

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Return the loss of a batch drawn with `rng`."""
        batch, recipe = self.drawer.draw(self.recipe.batch, rng), self.recipe
        with _precision(recipe):
            read = self.prior.encoder(batch.references)
            taught = self.prior.teacher(batch.labels)
            by_teacher = torch.from_numpy(rng.random(len(read)) < recipe.taught)[:, None]
            shaken = torch.from_numpy(rng.standard_normal(read.shape, np.float32))
            style = torch.where(by_teacher, taught, read) + recipe.noise * shaken
            made = self.prior(batch.audio, batch.lips, style)
        total = losses.reconstruction(made, batch.motion, batch.counts)
        total = total + recipe.velocity * losses.velocity(made, batch.motion, batch.counts)
        return total + recipe.distillation * losses.distillation(read.float(), taught.float())


def _precision(recipe: Recipe) -> contextlib.AbstractContextManager[Any]:
    if recipe.bfloat16:
        return torch.autocast("cpu", torch.bfloat16)
    return contextlib.nullcontext()


def teacher_of(recipe: Recipe, store: MotionStore) -> Teacher:
    """Return prior and data of a recipe, untrained.

    Raises:
        EncoderError: the store does not hold what the network hears.
    """
    config = recipe.config(store)
    width = (store.spoken.features if store.heard is None else store.heard).shape[1]
    if (config.speech_encoder == "phones") != (store.heard is None) or width != config.n_audio:
        raise EncoderError(
            f"the network reads {config.n_audio} features of '{config.speech_encoder}', and the "
            f"store has {width} of {'phones' if store.heard is None else 'another encoder'}",
            "Name the checkpoint that the size reads with --wav2vec, and the corpus.",
        )
    torch.manual_seed(recipe.seed)
    return Teacher(TalkingPrior(config), Drawer(store, config, "train"), recipe)


def train_prior(recipe: Recipe, store: MotionStore, folder: Path) -> TalkingPrior:
    """Run the talking prior's part of a recipe; its state is kept in `folder`."""
    torch.set_num_threads(recipe.threads)
    folder.mkdir(parents=True, exist_ok=True)
    teacher = teacher_of(recipe, store)
    prior = teacher.prior
    log.info("%d parameters, %d lines", count_parameters(prior), len(teacher.drawer.numbers))
    clock = Clock(recipe.minutes, recipe.rate, seed=recipe.seed, most_steps=recipe.most_steps)
    averaged = run(prior, list(prior.parameters()), teacher.loss, clock, folder / "prior.pt")
    prior.load_state_dict(averaged)
    return prior.eval()


def opened(
    recipe: Recipe, cafe_talk: Path, folder: Path, corpus: Path | None, wav2vec: Path | None
) -> MotionStore:
    """Return the motion that a recipe is trained on, made where it is not there yet.

    Raises:
        EncoderError: the size reads wav2vec 2.0, and no checkpoint or no corpus is named.
        ShardError: the corpus has no audio.
    """
    if recipe.speech_encoder == "phones":
        make_motion(cafe_talk, folder)
        return open_motion(cafe_talk, folder)
    if corpus is None:
        raise EncoderError(
            f"the size '{recipe.size}' reads wav2vec 2.0 and no corpus with audio is named",
            "Name it with --corpus.",
        )
    heard = XlsrEncoder(wav2vec or Path(), name="wav2vec 2.0")
    make_heard(cafe_talk, folder, CorpusReader(corpus), heard)
    return open_motion(cafe_talk, folder, heard=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--cafe-talk", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, help="of the store, for the size 'paper'")
    parser.add_argument("--wav2vec", type=Path, help="wav2vec 2.0, for the size 'paper'")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(options.recipe)
    store = opened(recipe, options.cafe_talk, options.store, options.corpus, options.wav2vec)
    train_prior(recipe, store, options.run)


if __name__ == "__main__":
    main()
