"""AU strips from frames to seconds, and words to Action Units."""

from __future__ import annotations

import pytest

from arkit.action_units import ACTION_UNITS
from blender_addon.core.errors import StripError
from blender_addon.core.presets import EXPRESSIONS, aus_from_text
from blender_addon.core.strip_plan import FrameStrip, au_of, spec_of


def strip(start: float, end: float, **changes: object) -> FrameStrip:
    keys = ((start, 0.8),)
    return FrameStrip(
        **{"au": "AU12", "name": "s", "start": start, "end": end, "keys": keys} | changes
    )  # type: ignore[arg-type]


def test_frames_become_seconds_of_the_line() -> None:
    spec = spec_of(strip(34, 58), line_start=10, line_end=106, rate=24)
    assert spec is not None
    assert (spec.start, spec.end, spec.keys) == (1.0, 2.0, ((1.0, 0.8),))
    assert (spec.ease_in, spec.ease_out) == (0.15, 0.2)


def test_a_strip_outside_the_line_does_not_count() -> None:
    assert spec_of(strip(106, 130), 10, 106, 24) is None
    assert spec_of(strip(1, 10), 10, 106, 24) is None


def test_what_hangs_over_is_cut_and_its_edge_is_hard() -> None:
    spec = spec_of(strip(4, 200), 10, 106, 24)
    assert spec is not None
    assert (spec.start, spec.end, spec.ease_in, spec.ease_out) == (0.0, 4.0, 0.0, 0.0)


def test_keys_on_a_straight_line_are_left_out() -> None:
    keys = tuple((10.0 + i, min(i, 12) / 12) for i in range(25))
    spec = spec_of(strip(10, 34, keys=keys), 10, 106, 24)
    assert spec is not None
    assert [key[0] for key in spec.keys] == [0.0, 0.5, 1.0]
    assert [key[1] for key in spec.keys] == [0.0, 1.0, 1.0]


def test_intensities_are_kept_within_0_and_1() -> None:
    spec = spec_of(strip(10, 34, keys=((10.0, 1.4),)), 10, 106, 24)
    assert spec is not None and spec.keys == ((0.0, 1.0),)


@pytest.mark.parametrize(
    ("value", "name", "au"),
    [
        ("AU12L", "anything", "AU12L"),
        ("", "AU12.001", "AU12"),
        ("", "AU04 brow lowerer", "AU4"),
        ("", "au 12 L", "AU12"),
        ("", "Color", ""),
        ("", "AU99", ""),
        ("AU6", "AU12", "AU6"),
    ],
)
def test_the_property_tells_the_unit_and_the_name_only_without_it(
    value: str, name: str, au: str
) -> None:
    assert au_of(value, name) == au


def test_every_preset_is_made_of_units_that_arkit_can_show() -> None:
    for units in EXPRESSIONS.values():
        assert all(ACTION_UNITS[code].expressible for code in units)
        assert all(0 < intensity <= 1 for intensity in units.values())


def test_words_find_presets_units_and_codes() -> None:
    assert aus_from_text(" SMIRK ") == EXPRESSIONS["Smirk"]
    assert list(aus_from_text("lip corner puller")) == ["AU12"]
    assert list(aus_from_text("au4")) == ["AU4"]
    with pytest.raises(StripError, match=r"blorp.*Presets are Smile"):
        aus_from_text("blorp")
