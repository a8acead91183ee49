"""The options of a performed corpus, as a file: `recipes/corpus.toml`."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

from .errors import RecipeError
from .manners import EMOTIONS

_SOURCES: Final[tuple[tuple[str, str], ...]] = (
    ("server.training.corpus", "*.py"),
    ("server.training.corpus", "held_out.toml"),
    ("server.generators.articulate", "coarticulation.py"),
    ("server.generators.articulate", "config.py"),
    ("server.generators.articulate", "poses.py"),
    ("server.generators.articulate", "track.py"),
    ("server.language", "tables/emotions.tsv"),
    ("server.language", "tables/families.tsv"),
    ("arkit", "closure.py"),
    ("arkit", "action_units.py"),
    ("arkit", "strips.py"),
)
"""What a corpus is a function of, beside its recipe and the voices: changed code, new corpus."""
_NOT_OF_CONTENT: Final = frozenset({"errors.py", "reader.py", "check.py", "__init__.py"})


@dataclass(frozen=True)
class CorpusRecipe:
    """What a corpus is made of.

    Attributes:
        name: of the corpus. seed: same recipe and seed, same corpus, bit for bit.
        fps: frame rate of the stored targets.
        hours: performed speech unless the command says otherwise.
        utterances_per_part: a part is made and stored as a whole.
        store_audio: int16 samples beside the features (115 MB an hour).
        real_mouths: add facegood 2_01 .. 2_04 under its mask.
        strips: share of utterances with AU strips. silent: share without speech.
        blends: share with two feelings held together. in_turn: one after the other.
        valid, test_voice, test_word, test: shares of the splits; the rest is `train`.
        languages: language -> weight. emotions: emotion -> weight.
    """

    name: str = "performed"
    seed: int = 0
    fps: float = 25.0
    hours: float = 10.0
    utterances_per_part: int = 150
    store_audio: bool = False
    real_mouths: bool = True
    strips: float = 0.45
    silent: float = 0.04
    blends: float = 0.16
    in_turn: float = 0.06
    valid: float = 0.04
    test_voice: float = 0.02
    test_word: float = 0.02
    test: float = 0.02
    languages: Mapping[str, float] = field(default_factory=lambda: {"en": 1.0})
    emotions: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(EMOTIONS, 1.0))

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            RecipeError: a share outside 0..1, an unknown emotion, a rate or size that is not
                positive.
        """
        names = ("strips", "silent", "blends", "in_turn", "valid", "test_voice",
                 "test_word", "test")  # fmt: skip
        for name in names:
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"{name} is a share of 0..1, got {getattr(self, name)}")
        for name in ("fps", "hours", "utterances_per_part"):
            if not getattr(self, name) > 0:
                raise RecipeError(f"{name} must be positive, got {getattr(self, name)}")
        unknown = sorted(set(self.emotions) - set(EMOTIONS))
        if unknown:
            raise RecipeError(f"unknown emotion '{unknown[0]}'; known: {', '.join(EMOTIONS)}")

    @classmethod
    def read(cls, path: Path) -> CorpusRecipe:
        """Read a TOML file.

        Raises:
            RecipeError: it cannot be read, or has an unknown field.
        """
        try:
            fields: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise RecipeError(f"{path} is not a corpus recipe: {error}") from error
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(fields) - known)
        if unknown:
            raise RecipeError(
                f"{path} has the unknown field '{unknown[0]}'; known: {', '.join(sorted(known))}"
            )
        return cls(**fields)

    def fingerprint(self) -> str:
        """Return a hash of the recipe, the code and the tables that decide the corpus.

        `hours` has no part in it: a longer corpus starts with the shorter one.
        """
        options = dataclasses.asdict(self)
        options.pop("hours")
        digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
        for package, pattern in _SOURCES:
            folder = Path(str(resources.files(package)))
            for path in sorted(folder.glob(pattern)):
                if path.name not in _NOT_OF_CONTENT:
                    digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()[:16]
