"""What can go wrong in the add-on, as sentences for the user.

SoliloquyError
├── LineError        the sound of a line cannot be used
├── CharacterError   a mesh cannot be animated
├── ServerError      the server cannot be reached or refused the request
│   └── EngineError  the private environment of the server cannot be made
├── StripError       strips cannot be copied or pasted
├── TakeError        a take cannot be written, read or switched to
└── ExportError      a take cannot leave Blender
"""

from __future__ import annotations

from collections.abc import Callable


class SoliloquyError(Exception):
    """Base of everything the add-on raises; the text says what happened and what to do.

    Args:
        sentence: for the user; with {names}, when `values` has something for them.
        values: what is put into the sentence, which is translated before.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values

    def __str__(self) -> str:
        said = _translators[-1](self.sentence)
        return said.format(**self.values) if self.values else said


_translators: list[Callable[[str], str]] = [str]


def speak(translate: Callable[[str], str] | None) -> None:
    """Say sentences as `translate` gives them, from now on; None is as they stand in the source."""
    _translators[1:] = [translate] if translate is not None else []


class LineError(SoliloquyError):
    """The sound of a line is missing, muted, silent by trimming, or retimed unevenly."""


class CharacterError(SoliloquyError):
    """A mesh has no usable shape keys, or they cannot be keyed."""


class ServerError(SoliloquyError):
    """The server does not answer, speaks another version, or refused the request."""


class EngineError(ServerError):
    """The engine cannot be set up on this computer, or its set-up failed."""


class TakeError(SoliloquyError):
    """A take lost its actions or its stored data."""


class StripError(SoliloquyError):
    """Strips cannot be copied, pasted or laid."""


class ExportError(SoliloquyError):
    """A take cannot be exported or sent."""
