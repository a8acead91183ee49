"""Train Cafe-Talk by a recipe, stage 1 then stage 2; stop and start it as you like.

    python -m server.training.cafe_talk.train server/training/recipes/cafe_talk.toml \
        --store FOLDER --run FOLDER [--out server/weights/cafe_talk.safetensors]

The store is made from a performed corpus by `python -m server.training.cafe_talk.store`.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import logging
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from server.generators.cafe_talk.config import SIZES, CafeTalkConfig
from server.generators.cafe_talk.model import CafeTalk, count_parameters
from server.generators.cafe_talk.styles import StyleEncoder
from server.generators.cafe_talk.weights import Network, save_weights
from server.generators.diffusion import noised
from server.language.clip_text import text_encoder

from .batches import Batch, Drawer, Texts, styles_of
from .habits import habits_of
from .loop import Clock, run
from .sequences import clip_sequence, strip_sequence
from .store import Store, open_store

log = logging.getLogger(__name__)

LEAST_TIME = 0.003
_FINE_DROP = 0.2


@dataclass(frozen=True)
class Recipe:
    """How Cafe-Talk is trained.

    Attributes:
        size: "paper", "base" or "tiny"; `extra` changes single fields of it.
        minutes, fine_minutes: of stage 1 and stage 2.
        most_steps, fine_most_steps: of stage 1 and stage 2, 0 for no limit.
        batch, fine_batch, rate, fine_rate, seed, threads: of both.
        bfloat16: autocast on the CPU.
        two_stage: False trains base and adapter together from the start (ablation of Table 3), in
            as many steps; AU sequences are then dropped as often as other conditions are.
        swap: share of stage-2 windows under the swap-label loss; 0 leaves it out (ablation).
        control_always: Eq. 6's term also counts for windows with their own label, beside Eq. 5's;
            False is the paper's setting.
        strips: share of stage-2 windows with strips as an animator lays them; the others have AU
            sequences of clips by Algorithm 1.
        fine_given: some windows of stage 2 have given frames, as those of stage 1; the paper has
            none.
        fine_late: times of stage 2 are drawn as 1 - u^k, u uniform. Our coefficients are four times
            the paper's against the same noise, so that only late times leave anything to AUs.
        style_from_clip: share of windows whose style is read from other clips of the actor.
        marks: steps of stage 2 at which the weights are kept, for learning curves.
    """

    size: str = "base"
    minutes: float = 45.0
    fine_minutes: float = 22.0
    most_steps: int = 0
    fine_most_steps: int = 0
    batch: int = 32
    fine_batch: int = 24
    rate: float = 1.5e-3
    fine_rate: float = 1.5e-3
    seed: int = 0
    threads: int = 1
    bfloat16: bool = True
    two_stage: bool = True
    swap: float = 0.5
    control_always: bool = True
    strips: float = 0.6
    fine_given: bool = True
    fine_late: float = 1.0
    style_from_clip: float = 0.25
    marks: tuple[int, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def config(self, styles: tuple[str, ...]) -> CafeTalkConfig:
        """Return the sizes of the network."""
        return replace(SIZES[self.size], styles=styles, **self.extra)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; an unknown field is an error of `Recipe`."""
    fields = tomllib.loads(path.read_text("utf-8"))
    return Recipe(**{**fields, "marks": tuple(fields.get("marks", ()))})


@dataclass
class Teacher:
    """Makes the loss of a step of either stage."""

    model: CafeTalk
    styles: StyleEncoder
    drawer: Drawer
    recipe: Recipe

    def coarse_loss(self, rng: np.random.Generator) -> Tensor:
        """Return Eq. 5 on a batch, and how far the style encoder is from the style table."""
        batch = self.drawer.draw(self.recipe.batch, rng)
        x0 = batch.target(self.model.config)
        style, known = self._style(batch, rng)
        conditions = self.drawer.conditions(batch, x0, style, rng)
        error = self._error(x0, conditions, rng)
        plain = _mean(error, batch.valid.expand_as(error) * (1 - conditions.is_given * 0.9))
        return plain + 0.05 * known

    def fine_loss(self, rng: np.random.Generator) -> Tensor:
        """Return the swap-label loss (Eq. 6) or Eq. 5, by chance for each window (3.2)."""
        recipe = self.recipe
        return self._fine_loss(rng, late=recipe.fine_late, has_given=recipe.fine_given)

    def joint_loss(self, rng: np.random.Generator) -> Tensor:
        """Return what stage 1 is in the ablation without two stages: AUs are there already."""
        return self._fine_loss(rng, late=1.0, has_given=True)

    def _fine_loss(self, rng: np.random.Generator, *, late: float, has_given: bool) -> Tensor:
        recipe = self.recipe
        batch = self.drawer.draw(recipe.fine_batch, rng)
        faces, fine, control = self._sequences(batch, rng)
        x0 = batch.target(self.model.config, faces)
        is_bare = not recipe.two_stage and rng.random() < _FINE_DROP
        swap = (rng.random(len(batch.numbers)) < recipe.swap) & (not is_bare)
        style, known = self._style(batch, rng)
        conditions = self.drawer.conditions(batch, x0, style, rng, swap=swap)
        if not has_given:
            conditions.is_given = torch.zeros_like(conditions.is_given)
        conditions.fine = None if is_bare else torch.from_numpy(fine)
        error = self._error(x0, conditions, rng, late)
        free = (1 - conditions.is_given * 0.9) * batch.valid
        regular = torch.from_numpy((~swap).astype(np.float32))[:, None, None]
        marked = free * torch.from_numpy(control)
        if is_bare or not recipe.control_always:
            marked = marked * (1 - regular)
        total = _mean(error, marked) + _mean(error, free * regular)
        return total if recipe.two_stage else total + 0.05 * known

    def _error(self, x0: Tensor, conditions: Any, rng: np.random.Generator, late: float = 1.0
               ) -> Tensor:  # fmt: skip
        early = rng.uniform(0.0, 1.0 - LEAST_TIME, len(x0)) ** late
        t = torch.from_numpy((1.0 - early).astype(np.float32))
        eps = torch.from_numpy(rng.standard_normal(x0.shape, np.float32))
        auto = (
            torch.autocast("cpu", torch.bfloat16)
            if self.recipe.bfloat16
            else contextlib.nullcontext()
        )
        with auto:
            made = self.model(noised(x0, eps, t), t, conditions)
        return (made.float() - x0) ** 2

    def _style(self, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        rows = self.model.style_table(self.drawer.style_rows(batch.numbers))
        read = self.styles(torch.from_numpy(batch.shown))
        from_clip = rng.random(len(rows)) < self.recipe.style_from_clip
        chosen = torch.where(torch.from_numpy(from_clip)[:, None], read, rows)
        return chosen, ((read - rows.detach()) ** 2).mean()

    def _sequences(self, batch: Batch, rng: np.random.Generator
                   ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        """Return faces [B, T, 52], fine conditions [B, T, F] and Z_ctrl [B, T, C]."""
        faces, fine, control = [], [], []
        for face in batch.faces:
            if rng.random() < self.recipe.strips:
                sequence, mask, marked = strip_sequence(face, self.model.config.fps, rng)
            else:
                sequence, mask = clip_sequence(face, rng)
                marked = face
            faces.append(marked)
            fine.append(sequence)
            control.append(mask)
        return np.stack(faces), np.stack(fine), np.stack(control)


def _mean(error: Tensor, weight: Tensor) -> Tensor:
    return (error * weight).sum() / weight.expand_as(error).sum().clamp_min(1.0)


def teacher_of(recipe: Recipe, store: Store) -> Teacher:
    """Return model, style encoder and data of a recipe, untrained."""
    drawer = drawer_of(recipe, store)
    torch.manual_seed(recipe.seed)
    config = drawer.config
    return Teacher(CafeTalk(config), StyleEncoder(config.n_style), drawer, recipe)


def drawer_of(recipe: Recipe, store: Store) -> Drawer:
    """Return what draws the windows that a recipe is trained on."""
    config = recipe.config(styles_of(store))
    return Drawer(store, Texts(text_encoder(config.text_encoder), store), config, "train")


def train(recipe: Recipe, store: Store, folder: Path, out: Path | None) -> Network:
    """Run a recipe and, with `out`, write the weights."""
    torch.set_num_threads(recipe.threads)
    folder.mkdir(parents=True, exist_ok=True)
    teacher = teacher_of(recipe, store)
    network = Network(teacher.model, teacher.styles, habits_of(teacher.model.config.styles))
    log.info("%d parameters, %d lines", count_parameters(network), len(store.lines))
    adapter = teacher.model.adapter_parameters()
    clock = Clock(recipe.minutes, recipe.rate, seed=recipe.seed, most_steps=recipe.most_steps)
    base = _others(network, adapter) if recipe.two_stage else list(network.parameters())
    first = teacher.coarse_loss if recipe.two_stage else teacher.joint_loss
    network.load_state_dict(run(network, base, first, clock, folder / "stage1.pt"))
    if recipe.two_stage:
        for parameter in base:
            parameter.requires_grad_(False)
    trained = adapter if recipe.two_stage else base
    fine = replace(clock, minutes=recipe.fine_minutes, rate=recipe.fine_rate,
                   seed=recipe.seed + 1, most_steps=recipe.fine_most_steps,
                   marks=recipe.marks)  # fmt: skip
    network.load_state_dict(run(network, trained, teacher.fine_loss, fine, folder / "stage2.pt",
                                at_mark=_keeper(network, folder)))  # fmt: skip
    if out is not None:
        save_weights(network, out, {"recipe": repr(recipe)})
    return network


def _keeper(network: Network, folder: Path) -> Callable[[int, dict[str, Tensor]], None]:
    """Return what writes the averaged weights at a step to FOLDER/at_STEP.safetensors."""

    def keep(step: int, values: dict[str, Tensor]) -> None:
        averaged = copy.deepcopy(network)
        averaged.load_state_dict(values)
        save_weights(averaged, folder / f"at_{step}.safetensors", {"step": str(step)})

    return keep


def _others(network: nn.Module, adapter: list[nn.Parameter]) -> list[nn.Parameter]:
    left_out = {id(parameter) for parameter in adapter}
    return [p for p in network.parameters() if id(p) not in left_out]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(read_recipe(options.recipe), open_store(options.store), options.run, options.out)


if __name__ == "__main__":
    main()
