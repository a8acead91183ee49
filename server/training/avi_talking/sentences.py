"""Instructions for each line of the store, in many wordings, and their embeddings.

Three kinds, for people write all three: the direction of the corpus ("barely puckered by
sourness"), a feeling with its degree in a plain sentence, and the instructions of the first stage,
which say what brows, eyes and mouth do (`server.training.instruction.sentences`).
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.generators.avi_talking.asked import plain_sentence
from server.language.encoder import TextEncoder
from server.training.corpus.feelings import PLAIN, families
from server.training.corpus.reader import Utterance
from server.training.instruction.sentences import compose
from server.training.language.wording import ADJECTIVE, NOUN

log = logging.getLogger(__name__)

_SHOWN: Final = 0.2
"""Mean intensity over a line from which an AU is worth words."""
_STEPS: Final = ((0.5, 0.35), (0.78, 0.62), (9.0, 0.85))
"""Strongest AU below -> strength that is said: slightly, clearly, strongly."""
_BATCH: Final = 256

Face = tuple[str, float, tuple[str, ...]]
"""Emotion, strength and AUs: what instructions tell apart."""


def shown_face(utterance: Utterance) -> Face:
    """Return what a line shows: its emotion, its strongest AU in steps, AUs by their mean."""
    means: defaultdict[str, float] = defaultdict(float)
    for au, start, end, peak in utterance.expression_aus:
        means[au.rstrip("LR")] += (end - start) * peak / max(utterance.seconds, 1e-3)
    strongest = max((peak for *_, peak in utterance.expression_aus), default=0.0)
    strength = next(said for limit, said in _STEPS if strongest < limit)
    shown = tuple(sorted(au for au, mean in means.items() if mean >= _SHOWN))
    return utterance.emotion, strength if shown else 0.0, shown


def compose_all(utterances: Iterable[Utterance], count: int, augmented: bool, path: Path
                ) -> dict[Face, list[str]]:  # fmt: skip
    """Return sentences for every face; they are kept at `path`, for composing takes minutes."""
    faces = sorted({shown_face(utterance) for utterance in utterances})
    kept: dict[str, list[str]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    for done, face in enumerate(faces):
        if repr(face) in kept:
            continue
        emotion, strength, aus = face
        kept[repr(face)] = compose(
            emotion, strength, dict.fromkeys(aus, strength), count, seed=done, augmented=augmented
        )
        if done % 50 == 0:
            log.info("sentences for %d of %d faces", done, len(faces))
            path.write_text(json.dumps(kept), "utf-8")
    path.write_text(json.dumps(kept), "utf-8")
    return {face: kept[repr(face)] for face in faces}


@dataclass(frozen=True)
class Wordings:
    """Embeddings of all sentences [N, E], and which of them each line may be asked for by."""

    table: NDArray[np.float32]
    rows: Mapping[int, NDArray[np.int64]]
    texts: tuple[str, ...]

    def draw(self, numbers: list[int], rng: np.random.Generator) -> NDArray[np.float32]:
        """Return one embedding for each line, [B, E]."""
        return self.table[[int(rng.choice(self.rows[i])) for i in numbers]]


def embedded(lines: Mapping[int, list[str]], encoder: TextEncoder) -> Wordings:
    """Return the sentences of lines, each different one embedded once."""
    texts = sorted({text for listed in lines.values() for text in listed})
    row = {text: k for k, text in enumerate(texts)}
    table = [encoder.encode(texts[k : k + _BATCH]) for k in range(0, len(texts), _BATCH)]
    rows = {i: np.array([row[text] for text in listed]) for i, listed in lines.items()}
    log.info("%d sentences for %d lines", len(texts), len(lines))
    return Wordings(np.concatenate(table), rows, tuple(texts))


def of_line(utterance: Utterance, instructions: list[str], augmented: bool,
            rng: np.random.Generator) -> list[str]:  # fmt: skip
    """Return the sentences that a line may be asked for by; one where nothing is augmented."""
    plain = plain_sentence(utterance.emotion, utterance.intensity)
    if not augmented:
        return [instructions[0] if instructions else plain]
    return [utterance.direction, plain, *instructions, *_templated(utterance, rng)]


def _templated(utterance: Utterance, rng: np.random.Generator) -> list[str]:
    """Return the line's word of feeling in two sentences; a word alone means a plain degree."""
    family, *others = utterance.families
    if others or abs(utterance.intensity - PLAIN) > 0.25:
        return []
    word = utterance.words[0]
    parts = {w.text: w.part for w in families()[family].words}
    templates: tuple[str, ...] = {"adj": ADJECTIVE, "noun": NOUN}.get(parts.get(word, ""), ())
    drawn = rng.choice(templates, 2) if templates else ()
    return [str(template).format(x=word, s="she", p="her") for template in drawn]
