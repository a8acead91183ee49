"""The interface in other languages, for Blender's own translation (Preferences > Interface)."""

from __future__ import annotations

from typing import Final

import bpy

from ..core import errors
from ..ui import tr
from . import german

LANGUAGES: Final[dict[str, dict[str, str]]] = {"de_DE": german.MESSAGES, "de": german.MESSAGES}
"""Blender's code of a language -> messages; Blender 4.5 knows German as "de", 4.2 as "de_DE"."""

_CONTEXTS: Final = ("*", "Operator")
"""Labels of operators have a context of their own."""


def register() -> None:
    """Hand the messages to Blender."""
    bpy.app.translations.register(
        __name__,
        {
            code: {(context, said): how for said, how in messages.items() for context in _CONTEXTS}
            for code, messages in LANGUAGES.items()
        },
    )
    errors.speak(tr)


def unregister() -> None:
    """Take them back."""
    errors.speak(None)
    bpy.app.translations.unregister(__name__)
