"""The three stages: language model on text, Q-Former by contrast, projection into the model.

Sec. III-C of the paper: the Q-Former is aligned with the instructions' embeddings (Eq. 6) and then
frozen; the language model, pre-trained, is frozen as well, and only the projection is tuned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from server.language.instruction.model import InstructionModel, sentence_loss
from server.language.instruction.qformer import QFormer, contrastive_loss, pooled
from server.language.instruction.words import EOS, PAD, WordModel

from . import wording
from .corpus import SentenceCorpus
from .material import Store
from .truth import CELLS, Cell, family_of_cell

Report = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """Steps, batch and peak rate of one stage."""

    steps: int
    batch: int = 48
    rate: float = 2e-3
    weight_decay: float = 0.05


@dataclass(frozen=True)
class Run:
    """How one stage is run: options, seed, and who is told of its progress."""

    options: Options
    seed: int
    report: Report


@dataclass(frozen=True)
class Contrast:
    """Temperature of Eq. 6, and weight of the term over all cells' mean instructions."""

    temperature: float = 0.1
    anchored: float = 1.0


@dataclass(frozen=True)
class Spoken:
    """What the frozen Q-Former hears: queries [N, Q, L], and cells [N], rows of `CELLS`."""

    queries: Tensor
    cells: NDArray[np.int64]


def optimise(
    parameters: Sequence[nn.Parameter], loss_of: Callable[[], Tensor], run: Run, name: str
) -> float:
    """AdamW with one cycle of the rate; returns the smoothed loss."""
    options = run.options
    optimiser = torch.optim.AdamW(list(parameters), options.rate, weight_decay=options.weight_decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.rate, total_steps=options.steps + 1, pct_start=0.1
    )
    smooth = float("nan")
    for step in range(options.steps):
        loss = loss_of()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(list(parameters), 1.0)
        optimiser.step()
        cycle.step()
        value = float(loss.detach())
        smooth = value if step == 0 else 0.97 * smooth + 0.03 * value
        if step % 100 == 99:
            run.report(f"{name} {step + 1}/{options.steps} loss {smooth:.3f}")
    return smooth


# --- the language model ------------------------------------------------------------------------


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token rows with their end mark, [B, N], and which tokens count."""
    length = max(len(row) for row in rows) + 1
    ids = torch.full((len(rows), length), PAD)
    mask = torch.zeros(len(rows), length, dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row) + 1] = torch.tensor([*row, EOS])
        mask[i, : len(row) + 1] = True
    return ids, mask


def hint_of(cell: Cell, dice: np.random.Generator) -> str:
    """Tags that say a cell in a few words: what stands where the voice will stand."""
    feelings = wording.FEELINGS[family_of_cell(cell)]
    said = [feelings[i] for i in dice.choice(len(feelings), 3)]
    degrees = [d for d in wording.FEELING_DEGREES[cell.word] if d] or [said[0]]
    return f"{dice.choice(degrees)} {' '.join(said)}"


def train_words(model: WordModel, corpus: SentenceCorpus, run: Run) -> None:
    """Pre-train on text alone: a request, tags (mostly), and a sentence that fits."""
    dice, options = np.random.default_rng(run.seed), run.options
    encoded = [model.encode(text) for text in corpus.texts]

    def loss_of() -> Tensor:
        rows = dice.integers(0, len(encoded), options.batch)
        request = model.encode(wording.REQUESTS[dice.integers(len(wording.REQUESTS))])
        ids, mask = padded([encoded[i] for i in rows])
        before = [[model.bos, *request]] * options.batch
        if dice.random() < 0.7:
            hints = [model.encode(hint_of(CELLS[corpus.cells[i]], dice)) for i in rows]
            shortest = min(len(hint) for hint in hints)
            before = [[*b, *hint[:shortest]] for b, hint in zip(before, hints, strict=True)]
        return sentence_loss(model, model.embed(torch.tensor(before)), ids, mask)

    model.train()
    optimise(list(model.parameters()), loss_of, run, "words")
    model.eval()


# --- the Q-Former ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Voices:
    """A store as tensors: streams [N, T, .] padded, lengths [N], figures [N, .], cells [N]."""

    streams: Tensor
    lengths: Tensor
    figures: Tensor
    cells: Tensor

    @classmethod
    def of(cls, store: Store) -> Voices:
        """Tensors of a store; cells are rows of `CELLS`."""
        lengths = torch.tensor([len(s) for s in store.streams])
        streams = nn.utils.rnn.pad_sequence(
            [torch.from_numpy(np.ascontiguousarray(s)) for s in store.streams], batch_first=True
        )
        cells = torch.tensor([CELLS.index(cell) for cell in store.cells])
        return cls(streams, lengths, torch.from_numpy(store.figures), cells)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Streams no longer than needed, lengths and figures of rows."""
        lengths = self.lengths[rows]
        return self.streams[rows, : int(lengths.max())], lengths, self.figures[rows]


def masked(streams: Tensor, lengths: Tensor, dice: np.random.Generator) -> Tensor:
    """Streams with a stretch of time and a few bands silenced (SpecAugment), each second wholly.

    What has to be said from the figures alone half of the time leans less on single sounds.
    """
    found = streams.clone()
    for i, length in enumerate(lengths.tolist()):
        n = int(dice.integers(0, max(length // 4, 1)))
        start = int(dice.integers(0, max(length - n, 1)))
        found[i, start : start + n] = 0.0
        band = int(dice.integers(0, 34))
        found[i, :, band : band + int(dice.integers(0, 7))] = 0.0
        if dice.random() < 0.5:
            found[i] = 0.0
    return found


def normalise_figures(qformer: QFormer, figures: Tensor) -> None:
    """Take mean and deviation of the training lines into the network."""
    qformer.mean.copy_(figures.mean(0))
    qformer.deviation.copy_(figures.std(0).clamp_min(1e-4))


def train_qformer(
    model: InstructionModel, voices: Voices, corpus: SentenceCorpus, run: Run, contrast: Contrast
) -> None:
    """Align queries with instructions: Eq. 6 over the batch, and over all cells' mean instructions.

    The second term has the anchors as negatives, so that every batch sees every emotion.
    """
    dice, options = np.random.default_rng(run.seed), run.options
    network = model.qformer
    normalise_figures(network, voices.figures)
    texts = torch.from_numpy(corpus.embeddings)
    anchors = torch.from_numpy(corpus.anchors())
    present = torch.from_numpy(np.unique(voices.cells.numpy()))
    by_cell = [np.flatnonzero(corpus.cells == i) for i in range(len(CELLS))]
    by_voice = {int(c): np.flatnonzero(voices.cells.numpy() == int(c)) for c in present}
    place = {int(c): i for i, c in enumerate(present)}

    def loss_of() -> Tensor:
        drawn = dice.choice(present.numpy(), options.batch)
        rows = torch.tensor([int(dice.choice(by_voice[int(c)])) for c in drawn])
        said = torch.tensor([int(dice.choice(by_cell[int(c)])) for c in drawn])
        streams, lengths, figures = voices.batch(rows)
        audio = pooled(network(masked(streams, lengths, dice), lengths, figures))
        loss = contrastive_loss(audio, texts[said], torch.from_numpy(drawn), contrast.temperature)
        scores = audio @ anchors[present].T / contrast.temperature
        cells = torch.tensor([place[int(c)] for c in drawn])
        return loss + contrast.anchored * nn.functional.cross_entropy(
            scores, cells, label_smoothing=0.1
        )

    network.train()
    optimise(list(network.parameters()), loss_of, run, "qformer")
    network.eval()
    # What no voice was trained on is not to be heard: "slightly" would share with "clearly".
    model.anchors.zero_()
    model.anchors[present] = anchors[present]
    model.anchor_scale.fill_(1.0 / contrast.temperature)


@torch.inference_mode()
def heard(qformer: QFormer, voices: Voices) -> Tensor:
    """The queries' embeddings of all lines, [N, Q, L]."""
    parts = [qformer(*voices.batch(rows)) for rows in torch.arange(len(voices.lengths)).split(64)]
    return torch.cat(parts).clone()


# --- the projection ----------------------------------------------------------------------------


def train_projection(
    model: InstructionModel, spoken: Spoken, corpus: SentenceCorpus, run: Run, joint: bool = False
) -> None:
    """Tune the projection (with `joint` the language model too) to say a line's instruction."""
    dice, options = np.random.default_rng(run.seed), run.options
    encoded = [model.words.encode(text) for text in corpus.texts]
    by_cell = [np.flatnonzero(corpus.cells == i) for i in range(len(CELLS))]
    by_voice = {int(c): np.flatnonzero(spoken.cells == c) for c in np.unique(spoken.cells)}

    def loss_of() -> Tensor:
        drawn = dice.choice(list(by_voice), options.batch)
        rows = [int(dice.choice(by_voice[int(c)])) for c in drawn]
        ids, mask = padded([encoded[int(dice.choice(by_cell[int(c)]))] for c in drawn])
        request = wording.REQUESTS[dice.integers(len(wording.REQUESTS))]
        return sentence_loss(model.words, model.prompt(spoken.queries[rows], request), ids, mask)

    words = model.words if isinstance(model.words, WordModel) else nn.Module()
    words.requires_grad_(joint).train(joint)
    parameters = [*model.projection.parameters(), *(words.parameters() if joint else ())]
    optimise(parameters, loss_of, run, "joint" if joint else "projection")
    words.requires_grad_(True).eval()
