"""What can go wrong with FLAME files and clips, as one tree of plain sentences.

FlameError
+-- FlameFileError   a model or landmark file that cannot be read, or is no FLAME model
+-- FlameClipError   a clip file that cannot be read, or arrays that do not belong together
+-- BasisError       coefficients of one basis on a model of another
+-- TransferError    the 52 shapes cannot be carried over to a model
"""

from __future__ import annotations


class FlameError(ValueError):
    """Base of all errors of this package; the message says what happened and what to do."""


class FlameFileError(FlameError):
    """A model or landmark file that cannot be read, or that holds something else."""


class FlameClipError(FlameError):
    """A clip file that cannot be read, or arrays that do not belong together."""


class BasisError(FlameError):
    """Expression coefficients that belong to another basis than the model at hand."""


class TransferError(FlameError):
    """The 52 shapes cannot be carried over to this model."""
