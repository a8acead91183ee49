"""Colours of AU strips: one for each region of the face, paler where the intensity is low."""

from __future__ import annotations

from typing import Final

from ..vendor import action_units

_REGION: Final[dict[str, tuple[float, float, float]]] = {
    "brow": (0.55, 0.33, 0.75),
    "eye": (0.20, 0.48, 0.78),
    "gaze": (0.16, 0.62, 0.70),
    "cheek": (0.85, 0.45, 0.50),
    "nose": (0.72, 0.58, 0.22),
    "jaw": (0.78, 0.40, 0.20),
    "mouth": (0.75, 0.25, 0.32),
    "tongue": (0.70, 0.30, 0.55),
}
_OTHER: Final = (0.45, 0.45, 0.45)
_FAINTEST: Final = 0.35  # share of the colour at intensity 0


def strip_colour(au: str, intensity: float) -> tuple[float, float, float]:
    """Colour of a strip, linear RGB."""
    unit = action_units.ACTION_UNITS.get(au)
    full = _REGION.get(unit.region, _OTHER) if unit is not None else _OTHER
    share = _FAINTEST + (1 - _FAINTEST) * intensity
    red, green, blue = (channel * share for channel in full)
    return red, green, blue
