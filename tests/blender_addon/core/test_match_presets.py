"""Matches that are kept for a rig."""

from __future__ import annotations

import json

import pytest

from blender_addon.core.match_plan import Fix, needed_range
from blender_addon.core.match_presets import (
    fixes_for,
    from_json,
    known_preset,
    offered_presets,
    preset_of,
    signature,
    to_json,
)

KEYS = [f"key {i}" for i in range(20)]
FIXES = (Fix("key 3", "jawOpen"), Fix("key 4", ""), Fix("Lächeln", "mouthSmileLeft"))


def test_a_preset_is_found_by_names_in_any_order_and_survives_its_file() -> None:
    preset = preset_of("Hero", KEYS, FIXES)
    assert preset.fixes == FIXES[:2], "a key that the rig does not have is left out"
    assert from_json(to_json(preset)) == preset
    assert known_preset([preset], reversed([*KEYS, KEYS[0]])) == preset
    assert known_preset([preset], KEYS[:-1]) is None
    assert signature([]) != signature(KEYS)


def test_a_rig_that_is_nearly_the_same_is_offered_its_part() -> None:
    preset = preset_of("Hero", KEYS, FIXES)
    assert offered_presets([preset], KEYS[:-1]) == [preset]
    assert offered_presets([preset], KEYS[:10]) == []
    assert fixes_for(preset, [k for k in KEYS if k != "key 3"]) == (Fix("key 4", ""),)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x"}', "null"])
def test_another_file_is_no_preset(text: str) -> None:
    assert from_json(text) is None


def test_a_preset_with_a_blendshape_that_does_not_exist_is_none() -> None:
    data = json.loads(to_json(preset_of("Hero", KEYS, FIXES)))
    data["fixes"]["key 3"] = "jawOpenn"
    assert from_json(json.dumps(data)) is None


def test_a_slider_needs_the_range_of_its_weights() -> None:
    assert needed_range({"jawOpen": 1.0}) == (0.0, 1.0)
    assert needed_range({"jawLeft": -1.0, "jawRight": 0.5}) == (-1.0, 0.5)
