"""Expressions as sets of Action Units, to be laid as strips in one go.

The combinations are those that FACS studies agree on for the basic emotions (Ekman and Friesen,
1978), in moderate strength and without the jaw, which belongs to speech.
"""

from __future__ import annotations

from typing import Final

from ..vendor import action_units, arkit_errors
from .errors import StripError

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
    "Grin": {"AU6": 0.7, "AU12": 1.0, "AU25": 0.8},
    "Bitter Smile": {"AU4": 0.3, "AU12": 0.4, "AU15": 0.5, "AU17": 0.3},
    "Polite Smile": {"AU12": 0.5},
    "Furious": {"AU4": 1.0, "AU5": 0.6, "AU7": 0.8, "AU9": 0.4, "AU10": 0.5, "AU23": 0.6},
    "Worried": {"AU1": 0.6, "AU4": 0.5, "AU20": 0.3},
    "Pleading": {"AU1": 0.9, "AU4": 0.3, "AU17": 0.4, "AU63": 0.2},
    "Crying": {"AU1": 0.8, "AU4": 0.6, "AU7": 0.5, "AU15": 0.8, "AU17": 0.7},
    "Shocked": {"AU1": 1.0, "AU2": 1.0, "AU5": 1.0, "AU25": 0.6},
    "Pain": {"AU4": 0.8, "AU6": 0.7, "AU7": 0.7, "AU9": 0.5, "AU20": 0.5},
    "Tired": {"AU1": 0.2, "AU15": 0.2, "AU41": 0.8},
    "Bored": {"AU41": 0.6, "AU14": 0.3, "AU64": 0.2},
    "Thinking": {"AU4": 0.3, "AU17": 0.4, "AU24": 0.3, "AU61": 0.4, "AU63": 0.4},
    "Determined": {"AU4": 0.5, "AU7": 0.5, "AU24": 0.6},
    "Flirting": {"AU2R": 0.5, "AU12L": 0.6, "AU41": 0.3},
    "Kiss": {"AU18": 1.0},
    "Wink": {"AU12L": 0.4, "AU46L": 1.0},
    "Blink": {"AU45": 1.0},
}
"""Name -> Action Unit -> intensity."""


def expression_pose(expression: str) -> dict[str, float]:
    """Blendshape coefficients of an expression, for its picture."""
    return action_units.combine_aus(EXPRESSIONS[expression])


def found_expressions(text: str) -> list[str]:
    """Expressions whose name, or the name or code of one of whose muscles, carries each word."""
    words = text.casefold().split()
    return [name for name in EXPRESSIONS if all(word in _words_of(name) for word in words)]


def _words_of(expression: str) -> str:
    units = [action_units.ACTION_UNITS[code] for code in EXPRESSIONS[expression]]
    said = [word for unit in units for word in (unit.code, unit.name, *unit.synonyms)]
    return " ".join([expression, *said]).casefold()


def aus_from_text(text: str) -> dict[str, float]:
    """Action Units for a word: a preset ("smirk"), an AU's name or its code; intensities 0..1.

    Raises:
        StripError: nothing here has that name.
    """
    wanted = text.strip().casefold()
    for name, units in EXPRESSIONS.items():
        if wanted == name.casefold():
            return dict(units)
    try:
        return {action_units.parse_au(text).code: 0.8}
    except arkit_errors.ArkitError as error:
        presets = ", ".join(EXPRESSIONS)
        raise StripError(f"{str(error).rstrip('.')}. Presets are {presets}.") from error
