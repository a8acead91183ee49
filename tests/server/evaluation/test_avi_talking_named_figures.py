"""What counts as following a sentence on single muscles, on faces made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.names import ARKIT_NAMES, INDEX
from server.evaluation.avi_talking_named import DIRECTED, LEAK, directed, leak
from server.language.express import default_director

ASKED = default_director().express("raise the left eyebrow")
WANTED = np.array([ASKED.blendshapes[name] for name in ARKIT_NAMES])


def test_the_face_that_was_asked_for_is_followed() -> None:
    assert directed(WANTED, ASKED) == pytest.approx(1.0)
    assert leak(WANTED, ASKED) == 0.0


def test_half_of_it_is_too_little_and_the_other_brow_is_a_leak() -> None:
    assert directed(0.5 * WANTED, ASKED) < DIRECTED
    both = WANTED.copy()
    both[INDEX["browOuterUpRight"]] = both[INDEX["browOuterUpLeft"]]
    assert leak(both, ASKED) > LEAK
    assert leak(0.0 * WANTED, ASKED) == 0.0
