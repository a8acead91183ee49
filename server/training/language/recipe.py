"""A recipe of the language part: what is trained, how long, and on what."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from server.language.errors import LanguageError

from .distil import DistilOptions
from .plain import PlainOptions
from .projector import ProjectorOptions
from .stories import StoryOptions
from .tune import ExpClipOptions, TuneOptions


@dataclass(frozen=True)
class Recipe:
    """What makes a run.

    Attributes:
        wordnet: folder of the WordNet database files. corpus: folder of a performed corpus, or "".
        quadruples: size of TEAD.
        threads: of the processor.
    """

    wordnet: str = "/usr/share/wordnet"
    corpus: str = ""
    quadruples: int = 66_000
    seed: int = 0
    threads: int = 1
    distil: DistilOptions = field(default_factory=DistilOptions)
    tune: TuneOptions = field(default_factory=TuneOptions)
    expclip: ExpClipOptions = field(default_factory=ExpClipOptions)
    projector: ProjectorOptions = field(default_factory=ProjectorOptions)
    stories: StoryOptions = field(default_factory=StoryOptions)
    plain: PlainOptions = field(default_factory=PlainOptions)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        LanguageError: an unknown field.
    """
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    sections = {
        "distil": DistilOptions,
        "tune": TuneOptions,
        "expclip": ExpClipOptions,
        "projector": ProjectorOptions,
        "stories": StoryOptions,
        "plain": PlainOptions,
    }
    for name, kind in sections.items():
        given = data.get(name, {})
        unknown = set(given) - {f.name for f in fields(kind)}
        if unknown:
            raise LanguageError(f"{path.name}: [{name}] has no field '{sorted(unknown)[0]}'")
        data[name] = kind(**given)
    unknown = set(data) - {f.name for f in fields(Recipe)}
    if unknown:
        raise LanguageError(f"{path.name} has no field '{sorted(unknown)[0]}'")
    return Recipe(**data)
