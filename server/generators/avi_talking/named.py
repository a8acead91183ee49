"""What a sentence says of single muscles, held to by the face that the network made of it.

A style is a whole face, learned from faces whose two sides are alike and from sentences that hardly
name some muscles ("the lips pressed"). What the words say of single muscles is therefore laid over
the made face as bounds: at least most of a muscle that is named, and on the side that is to do less
no more than that. Between its bounds a face stays as the network drew it, so that takes differ.

Shapes: T frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS
from arkit.names import ARKIT_NAMES, INDEX, mirror_name
from server.language import faces, scope
from server.language.express import Director
from server.language.reading import Content, Reading

Array = NDArray[np.float64]

IN_SPEECH: Final = 0.45
"""Share of a channel that speech takes where it moves the same one."""
_LEAST: Final = 0.85
"""Share of a named muscle's strength that a face has at least: takes differ in the rest."""
_LEAST_KNOWN: Final = 0.5
"""The same of muscles that the network mostly moves by itself, on both sides."""
_KNOWN: Final = frozenset({"AU1", "AU2", "AU4", "AU7", "AU9", "AU12", "AU15", "AU20"})
"""Followed by the shipped network in more than .7 of the instructions that name them (F1)."""
_SLACK: Final = 0.04
_ONE_SIDED: Final = 0.1
"""A pair of channels that differ by more is asked for on one side."""
_FREE: Final = np.array(
    [n in ("jawOpen", "mouthClose", "tongueOut") or n.startswith("eyeLook") for n in ARKIT_NAMES]
)
"""Speech and gaze have these to themselves."""
_SEALING: Final = np.array(
    [n.startswith(("mouthPress", "mouthRoll")) or n == "cheekPuff" for n in ARKIT_NAMES]
)
_OPEN: Final = 0.25  # jawOpen at which lips cannot be sealed
_SEALED_OPEN: Final = 0.5
"""Share of a sealing muscle that is left on an open mouth."""
_MIRROR: Final = np.array([INDEX[mirror_name(name)] for name in ARKIT_NAMES])


@dataclass(frozen=True)
class Bounds:
    """Between what a face is to be, beyond the mouth that speaks.

    Attributes:
        least, most: [52], 0..1; `most` is infinite where nothing is said.
        names: AU codes of what is named, for a note.
    """

    least: Array
    most: Array
    names: tuple[str, ...]

    def held(self, face: Array, lips: Array, degree: float) -> Array:
        """Return a face [T, 52] within the bounds, `degree` times as strong; `lips`: the mouth."""
        jaw = np.clip(lips[:, INDEX["jawOpen"]] / _OPEN, 0.0, 1.0)[:, None]
        room = 1.0 - IN_SPEECH * lips
        room *= np.where(_SEALING, 1.0 - (1.0 - _SEALED_OPEN) * jaw, 1.0)
        low = lips + np.minimum(self.least * degree, 1.0) * room
        high = lips + np.where(np.isinf(self.most), np.inf, self.most * degree + _SLACK)
        return np.clip(np.clip(face, np.where(self.least > 0, low, 0.0), high), 0.0, 1.0)


def bounds_of(text: str, director: Director) -> Bounds | None:
    """Return what a sentence says of single muscles and sides; None if it says nothing of them."""
    found = director.express(text)
    whole = _columns(found.blendshapes)
    reading = scope.read(text, director.left_out)
    said = faces.union(c.shown() for c in reading.contents if _is_named(c))
    shown = faces.expand(found.aus)
    named = {code: min(value, shown[code]) for code, value in said.items() if code in shown}
    least = np.maximum(
        _LEAST * _shape(named, lambda family: family not in _KNOWN),
        _LEAST_KNOWN * _shape(named, lambda family: family in _KNOWN),
    )
    more = (whole - whole[_MIRROR] > _ONE_SIDED) & _says_a_side(reading)
    least = np.where(more, np.maximum(least, _LEAST * whole), least)
    least[_FREE] = 0.0
    most = np.where(more[_MIRROR] & ~_FREE, whole, np.inf)
    if not least.any() and np.isinf(most).all():
        return None
    one_sided = [c for c in found.aus if ACTION_UNITS[c].side and more.any()]
    return Bounds(least, most, tuple(dict.fromkeys((*faces.compact(named), *one_sided))))


def _says_a_side(reading: Reading) -> bool:
    """Say whether words put something on one side; a contempt that has one by nature does not."""
    return any(clause.side for clause in reading.clauses) or any(
        content.side
        or content.lean
        or (_is_named(content) and any(ACTION_UNITS[c].side for c in faces.compact(content.face)))
        for content in reading.contents
        if not content.negated
    )


def _is_named(content: Content) -> bool:
    """Say whether words name muscles, or put a feeling on one side of the face."""
    muscles = content.kind in {"au", "action", "named"} and not content.family
    return not content.negated and (muscles or bool(content.side))


def _shape(face: faces.Face, which: Callable[[str], bool]) -> Array:
    """Return the blendshapes [52] of those muscles of a face whose family fits."""
    chosen = {code: value for code, value in face.items() if which(faces.family_of(code))}
    return _columns(faces.blendshapes(chosen))


def _columns(values: dict[str, float]) -> Array:
    return np.array([values[name] for name in ARKIT_NAMES])
