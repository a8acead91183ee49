"""What each utterance of the corpus is: who speaks what, with which feeling, for which split.

Scene number i is a pure function of recipe, seed and i, so a corpus can be made in parts, on any
number of processes, and grown.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from server.training.ears.errors import EarsTrainingError
from server.training.ears.texts import sentence_bucket, sentences
from server.training.ears.voices import (
    ENGLISH_ACCENTS,
    HELD_OUT_VARIANTS,
    TEST_LANGUAGES,
    TRAINING_VARIANTS,
)

from .actors import ACTOR_NAMES
from .errors import MaterialError
from .feelings import draw_family, draw_word, held_out, join_phrases, phrase
from .manners import EMOTIONS
from .recipe import CorpusRecipe

SPLITS: Final = ("train", "valid", "test_voice", "test_word", "test")
SILENCE_VOICE: Final = "silence"
ATTEMPTS: Final = 8
"""Sentences to try before a scene is given up; some cannot be spoken."""

_FLITE: Final = {"flite:slt": 0.45, "flite:rms": 0.45, "flite:kal16": 0.1}
_FLITE_SHARE: Final = 0.4
_LONGEST_TEXT: Final = 95  # characters, about 7 s


@dataclass(frozen=True)
class Scene:
    """One utterance before it is made; the labels a generator may be conditioned on.

    Attributes:
        number: its place in the corpus. split: one of `SPLITS`.
        voice: engine and voice. language. texts: sentences to try, in order.
        actor: the talking style. emotion: the coarse one. intensity: 0..1.
        families: (family of feeling, share). in_turn: one after the other.
        words: the emotion word of each family, and how strong a word it is (1 = plain).
        direction: what a user would have typed.
        with_strips: whether AU strips are laid on it.
        rate, pitch, pitch_range, warp, level_db: of the voice at rest. seconds: if it is silent.
    """

    number: int
    split: str
    voice: str
    language: str
    texts: tuple[str, ...]
    actor: str
    emotion: str
    intensity: float
    families: tuple[tuple[str, float], ...]
    in_turn: bool
    words: tuple[str, ...]
    word_strengths: tuple[float, ...]
    direction: str
    with_strips: bool
    rate: float
    pitch: float
    pitch_range: float
    warp: float
    level_db: float
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Scene:
        """Return the scene that `to_json` gave."""
        fields = dict(values)
        for name in ("texts", "words", "word_strengths"):
            fields[name] = tuple(fields[name])
        fields["families"] = tuple((name, share) for name, share in fields["families"])
        return cls(**fields)


def sentence_id(text: str) -> str:
    """Return a short name for a sentence, the same for the same letters and digits."""
    plain = "".join(c for c in text.casefold() if c.isalnum())
    return f"{zlib.crc32(plain.encode()):08x}"


def sentence_split(text: str) -> str:
    """Return "train", "valid" or "test" for a sentence."""
    bucket = sentence_bucket(text)
    for name, buckets in held_out()["sentences"].items():
        if bucket in buckets:
            return str(name)
    return "train"


@lru_cache(maxsize=8)
def _texts(language: str, root: Path, data: Path, seed: int) -> dict[str, tuple[str, ...]]:
    try:
        listed = sentences(language, root, data, seed)
    except (EarsTrainingError, OSError) as error:
        raise MaterialError(f"no sentences in '{language}': {error}") from error
    split: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for text in listed:
        if 8 < len(text) <= _LONGEST_TEXT:
            split[sentence_split(text)].append(text)
    return {name: tuple(texts) for name, texts in split.items()}


@dataclass(frozen=True)
class Stage:
    """Where the material of a corpus is.

    Attributes:
        root: folder that distribution packages of texts were unpacked into ("/" if installed).
        data: folder of recordings and tables (`SOLILOQUY_DATA`).
    """

    recipe: CorpusRecipe
    root: Path
    data: Path

    def languages(self) -> dict[str, float]:
        """Return the recipe's languages whose texts are here, with their weights.

        Raises:
            MaterialError: there is none.
        """
        found: dict[str, float] = {}
        problem: MaterialError | None = None
        for language, weight in self.recipe.languages.items():
            try:
                _texts(language, self.root, self.data, self.recipe.seed)
                found[language] = weight
            except MaterialError as error:
                problem = error
        if not found and problem is not None:
            raise problem
        return found

    def texts(self, language: str, split: str) -> tuple[str, ...]:
        """Return the sentences of a language for "train", "valid" or "test"."""
        return _texts(language, self.root, self.data, self.recipe.seed)[split]


def _choose(weights: Mapping[str, float], rng: random.Random) -> str:
    names = sorted(weights)
    return rng.choices(names, [weights[name] for name in names])[0]


def plan_scene(number: int, stage: Stage, languages: Mapping[str, float]) -> Scene:
    """Return scene `number`; `languages` are those of `Stage.languages`."""
    recipe = stage.recipe
    rng = random.Random(f"scene-{recipe.seed}-{number}")
    split = _draw_split(recipe, rng)
    language = _choose(languages, rng)
    voice = _draw_voice(language, held=split in {"test_voice", "test"}, rng=rng)
    texts = _draw_texts(stage, language, split, rng)
    if rng.random() < recipe.silent:
        voice, texts = SILENCE_VOICE, ()
    emotion = _choose(recipe.emotions, rng)
    intensity = round(rng.uniform(0.2, 1.0), 3)
    feeling = _draw_feeling(emotion, intensity, recipe, split in {"test_word", "test"}, rng)
    return Scene(
        number=number,
        split=split,
        voice=voice,
        language=language,
        texts=texts,
        actor=rng.choice(ACTOR_NAMES),
        emotion=emotion,
        intensity=intensity,
        **feeling,
        with_strips=rng.random() < recipe.strips,
        rate=round(rng.uniform(0.85, 1.2), 3),
        pitch=round(rng.uniform(0.8, 1.3), 3),
        pitch_range=round(rng.uniform(0.7, 1.3), 3),
        warp=0.0 if "test" in split else round(rng.uniform(-0.12, 0.12), 3),
        level_db=round(rng.uniform(-6.0, 3.0), 2),
        seconds=round(rng.uniform(2.5, 6.0), 2),
    )


def _draw_split(recipe: CorpusRecipe, rng: random.Random) -> str:
    shares = {name: getattr(recipe, name) for name in SPLITS[1:]}
    return _choose({"train": 1.0 - sum(shares.values()), **shares}, rng)


def _draw_voice(language: str, *, held: bool, rng: random.Random) -> str:
    variant = rng.choice(HELD_OUT_VARIANTS if held else TRAINING_VARIANTS)
    if language != "en":
        return f"espeak:{TEST_LANGUAGES.get(language, language)}+{variant}"
    if held:
        named = ("flite:awb", "festival:voice_ked_diphone")
        return rng.choices((*named, f"espeak:en-us+{variant}"), (0.4, 0.15, 0.45))[0]
    if rng.random() < _FLITE_SHARE:
        return _choose(_FLITE, rng)
    return f"espeak:{rng.choice(ENGLISH_ACCENTS)}+{variant}"


def is_held_out_voice(voice: str) -> bool:
    """Return whether `held_out.toml` keeps a voice for tests."""
    listed: Sequence[str] = held_out()["voices"]
    engine, _, name = voice.partition(":")
    return voice in listed or f"{engine}:+{name.rpartition('+')[2]}" in listed


def _draw_texts(stage: Stage, language: str, split: str, rng: random.Random) -> tuple[str, ...]:
    listed = stage.texts(language, split if split in {"train", "valid"} else "test")
    if not listed:
        raise MaterialError(f"no sentence in '{language}' for {split}: fetch more texts")
    return tuple(rng.choice(listed) for _ in range(ATTEMPTS))


def _draw_feeling(
    emotion: str, intensity: float, recipe: CorpusRecipe, held: bool, rng: random.Random
) -> dict[str, Any]:
    """Draw families, their shares, words and the direction."""
    draw = rng.random()
    in_turn = draw < recipe.in_turn
    is_blend = in_turn or draw < recipe.in_turn + recipe.blends
    emotions = [emotion]
    if is_blend:
        emotions.append(rng.choice([e for e in EMOTIONS if e not in {emotion, "neutral"}]))
    families = [draw_family(e, rng, for_test_words=held) for e in emotions]
    words = [draw_word(family, rng, held=held) for family in families]
    shares = [1.0] if not is_blend else [1.0, 1.0] if in_turn else _blend_shares(rng)
    phrases = [
        word.text if family.name == "neutral" else phrase(word, intensity * share, rng)
        for word, family, share in zip(words, families, shares, strict=True)
    ]
    return {
        "families": tuple((f.name, s) for f, s in zip(families, shares, strict=True)),
        "in_turn": in_turn,
        "words": tuple(word.text for word in words),
        "word_strengths": tuple(word.strength for word in words),
        "direction": join_phrases(phrases, in_turn, rng),
    }


def _blend_shares(rng: random.Random) -> list[float]:
    second = round(rng.uniform(0.35, 0.9), 3)
    return [1.0, second] if rng.random() < 0.5 else [round(rng.uniform(0.6, 0.9), 3), second]
