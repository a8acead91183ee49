"""Orders, pairs and regions of the 52 names."""

from __future__ import annotations

import pytest

from arkit.names import (
    ALPHABETICAL_NAMES,
    ARKIT_51_NAMES,
    ARKIT_NAMES,
    HEAD_AND_EYE_NAMES,
    INDEX,
    LEFT_RIGHT_PAIRS,
    LIVE_LINK_CSV_NAMES,
    LOWER_FACE_NAMES,
    REGION_OF,
    REGIONS,
    UPPER_FACE_NAMES,
    mirror_name,
)


def test_every_order_holds_the_same_52_names() -> None:
    assert len(ARKIT_NAMES) == len(set(ARKIT_NAMES)) == 52
    assert set(ALPHABETICAL_NAMES) == set(LIVE_LINK_CSV_NAMES) == set(ARKIT_NAMES)
    assert set(ARKIT_NAMES) - set(ARKIT_51_NAMES) == {"tongueOut"}
    assert len(HEAD_AND_EYE_NAMES) == 9


def test_the_csv_order_differs_from_apples_in_jaw_and_mouth_alone() -> None:
    moved = {a for a, b in zip(ARKIT_NAMES, LIVE_LINK_CSV_NAMES, strict=True) if a != b}
    assert moved == {"jawLeft", "jawRight", "mouthLeft", "mouthRight"}
    assert INDEX["jawLeft"] == 15 and LIVE_LINK_CSV_NAMES[15] == "jawRight"


def test_mirroring_a_name_twice_is_the_identity() -> None:
    assert all(mirror_name(mirror_name(name)) == name for name in ARKIT_NAMES)
    assert mirror_name("jawOpen") == "jawOpen"
    assert len(LEFT_RIGHT_PAIRS) == 20
    with pytest.raises(KeyError, match="not an ARKit blendshape"):
        mirror_name("mouthOpen")


def test_regions_divide_the_face() -> None:
    assert sorted(n for names in REGIONS.values() for n in names) == sorted(ARKIT_NAMES)
    assert {REGION_OF[n] for n in UPPER_FACE_NAMES} == {"brow", "eye"}
    assert set(UPPER_FACE_NAMES) | set(LOWER_FACE_NAMES) == set(ARKIT_NAMES)
