"""A face in the making: what a direction asks for and denies, put together into one face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from . import faces, feelings, tables
from .faces import Face
from .reading import Content

_OPENS: Final = frozenset({"AU25", "AU26", "AU27"})
_HELD_IN: Final = 0.62
_SMILES: Final = 0.3
_LIDS: Final = ("AU41", "AU42", "AU43", "AU45", "AU46")
_NEIGHBOURS: Final = {
    **dict.fromkeys(("AU6", "AU7"), ("AU6", "AU7")),
    **dict.fromkeys(("AU9", "AU10"), ("AU9", "AU10")),
    **dict.fromkeys(_LIDS, _LIDS),
}
"""Muscles that draw the same skin: a feeling that keeps off one of them keeps off its neighbour."""


@dataclass
class FaceDraft:
    """A face in the making."""

    feelings: list[tuple[Face, str]] = field(default_factory=list)
    explicit: list[Face] = field(default_factory=list)
    named: list[Face] = field(default_factory=list)
    alone: list[Face] = field(default_factory=list)
    denied: list[Content] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    near: list[str] = field(default_factory=list)


def add_content(draft: FaceDraft, content: Content) -> None:
    if content.negated:
        draft.denied.append(content)
        draft.confidence.append(0.9)
        return
    face = content.shown()
    if content.kind == "feeling":
        draft.feelings.append((face, content.family))
    else:
        (draft.named if content.kind == "named" else draft.explicit).append(face)
        if content.alone:
            draft.alone.append(face)
    draft.confidence.append(0.95 if content.kind in ("au", "action", "named") else 0.9)
    draft.near.append(content.text)


def composed(draft: FaceDraft) -> Face:
    """Feelings, overruled by explicit actions, without what is denied."""
    felt = _felt([(face, family) for face, family in draft.feelings if face])
    felt = _beside_one_sided(felt, [*draft.named, *draft.explicit])
    # "Laugh with the mouth closed": what a part does overrules the look with a name.
    actions = faces.union(draft.explicit)
    looks = faces.union(_beside_a_smile(look, felt) for look in draft.named)
    explicit = faces.union([faces.overruled(looks, actions), actions])
    face = faces.settle(faces.union([faces.overruled(felt, explicit), explicit]), give=0.4)
    positive = {code for code, value in explicit.items() if value >= 0.1}
    main = {code for look in draft.named for code in look if look[code] >= max(look.values())}
    for content in draft.denied:
        spared = main if content.kind == "still" else set[str]()
        face = faces.union([_deny(face, content, positive, felt),
                            {code: face[code] for code in spared & set(face)}])  # fmt: skip
    if not face and not draft.feelings:
        face = _denial_alone(draft)
    return face


def _beside_a_smile(look: Face, felt: Face) -> Face:
    """An "amused frown" frowns with the brows: lowered corners are the lesser half of that look."""
    smiles = max(felt.get("AU12L", 0.0), felt.get("AU12R", 0.0)) >= _SMILES
    lowered = [code for code in look if faces.family_of(code) == "AU15"]
    if not smiles or any(look[code] >= max(look.values()) for code in lowered):
        return look
    return {code: value for code, value in look.items() if code not in lowered}


def _beside_one_sided(felt: Face, looks: list[Face]) -> Face:
    """A "knowing smirk on the right" smirks there alone: the feeling keeps off the other side."""
    gone = {
        kin + other
        for look in looks
        for code in look
        for side, other in (("L", "R"), ("R", "L"))
        if code.endswith(side) and faces.family_of(code) + other not in look
        for kin in _NEIGHBOURS.get(faces.family_of(code), (faces.family_of(code),))
    }
    return {code: value for code, value in felt.items() if code not in gone}


def _felt(parts: list[tuple[Face, str]]) -> Face:
    """One feeling as it is; several of one emotion united; several emotions mixed."""
    if not parts:
        return {}
    emotions = {tables.families()[f].emotion for _, f in parts if f in tables.families()}
    if len(emotions) <= 1:
        return faces.union(face for face, _ in parts)
    if any(family == "calm" for _, family in parts):  # "calm on the surface, seething underneath"
        parts = [(_held_in(face), family) for face, family in parts if family != "calm"]
        return faces.union(face for face, _ in parts)
    return feelings.mixed_face([face for face, _ in parts])


def _held_in(face: Face) -> Face:
    """A feeling that is kept inside shows less, and the mouth stays shut."""
    shut = {code: value for code, value in face.items() if faces.family_of(code) not in _OPENS}
    return faces.scaled(shut, _HELD_IN)


def _deny(face: Face, content: Content, positive: set[str], felt: Face) -> Face:
    asked = faces.sided(content.face, content.side)
    share = {"feeling": 0.4, "named": 0.6}.get(content.kind, 0.25)
    least = share * max(asked.values(), default=0.0)
    codes = [c for c, v in asked.items() if v >= least]
    laughs = content.kind == "named" and _laughs(asked)  # "happy, though not laughing"
    if content.kind == "feeling" or laughs:
        codes = [c for c in codes if c not in positive and c not in felt]
        return {c: v for c, v in face.items() if c not in codes}
    gone = faces.denied(face, codes)
    kept = {c: v for c, v in face.items() if c in positive and c not in codes}
    return faces.union([gone, kept])


def _laughs(face: Face) -> bool:
    """Whether a look is a smile with the mouth open: denied beside a smile, it is that smile."""
    return min(face.get("AU12L", 0.0), face.get("AU12R", 0.0), face.get("AU26", 0.0)) >= 0.3


def _denial_alone(draft: FaceDraft) -> Face:
    """A direction that only denies: neutral, or a little sad where joy is denied."""
    denied = [c for c in draft.denied if c.kind == "feeling" and c.family]
    if draft.denied:
        draft.notes.append("The direction only says what the face does not do.")
    if len({tables.families()[content.family].emotion for content in denied}) > 1:
        return {}  # "neither happy nor sad"
    return faces.union(feelings.denial_face(content.family) for content in denied)


def coarse_emotion(face: Face, draft: FaceDraft | None) -> tuple[str, float]:
    """Coarse emotion and intensity: of the feelings named, else what the nearest families agree on.

    One muscle alone is near many families; the nearest of all may be a rare one ("confusion" for
    lowered brows), so every near one has a say.
    """
    if not face:
        return "neutral", 0.0
    named = [
        (sum(part.values()), tables.families()[family].emotion)
        for part, family in (draft.feelings if draft else [])
        if family in tables.families() and part
    ]
    emotion = max(named)[1] if named else _agreed(feelings.nearest_families(face, least=0.45))
    top = sorted(face.values(), reverse=True)[:4]
    return emotion, round(float(np.clip(np.mean(top), 0.0, 1.0)), 3)


def _agreed(near: Sequence[tuple[str, float]]) -> str:
    """The emotion that most of the near families have; neutral without any."""
    votes = {"neutral": 0.0}
    for family, likeness in near:
        emotion = tables.families()[family].emotion
        votes[emotion] = votes.get(emotion, 0.0) + likeness**4
    return max(votes, key=lambda emotion: votes[emotion])
