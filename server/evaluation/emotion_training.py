"""Train the judge of expressions on a performed corpus (Cafe-Talk, App. E.2).

    python -m server.evaluation.emotion_training --corpus DIR --out classifier.safetensors

Utterances with one feeling, as the corpus has them without their AU strips. Training voices,
sentences and words only; `valid` decides which epoch is kept. Batch 128 as in the paper; a higher
rate and fewer epochs, for minutes on one CPU thread instead of 200 epochs.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from server.training.corpus.manners import EMOTIONS
from server.training.corpus.performing import LAYERS
from server.training.corpus.reader import CorpusReader, Utterance

from .emotion_classifier import EmotionClassifier, sampled, save_classifier, stacked

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How it is trained.

    Attributes:
        epochs: at most. cpu_seconds: after which no further epoch begins.
        rate: highest learning rate, falling to nothing along a cosine over the epochs.
        shortest: share of a performance that a training crop keeps at least.
        noise: standard deviation added to coefficients, so that no tiny value decides.
    """

    epochs: int = 6
    cpu_seconds: float = 420.0
    batch: int = 128
    rate: float = 1e-3
    weight_decay: float = 0.02
    shortest: float = 0.6
    noise: float = 0.02
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """Performances and the number of the emotion of each."""

    frames: list[NDArray[np.float32]]
    labels: NDArray[np.int64]


def is_plain(utterance: Utterance) -> bool:
    """Whether an utterance was performed with one feeling all along."""
    return utterance.kind == "performed" and len(utterance.families) == 1


def without_strips(corpus: CorpusReader, number: int) -> NDArray[np.float32]:
    """Return the face of an utterance with its AU strips taken off, 0..1, [T, 52]."""
    layers = corpus.layers(number)
    return np.clip(layers.sum(axis=1) - layers[:, LAYERS.index("strips")], 0.0, 1.0)


def examples_of(corpus: CorpusReader, split: str) -> Examples:
    """Read the plain utterances of a split."""
    numbers = [n for n in corpus.split(split) if is_plain(corpus.utterances[n])]
    return Examples(
        [sampled(without_strips(corpus, n), corpus.fps) for n in numbers],
        np.array([EMOTIONS.index(corpus.utterances[n].emotion) for n in numbers], np.int64),
    )


def _batches(
    data: Examples, recipe: Recipe, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    # Batches of about one length waste no time on padding.
    order = np.argsort([len(f) * rng.uniform(0.85, 1.15) for f in data.frames])
    groups = [order[k : k + recipe.batch] for k in range(0, len(order), recipe.batch)]
    for group in rng.permutation(len(groups)):
        rows = groups[group]
        frames, valid = stacked([_cropped(data.frames[k], recipe, rng) for k in rows])
        frames = frames + recipe.noise * torch.from_numpy(
            rng.standard_normal(frames.shape).astype(np.float32)
        )
        yield frames, valid, torch.from_numpy(data.labels[rows])


def _cropped(
    frames: NDArray[np.float32], recipe: Recipe, rng: np.random.Generator
) -> NDArray[np.float32]:
    n = max(1, int(len(frames) * rng.uniform(recipe.shortest, 1.0)))
    first = int(rng.integers(0, len(frames) - n + 1))
    return frames[first : first + n]


@torch.no_grad()
def share_right(model: EmotionClassifier, data: Examples) -> float:
    """Return the share of performances whose emotion is named."""
    model.eval()
    right = 0
    for first in range(0, len(data.frames), 128):
        here = slice(first, first + 128)
        logits = model(*stacked(data.frames[here]))
        right += int((logits.argmax(dim=1).numpy() == data.labels[here]).sum())
    return right / max(len(data.frames), 1)


def train(
    training: Examples, validation: Examples, recipe: Recipe
) -> tuple[EmotionClassifier, dict[str, object]]:
    """Train and return the epoch that does best on `validation`, with what it was made of."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    model = EmotionClassifier(EMOTIONS)
    optimizer = torch.optim.AdamW(model.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs)
    best, kept, epoch = -1.0, model.state_dict(), 0
    started = time.process_time()
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        for frames, valid, labels in _batches(training, recipe, rng):
            loss = functional.cross_entropy(model(frames, valid), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        right = share_right(model, validation)
        if right > best:
            best, kept = right, {k: v.clone() for k, v in model.state_dict().items()}
        log.info("epoch %d: %.3f right, %.0f s", epoch, right, time.process_time() - started)
        if time.process_time() - started > recipe.cpu_seconds:
            break
    model.load_state_dict(kept)
    about: dict[str, object] = {
        "recipe": asdict(recipe), "epochs": epoch, "valid": best,
        "training_utterances": len(training.frames),
        "cpu_seconds": round(time.process_time() - started, 1),
    }  # fmt: skip
    return model.eval(), about


def train_to(corpus: CorpusReader, path: Path, recipe: Recipe) -> dict[str, object]:
    """Train on a corpus, write the classifier, and return what it was made of."""
    model, about = train(examples_of(corpus, "train"), examples_of(corpus, "valid"), recipe)
    about["corpus"] = corpus.about.get("fingerprint", "")
    save_classifier(model, path, about)
    return about


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cpu-seconds", type=float, default=Recipe.cpu_seconds)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    corpus = CorpusReader(options.corpus)
    about = train_to(corpus, options.out, Recipe(cpu_seconds=options.cpu_seconds))
    log.info("%s", about)


if __name__ == "__main__":
    main()
