"""Words of a line that the server guesses: whether it does, and taking them for the transcript."""

from __future__ import annotations

from typing import Any

import bpy

from ..character.meshes import active_character
from ..core.errors import CharacterError, LineError, SoliloquyError
from ..generate.session import session
from ..reporting import ReportsErrors
from ..ui import tr
from ..vendor import messages
from .reading import read_line


def is_guessed(line: Any) -> bool:
    """Whether the words of a line are to be guessed, by a server that can."""
    return line.guess_words and not line.transcript.strip() and _is_english(line.language)


def why_not_guessed(line: Any) -> str:
    """Why the words of a line are not guessed, whatever is asked for; empty when they can be."""
    if line.transcript.strip():
        return tr("The transcript is obeyed instead.")
    if not _is_english(line.language):
        return tr("Only the words of English lines are guessed.")
    welcome = session().welcome
    longest = 1.0 if welcome is None else welcome.limits.get(messages.GUESSED_SECONDS)
    if longest is None:
        return tr("This server is too old to guess words. Update it.")
    return "" if longest else tr("This server cannot guess words: install pocketsphinx there.")


def _is_english(language: str) -> bool:
    plain = language.strip().lower().replace("_", "-") or "en"
    return plain.split("-", maxsplit=1)[0] == "en"


def last_guess(context: Any) -> str:
    """The words of the last take that guessed what the line says. Cheap enough for a panel.

    Raises:
        SoliloquyError: there is none, or a transcript is there already.
    """
    character = active_character(context.scene)
    if character is None:
        raise CharacterError("There is no character yet.")
    if character.line.transcript.strip():
        raise LineError("There is a transcript already. Clear it to use the guessed words.")
    heard = read_line(character.line, context).heard_part
    found = [take.words for take in character.takes if take.words and take.heard_part == heard]
    if not found:
        raise LineError("No take of this line has guessed words. Generate without a transcript.")
    return found[-1]


class SOLILOQUY_OT_use_guessed_words(ReportsErrors, bpy.types.Operator):
    """Fill the transcript with the words that were guessed."""

    bl_idname = "soliloquy.use_guessed_words"
    bl_label = "Use Guessed Words"
    bl_description = (
        "Fill the transcript with the words that the last take of this line guessed, "
        "to correct the wrong ones instead of typing them all"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """Say why it is greyed."""
        try:
            last_guess(context)
        except SoliloquyError as error:
            cls.poll_message_set(str(error))
            return False
        return True

    def execute(self, context):
        """Fill it; the next take obeys it."""
        active_character(context.scene).line.transcript = last_guess(context)
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_use_guessed_words,)
