"""Train the instruction stage by a recipe, on stores that `material` built.

    python -m server.training.instruction.train server/training/recipes/instruction.toml \
        --store FILE [--store FILE] --run FOLDER --out server/weights/instruction.safetensors
"""

from __future__ import annotations

import argparse
import json
import logging
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from server.language.clip_text import text_encoder
from server.language.instruction.config import BASE, InstructionConfig
from server.language.instruction.model import InstructionModel
from server.language.instruction.weights import save_instruction, text_encoder_hash
from server.language.instruction.words import WordModel

from . import wording
from .corpus import SentenceCorpus, kept, vocabulary_of
from .material import Store
from .stages import (
    Contrast,
    Options,
    Report,
    Run,
    Spoken,
    Voices,
    heard,
    train_projection,
    train_qformer,
    train_words,
)
from .truth import CELLS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """What decides a training.

    Attributes:
        licence: of the weights. sentences: of each cell. held: share of them kept for comparison.
        words, qformer, projection: steps, batch, rate of each stage.
        joint: steps in which projection and language model are tuned together, after the
            projection alone; 0 leaves the language model frozen, as in the paper.
        temperature: of Eq. 6. anchored: weight of the term over all cells' mean instructions.
        most_sure: what an instruction's confidence is at most: of weights that are right less
            often than they think, the share of emotions right on recordings they never heard.
    """

    licence: str
    seed: int = 0
    sentences: int = 100
    held: float = 0.1
    words: Options = field(default_factory=lambda: Options(500, 48, 3e-3, 0.01))
    qformer: Options = field(default_factory=lambda: Options(300, 96, 3e-3, 0.2))
    projection: Options = field(default_factory=lambda: Options(150, 48, 5e-3, 0.0))
    joint: int = 0
    temperature: float = 0.1
    anchored: float = 1.0
    most_sure: float = 1.0

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """A recipe's file; unknown fields stop.

        Raises:
            TypeError: a field that is not known.
        """
        values: dict[str, Any] = tomllib.loads(path.read_text())
        for stage in ("words", "qformer", "projection"):
            if stage in values:
                values[stage] = Options(**values[stage])
        return cls(**values)


def new_model(
    corpus: SentenceCorpus, seed: int, config: InstructionConfig = BASE
) -> tuple[InstructionModel, WordModel]:
    """A model with random weights and the corpus' words, and its language model."""
    torch.manual_seed(seed)
    names = [f"{cell.emotion}/{cell.word}" for cell in CELLS]
    words = WordModel(config.words, vocabulary_of(corpus.texts))
    return InstructionModel(config, words, wording.REQUESTS, names), words


def pretrained(
    corpus: SentenceCorpus, recipe: Recipe, path: Path, report: Report
) -> InstructionModel:
    """A model whose language model knows the corpus: from `path`, or trained and kept there."""
    model, words = new_model(corpus, recipe.seed)
    if path.is_file():
        words.load_state_dict(torch.load(path, weights_only=True))
        return model
    train, _ = corpus.split(recipe.held, recipe.seed)
    train_words(words, train, Run(recipe.words, recipe.seed, report))
    torch.save(words.state_dict(), path)
    return model


def fit(
    model: InstructionModel, store: Store, corpus: SentenceCorpus, recipe: Recipe, report: Report
) -> None:
    """Stages two and three, on a model whose language model is trained."""
    train, _ = corpus.split(recipe.held, recipe.seed)
    voices = Voices.of(store)
    contrast = Contrast(recipe.temperature, recipe.anchored)
    train_qformer(model, voices, train, Run(recipe.qformer, recipe.seed, report), contrast)
    queries = heard(model.qformer, voices)
    spoken = Spoken(queries, voices.cells.numpy())
    train_projection(model, spoken, train, Run(recipe.projection, recipe.seed, report))
    if recipe.joint:
        options = Options(recipe.joint, recipe.projection.batch, 5e-4, 0.01)
        train_projection(model, spoken, train, Run(options, recipe.seed + 1, report), joint=True)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--store", type=Path, action="append", required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    args.run.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    recipe = Recipe.read(args.recipe)
    corpus = kept(
        args.run / "sentences.json", recipe.sentences, recipe.seed, text_encoder("builtin")
    )
    model = pretrained(corpus, recipe, args.run / "words.pt", log.info)
    store = Store.load(args.store)
    fit(model, store, corpus, recipe, log.info)
    note = {
        "recipe": args.recipe.name, "licence": recipe.licence, "seed": str(recipe.seed),
        "text_encoder": text_encoder_hash(), "most_sure": str(recipe.most_sure),
        "lines": str(len(store)),
        "speakers": json.dumps(sorted(set(store.speakers))),
        "cpu_seconds": f"{time.process_time() - started:.0f}",
    }  # fmt: skip
    save_instruction(model, args.out, note)
    log.info("%d lines, %s CPU seconds", len(store), note["cpu_seconds"])


if __name__ == "__main__":
    main()

__all__ = ["Recipe", "fit", "new_model", "pretrained"]
