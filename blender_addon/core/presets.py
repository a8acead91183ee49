"""Expressions as sets of Action Units, to be laid as strips in one go.

The combinations are those that FACS studies agree on for the basic emotions (Ekman and Friesen,
1978), in moderate strength and without the jaw, which belongs to speech.
"""

from __future__ import annotations

from typing import Final

from ..vendor import action_units, arkit_errors

EXPRESSIONS: Final[dict[str, dict[str, float]]] = {
    "Smile": {"AU6": 0.5, "AU12": 0.8},
    "Smirk": {"AU12L": 0.7, "AU14L": 0.4},
    "Sad": {"AU1": 0.7, "AU4": 0.3, "AU15": 0.6},
    "Surprised": {"AU1": 0.8, "AU2": 0.8, "AU5": 0.7},
    "Afraid": {"AU1": 0.7, "AU2": 0.5, "AU4": 0.5, "AU5": 0.7, "AU20": 0.5},
    "Angry": {"AU4": 0.9, "AU5": 0.4, "AU7": 0.6, "AU23": 0.5},
    "Disgusted": {"AU9": 0.8, "AU10": 0.4, "AU15": 0.3},
    "Contempt": {"AU12R": 0.4, "AU14R": 0.7},
    "Doubtful": {"AU2L": 0.8, "AU4": 0.4, "AU17": 0.4},
    "Blink": {"AU45": 1.0},
}


def aus_from_text(text: str) -> dict[str, float]:
    """Action Units for a word: a preset ("smirk"), an AU's name or its code; intensities 0..1.

    Raises:
        ValueError: nothing here has that name.
    """
    wanted = text.strip().casefold()
    for name, units in EXPRESSIONS.items():
        if wanted == name.casefold():
            return dict(units)
    try:
        return {action_units.parse_au(text).code: 0.8}
    except arkit_errors.ArkitError as error:
        presets = ", ".join(EXPRESSIONS)
        raise ValueError(f"{str(error).rstrip('.')}. Presets are {presets}.") from error
