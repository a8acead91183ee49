"""The FACS table: Action Unit -> ARKit blendshapes with weights, on both sides or on one.

The table is data; the few functions read it. An AU that ARKit cannot show, or cannot show on one
side, is listed all the same and says so when it is asked for. Sources: the public FACS-to-ARKit
correspondences (two tables that agree on everything but AU 17, 23, 24 and 25, where the FACS
meaning decides), the Py-Feat AU reference, and the AU lists of Cafe-Talk, ExpCLIP, AVI-Talking and
InstructAvatar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from .errors import ActionUnitError, NoBlendshapeError, OneSidedError, UnknownActionUnitError


@dataclass(frozen=True)
class ActionUnit:
    """One entry of the table: an AU on both sides, or on one.

    Attributes:
        code: "AU12", "AU12L" (the character's left), "AU28B".
        family: the code without its side; strips of one family share a muscle.
        side: "" for both, "L" or "R".
        name: FACS name in lower case, with the side in words.
        blendshapes: ARKit name -> coefficient at intensity 1; empty where ARKit has none.
        own_channels: the blendshapes that are this AU and little else: what an evaluation looks at
            and what a strip's guidance acts on.
        region: brow, eye, gaze, cheek, nose, jaw, mouth, tongue, head or neck, for colouring.
        synonyms: other words for it.
        note: what a user should know, or "".
    """

    code: str
    family: str
    side: str
    name: str
    blendshapes: Mapping[str, float]
    own_channels: tuple[str, ...]
    region: str
    synonyms: tuple[str, ...] = ()
    note: str = ""

    @property
    def expressible(self) -> bool:
        """Whether ARKit has blendshapes for it."""
        return bool(self.blendshapes)


class _Row(NamedTuple):
    """How the table below is written: `mouthSmile*` stands for both sides."""

    code: str
    name: str
    region: str
    weights: dict[str, float]
    synonyms: tuple[str, ...] = ()
    own: tuple[str, ...] = ()  # patterns; empty means every blendshape in `weights`
    note: str = ""


_ROWS: Final[tuple[_Row, ...]] = (
    _Row("AU1", "inner brow raiser", "brow", {"browInnerUp": 1.0},
         ("inner brow raise", "raise inner brows", "inner brows up", "inner brow up")),
    _Row("AU2", "outer brow raiser", "brow", {"browOuterUp*": 1.0},
         ("outer brow raise", "raise outer brows", "outer brows up", "outer brow up",
          "eyebrow raise", "raise eyebrow", "raised eyebrow", "brow raise", "brow raiser")),
    _Row("AU4", "brow lowerer", "brow", {"browDown*": 1.0},
         ("brow lower", "lower brows", "brows down", "brow down", "knit brows", "furrowed brow",
          "brow furrow", "scowl")),
    _Row("AU5", "upper lid raiser", "eye", {"eyeWide*": 1.0},
         ("upper lid raise", "eyes wide", "wide eyes", "eye wide", "widen eyes")),
    _Row("AU6", "cheek raiser", "cheek", {"cheekSquint*": 1.0, "eyeSquint*": 0.3},
         ("cheek raise", "raise cheeks", "cheeks up", "cheek up", "cheek squint"),
         own=("cheekSquint*",)),
    _Row("AU7", "lid tightener", "eye", {"eyeSquint*": 1.0},
         ("lid tighten", "tighten lids", "eye squint", "narrow eyes", "narrowed eyes")),
    _Row("AU8", "lips toward each other", "mouth", {"mouthClose": 1.0}, ("lips together",),
         note="AU8 brings the lips together over an open jaw; it shows only with AU26."),
    _Row("AU9", "nose wrinkler", "nose", {"noseSneer*": 1.0},
         ("nose wrinkle", "wrinkle nose", "nose sneer", "sneer")),
    _Row("AU10", "upper lip raiser", "mouth", {"mouthUpperUp*": 1.0},
         ("upper lip raise", "raise upper lip", "upper lip up", "snarl")),
    _Row("AU11", "nasolabial deepener", "cheek", {}, ("nasolabial furrow deepener",)),
    _Row("AU12", "lip corner puller", "mouth", {"mouthSmile*": 1.0},
         ("lip corner pull", "lip corners up", "lip corner up", "smile", "smirk", "grin")),
    _Row("AU13", "sharp lip puller", "mouth", {}, ("cheek puffer", "sharp lip pull")),
    _Row("AU14", "dimpler", "mouth", {"mouthDimple*": 1.0}, ("dimple", "dimples")),
    _Row("AU15", "lip corner depressor", "mouth", {"mouthFrown*": 1.0},
         ("lip corner depress", "lip corners down", "lip corner down", "frown", "sad mouth")),
    _Row("AU16", "lower lip depressor", "mouth", {"mouthLowerDown*": 1.0},
         ("lower lip depress", "lower lip down", "show lower teeth")),
    _Row("AU17", "chin raiser", "mouth", {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.5},
         ("chin raise", "raise chin muscle", "chin boss", "pout chin", "mouth shrug"),
         own=("mouthShrugLower",)),
    _Row("AU18", "lip pucker", "mouth", {"mouthPucker": 1.0},
         ("lip puckerer", "pucker", "kiss", "pursed lips", "purse lips")),
    _Row("AU19", "tongue show", "tongue", {"tongueOut": 1.0},
         ("tongue out", "stick out tongue", "show tongue")),
    _Row("AU20", "lip stretcher", "mouth", {"mouthStretch*": 1.0},
         ("lip stretch", "stretch lips", "lips stretched", "grimace")),
    _Row("AU21", "neck tightener", "neck", {}, ("neck tighten",)),
    _Row("AU22", "lip funneler", "mouth", {"mouthFunnel": 1.0},
         ("lip funnel", "funnel lips", "lip funneller")),
    _Row("AU23", "lip tightener", "mouth",
         {"mouthPress*": 0.5, "mouthRollLower": 0.3, "mouthRollUpper": 0.3},
         ("lip tighten", "tight lips", "tighten lips"), own=("mouthPress*",),
         note="ARKit has no lip tightener; it is made of a light press and roll."),
    _Row("AU24", "lip pressor", "mouth", {"mouthPress*": 1.0},
         ("lip presser", "lip press", "press lips", "pressed lips")),
    _Row("AU25", "lips part", "mouth", {"mouthLowerDown*": 0.3, "mouthUpperUp*": 0.15},
         ("lip part", "part lips", "parted lips", "lips parted")),
    _Row("AU26", "jaw drop", "jaw", {"jawOpen": 0.7},
         ("drop jaw", "open jaw", "jaw open", "mouth open", "open mouth", "yawn")),
    _Row("AU27", "mouth stretch", "jaw", {"jawOpen": 1.0},
         ("mouth wide open", "gape", "scream mouth")),
    _Row("AU28", "lip suck", "mouth", {"mouthRollLower": 1.0, "mouthRollUpper": 1.0},
         ("suck lips", "lips rolled in", "lip roll")),
    _Row("AU28B", "lower lip suck", "mouth", {"mouthRollLower": 1.0},
         ("suck lower lip", "lower lip rolled in")),
    _Row("AU28T", "upper lip suck", "mouth", {"mouthRollUpper": 1.0},
         ("suck upper lip", "upper lip rolled in")),
    _Row("AU29", "jaw thrust", "jaw", {"jawForward": 1.0},
         ("jaw forward", "thrust jaw", "chin forward")),
    _Row("AU30", "jaw sideways", "jaw", {"jaw*": 1.0}, ("jaw side", "jaw to the side", "jaw")),
    _Row("AU31", "jaw clencher", "jaw", {}, ("jaw clench", "clench jaw", "clenched jaw")),
    _Row("AU32", "lip bite", "mouth",
         {"mouthRollLower": 0.8, "mouthUpperUp*": 0.2, "mouthPress*": 0.2},
         ("bite lip", "bite lower lip"), own=("mouthRollLower",),
         note="ARKit has no lip bite; it is made of a rolled lower lip under a raised upper lip."),
    _Row("AU33", "cheek blow", "cheek", {"cheekPuff": 0.7, "mouthPucker": 0.4},
         ("blow", "blow cheeks"), own=("cheekPuff",),
         note="ARKit has no cheek blow; it is made of puff and pucker."),
    _Row("AU34", "cheek puff", "cheek", {"cheekPuff": 1.0},
         ("puff", "puff cheeks", "puffed cheeks")),
    _Row("AU35", "cheek suck", "cheek", {}, ("suck cheeks",)),
    _Row("AU36", "tongue bulge", "tongue", {}, ("bulge",)),
    _Row("AU37", "lip wipe", "tongue", {}, ("lick lips",)),
    _Row("AU38", "nostril dilator", "nose", {}, ("nostril dilate", "flare nostrils")),
    _Row("AU39", "nostril compressor", "nose", {}, ("nostril compress",)),
    _Row("AU41", "lid droop", "eye", {"eyeBlink*": 0.35},
         ("lid drop", "droopy eyes", "sleepy eyes")),
    _Row("AU42", "slit", "eye", {"eyeBlink*": 0.65, "eyeSquint*": 0.3}, ("eye slit",),
         own=("eyeBlink*",)),
    _Row("AU43", "eyes closed", "eye", {"eyeBlink*": 1.0},
         ("eye closure", "close eyes", "eye closed", "closed eyes", "shut eyes")),
    _Row("AU44", "squint", "eye", {"eyeSquint*": 1.0, "browDown*": 0.2}, (), own=("eyeSquint*",)),
    _Row("AU45", "blink", "eye", {"eyeBlink*": 1.0}, ("eye blink",)),
    _Row("AU46", "wink", "eye", {"eyeBlink*": 1.0, "cheekSquint*": 0.4}, ("winking",),
         own=("eyeBlink*",), note="A wink has a side: AU46L or AU46R."),
    _Row("AU51", "head turn left", "head", {}),
    _Row("AU52", "head turn right", "head", {}),
    _Row("AU53", "head up", "head", {}),
    _Row("AU54", "head down", "head", {}, ("nod",)),
    _Row("AU55", "head tilt left", "head", {}),
    _Row("AU56", "head tilt right", "head", {}),
    _Row("AU57", "head forward", "head", {}),
    _Row("AU58", "head back", "head", {}),
    _Row("AU61", "eyes turn left", "gaze", {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
         ("eyes left", "look left", "gaze left")),
    _Row("AU62", "eyes turn right", "gaze", {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
         ("eyes right", "look right", "gaze right")),
    _Row("AU63", "eyes up", "gaze", {"eyeLookUp*": 1.0}, ("look up", "gaze up")),
    _Row("AU64", "eyes down", "gaze", {"eyeLookDown*": 1.0}, ("look down", "gaze down")),
    _Row("AU65", "walleye", "gaze", {"eyeLookOut*": 1.0}, ("strabismus",)),
    _Row("AU66", "cross-eye", "gaze", {"eyeLookIn*": 1.0}, ("cross eyed", "crossed eyes")),
    _Row("AUM", "mouth sideways", "mouth", {"mouth*": 1.0},
         ("mouth side", "mouth to the side", "lateral mouth", "mouth"),
         note="FACS has no number for a mouth pulled to one side; AUML and AUMR stand for it."),
)  # fmt: skip

_NEED_SIDE: Final = frozenset({"AU30", "AU46", "AUM"})
_SIDE_WORD: Final = {"L": "Left", "R": "Right"}


def _expand(patterns: Mapping[str, float], side: str) -> dict[str, float]:
    """Turn `mouthSmile*` into the sides wanted; with a side, central blendshapes drop out."""
    weights: dict[str, float] = {}
    for pattern, weight in patterns.items():
        for letter, word in _SIDE_WORD.items():
            name = pattern.replace("*", word)
            if not side or (letter == side and name.endswith(word)):
                weights[name] = weight
    return weights


def _own(row: _Row, side: str) -> tuple[str, ...]:
    return tuple(_expand(dict.fromkeys(row.own or tuple(row.weights), 1.0), side))


def _entry(row: _Row, side: str) -> ActionUnit:
    word = _SIDE_WORD[side].lower() + " " if side else ""
    return ActionUnit(
        code=row.code + side,
        family=row.code,
        side=side,
        name=word + row.name,
        blendshapes=_expand(row.weights, side),
        own_channels=_own(row, side),
        region=row.region,
        synonyms=tuple(word + synonym for synonym in row.synonyms),
        note=row.note,
    )


def _has_sides(row: _Row) -> bool:
    """Say whether one side alone is the AU; AU61 and AU62 turn both eyes and have no sides."""
    patterns = row.own or tuple(row.weights)
    return bool(patterns) and all("*" in pattern for pattern in patterns)


def _build() -> dict[str, ActionUnit]:
    table: dict[str, ActionUnit] = {}
    for row in _ROWS:
        sides = ["L", "R"] if _has_sides(row) else []
        for side in ([] if row.code in _NEED_SIDE else [""]) + sides:
            entry = _entry(row, side)
            table[entry.code] = entry
    return table


ACTION_UNITS: Final[dict[str, ActionUnit]] = _build()
"""Code -> entry, those without blendshapes included."""

AU_CODES: Final[tuple[str, ...]] = tuple(
    code for code, unit in ACTION_UNITS.items() if unit.expressible
)
"""The entries that ARKit can show, in table order: the columns of AU vectors."""

AU_INDEX: Final[dict[str, int]] = {code: i for i, code in enumerate(AU_CODES)}

TWO_SIDED_AU_CODES: Final[tuple[str, ...]] = tuple(
    code for code in AU_CODES if not ACTION_UNITS[code].side
)
"""The entries for both sides (and the central ones)."""


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.casefold()))


def _name_index() -> dict[str, str]:
    """Normalised name or synonym, with the side before or after it, -> code."""
    index: dict[str, str] = {}
    for row in _ROWS:
        if row.code in _NEED_SIDE:
            index |= {_words(phrase): row.code for phrase in (row.name, *row.synonyms)}
    for unit in ACTION_UNITS.values():
        for phrase in (unit.name, *unit.synonyms):
            words = _words(phrase)
            index.setdefault(words, unit.code)
            if unit.side:
                word, _, rest = words.partition(" ")
                index.setdefault(f"{rest} {word}", unit.code)
                index.setdefault(f"{rest} {word[0]}", unit.code)
    return index


_BY_NAME: Final[dict[str, str]] = _name_index()
_ROW_OF: Final[dict[str, _Row]] = {row.code: row for row in _ROWS}
_CODE: Final = re.compile(r"(?:AU|AD|M)?_?([LR])?_?0*(\d{1,2})_?([BT])?_?([LR]|LEFT|RIGHT)?")


def parse_au(text: str) -> ActionUnit:
    """Return the entry for a code or a name.

    Codes: "AU12", "au 12", "12", "AU12L", "AU12_R", "AUL12" (the spelling of OpenGraphAU), "AU04".
    Names: "lip corner puller", "left lip corner puller", "smile", "lip_corner_puller".

    Raises:
        UnknownActionUnitError: nothing has this code or name.
        OneSidedError: ARKit cannot show this AU on one side, or it needs a side.
    """
    code = _BY_NAME.get(_words(text)) or _read_code(text)
    if code in ACTION_UNITS:
        return ACTION_UNITS[code]
    if code in _NEED_SIDE:
        raise OneSidedError(f"{code} ({_ROW_OF[code].name}) needs a side: write {code}L or {code}R")
    family = code.rstrip("LR")
    if family in _ROW_OF:
        raise OneSidedError(_one_sided_sentence(_ROW_OF[family]))
    raise UnknownActionUnitError(
        f"'{text}' is not an Action Unit; write a code such as AU12 or AU12L, "
        "or a FACS name such as 'lip corner puller'"
    )


def _read_code(text: str) -> str:
    found = _CODE.fullmatch(re.sub(r"[\s\-]+", "", text).upper())
    if found is None:
        sideways = re.fullmatch(r"(AUM)([LR]?)", text.strip().upper())
        return "".join(sideways.groups()) if sideways else ""
    before, number, lip, after = found.groups(default="")
    return f"AU{int(number)}{lip}{(before or after)[:1]}"


def _one_sided_sentence(row: _Row) -> str:
    if not row.weights:
        return _no_shape_sentence(row.code, row.name)
    central = ", ".join(row.weights)
    return (
        f"{row.code} ({row.name}) cannot be shown on one side: ARKit moves both with {central}; "
        f"use {row.code}"
    )


def _no_shape_sentence(code: str, name: str) -> str:
    if name.startswith("head"):
        return f"{code} ({name}) moves the head, not the face: ARKit has no blendshape for it"
    return f"ARKit has no blendshape for {code} ({name}), so it cannot be shown"


def limitation(text: str) -> str:
    """Return the sentence on what ARKit cannot do for this AU, or "" where it can do all.

    Never raises for a real AU: "AU1L" gives the sentence about AU1, "AU38" that there is no shape.

    Raises:
        UnknownActionUnitError: nothing has this code or name.
    """
    try:
        unit = parse_au(text)
    except OneSidedError as error:
        return str(error)
    return unit.note if unit.expressible else _no_shape_sentence(unit.code, unit.name)


def au_blendshapes(au: str | ActionUnit, intensity: float = 1.0) -> dict[str, float]:
    """Return ARKit name -> coefficient for an AU at an intensity of 0..1.

    Raises:
        UnknownActionUnitError, OneSidedError: see `parse_au`.
        NoBlendshapeError: ARKit has no blendshape for it.
        ActionUnitError: the intensity is outside 0..1.
    """
    unit = parse_au(au) if isinstance(au, str) else au
    if not 0.0 <= intensity <= 1.0:
        raise ActionUnitError(f"intensity of {unit.code} must be between 0 and 1, got {intensity}")
    if not unit.expressible:
        raise NoBlendshapeError(_no_shape_sentence(unit.code, unit.name))
    return {name: weight * intensity for name, weight in unit.blendshapes.items()}


def combine_aus(intensities: Mapping[str, float]) -> dict[str, float]:
    """Return the blendshapes of several AUs held together, summed and clamped to 0..1.

    An AU given for both sides and for one counts once on each blendshape, at the stronger value.

    Raises:
        ActionUnitError: see `au_blendshapes`.
    """
    by_family: dict[str, dict[str, float]] = {}
    for code, intensity in intensities.items():
        unit = parse_au(code)
        family = by_family.setdefault(unit.family, {})
        for name, value in au_blendshapes(unit, intensity).items():
            family[name] = max(family.get(name, 0.0), value)
    total: dict[str, float] = {}
    for family in by_family.values():
        for name, value in family.items():
            total[name] = min(1.0, total.get(name, 0.0) + value)
    return total
