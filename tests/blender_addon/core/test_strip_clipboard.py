"""Strips as text."""

from __future__ import annotations

import json

import pytest

from blender_addon.core.errors import StripError
from blender_addon.core.strip_clipboard import CopiedStrip, from_text, to_text

STRIPS = [
    CopiedStrip("au", "AU12L", 0.5, 1.5, ((0.5, 0.0), (1.0, 1.0)), "accent", 0.1, 0.3, True),
    CopiedStrip("direction", "furious, then a bitter smile", -0.25, 2.0),
    CopiedStrip("phone", "ʃ", 0.0, 0.08),
]


def test_what_is_copied_is_pasted() -> None:
    assert from_text(to_text(STRIPS)) == STRIPS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"format": "other", "strips": []}',
        to_text([]),
        to_text(STRIPS)[:-9],
    ],
)
def test_anything_else_on_the_clipboard_is_one_sentence(text: str) -> None:
    with pytest.raises(StripError, match="clipboard holds no strips"):
        from_text(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "movie"), ("start", 1e9), ("end", float("nan")), ("end", 0.1), ("keys", []),
     ("keys", [[0]]), ("mode", "boil"), ("ease_in", "soon"), ("keys", [[0.0, float("inf")]])],
)  # fmt: skip
def test_a_strip_that_cannot_be_is_refused(field: str, value: object) -> None:
    data = json.loads(to_text(STRIPS))
    data["strips"][0][field] = value
    with pytest.raises(StripError):
        from_text(json.dumps(data))
