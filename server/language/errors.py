"""What can go wrong between a direction in words and a face.

SoliloquyError
└── LanguageError
    ├── TableError      a shipped table is malformed
    ├── EncoderError    a text encoder cannot be built or loaded
    └── WeightsError    a weight file is absent or does not fit
"""

from __future__ import annotations

from server.errors import SoliloquyError


class LanguageError(SoliloquyError):
    """Base of every error of `server.language`."""


class TableError(LanguageError):
    """A shipped table is malformed: names the file, the line and what was expected."""


class EncoderError(LanguageError):
    """A text encoder cannot be built: names the size and what is missing."""


class WeightsError(LanguageError):
    """A weight file is absent or does not fit the model: names the file."""
