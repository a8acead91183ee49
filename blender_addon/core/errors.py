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


class SoliloquyError(Exception):
    """Base of everything the add-on raises; the text says what happened and what to do."""


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
