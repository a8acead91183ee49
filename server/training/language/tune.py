"""Tune the distilled encoder on TEAD together with the AU detector, then the ExpCLIP space.

The detector's losses are Cafe-Talk's (BCE on AUs, InfoNCE between text and AUs) with an intensity
and a family term; a share of every batch keeps to the sentence model, so that words that TEAD has
never said keep their meaning. `train_expclip` has the paper's three losses and weights.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from arkit.action_units import ACTION_UNITS, AU_CODES
from arkit.names import ARKIT_NAMES
from server.language import faces, tables, words
from server.language.detector import (
    UNKNOWN,
    DetectorConfig,
    TextAuDetector,
    family_columns,
)
from server.language.encoder import BuiltinTextEncoder
from server.language.expclip import ExpClip
from server.language.feelings import family_face

from .detector_loss import DetectorLoss, Examples
from .distil import Bank, Batcher, distil_loss
from .loop import LoopOptions, Report, run
from .tead import Quadruple

_KEPT = frozenset(
    {"not", "no", "never", "without", "nor", "neither", "up", "down", "little", "bit", "very"}
)
"""Function words that augmentation never drops: they carry denial, direction or degree."""


@dataclass(frozen=True)
class TuneOptions:
    """How encoder and detector are tuned.

    Attributes:
        schedule: steps of the learning-rate schedule, at least `steps`.
        distil_batch: texts of every step that keep to the teacher.
        drop: chance that a text loses stop words. longest: tokens of a text that are read.
    """

    steps: int = 1_500
    schedule: int = 1_800
    batch: int = 160
    distil_batch: int = 72
    rate: float = 1.2e-3
    drop: float = 0.12
    longest: int = 20
    word_dropout: float = 0.06
    seed: int = 0


def family_examples(texts: Sequence[tuple[str, str]], explicit: bool) -> list[Quadruple]:
    """(text, family) pairs as quadruples at plain strength; family "unknown" is no face."""
    found: list[Quadruple] = []
    for text, family in texts:
        aus = {} if family == UNKNOWN else faces.compact(family_face(family))
        found.append(Quadruple(text, (), aus, "", "feeling", family, explicit))
    return found


def tag_texts(quadruples: Sequence[Quadruple]) -> list[tuple[str, str]]:
    """The paper's second text, the tags, as (text, family)."""
    known = tables.families()
    pairs = {(", ".join(q.tags), q.family) for q in quadruples if q.tags and q.family in known}
    return sorted(pairs)[:1500]


def augmented(text: str, rng: random.Random, drop: float) -> str:
    """EDA (Wei and Zou 2019): function words dropped; denials are never lost."""
    kept = text
    if rng.random() < drop:
        droppable = words.FUNCTION_WORDS - _KEPT
        pieces = [w for w in text.split() if w.lower() not in droppable or rng.random() < 0.5]
        kept = " ".join(pieces) or text
    return kept


def tune(
    encoder: BuiltinTextEncoder,
    examples: Examples,
    banks: Sequence[Bank],
    options: TuneOptions,
    folder: Path,
    *,
    report: Report,
) -> TextAuDetector:
    """Train encoder and detector together; resumes from `folder`/tune.pt."""
    torch.manual_seed(options.seed)
    detector = TextAuDetector(DetectorConfig(width=encoder.width, n_families=len(family_columns())))
    talk = random.Random(options.seed)
    batcher, losses = Batcher(encoder, options.longest), DetectorLoss(examples)
    weights = np.array([bank.weight for bank in banks])
    weights = weights / weights.sum()

    def loss_of(rng: np.random.Generator) -> Tensor:
        rows = rng.choice(len(examples.texts), options.batch)
        texts = [augmented(examples.texts[i], talk, options.drop) for i in rows]
        found = encoder.network(*batcher(texts, options.word_dropout, rng))
        bank = banks[int(rng.choice(len(banks), p=weights))]
        others = rng.choice(len(bank.texts), options.distil_batch)
        kept = encoder.network(*batcher([bank.texts[i] for i in others], options.word_dropout, rng))
        target = torch.from_numpy(bank.targets[others].astype(np.float32))
        return losses(detector, found, examples, rows) + 2.0 * distil_loss(kept, target)

    plan = LoopOptions(options.steps, options.schedule, options.rate, options.seed)
    run(nn.ModuleList([encoder.network, detector]), loss_of, plan, folder / "tune.pt", report)
    return detector


@dataclass(frozen=True)
class ExpClipOptions:
    """How the autoencoder and projector are trained (Eq. 1 with the paper's weights 1, 10, 10).

    Attributes:
        texts: quadruples that are used. noise: perturbation of the blendshapes that move.
        unpaired: poses of a batch that have no text; they train the autoencoder alone, so that it
            also rebuilds what no text says (speech, blinks, any posed face).
    """

    texts: int = 16_000
    steps: int = 450
    unpaired: int = 64
    batch: int = 192
    rate: float = 2e-3
    ae_weight: float = 1.0
    align_weight: float = 10.0
    cross_weight: float = 10.0
    noise: float = 0.02
    seed: int = 0


def pose_matrix(quadruples: Sequence[Quadruple]) -> NDArray[np.float32]:
    """Blendshapes of quadruples, float32 [n, 52]."""
    result = np.zeros((len(quadruples), len(ARKIT_NAMES)), np.float32)
    cache: dict[tuple[tuple[str, float], ...], NDArray[np.float32]] = {}
    for i, quadruple in enumerate(quadruples):
        key = tuple(sorted(quadruple.aus.items()))
        if key not in cache:
            shapes = quadruple.blendshapes()
            cache[key] = np.array([shapes[name] for name in ARKIT_NAMES], np.float32)
        result[i] = cache[key]
    return result


def random_poses(n: int, seed: int) -> NDArray[np.float32]:
    """Poses of one to seven AUs at any intensity, float32 [n, 52]: faces that nobody described."""
    rng = np.random.default_rng(seed)
    single = np.stack([_au_pose(code) for code in AU_CODES])
    poses = np.zeros((n, len(ARKIT_NAMES)), np.float32)
    for row in poses:
        count = int(rng.integers(1, 8))
        chosen = rng.choice(len(single), count, replace=False)
        row[:] = (single[chosen] * rng.uniform(0.1, 1.0, (count, 1))).max(0)
    return poses


def _au_pose(code: str) -> NDArray[np.float32]:
    shapes = ACTION_UNITS[code].blendshapes
    return np.array([shapes.get(name, 0.0) for name in ARKIT_NAMES], np.float32)


def corpus_poses(folder: Path, split: str, n: int, seed: int) -> NDArray[np.float32]:
    """Frames of the performed corpus, float32 [n, 52]: half whole faces, half without speech.

    Raises:
        ShardError: the folder holds no corpus.
    """
    from server.training.corpus.performing import LAYERS
    from server.training.corpus.reader import CorpusReader

    corpus, rng = CorpusReader(folder), np.random.default_rng(seed)
    numbers = [i for i in corpus.split(split) if corpus.utterances[i].kind == "performed"]
    poses = np.zeros((n, len(ARKIT_NAMES)), np.float32)
    each = 8
    for first in range(0, n, each):
        layers = corpus.layers(int(rng.choice(numbers)))
        frames = layers[rng.integers(0, len(layers), min(each, n - first))]
        unspoken = frames.sum(1) - frames[:, LAYERS.index("lips")]
        whole = rng.random((len(frames), 1)) < 0.5
        poses[first : first + each] = np.where(whole, frames.sum(1), unspoken)
    return poses.clip(0.0, 1.0)


def expclip_loss(
    model: ExpClip, text: Tensor, pose: Tensor, noise: Tensor, options: ExpClipOptions
) -> Tensor:
    """Eqs. 2-4: reconstruction, 1 - cos(P(text), E(b)), and D(P(text)) against b."""
    augmented_pose = (pose + noise).clamp(0, 1)
    code = model.encoder(augmented_pose)
    rebuilt = (model.decoder(code) - pose).square().sum(-1).mean()
    projected = model.projector(text)
    align = 1 - (projected * code).sum(-1).mean()
    cross = (model.decoder(projected) - pose).square().sum(-1).mean()
    total = options.ae_weight * rebuilt + options.align_weight * align
    return total + options.cross_weight * cross / 4


def rebuilding_loss(model: ExpClip, pose: Tensor, noise: Tensor) -> Tensor:
    """Eq. 2 alone: D(E(b)) against b."""
    return (model.decoder(model.encoder((pose + noise).clamp(0, 1))) - pose).square().sum(-1).mean()


def train_expclip(
    model: ExpClip,
    text: NDArray[np.float32],
    pose: NDArray[np.float32],
    options: ExpClipOptions,
    folder: Path,
    *,
    unpaired: NDArray[np.float32],
    report: Report,
) -> None:
    """Train E, D and P on cached text embeddings [n, n_text] and poses [n, 52]; resumable.

    `unpaired` poses [m, 52] train E and D alone.
    """
    torch.manual_seed(options.seed)

    def noisy(target: NDArray[np.float32], rng: np.random.Generator) -> Tensor:
        noise = rng.normal(0, options.noise, target.shape).astype(np.float32) * (target > 0)
        return torch.from_numpy(noise)

    def loss_of(rng: np.random.Generator) -> Tensor:
        rows = rng.choice(len(pose), options.batch)
        others = rng.choice(len(unpaired), options.unpaired)
        return expclip_loss(
            model,
            torch.from_numpy(text[rows]),
            torch.from_numpy(pose[rows]),
            noisy(pose[rows], rng),
            options,
        ) + options.ae_weight * rebuilding_loss(
            model, torch.from_numpy(unpaired[others]), noisy(unpaired[others], rng)
        )

    plan = LoopOptions(options.steps, options.steps, options.rate, options.seed)
    run(model, loss_of, plan, folder / "expclip.pt", report)
