"""Direction strips on their way into a request."""

from __future__ import annotations

from blender_addon.core.direction_plan import FrameDirection, direction_of, label_of, words_of


def test_a_direction_over_the_line_is_cut_to_it() -> None:
    spec = direction_of(FrameDirection(" furious ", 5, 47, 0.5), 11.0, 35.0, 24.0)
    assert spec is not None
    assert (spec.text, spec.start, spec.end, spec.intensity) == ("furious", 0.0, 1.0, 0.5)


def test_a_direction_beside_the_line_or_without_words_is_left_out() -> None:
    assert direction_of(FrameDirection("sad", 40, 50), 11.0, 35.0, 24.0) is None
    assert direction_of(FrameDirection("  ", 11, 35), 11.0, 35.0, 24.0) is None


def test_renaming_a_strip_is_another_direction_and_copying_is_not() -> None:
    assert words_of("furious", "furious") == "furious"
    assert words_of("furious", "furious.001") == "furious"
    assert words_of("furious", "calm and tired") == "calm and tired"


def test_long_words_stay_whole_though_blender_cuts_the_name() -> None:
    text = "ärgerlich, " * 20
    assert len(label_of(text).encode()) <= 58
    assert words_of(text, label_of(text) + ".002") == text
