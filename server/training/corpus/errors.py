"""What can go wrong while the performed corpus is made or read.

PerformedCorpusError
+-- RecipeError     a recipe has a field that is unknown or out of range
+-- MaterialError   a voice, a text, a table or a recording is missing or cannot be read
+-- ShardError      a corpus folder is missing, of another recipe, or damaged
"""

from __future__ import annotations


class PerformedCorpusError(Exception):
    """Base of this package's errors; the message says what happened and what to do."""


class RecipeError(PerformedCorpusError):
    """A recipe has a field that is unknown or out of range."""


class MaterialError(PerformedCorpusError):
    """A voice, a text, a table or a recording is missing or cannot be read."""


class ShardError(PerformedCorpusError):
    """A corpus folder is missing, was made by another recipe, or is damaged."""
