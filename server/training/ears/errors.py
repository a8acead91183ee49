"""What can go wrong while the ears' corpus is made or they are trained.

EarsTrainingError
  CorpusError       a text, a voice or a recording is missing or cannot be read
  RecipeError       a recipe has a field that is unknown or out of range
"""

from __future__ import annotations


class EarsTrainingError(Exception):
    """Base of the training package's errors."""


class CorpusError(EarsTrainingError):
    """A text, a voice or a recording is missing or cannot be read."""


class RecipeError(EarsTrainingError):
    """A recipe has a field that is unknown or out of range."""
