"""Train the variants of Tables 2 and 3 that need it, each with the full model's steps.

    python -m server.training.cafe_talk.ablations \
        server/training/recipes/cafe_talk_ablations.toml --store FOLDER --run FOLDER [VARIANT ...]

Writes RUN/NAME.safetensors for each. "ours" and "no_swap" share the base of stage 1; "joint_plain"
trains everything in both stages by Eq. 5 alone, which is how we read Table 3's "w/o two-stage": the
swap-label mechanism is built "upon the two-stage pipeline" (section 1) and, by Fig. 5 and its text,
without two stages the loss is smaller than the base's. "joint" keeps swapped labels and Eq. 6 in
it. "film" is stage 1 alone, as Table 2 compares it.
"""

from __future__ import annotations

import argparse
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from .store import Store, open_store
from .train import Recipe, read_recipe, train

log = logging.getLogger(__name__)


def _film(recipe: Recipe) -> Recipe:
    return replace(recipe, fine_minutes=0.0, extra={**recipe.extra, "coarse": "film"})


OURS: Final = "ours"
VARIANTS: Final[Mapping[str, Callable[[Recipe], Recipe]]] = {
    OURS: lambda recipe: recipe,
    "no_swap": lambda recipe: replace(recipe, swap=0.0),
    "joint_plain": lambda recipe: replace(recipe, two_stage=False, swap=0.0),
    "joint": lambda recipe: replace(recipe, two_stage=False),
    "film": _film,
}
"""Name of a file -> how its recipe differs from the full model's; "ours" comes first."""

_SHARE_BASE: Final = frozenset({"no_swap"})


def train_variant(name: str, recipe: Recipe, store: Store, run: Path) -> Path:
    """Train a variant, with the base of "ours" where it has the same; return its weights' path.

    Raises:
        KeyError: no variant of this name.
        FileNotFoundError: the base of "ours" is needed and not trained yet.
    """
    chosen = VARIANTS[name](recipe)
    folder, out = run / name, run / f"{name}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    if name in _SHARE_BASE:
        shutil.copyfile(run / OURS / "stage1.pt", folder / "stage1.pt")
    train(chosen, store, folder, out)
    log.info("%s is trained", name)
    return out


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe, store = read_recipe(options.recipe), open_store(options.store)
    for name in options.variants:
        train_variant(name, recipe, store, options.run)


if __name__ == "__main__":
    main()
