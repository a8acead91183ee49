"""A line of speech -> an instruction in words."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.clip import Phone
from server.language.clip_text import text_encoder
from server.speech.phones import SILENCE
from server.speech.recogniser import SAMPLE_RATE, Samples
from server.speech.segments import stretches

from . import choosing
from .checkpoints import CausalCheckpoint, Hubert
from .decoding import drawn, greedy
from .errors import InstructionError
from .instruction import Instruction, described
from .qformer import pooled
from .reading import read
from .voice import Voice, hear_voice
from .weights import DEFAULT, load_instruction, text_encoder_hash, weights_path

SHORTEST_SECONDS, LONGEST_SECONDS = 3.0, 7.0
"""A longer line is cut at its pauses into windows of this length, as the network has learned."""

_AT_REST: Final = "The face is at rest."
_NO_VOICE: Final = "No voice is heard in the line, so the instruction is neutral."
_UNSURE: Final = (
    "The voice hardly tells the feeling, so take the instruction as a first draft to edit."
)
_LEAST_SURE: Final = 0.35
_STALE: Final = (
    "The text encoder was trained anew since these weights, so the embedding is not to be used."
)


class Heard(Protocol):
    """What the ears have heard of the same samples: `Speech`, `Recognition`."""

    @property
    def phones(self) -> tuple[Phone, ...]: ...


@dataclass(frozen=True)
class Impression:
    """What the Q-Former makes of a line.

    Attributes:
        queries: [1, Q, L]. embedding: [L], unit length.
        cells: "angry/strongly" -> share, summing to one.
    """

    queries: Tensor
    embedding: NDArray[np.float32]
    cells: dict[str, float]


class Instructor:
    """Holds the loaded networks; thread-safe, one line at a time.

    Args:
        weights: "instruction", "instruction-research" or the path of a file.
        hubert, language_model: folders of the checkpoints that weights of size "paper" go with.

    Raises:
        InstructionError: a file or a checkpoint is absent or does not fit.
    """

    def __init__(
        self,
        weights: str | Path = DEFAULT,
        *,
        hubert: Path | None = None,
        language_model: Path | None = None,
    ) -> None:
        self.path = weights_path(weights)
        self.name = self.path.stem
        checkpoint = CausalCheckpoint(language_model) if language_model else None
        self.model, self.about = load_instruction(self.path, checkpoint)
        needs = self.model.config
        self._hubert = Hubert(hubert) if hubert else None
        if (needs.speech_encoder == "hubert") != (hubert is not None) or (
            needs.language_model == "causal"
        ) != (language_model is not None):
            raise InstructionError(
                f"{self.path} was made with the speech encoder '{needs.speech_encoder}' and the "
                f"language model '{needs.language_model}'",
                "Name the folders of exactly these checkpoints.",
            )
        self.hash = hashlib.sha256(self.path.read_bytes()).hexdigest()[:16]
        self._most_sure = float(self.about.get("most_sure", "1"))
        self._is_stale = self.about.get("text_encoder", "") != text_encoder_hash()
        self._lock = threading.Lock()

    def instruct(
        self,
        samples: Samples,
        *,
        seed: int = 0,
        sample: bool = False,
        heard: Heard | None = None,
    ) -> Instruction:
        """Listen to a whole line, and say how its face should look.

        Args:
            samples: float32 [S], 16 kHz mono, -1..1, of any length; may be empty.
            seed: which of the plausible sentences; the same one always with the same seed.
            sample: draw a sentence by its probability; else the likeliest one that agrees with the
                voice, whatever the seed.
            heard: what the ears heard of these samples: where they heard no phone is no voice.

        Returns:
            A neutral one with a note where no voice is heard.

        Raises:
            WeightsError: the files of the text encoder are absent.
        """
        with self._lock, torch.inference_mode():
            found = self.impression(samples) if _any_phone(heard) else None
            if found is None:
                return self._at_rest()
            prompt = self.model.prompt(found.queries)
            text = self._drawn(prompt, seed, 1)[0] if sample else self._agreed(prompt, found)
        notes = [_STALE] if self._is_stale else []
        said = described(text, found.embedding, 0.0)
        confidence = min(_confidence(said, found.cells), self._most_sure)
        if confidence < _LEAST_SURE:
            notes.append(_UNSURE)
        return described(text, found.embedding, confidence, tuple(notes))

    def impression(self, samples: Samples) -> Impression | None:
        """What is heard in a line, or None where nothing is voiced.

        A long line is heard in windows; their queries are averaged by how much voice they hold, so
        that the sentence is about the whole line.
        """
        heard = [(v, w) for w in _windows(samples) if (v := hear_voice(w)) is not None]
        if not heard:
            return None
        queries = torch.cat([self._queries(voice, window) for voice, window in heard])
        weights = torch.tensor([voice.voiced for voice, _ in heard])
        mean = (queries * (weights / weights.sum())[:, None, None]).sum(0, keepdim=True)
        embedding = pooled(mean)
        shares = self.model.shares(embedding)[0].tolist()
        cells = dict(zip(self.model.anchor_names, shares, strict=True))
        return Impression(mean, embedding[0].numpy().copy(), cells)

    def _queries(self, voice: Voice, window: Samples) -> Tensor:
        features = self._hubert.encode(window) if self._hubert else voice.stream
        stream = torch.from_numpy(features)[None]
        figures = torch.from_numpy(voice.figures[: self.model.config.n_figures])[None]
        return self.model.qformer(stream, torch.tensor([stream.shape[1]]), figures)

    def _agreed(self, prompt: Tensor, found: Impression) -> str:
        """The likeliest sentence, or another plausible one where the voice says otherwise."""
        words = self.model.words
        texts = [words.decode(greedy(words, prompt)[0])]
        if choosing.agreement(read(texts[0]), found.cells) < 3:
            texts += self._drawn(prompt, 0, choosing.N_CANDIDATES)
        return texts[choosing.best([read(text) for text in texts], found.cells)]

    def _drawn(self, prompt: Tensor, seed: int, count: int) -> list[str]:
        words = self.model.words
        return [words.decode(ids) for ids in drawn(words, prompt.expand(count, -1, -1), seed)]

    def _at_rest(self) -> Instruction:
        embedding = text_encoder("builtin").encode([_AT_REST])[0]
        return described(_AT_REST, embedding, 0.0, (_NO_VOICE,))


def _any_phone(heard: Heard | None) -> bool:
    return heard is None or any(phone.phone != SILENCE for phone in heard.phones)


def _windows(samples: Samples) -> list[Samples]:
    """A line whole, or cut at its quiet moments when it is long."""
    if len(samples) <= LONGEST_SECONDS * SAMPLE_RATE:
        return [samples]
    return list(stretches([samples], SHORTEST_SECONDS, LONGEST_SECONDS))


def _confidence(said: Instruction, cells: dict[str, float]) -> float:
    """The share that the voice gives to the emotion that the sentence says."""
    shares, _ = choosing.marginals(cells)
    found = shares.get(said.emotion, 0.0)
    if said.emotion == "neutral":
        found += shares.get(choosing.CALM, 0.0)
    return round(min(found, 1.0), 3)


@lru_cache(maxsize=2)
def _loaded(weights: str | Path) -> Instructor:
    return Instructor(weights)


def instruct(
    samples_16k: Samples,
    *,
    seed: int = 0,
    sample: bool = False,
    weights: str | Path = DEFAULT,
    heard: Heard | None = None,
) -> Instruction:
    """See `Instructor.instruct`; the weights stay loaded.

    Raises:
        InstructionError: there are no such weights.
    """
    return _loaded(weights).instruct(samples_16k, seed=seed, sample=sample, heard=heard)
