"""What can go wrong between a voice and an instruction in words.

SoliloquyError
└── LanguageError
    └── InstructionError    a size, a folder or a weight file cannot be used
"""

from __future__ import annotations

from server.language.errors import LanguageError


class InstructionError(LanguageError):
    """A size, a folder or a weight file cannot be used: names it and says what to do."""

    code = "unavailable"
