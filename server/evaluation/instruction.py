"""How right instructions from speech are: face, emotion, strength and wording, against baselines.

What is right is fixed in `server.training.instruction.truth`. A line counts through its sentence:
the sentence is said by the model and read by `server.language.instruction.read`, nothing else.
`instruction_report` measures by these from the command line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from server.language.instruction import choosing
from server.language.instruction.decoding import drawn, greedy
from server.language.instruction.model import InstructionModel
from server.language.instruction.qformer import pooled
from server.language.instruction.reading import Meaning, named_set, read
from server.training.instruction.corpus import SentenceCorpus
from server.training.instruction.material import Store
from server.training.instruction.stages import Voices, heard
from server.training.instruction.truth import CELLS, CLASSES, Cell, cell_of, true_set

from .instruction_metrics import bleu, cider, meteor, rouge_l
from .intervals import Estimate, mean, ratio

_BATCH: Final = 96
_ENOUGH_SPEAKERS: Final = 10
"""Fewer than these say nothing of how speakers differ."""


@dataclass(frozen=True)
class Said:
    """What was said of N lines.

    Attributes:
        texts: N sentences. right: N cells. speakers: N.
        embeddings: float32 [N, L] of the voices, or none. known: sentences read so far.
    """

    texts: list[str]
    right: list[Cell]
    speakers: list[str]
    embeddings: NDArray[np.float32] | None = None
    known: dict[str, Meaning] = field(default_factory=dict)

    def meaning(self, text: str) -> Meaning:
        """A sentence as it is read, once."""
        if text not in self.known:
            self.known[text] = read(text)
        return self.known[text]

    def meanings(self) -> list[Meaning]:
        """All sentences as they are read."""
        return [self.meaning(text) for text in self.texts]

    def groups(self) -> Sequence[object]:
        """What intervals are drawn over: speakers, or lines where these are too few, [N]."""
        enough = len(set(self.speakers)) >= _ENOUGH_SPEAKERS
        return self.speakers if enough else range(len(self.texts))


@torch.inference_mode()
def say(model: InstructionModel, store: Store, chosen: bool = True) -> Said:
    """The model's sentence of each line, as `Instructor` says it.

    Args:
        chosen: False takes the likeliest sentence as it is, without asking the voice again.
    """
    queries = heard(model.qformer, Voices.of(store))
    embeddings = pooled(queries)
    said = Said([], store.cells, store.speakers, embeddings.numpy())
    for some in queries.split(_BATCH):
        said.texts.extend(model.words.decode(i) for i in greedy(model.words, model.prompt(some)))
    if chosen:
        for i, shares in enumerate(model.shares(embeddings).tolist()):
            cells = dict(zip(model.anchor_names, shares, strict=True))
            if choosing.agreement(said.meaning(said.texts[i]), cells) < 3:
                said.texts[i] = _chosen(model, queries[i : i + 1], said, i, cells)
    return said


def _chosen(
    model: InstructionModel, queries: Tensor, said: Said, i: int, cells: dict[str, float]
) -> str:
    prompts = model.prompt(queries).expand(choosing.N_CANDIDATES, -1, -1)
    texts = [said.texts[i], *(model.words.decode(ids) for ids in drawn(model.words, prompts, 0))]
    return texts[choosing.best([said.meaning(text) for text in texts], cells)]


def said_nearest(embeddings: NDArray[np.float32], store: Store, corpus: SentenceCorpus) -> Said:
    """Without a language model: the sentence whose text embedding is nearest to the voice's."""
    nearest = (embeddings @ corpus.embeddings.T).argmax(1)
    return Said([corpus.texts[i] for i in nearest], store.cells, store.speakers, embeddings)


def said_most(store: Store, training: Sequence[Cell], corpus: SentenceCorpus) -> Said:
    """The majority baseline: for each line the sentence of the cell that training has most of."""
    most = Counter(training).most_common(1)[0][0]
    text = corpus.texts[int(corpus.rows_of(most)[0])]
    return Said([text] * len(store), store.cells, store.speakers)


def said_best_constant(store: Store, corpus: SentenceCorpus) -> Said:
    """A harder constant: the one cell whose face has the best F1 against these very lines."""
    right = [true_set(cell) for cell in store.cells]
    best = max(CELLS, key=lambda cell: _micro([true_set(cell)] * len(right), right))
    text = corpus.texts[int(corpus.rows_of(best)[0])]
    return Said([text] * len(store), store.cells, store.speakers)


def shuffled(said: Said, seed: int = 0) -> Said:
    """The shuffled-audio baseline: every line gets the sentence of another line of this set."""
    order = np.random.default_rng(seed).permutation(len(said.texts))
    texts = [said.texts[i] for i in order]
    return Said(texts, said.right, said.speakers, None, said.known)


def _micro(found: Sequence[frozenset[str]], right: Sequence[frozenset[str]]) -> float:
    both = sum(len(a & b) for a, b in zip(found, right, strict=True))
    return 2 * both / max(sum(map(len, found)) + sum(map(len, right)), 1)


def figures(said: Said) -> dict[str, Estimate]:
    """F1 of the Action Units, emotion and strength, with intervals over speakers.

    Lines of one speaker are drawn together; each by itself where there are too few speakers.

    `au_f1` is of the face that the sentence asks for, `au_f1_described` of those Action Units that
    it describes in so many words; both micro over all lines. `emotion` is of eight classes, with
    calm apart from neutral; `word` is of lines whose label has a strength.
    """
    meanings = said.meanings()
    right = [true_set(cell) for cell in said.right]
    cells = [cell_of(meaning) for meaning in meanings]
    same = [float(a.emotion == b.emotion) for a, b in zip(cells, said.right, strict=True)]
    strong = [i for i, cell in enumerate(said.right) if cell.word]
    word = [float(meanings[i].word == said.right[i].word) for i in strong]
    groups = said.groups()
    return {
        "au_f1": _f1([m.named for m in meanings], right, groups),
        "au_f1_described": _f1([named_set(m.explicit) for m in meanings], right, groups),
        "emotion": mean(same, groups),
        "word": mean(word, [groups[i] for i in strong]),
        "cell": mean([float(a == b) for a, b in zip(cells, said.right, strict=True)], groups),
    }


def _f1(
    found: Sequence[frozenset[str]], right: Sequence[frozenset[str]], groups: Sequence[object]
) -> Estimate:
    both = [2.0 * len(a & b) for a, b in zip(found, right, strict=True)]
    return ratio(both, [len(a) + len(b) for a, b in zip(found, right, strict=True)], groups)


def wording_scores(said: Said, held: SentenceCorpus, seed: int = 0) -> dict[str, float]:
    """Table 3's scores but SPICE: against one held-out sentence of the right cell, and all.

    The paper has one sentence a clip; with the same face said in a hundred ways one is harsh.
    """
    dice = np.random.default_rng(seed)
    rows = [held.rows_of(cell) for cell in said.right]
    one = [[held.texts[int(dice.choice(r))]] for r in rows]
    every = [[held.texts[int(i)] for i in r] for r in rows]
    measures: dict[str, Callable[[Any], float]] = {
        "bleu1": lambda refs: bleu(said.texts, refs, 1),
        "bleu4": lambda refs: bleu(said.texts, refs, 4),
        "meteor": lambda refs: meteor(said.texts, refs),
        "rouge_l": lambda refs: rouge_l(said.texts, refs),
        "cider": lambda refs: cider(said.texts, refs),
    }
    scores = {name: round(measure(one), 1) for name, measure in measures.items()}
    return scores | {f"{name}_all": round(measure(every), 1) for name, measure in measures.items()}


def confusion(said: Said) -> NDArray[np.int64]:
    """Rows the label, columns what the sentence says, [8, 9]; the last column is any other."""
    table = np.zeros((len(CLASSES), len(CLASSES) + 1), np.int64)
    for meaning, cell in zip(said.meanings(), said.right, strict=True):
        found = cell_of(meaning).emotion
        column = CLASSES.index(found) if found in CLASSES else len(CLASSES)
        table[CLASSES.index(cell.emotion), column] += 1
    return table


def joined(parts: Sequence[Said]) -> Said:
    """Several folds as one."""
    embeddings = [part.embeddings for part in parts if part.embeddings is not None]
    merged: dict[str, Meaning] = {}
    for part in parts:
        merged |= part.known
    return Said(
        [text for part in parts for text in part.texts],
        [cell for part in parts for cell in part.right],
        [speaker for part in parts for speaker in part.speakers],
        np.concatenate(embeddings) if len(embeddings) == len(parts) else None, merged,
    )  # fmt: skip
