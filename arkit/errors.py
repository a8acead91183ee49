"""Everything that can go wrong in this package, as one tree of plain sentences.

ArkitError
+-- ActionUnitError
|   +-- UnknownActionUnitError   no such AU
|   +-- OneSidedError              ARKit has no shape for one side, or the AU needs a side
|   +-- NoBlendshapeError          a real AU that ARKit cannot show
+-- StripError                   an AU strip that cannot be evaluated or read
+-- RetimeError                  a clip that cannot be resampled, smoothed or reduced as asked
+-- MatchError                   a matching preset or override that cannot be used
+-- ExportError                  a clip that cannot be written in a format
+-- ClipReadError                a file that cannot be read as a clip
"""

from __future__ import annotations


class ArkitError(ValueError):
    """Base of all errors of this package; the message says what happened and what to do."""


class ActionUnitError(ArkitError):
    """An Action Unit that cannot be used as asked."""


class UnknownActionUnitError(ActionUnitError):
    """No Action Unit has this code or name."""


class OneSidedError(ActionUnitError):
    """The side asked for does not exist in ARKit, or a side is needed and was not given."""


class NoBlendshapeError(ActionUnitError):
    """A real Action Unit for which ARKit has no blendshape."""


class StripError(ArkitError):
    """An AU strip that cannot be evaluated or read."""


class RetimeError(ArkitError):
    """A clip that cannot be resampled, smoothed or reduced as asked."""


class MatchError(ArkitError):
    """A matching preset or an override that cannot be used."""


class ExportError(ArkitError):
    """A clip that cannot be written in the format asked for."""


class ClipReadError(ArkitError):
    """A file that cannot be read as a clip."""
