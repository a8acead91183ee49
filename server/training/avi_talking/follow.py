"""Teach instructions the styles of a trained talking prior (III-D2), and write the weights.

    python -m server.training.avi_talking.follow server/training/recipes/avi_talking.toml \
        --corpus CORPUS --cafe-talk STORE --store FOLDER --run FOLDER \
        [--sentences FILE] [--out server/weights/avi_talking.safetensors]

`RUN` is that of `server.training.avi_talking.train`; its talking prior is frozen here. The size
"paper" reads instructions with CLIP (`--clip FOLDER`, a checkpoint for `transformers`).
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from server.generators.avi_talking.following import Follower
from server.generators.avi_talking.model import TalkingPrior
from server.generators.avi_talking.weights import Network, save_weights
from server.generators.diffusion import noised
from server.language.clip_text import text_encoder
from server.language.encoder import TextEncoder
from server.language.errors import EncoderError
from server.language.instruction.weights import text_encoder_hash
from server.training.cafe_talk.habits import habits_of
from server.training.cafe_talk.loop import Clock, run
from server.training.corpus.reader import CorpusReader

from .batches import reference_frames
from .sentences import Wordings, compose_all, embedded, of_line, shown_face
from .store import MotionStore, open_motion
from .train import Recipe, read_recipe

log = logging.getLogger(__name__)

_TEXT_NOISE: Final = 0.02
_BATCH: Final = 256
_LEAST_TIME: Final = 0.003


def styles_of(
    prior: TalkingPrior, store: MotionStore, numbers: list[int], draws: int, seed: int
) -> NDArray[np.float32]:
    """Return the styles that the encoder reads of lines, from other frames each time, [N, D, Z]."""
    rng = np.random.default_rng(seed)
    found = []
    with torch.inference_mode():
        for start in range(0, len(numbers), _BATCH):
            part = numbers[start : start + _BATCH]
            frames = [_references(prior, store, i, rng) for i in part for _ in range(draws)]
            read = prior.encoder(torch.from_numpy(np.stack(frames)))
            found.append(read.view(len(part), draws, -1).numpy())
    return np.concatenate(found)


def _references(
    prior: TalkingPrior, store: MotionStore, number: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    line = store.line(number)
    drawn = reference_frames(line.frames, prior.config.n_references, rng)
    return np.asarray(store.motion[line.start + drawn], np.float32)


@dataclass
class FollowTeacher:
    """Makes the loss of a step: Eq. 9 on instructions and styles of the same lines.

    Attributes:
        numbers: lines. features: of the styles of each, some times read, [N, D, Z].
    """

    follower: Follower
    wordings: Wordings
    numbers: list[int]
    features: NDArray[np.float32]
    recipe: Recipe

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Return the loss of a batch drawn with `rng`."""
        size, recipe = self.recipe.follow_batch, self.recipe
        drawn = rng.integers(0, len(self.numbers), size)
        style = self.features[drawn, rng.integers(0, self.features.shape[1], size)]
        style = torch.from_numpy(style)
        text = self.wordings.draw([self.numbers[k] for k in drawn], rng)
        noise = rng.standard_normal(text.shape, np.float32)
        text = torch.from_numpy(text + _TEXT_NOISE * noise)
        total = torch.zeros(())
        if recipe.contrast:
            total = total + recipe.contrast * contrast(self.follower, text, style)
        if recipe.diffusion:
            total = total + recipe.diffusion * self._diffusion(text, style, rng)
        return total

    def _diffusion(self, text: Tensor, style: Tensor, rng: np.random.Generator) -> Tensor:
        """Eq. 8: mean squared error of the predicted style; some instructions are left out."""
        size = len(text)
        left_out = torch.from_numpy(rng.random((size, 1)) < self.recipe.drop)
        text = torch.where(left_out, self.follower.nothing.expand_as(text), text)
        t = torch.from_numpy(rng.uniform(_LEAST_TIME, 1.0, size).astype(np.float32))
        eps = torch.from_numpy(rng.standard_normal(style.shape, np.float32))
        noisy = noised(style[:, None], eps[:, None], t)[:, 0]
        return (self.follower.predicted(noisy, t, text) - style).square().mean()


def contrast(follower: Follower, text: Tensor, style: Tensor) -> Tensor:
    """Eq. 7 both ways, as CLIP is trained: each instruction is nearest its own line's style."""
    said = functional.normalize(follower.alignment(text)[1], dim=-1)
    shown = functional.normalize(style, dim=-1)
    scores = follower.alignment.log_scale.exp().clamp(max=100.0) * said @ shown.T
    own = torch.arange(len(scores))
    return (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2


@dataclass(frozen=True)
class Material:
    """Corpus, its motion, and the file that sentences are kept in."""

    corpus: CorpusReader
    store: MotionStore
    sentences: Path

    def wordings(
        self, split: str, recipe: Recipe, encoder: TextEncoder
    ) -> tuple[list[int], Wordings]:
        """Return the lines of a split and the sentences that they may be asked for by."""
        numbers = self.store.of_split(split)
        spoken = {i: self.corpus.utterances[self.store.line(i).number] for i in numbers}
        path = self.sentences.with_suffix(".json" if recipe.augmented else ".plain.json")
        composed = compose_all(spoken.values(), recipe.wordings, recipe.augmented, path)
        rng = np.random.default_rng(recipe.seed)
        lines = {
            i: of_line(utterance, composed[shown_face(utterance)], recipe.augmented, rng)
            for i, utterance in spoken.items()
        }
        return numbers, embedded(lines, encoder)


def train_follower(
    recipe: Recipe, prior: TalkingPrior, material: Material, path: Path, encoder: TextEncoder
) -> Follower:
    """Run the second part of a recipe; its state is kept at `path`.

    Raises:
        EncoderError: the encoder is of another width than the size reads.
    """
    torch.set_num_threads(recipe.threads)
    if encoder.width != prior.config.n_text:
        raise EncoderError(
            f"the text encoder makes embeddings of width {encoder.width}; the size "
            f"'{recipe.size}' reads {prior.config.n_text}"
        )
    numbers, wordings = material.wordings("train", recipe, encoder)
    styles = styles_of(prior, material.store, numbers, recipe.draws, recipe.seed)
    torch.manual_seed(recipe.seed)
    follower = Follower(prior.config)
    follower.measure(torch.from_numpy(styles.reshape(-1, styles.shape[-1])))
    features = follower.features(torch.from_numpy(styles)).numpy()
    teacher = FollowTeacher(follower, wordings, numbers, features, recipe)
    clock = Clock(
        recipe.follow_minutes, recipe.follow_rate, seed=recipe.seed,
        most_steps=recipe.follow_steps,
    )  # fmt: skip
    averaged = run(follower, list(follower.parameters()), teacher.loss, clock, path)
    follower.load_state_dict(averaged)
    return follower.eval()


def trained_prior(recipe: Recipe, store: MotionStore, run_folder: Path) -> TalkingPrior:
    """Return the talking prior of a run, its averaged parameters."""
    prior = TalkingPrior(recipe.config(store))
    state = torch.load(run_folder / "prior.pt", weights_only=True)
    prior.load_state_dict(state["average"])
    return prior.eval().requires_grad_(False)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    for name in ("corpus", "cafe-talk", "store", "run"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--sentences", type=Path)
    parser.add_argument("--name", default="follower", help="of the state's file in RUN")
    parser.add_argument("--clip", type=Path, help="CLIP, for the size 'paper'")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(options.recipe)
    heard = recipe.speech_encoder != "phones"
    store = open_motion(options.cafe_talk, options.store, heard)
    sentences = options.sentences or options.store / "sentences.json"
    material = Material(CorpusReader(options.corpus), store, sentences)
    prior = trained_prior(recipe, store, options.run)
    encoder = text_encoder(prior.config.text_encoder, options.clip)
    path = options.run / f"{options.name}.pt"
    follower = train_follower(recipe, prior, material, path, encoder)
    if options.out is not None:
        network = Network(prior, follower, habits_of(()))
        is_ours = prior.config.text_encoder == "builtin"
        note = {"recipe": repr(recipe), "text_encoder": text_encoder_hash() if is_ours else "clip"}
        save_weights(network, options.out, note)


if __name__ == "__main__":
    main()
