"""Train the ears from a recipe; stops and resumes anywhere.

    python -m server.training.ears.train RECIPE.toml --corpus FOLDER --run FOLDER [--resume]

The run folder holds `checkpoint.pt` (all that resuming needs) and `ears.safetensors` (the averaged
weights, ready to serve), both rewritten as training goes on. On a busy machine two processes of one
thread learn faster than one of two threads, which wait for each other at every product: start the
command twice, with `--worker 0` and `--worker 1`, on one run folder, and each averages its weights
with the other's every `sync_every` steps (local SGD, Stich 2019).
"""

from __future__ import annotations

import argparse
import logging
import math
import time
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor

from server.speech.ears_model import Ears, EarsConfig, Heard
from server.speech.ears_weights import load_ears, save_ears
from server.speech.phones import BILABIALS, LABIODENTALS, PHONE_INDEX, PHONES, VISEME_OF, VISEMES
from server.training.ears.augment import AugmentConfig, Augmenter
from server.training.ears.dataset import Mixture, speech_mean
from server.training.ears.errors import RecipeError
from server.training.ears.shards import UNKNOWN

log = logging.getLogger(__name__)

_LIP_SHAPES = (VISEMES.index("pbm"), VISEMES.index("fv"))
_SILENT_SHAPE = (VISEMES.index("sil"),)
_STALE_SECONDS = 180.0
"""A worker that wrote nothing for so long has ended."""


@dataclass(frozen=True)
class Recipe:
    """Everything that makes a run.

    Attributes:
        sources: shard -> share of the windows; a shard that is missing is waited for.
        steps: of the optimiser. minutes: of wall time after which the schedule ends all the same,
            0 for no such limit. batch: windows a step. seconds: length of a window.
        learning_rate: peak; warm-up over `warmup` steps, then a cosine to a fiftieth.
        tempo, breaths: see `Mixture`.
        lips_weight: of bilabials and labiodentals in the loss.
        viseme_loss, event_loss, silence_loss, stress_loss: weights of the other terms.
        told: share of the windows whose language is told rightly, and wrongly.
        averaging: of the weights, a step. reload_every: steps between looks for new shards.
        sync_every: steps between two averagings with the other workers.
    """

    sources: dict[str, float]
    model: EarsConfig = field(default_factory=EarsConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    steps: int = 30_000
    minutes: float = 0.0
    batch: int = 10
    seconds: float = 4.0
    tempo: float = 0.0
    breaths: float = 0.0
    learning_rate: float = 2e-3
    warmup: int = 300
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    lips_weight: float = 1.6
    viseme_loss: float = 0.3
    event_loss: float = 0.0
    silence_loss: float = 0.0
    stress_loss: float = 0.1
    told: tuple[float, float] = (0.0, 0.0)
    averaging: float = 0.998
    reload_every: int = 250
    sync_every: int = 40
    seed: int = 0
    threads: int = 1


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        RecipeError: a field is unknown.
    """
    values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {f.name for f in fields(Recipe)}
    unknown = sorted(set(values) - known)
    if unknown or "sources" not in values:
        raise RecipeError(f"{path}: unknown field {unknown}; known are {sorted(known)}")
    for name, kind in (("model", EarsConfig), ("augment", AugmentConfig)):
        if name in values:
            lists: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in values[name].items()
            }
            try:
                values[name] = kind(**lists)
            except TypeError as error:
                raise RecipeError(f"{path}: in [{name}], {error}") from error
    if "told" in values:
        values["told"] = tuple(values["told"])
    return Recipe(**values)


class Loss:
    """Cross-entropy with smoothing and heavier lips; terms for visemes, lips, silence, stress."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        lips = BILABIALS | LABIODENTALS
        self.weights = torch.tensor([recipe.lips_weight if p in lips else 1.0 for p in PHONES])
        self.to_viseme = torch.zeros(len(PHONES), len(VISEMES))
        for phone, i in PHONE_INDEX.items():
            self.to_viseme[i, VISEMES.index(VISEME_OF[phone])] = 1.0

    def __call__(self, heard: Heard, phone: Tensor, stress: Tensor) -> Tensor:
        """Return the mean loss over the frames whose phone is known."""
        known = phone != UNKNOWN
        logits = heard.phone_logits.float()[known]
        target = phone[known].long()
        loss = nnf.cross_entropy(
            logits, target, self.weights, label_smoothing=self.recipe.label_smoothing
        )
        visemes = torch.log(torch.softmax(logits, -1) @ self.to_viseme + 1e-6)
        picked = visemes.gather(1, self.to_viseme[target].argmax(1, keepdim=True))
        loss = loss - self.recipe.viseme_loss * picked.mean()
        if self.recipe.event_loss:
            events = self._told_apart(visemes, target, _LIP_SHAPES)
            loss = loss + self.recipe.event_loss * events
        if self.recipe.silence_loss:
            silence = self._told_apart(visemes, target, _SILENT_SHAPE)
            loss = loss + self.recipe.silence_loss * silence
        has_stress = stress != UNKNOWN
        if has_stress.any():
            score = heard.stress_logits.float()[has_stress]
            told = nnf.binary_cross_entropy_with_logits(score, stress[has_stress].float())
            loss = loss + self.recipe.stress_loss * told
        return loss

    def _told_apart(self, visemes: Tensor, target: Tensor, shapes: tuple[int, ...]) -> Tensor:
        """Return the sum of the cross-entropies of single mouth shapes, each against the rest."""
        loss = visemes.new_zeros(())
        for shape in shapes:
            of_shape = visemes[:, shape]
            other = torch.log1p(1e-6 - of_shape.exp().clamp(max=1.0))
            is_shape = self.to_viseme[target, shape] > 0
            loss = loss - torch.where(is_shape, of_shape, other).mean()
        return loss


class Run:
    """One training run in a folder."""

    def __init__(self, recipe: Recipe, corpus: Path, folder: Path, worker: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(recipe.seed)
        self.worker, self.stream_seed = worker, recipe.seed + 1000 * worker
        self.recipe, self.folder = recipe, folder
        self.step, self.seconds_before = 0, 0.0
        frames = int(recipe.seconds * 100)
        self.data = Mixture(
            corpus, recipe.sources, frames, self.stream_seed,
            tempo=recipe.tempo, breaths=recipe.breaths,
        )  # fmt: skip
        self.model = Ears(recipe.model)
        self.model.prior_mean.copy_(torch.from_numpy(speech_mean(self.data.shards)))
        self._begin()

    def _begin(self) -> None:
        recipe = self.recipe
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.augment = Augmenter(
            recipe.augment, self.model.prior_mean, self.stream_seed + self.step,
            noise_floor=recipe.model.noise_floor,
        )  # fmt: skip
        self.loss = Loss(recipe)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay,
            fused=True,
        )  # fmt: skip

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Begin a new schedule from the weights of another run.

        Blocks that they lack are added behind theirs and change nothing yet: their output is zero.
        """
        self.model.load_state_dict(grown(weights, self.model))
        self._begin()

    def resume(self, checkpoint: dict[str, Any]) -> None:
        """Go on where a run of this recipe stopped."""
        self.step, self.seconds_before = checkpoint["step"], checkpoint["seconds"]
        self.model.load_state_dict(checkpoint["model"])
        self._begin()
        self.average = checkpoint["average"]
        self.optimiser.load_state_dict(checkpoint["optimiser"])

    def progress(self, elapsed: float) -> float:
        """Return how much of the schedule is done, 0..1, by steps or by time."""
        by_time = elapsed / 60 / self.recipe.minutes if self.recipe.minutes else 0.0
        return max(self.step / self.recipe.steps, by_time)

    def go(self) -> None:
        """Train to the end of the schedule."""
        began = time.monotonic() - self.seconds_before
        total, n, mark = 0.0, 0, time.monotonic()
        while (done := self.progress(time.monotonic() - began)) < 1.0:
            total += self.one_step(done)
            n += 1
            if self.step % self.recipe.sync_every == 0:
                self.meet()
            if self.step % self.recipe.reload_every == 0:
                rate = n * self.recipe.batch * self.recipe.seconds / (time.monotonic() - mark)
                log.info("%d  %.4f  %.0fx  %.3f", self.step, total / n, rate, done)
                total, n, mark = 0.0, 0, time.monotonic()
                self.save(time.monotonic() - began)
                self.data.reload()
        self.save(time.monotonic() - began)

    def meet(self) -> None:
        """Average the weights with what the other workers last wrote."""
        mine = self.folder / f"worker{self.worker}.weights"
        torch.save(self.model.state_dict(), mine.with_suffix(".part"))
        mine.with_suffix(".part").replace(mine)
        others = [p for p in self.folder.glob("worker*.weights") if p != mine]
        fresh = [p for p in others if time.time() - p.stat().st_mtime < _STALE_SECONDS]
        with torch.no_grad():
            for k, path in enumerate(fresh):
                theirs = torch.load(path, weights_only=True)
                for name, value in self.model.state_dict().items():
                    value.lerp_(theirs[name], 1 / (k + 2))

    def one_step(self, done: float) -> float:
        """Take one step of the optimiser and return the loss."""
        recipe = self.recipe
        warm = min(1.0, (self.step + 1) / recipe.warmup)
        rate = recipe.learning_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = self.data.batch(recipe.batch)
        frames = self.augment(torch.from_numpy(batch.mel), torch.from_numpy(batch.begins))
        self.model.train()
        told = self._told(batch.languages)
        with torch.autocast("cpu", torch.bfloat16):
            heard = self.model(frames, told)
        loss = self.loss(heard, torch.from_numpy(batch.phone), torch.from_numpy(batch.stress))
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(recipe.averaging, 1 - 1 / (self.step + 1))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return float(loss.detach())

    def _told(self, languages: tuple[str, ...]) -> Tensor:
        """Return what the ears are told of the windows' languages, int64 [B]: mostly the truth."""
        rightly, wrongly = self.recipe.told
        draw = torch.rand(len(languages))
        right = torch.tensor([self.recipe.model.told(code) for code in languages])
        wrong = torch.randint(0, len(self.recipe.model.languages) + 1, right.shape)
        told = torch.where(draw < rightly + wrongly, wrong, torch.zeros_like(right))
        return torch.where(draw < rightly, right, told)

    def save(self, seconds: float) -> None:
        """Write the checkpoint and the averaged weights, each whole or not at all."""
        if self.worker:
            return
        values = {
            "step": self.step, "seconds": seconds, "model": self.model.state_dict(),
            "average": self.average, "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip
        temporary = self.folder / "checkpoint.part"
        torch.save(values, temporary)
        temporary.replace(self.folder / "checkpoint.pt")
        served = Ears(self.recipe.model)
        served.load_state_dict(self.average)
        about = {"steps": self.step, "seed": self.recipe.seed, "training_seconds": round(seconds)}
        save_ears(served, self.folder / "ears.safetensors", about)


def grown(weights: dict[str, Tensor], model: Ears) -> dict[str, Tensor]:
    """Return the state of `model` that computes what a network with fewer blocks did."""
    state = {k: v.detach().clone() for k, v in model.state_dict().items()}
    for name, value in state.items():
        if name in weights:
            state[name] = weights[name]
        elif ".out." in name or name.startswith("told_"):
            value.zero_()
    return state


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the weights of a run's checkpoint, or of a file that is ready to serve."""
    if path.suffix == ".safetensors":
        return load_ears(path).state_dict()
    return torch.load(path, weights_only=True)["average"]


def main() -> None:
    """Train, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoints and weights")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--start-from", type=Path, help="checkpoint or weights to begin with")
    parser.add_argument("--worker", type=int, default=0, help="number of this process")
    parser.add_argument("--minutes", type=float, help="wall time, instead of the recipe's")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe = read_recipe(options.recipe)
    if options.minutes:
        recipe = Recipe(**{**recipe.__dict__, "minutes": options.minutes})
    torch.set_num_threads(recipe.threads)
    run = Run(recipe, options.corpus, options.run, options.worker)
    checkpoint = options.run / "checkpoint.pt"
    if options.resume and checkpoint.exists():
        run.resume(torch.load(checkpoint, weights_only=True))
    elif options.start_from:
        run.start_from(read_weights(options.start_from))
    run.go()


if __name__ == "__main__":
    main()
