"""Single muscles and sides that a sentence names, on faces that a random network drew."""

from __future__ import annotations

import numpy as np
import pytest
from test_avi_talking_generator import ask, face, line, take, tiny

from arkit.names import ARKIT_NAMES, INDEX
from flame.clip import FlameClip
from flame.convert import flame_to_arkit
from server.generators.avi_talking.named import bounds_of
from server.generators.avi_talking.space import built_in_space
from server.language.express import default_director
from server.wire.messages import DirectionStrip

LEFT, RIGHT = INDEX["browOuterUpLeft"], INDEX["browOuterUpRight"]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("sentence", "moved", "still"),
    [
        ("raise the left eyebrow", "browOuterUpLeft", "browOuterUpRight"),
        ("amused, a smirk on the right side", "mouthSmileRight", "mouthSmileLeft"),
        ("squint with the right eye", "eyeSquintRight", "eyeSquintLeft"),
    ],
)
def test_one_side_moves_and_the_other_does_not(
    sentence: str, moved: str, still: str, seed: int
) -> None:
    added = take(ask(direction=sentence, seed=seed))["emotion"].mean(axis=0)
    wanted = default_director().express(sentence).blendshapes[moved]
    assert added[INDEX[moved]] >= 0.6 * wanted > 0.2
    assert added[INDEX[still]] <= 0.1


def test_a_muscle_that_has_few_words_is_shown_on_both_sides_and_lips_still_meet() -> None:
    request = ask(direction="the lips are pressed together")
    found = take(request)
    assert found["emotion"][:, INDEX["mouthPressLeft"]].mean() > 0.4
    shown, closed = face(found), INDEX["mouthClose"]
    for contact in (c for c in tiny().plan(request, line(), 0).contacts if c.kind == "lips"):
        frame = round(25 * 0.5 * (contact.start + contact.end))
        near = shown[max(frame - 1, 0) : frame + 2]
        assert (near[:, closed] > 0.85 * near[:, INDEX["jawOpen"]]).any()


def test_flame_coefficients_are_one_sided_too() -> None:
    found = take(ask(direction="raise the left eyebrow"))
    clip = FlameClip(
        found["expression"], 25.0, built_in_space().shapes.model.basis_id, jaw=found["jaw"]
    )
    back = flame_to_arkit(clip).clip.coefficients.mean(axis=0)
    assert back[LEFT] - back[RIGHT] > 0.4


def test_words_over_a_span_hold_there_only() -> None:
    strip = DirectionStrip("raise the left eyebrow", 2.0, 4.0)
    plain = take(ask(direction="happy", seed=1))["emotion"]
    marked = take(ask(direction="happy", direction_strips=(strip,), seed=1))["emotion"]
    sides = (marked[:, LEFT] - marked[:, RIGHT])[55:95]
    assert marked[55:95, LEFT].min() > 0.4 and sides.min() > 0.3
    apart = np.abs(marked - plain).max(axis=1)
    assert max(apart[:30].max(), apart[125:].max()) < 2e-3


def test_a_higher_intensity_moves_a_named_muscle_more() -> None:
    weak, strong = (
        take(ask(direction="raise the left eyebrow", intensity=i))["emotion"][:, LEFT].mean()
        for i in (0.2, 0.5)
    )
    assert weak < 0.7 * strong


def test_takes_differ_between_the_bounds() -> None:
    one, other = (take(ask(direction="raise the left eyebrow", seed=s))["emotion"] for s in (0, 1))
    assert np.abs(one - other).max() > 1e-3


@pytest.mark.parametrize(
    "sentence",
    [
        "the speaker is very happy.", "the speaker is contemptuous.", "furious",
        "the left eyebrow is not raised",
    ],
)  # fmt: skip
def test_a_feeling_or_a_denial_alone_binds_no_muscle(sentence: str) -> None:
    bounds = bounds_of(sentence, default_director())
    assert bounds is None or not bounds.least.any()


def test_what_was_laid_over_is_said() -> None:
    plan = tiny().plan(ask(direction="raise the left eyebrow"), line(), 0)
    assert any("single muscles and sides" in note and "AU2L" in note for note in plan.notes)


def test_jaw_and_gaze_belong_to_speech() -> None:
    bounds = bounds_of("mouth wide open, looking left", default_director())
    free = [k for k, n in enumerate(ARKIT_NAMES) if n == "jawOpen" or n.startswith("eyeLook")]
    assert bounds is None or not bounds.least[free].any()
