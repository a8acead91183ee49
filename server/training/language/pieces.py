"""A quadruple of TEAD, and the pieces that its makers draw: words, templates, degrees, splits."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from server.language import faces, tables
from server.language.faces import Face
from server.language.feelings import word_face

from . import wording
from .wording import held_out

UNKNOWN: Final = "unknown"
"""Family of texts that say nothing about a face."""


@dataclass(frozen=True)
class Quadruple:
    """One entry of the data set.

    Attributes:
        text: what a user might write. tags: a few words for the same face.
        aus: compact AU codes -> 0..1. situation: a sentence that could cause it, or "".
        kind: feeling, denied, mixed, situation, action, named, code, joint or nothing.
        family: family of feeling, "" for pure actions, "unknown" for nothing.
        explicit: whether the text names the face or the feeling itself.
        split: "train", "word", "situation" or "phrasing" (what is held out).
    """

    text: str
    tags: tuple[str, ...]
    aus: dict[str, float]
    situation: str
    kind: str
    family: str
    explicit: bool = True
    split: str = "train"

    def blendshapes(self) -> dict[str, float]:
        """All 52."""
        return faces.blendshapes(faces.expand(self.aus))


@dataclass
class Pieces:
    """Draws words, templates and splits with a seed.

    Attributes:
        extra_held_out: words that are held out besides the drawn tenth.
    """

    seed: int = 0
    extra_held_out: frozenset[str] = frozenset()
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    # --- pieces --------------------------------------------------------------------------------

    def pick(self, options: Sequence[str]) -> tuple[str, bool]:
        """A template and whether it is held out."""
        template = self.rng.choice(options)
        return template, len(template) > 4 and held_out(template)

    def fill(self, template: str, **values: str) -> str:
        text = template.replace("{s}", self.rng.choice(wording.SUBJECTS))
        text = text.replace("{p}", self.rng.choice(wording.POSSESSIVES))
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        text = re.sub(r"\ba (?=[aeiou])", "an ", text)
        text = re.sub(r"\b(an?) (a|an|the|his|her|your|their|no) ", r"\2 ", text)
        return self.vary(text)

    def vary(self, text: str) -> str:
        """Capitals, a full stop, now and then a typing error."""
        draw = self.rng.random()
        if draw < 0.2:
            text = text[:1].upper() + text[1:]
        if draw < 0.12:
            text += "."
        elif draw > 0.985:
            text += "!"
        if self.rng.random() < 0.03 and len(text) > 12:
            i = self.rng.randrange(3, len(text) - 3)
            if text[i - 1 : i + 2].isalpha():
                text = text[:i] + text[i + 1 :]
        return text

    def degree(self, chance: float = 0.4) -> tuple[str, float]:
        """A degree word before an adjective or verb, and its strength; ("", 1) mostly."""
        if self.rng.random() > chance:
            return "", 1.0
        return self.rng.choice(_degree_adverbs())

    def word_split(self, word: str, template_held: bool) -> str:
        hidden = word in self.extra_held_out or bool(self.extra_held_out & set(word.split()))
        if hidden or held_out(word):
            return "word"
        return "phrasing" if template_held else "train"

    def situation_for(self, family: str) -> str:
        options = [s.text for s in situations_of(family) if not held_out(s.text)]
        return self.rng.choice(options) if options else ""

    def tags_for(self, family: str) -> tuple[str, ...]:
        words = [w.text for w in _words(family) if not held_out(w.text)]
        return tuple(self.rng.sample(words, min(4, len(words))))

    def feeling(self, pos: str = "") -> tuple[tables.FeelingWord, Face]:
        family = self.rng.choice(_families())
        options = [w for w in _words(family) if not pos or w.pos == pos] or list(_words(family))
        if pos and options[0].pos != pos:
            return self.feeling(pos)
        word = self.rng.choice(options)
        return word, word_face(word)

    def made(
        self, text: str, face: Face, kind: str, family: str, *, split: str, explicit: bool = True
    ) -> Quadruple:
        """A quadruple whose tags and situation come from its family."""
        tags = self.tags_for(family) if family and family != UNKNOWN else ()
        situation = self.situation_for(family) if family and family != UNKNOWN else ""
        aus = faces.compact(face if kind == "mixed" else faces.settle(face))
        return Quadruple(text, tags, aus, situation, kind, family, explicit, split)


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    """Families, the larger ones more often (square root of their size)."""
    weighted: list[str] = []
    for name in tables.families():
        weighted += [name] * max(1, round(len(_words(name)) ** 0.5))
    return tuple(weighted)


@lru_cache(maxsize=256)
def _words(family: str) -> tuple[tables.FeelingWord, ...]:
    return tuple(w for w in tables.feeling_words() if w.family == family)


@lru_cache(maxsize=256)
def situations_of(family: str) -> tuple[tables.Situation, ...]:
    return tuple(s for s in tables.situations() if s.family == family)


@lru_cache(maxsize=1)
def _degree_adverbs() -> tuple[tuple[str, float], ...]:
    """Degree words that may stand before an adjective or a verb."""
    usable = (
        "barely", "hardly", "ever so slightly", "very slightly", "faintly", "a little", "slightly",
        "a bit", "a tad", "mildly", "subtly", "just a little", "somewhat", "kind of", "sort of",
        "moderately", "partly", "vaguely", "half", "fairly", "quite", "rather", "noticeably",
        "visibly", "very", "really", "so", "strongly", "deeply", "highly", "truly", "thoroughly",
        "intensely", "seriously", "extremely", "incredibly", "utterly", "absolutely",
        "completely", "totally", "immensely", "enormously", "unbelievably", "exceedingly",
        "profoundly", "wildly", "madly", "entirely", "tremendously",
    )  # fmt: skip
    table = tables.degrees()
    return tuple((word, table[word.removeprefix("a ")]) if word not in table
                 else (word, table[word]) for word in usable)  # fmt: skip
