"""Where the training texts come from: TEAD, dictionary relatives, things that mean no face, causes.

The words that the development directions ask as unseen are held out of all of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.evaluation import language as evaluation
from server.language import tables

from . import corpora
from .recipe import Recipe
from .teacher import Teacher
from .tead import UNKNOWN, Composer, Quadruple
from .wording import held_out


def development_words() -> frozenset[str]:
    """Table words that the development directions ask as unseen words: held out of training."""
    asked = [
        text for d in evaluation.read_directions() if d.kind == "word" for text in d.texts
    ]  # fmt: skip
    return frozenset(
        word.text
        for word in tables.feeling_words()
        if any(re.search(rf"\b{re.escape(word.text)}\b", text) for text in asked)
        and word.text not in ("low", "down", "a start")
    )


def compose(recipe: Recipe) -> list[Quadruple]:
    """TEAD, with the development words held out."""
    return Composer(recipe.seed, development_words()).compose(recipe.quadruples)


def relatives(
    senses: Sequence[corpora.Sense], teacher: Teacher, closest: int = 3
) -> list[tuple[str, str]]:
    """Dictionary relatives of the training words: (word or gloss, family).

    A synset that holds a training word of one family gives its other words and its gloss, if the
    sentence model too finds that family among the `closest` for the gloss.
    """
    hidden = development_words()
    training = {
        w.text: w.family
        for w in tables.feeling_words()
        if not held_out(w.text) and w.text not in hidden
    }
    all_words = {w.text for w in tables.feeling_words()}
    names = list(tables.families())
    centres = np.stack([_centre(teacher, training, name) for name in names])
    chosen: list[tuple[corpora.Sense, str]] = []
    for sense in senses:
        found = {training[word] for word in sense.words if word in training}
        if len(found) == 1 and sense.part != "adv":
            chosen.append((sense, found.pop()))
    glosses = teacher.encode([sense.gloss for sense, _ in chosen]).astype(np.float32)
    near = np.argsort(-(glosses @ centres.T), axis=1)[:, :closest]
    pairs: set[tuple[str, str]] = set()
    for (sense, family), ranks in zip(chosen, near, strict=True):
        if names.index(family) not in ranks or family in ("neutral", "interest", "thought"):
            continue
        pairs.add((sense.gloss, family))
        others = [w for w in sense.words if w not in all_words and not held_out(w)]
        pairs.update((word, family) for word in others)
    return sorted(pairs)


def _centre(teacher: Teacher, training: dict[str, str], family: str) -> NDArray[np.float32]:
    own = [word for word, name in training.items() if name == family]
    mean = teacher.encode(own).astype(np.float32).mean(0)
    return mean / np.linalg.norm(mean)


def nothing_texts(senses: Sequence[corpora.Sense]) -> list[tuple[str, str]]:
    """Glosses of things, plants, places and sums: texts that say nothing about a face."""
    plain = {"06", "14", "15", "17", "20", "21", "23", "27", "28"}
    picked = [s.gloss for s in senses if s.part == "noun" and s.file in plain]
    step = max(1, len(picked) // 1500)
    return [(text, UNKNOWN) for text in picked[::step]]


def cause_texts(seed: int) -> list[tuple[str, str]]:
    """The common causes of each feeling, bare and in a few words: (text, family)."""
    rng = random.Random(seed)
    frames = ("{x}", "{x}", "the {x}", "there is {x}", "it is about {x}", "{x} and then {y}")
    found: list[tuple[str, str]] = []
    for _, (family, _, texts) in tables.rows("causes.tsv", 3):
        causes = texts.split("|")
        for cause in causes:
            for frame in rng.sample(frames, 3):
                text = frame.replace("{x}", cause).replace("{y}", rng.choice(causes))
                found.append((text, family))
    return found
