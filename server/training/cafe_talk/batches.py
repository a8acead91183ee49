"""Windows of the store as training batches: conditions, given frames, AU sequences.

Shapes: B windows, T frames, C = 51 channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.names import ARKIT_NAMES, REGIONS
from server.generators.cafe_talk.config import N_CHANNELS, CafeTalkConfig
from server.generators.cafe_talk.model import Conditions
from server.language.encoder import TextEncoder
from server.speech.phones import PHONES
from server.training.corpus.feelings import families, is_held_out_word
from server.training.corpus.reader import REAL_ACTOR

from .store import Store

LIPS: Final = slice(len(PHONES), len(PHONES) + N_CHANNELS)
_DROP: Final = 0.2
_GIVEN: Final = 0.6
"""Share of windows that start with given frames, as all but the first of a line do."""
_SPAN, _REGION = 0.12, 0.08
"""Shares of windows with all but a span given, and all but a region."""
_SYNONYM: Final = 0.35
_TEXT_NOISE: Final = 0.02
_FROM_CLIP: Final = 0.2
_REAL_SHARE: Final = 0.06
_SHORT_MOUTHS: Final = tuple(k for k, n in enumerate(ARKIT_NAMES[:N_CHANNELS]) if n[:3] != "eye")
_TEMPLATES: Final = ("{}", "{}", "{}", "a {} person", "looks {}", "sounds {}", "{} voice",
                     "play it {}", "seems {}")  # fmt: skip


class Texts:
    """Embeddings of everything that an utterance may be labelled with, each computed once."""

    def __init__(self, encoder: TextEncoder, store: Store) -> None:
        self.encoder = encoder
        self._rows: dict[str, int] = {}
        every = {t for line in store.lines for t in line.texts}
        every |= {line.emotion for line in store.lines} | {"neutral", "calm", ""}
        self.synonyms = {
            name: tuple(w.text for w in family.words if not is_held_out_word(w.text))
            for name, family in families().items()
        }
        every |= {word for words in self.synonyms.values() for word in words}
        templated = {t.format(line.emotion) for line in store.lines for t in _TEMPLATES}
        ordered = sorted(every | templated)
        self._rows = {text: row for row, text in enumerate(ordered)}
        self.table = np.concatenate(
            [encoder.encode(ordered[k : k + 64]) for k in range(0, len(ordered), 64)]
        )

    def __getitem__(self, text: str) -> NDArray[np.float32]:
        return self.table[self._rows[text]]

    def draw(self, store: Store, number: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return the embedding of one of the ways to name an utterance's feeling."""
        line = store.lines[number]
        one = line.families[0] if len(set(line.families)) == 1 else ""
        words = self.synonyms.get(one, ())
        chance = rng.random()
        if words and chance < _SYNONYM:
            text = str(rng.choice(words))
        elif one and chance < _SYNONYM + 0.2 and _is_plain(one):
            text = str(rng.choice(_TEMPLATES)).format(line.emotion)
        else:
            text = str(rng.choice(line.texts))
        found = self[text]
        return found + _TEXT_NOISE * rng.standard_normal(found.shape).astype(np.float32)


_PLAIN: Final = frozenset(
    {"neutral", "joy", "sadness", "anger", "fear", "disgust", "surprise", "contempt"}
)


def _is_plain(family: str) -> bool:
    return family in _PLAIN


@dataclass
class Batch:
    """x0 [B, T, 52] 0..1 (network scale comes later), valid [B, 1, C], conditions."""

    faces: NDArray[np.float32]
    features: NDArray[np.float32]
    valid: Tensor
    numbers: list[int]
    shown: NDArray[np.float32]

    def target(self, config: CafeTalkConfig, faces: NDArray[np.float32] | None = None) -> Tensor:
        """Return x0 in the network's scale, [B, T, C]."""
        chosen = self.faces if faces is None else faces
        return torch.from_numpy(chosen[..., :N_CHANNELS] * np.float32(config.scale))


class Drawer:
    """Draws batches from the store."""

    def __init__(self, store: Store, texts: Texts, config: CafeTalkConfig, split: str) -> None:
        self.store, self.texts, self.config = store, texts, config
        self.numbers = store.of_split(split)
        lengths = np.array([float(store.lines[i].frames) for i in self.numbers])
        real = np.array([store.lines[i].real for i in self.numbers])
        shares = lengths / lengths.sum()
        if real.any() and not real.all():
            shares = np.where(real, _REAL_SHARE * lengths / lengths[real].sum(),
                              (1 - _REAL_SHARE) * lengths / lengths[~real].sum())  # fmt: skip
        self.shares = shares
        self.rows = {name: row for row, name in enumerate(config.styles)}
        self.by_actor: dict[str, list[int]] = {}
        for i in self.numbers:
            self.by_actor.setdefault(store.lines[i].actor, []).append(i)

    def draw(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw windows, longer utterances more often; a short one holds its last frame."""
        chosen = rng.choice(len(self.numbers), size, p=self.shares)
        numbers = [self.numbers[k] for k in chosen]
        rows, n_frames = [], self.config.n_frames
        for i in numbers:
            line = self.store.lines[i]
            first = int(rng.integers(0, max(line.frames - n_frames, 0) + 1))
            rows.append(line.start + np.minimum(first + np.arange(n_frames), line.frames - 1))
        at = np.stack(rows)
        valid = np.stack([self.store.valid[i][:N_CHANNELS] for i in numbers])[:, None]
        return Batch(
            np.asarray(self.store.faces[at], np.float32),
            np.asarray(self.store.features[at], np.float32),
            torch.from_numpy(valid.astype(np.float32)),
            numbers,
            np.stack([self._statistics(i, rng) for i in numbers]),
        )

    def _statistics(self, number: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return statistics of up to four other utterances of the same actor."""
        others = self.by_actor[self.store.lines[number].actor]
        picked = rng.choice(others, int(rng.integers(1, 5)))
        return self.store.statistics[picked].mean(axis=0)

    def conditions(self, batch: Batch, x0: Tensor, style: Tensor, rng: np.random.Generator,
                   *, swap: NDArray[np.bool_] | None = None) -> Conditions:  # fmt: skip
        """Return conditions with dropout; where `swap` is true the emotion is another line's."""
        size = len(batch.numbers)
        labels = list(batch.numbers)
        if swap is not None:
            labels = [int(rng.choice(self.numbers)) if s else i
                      for s, i in zip(swap, labels, strict=True)]  # fmt: skip
        text = np.stack([self.texts.draw(self.store, i, rng) for i in labels])
        intensity = [self.store.lines[i].intensity for i in labels]
        is_given = torch.from_numpy(given_mask(size, x0.shape[1], rng))
        keep = torch.from_numpy((rng.random((3, size)) >= _DROP).astype(np.float32))
        return Conditions(
            audio=torch.from_numpy(batch.features),
            lips=torch.from_numpy(batch.features[..., LIPS] * np.float32(self.config.scale)),
            text=torch.from_numpy(text),
            style=style,
            intensity=torch.tensor(intensity, dtype=torch.float32),
            given=x0,
            is_given=is_given * batch.valid,
            has_audio=keep[0], has_style=keep[1], has_emotion=keep[2],
        )  # fmt: skip

    def style_rows(self, numbers: Sequence[int]) -> Tensor:
        """Return the rows of the style table, [B]."""
        return torch.tensor([self.rows[self.store.lines[i].actor] for i in numbers])


def given_mask(size: int, n_frames: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw which frames and channels are given, [B, T, C]: a start, all but a span or a region."""
    mask = np.zeros((size, n_frames, N_CHANNELS), np.float32)
    for row in mask:
        chance = rng.random()
        if chance < _GIVEN:
            row[: int(rng.integers(1, n_frames // 4))] = 1.0
        elif chance < _GIVEN + _SPAN:
            row[:] = 1.0
            first = int(rng.integers(0, n_frames - 8))
            row[first : first + int(rng.integers(8, n_frames))] = 0.0
        elif chance < _GIVEN + _SPAN + _REGION:
            region = REGIONS[str(rng.choice(["brow", "eye", "mouth"]))]
            row[:] = 1.0
            row[:, [k for k, n in enumerate(ARKIT_NAMES[:N_CHANNELS]) if n in region]] = 0.0
    return mask


def styles_of(store: Store) -> tuple[str, ...]:
    """Return the actors of a store, the captured one last."""
    names = sorted({line.actor for line in store.lines})
    return tuple(n for n in names if n != REAL_ACTOR) + tuple(n for n in names if n == REAL_ACTOR)
