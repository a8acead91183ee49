"""What is said of the rest of the face says nothing: "the brows go up, the rest of the face still".

A direction says what moves; that nothing else does needs no reading, and would be read as denial.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_STILL: Final = (
    r"(?:still|frozen|neutral|blank|relaxed|calm|motionless|unmoved|unmoving|immobile|dead|numb|"
    r"expressionless|at rest|put|the same|as (?:it )?is|unchanged|does not move|do not move|"
    r"shows nothing)"
)
_REST: Final = re.compile(
    r"(?:^| )(?:(?:,|and|but|while|with|;|:|--) )*(?:the )?"
    r"(?:rest of (?:the |his |her |your )?(?:face|mouth)|everything else|nothing else)"
    rf" (?:(?:is|stays?|remains?|keeps?|kept|staying|remaining) )?(?:{_STILL}|moves|moving|shows)"
    r"(?= [,;:.!?]|$)"
)


def without_rest(said: Sequence[str]) -> list[str]:
    """Tokens without what is only said of the rest of the face."""
    text = " ".join(said)
    if "rest of" not in text and " else " not in f"{text} ":
        return list(said)
    kept = _REST.sub(" ", text).split()
    return kept or list(said)
