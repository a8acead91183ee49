"""Texts that the text encoder is distilled on: everyday sentences, words and dictionary glosses.

Only texts whose licence lets the weights be shipped are read: GoEmotions (Apache-2.0) and WordNet
3.0 (Princeton's permissive licence, the Debian package `wordnet-base`). Our own TEAD joins them in
`distil`. None of these texts is kept in the repository.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.language.errors import LanguageError

_PARTS: Final = ("noun", "verb", "adj", "adv")
_FEELING_FILES: Final = frozenset({"12", "29", "37"})
"""WordNet lexicographer files noun.feeling, verb.body and verb.emotion."""

_WORD: Final = re.compile(r"[a-z][a-z'-]*")
_QUOTED: Final = re.compile(r'"([^"]+)"')


class CorpusError(LanguageError):
    """A text corpus is absent or is not in the expected format."""


@dataclass(frozen=True)
class Sense:
    """One WordNet synset: its words, its gloss, example sentences and lexicographer file."""

    words: tuple[str, ...]
    gloss: str
    examples: tuple[str, ...]
    file: str
    part: str


def data_folder() -> Path:
    """The folder of recordings and texts: `SOLILOQUY_DATA`, else `../shared/data`."""
    named = os.environ.get("SOLILOQUY_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[4] / "shared" / "data"


def goemotions_sentences(folder: Path | None = None, longest: int = 30) -> list[str]:
    """Everyday sentences of at most `longest` words, names blanked.

    Raises:
        CorpusError: the file is absent.
    """
    path = (folder or data_folder()) / "emotion_texts" / "52k_goemotions_filtered.csv"
    if not path.is_file():
        raise CorpusError(f"no GoEmotions sentences at {path}; set SOLILOQUY_DATA to their folder")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [row["text"].strip() for row in csv.DictReader(stream)]
    sentences = [re.sub(r"\[[A-Z]+\]", "someone", row) for row in rows]
    return [row for row in dict.fromkeys(sentences) if 2 <= len(row.split()) <= longest]


def wordnet_senses(folder: Path) -> list[Sense]:
    """Every synset of the WordNet database files in `folder` (its `data.*`).

    Raises:
        CorpusError: a data file is absent.
    """
    senses: list[Sense] = []
    for part in _PARTS:
        path = folder / f"data.{part}"
        if not path.is_file():
            raise CorpusError(
                f"no WordNet file at {path}; install the Debian package wordnet-base "
                "or name its folder in the recipe"
            )
        with path.open(encoding="latin-1") as stream:
            senses.extend(_sense(line, part) for line in stream if not line.startswith("  "))
    return senses


def _sense(line: str, part: str) -> Sense:
    fields, _, gloss = line.partition(" | ")
    columns = fields.split()
    count = int(columns[3], 16)
    words = tuple(
        re.sub(r"\(\w+\)$", "", columns[4 + 2 * i]).replace("_", " ").lower() for i in range(count)
    )
    definition = _QUOTED.sub("", gloss).strip().strip(";").strip()
    definition = re.sub(r"\s*;\s*(;|$)", "", definition)
    examples = tuple(text.strip() for text in _QUOTED.findall(gloss))
    return Sense(words, definition, examples, columns[1], part)


def first_glosses(senses: list[Sense], folder: Path) -> dict[str, tuple[str, ...]]:
    """Word -> its glosses, the sense tagged most often first (feeling senses before others)."""
    tagged = _tag_counts(folder)
    found: dict[str, list[tuple[float, str]]] = {}
    for sense in senses:
        for word in sense.words:
            rank = tagged.get((word, sense.part, sense.gloss[:0]), 0.0)
            rank += 3.0 if sense.file in _FEELING_FILES else 0.0
            rank += 2.0 if sense.part == "adj" else 0.0
            found.setdefault(word, []).append((rank, sense.gloss))
    ordered = {
        word: sorted(entries, key=lambda entry: -entry[0]) for word, entries in found.items()
    }
    return {word: tuple(gloss for _, gloss in entries[:2]) for word, entries in ordered.items()}


def _tag_counts(folder: Path) -> dict[tuple[str, str, str], float]:
    """Occurrences of (word, part of speech) in WordNet's tagged texts."""
    parts = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
    counts: Counter[tuple[str, str, str]] = Counter()
    path = folder / "cntlist.rev"
    if path.is_file():
        for line in path.read_text(encoding="latin-1").splitlines():
            key, _, number = line.split()
            word, _, rest = key.partition("%")
            counts[(word.replace("_", " "), parts[rest[0]], "")] += int(number)
    return {key: min(4.0, float(value) ** 0.25) for key, value in counts.items()}


def word_counts(texts: list[str]) -> Counter[str]:
    """How often each lower-case word occurs in `texts`."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_WORD.findall(text.lower()))
    return counts


def vocabulary(
    sentences: list[str], senses: list[Sense], required: set[str], size: int
) -> list[str]:
    """The `size` words that get a row of their own: `required`, feelings, then by frequency."""
    frequency = word_counts(sentences)
    glosses = word_counts([sense.gloss for sense in senses])
    score: Counter[str] = Counter()
    for word, count in frequency.items():
        score[word] += 3 * count
    for word, count in glosses.items():
        score[word] += count
    for sense in senses:
        bonus = 12 if sense.file in _FEELING_FILES else 3 if sense.part == "adj" else 1
        for word in sense.words:
            if _WORD.fullmatch(word):
                score[word] += bonus
    for word in required:
        score[word] += 1_000_000
    ranked = sorted(score.items(), key=lambda entry: (-entry[1], entry[0]))
    return sorted(word for word, _ in ranked[:size])
