"""Matches made by hand, kept for a rig: found again by the names of its shape keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ..vendor import names
from .match_plan import Fix

_FORMAT: Final = "soliloquy-match/1"
_ALIKE: Final = 0.9  # share of names in common from which a preset is offered


@dataclass(frozen=True)
class MatchPreset:
    """What was matched by hand on one rig.

    Attributes:
        name: for the user. keys: names of all shape keys of the rig, sorted. fixes: the matches.
    """

    name: str
    keys: tuple[str, ...]
    fixes: tuple[Fix, ...]

    @property
    def signature(self) -> str:
        """The same for every rig with the same shape-key names, whatever its meshes are called."""
        return signature(self.keys)

    def alike(self, keys: Iterable[str]) -> float:
        """Share of names in common with a rig, 0..1."""
        mine, theirs = set(self.keys), set(keys)
        return len(mine & theirs) / max(len(mine | theirs), 1)


def signature(keys: Iterable[str]) -> str:
    """Hash of the names of shape keys, without regard to order and repetition."""
    told = "\n".join(sorted(set(keys)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def preset_of(name: str, keys: Iterable[str], fixes: Iterable[Fix]) -> MatchPreset:
    """A preset for a rig; fixes of keys that it does not have are left out."""
    known = tuple(sorted(set(keys)))
    return MatchPreset(name, known, tuple(fix for fix in fixes if fix.shape_key in known))


def known_preset(presets: Sequence[MatchPreset], keys: Iterable[str]) -> MatchPreset | None:
    """The preset of exactly this rig."""
    wanted = signature(keys)
    return next((preset for preset in presets if preset.signature == wanted), None)


def offered_presets(presets: Sequence[MatchPreset], keys: Iterable[str]) -> list[MatchPreset]:
    """Presets of rigs that are nearly the same, the nearest first."""
    rig = set(keys)
    near = [(preset.alike(rig), preset) for preset in presets]
    return [p for share, p in sorted(near, key=lambda pair: -pair[0]) if share >= _ALIKE]


def fixes_for(preset: MatchPreset, keys: Iterable[str]) -> tuple[Fix, ...]:
    """The fixes of a preset that concern shape keys of a rig."""
    rig = set(keys)
    return tuple(fix for fix in preset.fixes if fix.shape_key in rig)


def to_json(preset: MatchPreset) -> str:
    """The preset as a file."""
    fixes = {fix.shape_key: fix.blendshape for fix in preset.fixes}
    about = {"format": _FORMAT, "name": preset.name, "keys": preset.keys, "fixes": fixes}
    return json.dumps(about, indent=1, ensure_ascii=False)


def from_json(text: str) -> MatchPreset | None:
    """The preset of a file; None when it is none, or names blendshapes that do not exist."""
    try:
        about = json.loads(text)
        if about["format"] != _FORMAT:
            return None
        fixes = tuple(Fix(str(key), str(name)) for key, name in about["fixes"].items())
        keys = tuple(str(key) for key in about["keys"])
        name = str(about["name"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if any(fix.blendshape and fix.blendshape not in names.INDEX for fix in fixes):
        return None
    return MatchPreset(name, keys, fixes)
