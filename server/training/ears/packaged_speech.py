"""Natural speech that the distribution's packages carry, with what is said.

A puzzle game whose two fish talk (Czech and Dutch, acted), a drawing program whose pictures say
their names (nine languages, many volunteers), and telephone prompts. Nothing of them is shipped;
their licences are in the card of the weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from server.training.ears.errors import CorpusError
from server.training.ears.recordings import Line, prompt_texts

STAMP_LANGUAGES: Final = ("bg", "ca", "da", "el", "es", "fr", "nl", "ro", "ru")
"""In which pictures are named; espeak-ng has a dictionary for all of them."""
_DIALOG: Final = re.compile(r'dialogId\("([^"]+)"[^\n]*\)\s*dialogStr\("((?:[^"\\]|\\.)*)"\)')
_ACTORS: Final = ("-m-", "-v-")
"""In the names of the files: the small fish and the big one; all others are somebody else."""


def _present(folder: Path, name: str) -> Path:
    if not folder.exists():
        raise CorpusError(f"no '{name}' under {folder}: run server.training.ears.packages")
    return folder


def fillets_lines(root: Path, language: str) -> list[Line]:
    """Return the dialogues of the game in a language, each actor's in a row.

    Raises:
        CorpusError: the packages were not unpacked under `root`.
    """
    game = _present(root / "usr/share/games/fillets-ng", f"fillets_{language}")
    lines = []
    for script in sorted(game.glob(f"script/*/dialogs_{language}.lua")):
        sounds = game / "sound" / script.parent.name / language
        source = script.read_text(encoding="utf-8", errors="replace")
        for key, translated in _DIALOG.findall(source):
            path = sounds / f"{key}.ogg"
            text = translated.replace("\\", "")
            if text and path.exists():
                who = next((a.strip("-") for a in _ACTORS if a in key), "other")
                lines.append(Line(path, f"fillets_{language}_{who}", text, language))
    return sorted(lines, key=lambda x: (x.speaker, str(x.path)))


def stamp_lines(root: Path) -> list[Line]:
    """Return the spoken names of pictures, language by language.

    Raises:
        CorpusError: the package was not unpacked under `root`.
    """
    folder = _present(root / "usr/share/tuxpaint/stamps", "stamps")
    lines = []
    for listed in sorted(folder.glob("**/*.txt")):
        texts = listed.read_text(encoding="utf-8", errors="replace").splitlines()
        said = dict(t.split(".utf8=", 1) for t in texts if ".utf8=" in t)
        for language in STAMP_LANGUAGES:
            path = listed.with_name(f"{listed.stem}_desc_{language}.ogg")
            if language in said and path.exists():
                lines.append(Line(path, f"stamps_{language}", said[language].strip(), language))
    return sorted(lines, key=lambda x: (x.speaker, str(x.path)))


def other_prompt_lines(root: Path, name: str) -> list[Line]:
    """Return the prompts of "it_menardi" or "fr_armelle".

    They come without texts: those of another speaker's prompts of the same names are taken, and
    the aligner drops the lines that say it in other words.

    Raises:
        CorpusError: the packages were not unpacked under `root`.
    """
    language, folder, suffix, texts = {
        "it_menardi": ("it", "it_IT_f_Menardi", "wav", "it"),
        "fr_armelle": ("fr", "fr", "gsm", "fr"),
    }[name]
    sounds = _present(root / "usr/share/asterisk/sounds" / folder, name)
    said = prompt_texts(texts, root)
    lines = []
    for path in sorted(sounds.glob(f"**/*.{suffix}")):
        text = said.get(str(path.relative_to(sounds).with_suffix("")), "")
        if text:
            lines.append(Line(path, name, text, language))
    return lines


PACKAGED: Final[dict[str, Callable[[Path], list[Line]]]] = {
    "fillets_cs": lambda root: fillets_lines(root, "cs"),
    "fillets_nl": lambda root: fillets_lines(root, "nl"),
    "stamps": stamp_lines,
    "it_menardi": lambda root: other_prompt_lines(root, "it_menardi"),
    "fr_armelle": lambda root: other_prompt_lines(root, "fr_armelle"),
}
"""Set -> its lines, given where the packages are unpacked."""
