"""Colours of strips: an AU's region of the face, directions and phones; faint is paler."""

from __future__ import annotations

from typing import Final

from ..core.phone_names import CLASS_OF, SILENCE
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
_DIRECTION: Final = (0.22, 0.52, 0.34)
_PHONE: Final[dict[str, tuple[float, float, float]]] = {
    "Silence": (0.20, 0.20, 0.20),
    "Lips closed": (0.62, 0.20, 0.22),
    "Lip and teeth": (0.62, 0.36, 0.16),
    "Rounded, narrow": (0.30, 0.40, 0.62),
    "Rounded, open": (0.26, 0.48, 0.58),
    "Spread": (0.58, 0.54, 0.24),
    "Half open": (0.54, 0.48, 0.28),
    "Open": (0.60, 0.46, 0.20),
}
"""What is seen on the lips has a colour; other consonants are grey."""
_OTHER: Final = (0.45, 0.45, 0.45)
_FAINTEST: Final = 0.35  # share of the colour at intensity 0


def strip_colour(au: str, intensity: float) -> tuple[float, float, float]:
    """Colour of a strip, linear RGB."""
    unit = action_units.ACTION_UNITS.get(au)
    full = _REGION.get(unit.region, _OTHER) if unit is not None else _OTHER
    return _faded(full, intensity)


def direction_colour(intensity: float) -> tuple[float, float, float]:
    """Colour of a direction strip, linear RGB."""
    return _faded(_DIRECTION, intensity)


def phone_colour(phone: str) -> tuple[float, float, float]:
    """Colour of a phone strip, linear RGB."""
    return _PHONE.get(CLASS_OF.get(phone, SILENCE), _OTHER)


def _faded(full: tuple[float, float, float], intensity: float) -> tuple[float, float, float]:
    share = _FAINTEST + (1 - _FAINTEST) * intensity
    red, green, blue = (channel * share for channel in full)
    return red, green, blue
