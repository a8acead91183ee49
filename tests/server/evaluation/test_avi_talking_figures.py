"""The figures of AVI-Talking's takes, on takes whose answer is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from arkit.clip import ArkitClip, Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.evaluation.avi_talking_following import shown_aus
from server.evaluation.avi_talking_takes import Takes, closures_agree, diversity, upper_spread


def clip(closed_at: float = 1.0, **held: float) -> ArkitClip:
    """An open mouth of 2 s at 50 fps that shuts for .1 s, and what is held throughout."""
    face = np.zeros((100, len(ARKIT_NAMES)), np.float32)
    face[:, INDEX["jawOpen"]] = 0.4
    times = np.arange(100) / 50
    face[(times >= closed_at - 1e-6) & (times < closed_at + 0.1), INDEX["jawOpen"]] = 0.0
    emotion = np.zeros_like(face)
    for name, value in held.items():
        emotion[:, INDEX[name]] = value
    return ArkitClip(face + emotion, 50.0, layers={"lips": face, "emotion": emotion})


def takes(*clips: ArkitClip) -> Takes:
    phones = (Phone("a", 0.0, 1.0), Phone("m", 1.0, 1.1), Phone("a", 1.1, 2.0))
    line: Any = SimpleNamespace(speech=SimpleNamespace(phones=phones))
    nothing = np.zeros((len(clips), 2))
    return Takes(cast("Any", line), list(clips), nothing, nothing)


def test_closures_at_one_time_agree_and_others_do_not() -> None:
    assert closures_agree(takes(clip(), clip(), clip())) == (3, 3)
    assert closures_agree(takes(clip(), clip(1.04))) == (0, 1)
    assert closures_agree(takes(clip(), clip(1.5))) == (0, 1)


def test_takes_that_never_close_do_not_agree() -> None:
    assert closures_agree(takes(clip(1.5), clip(1.5))) == (0, 1)


def test_diversity_is_the_distance_of_directions() -> None:
    assert diversity(np.array([[1.0, 0.0], [3.0, 0.0]])) == pytest.approx(0.0, abs=1e-5)
    assert diversity(np.array([[1.0, 0.0], [0.0, 2.0]])) == pytest.approx(2**0.5, rel=1e-4)


def test_only_brows_and_lids_spread_the_upper_face() -> None:
    assert upper_spread([clip(), clip()]) == 0.0
    assert upper_spread([clip(), clip(mouthSmileLeft=0.8)]) < 0.6  # the cheek
    assert upper_spread([clip(), clip(browInnerUp=1.0, browDownLeft=0.5)]) > 1.0


def test_an_action_unit_is_shown_by_its_own_channels() -> None:
    assert shown_aus(clip()) == frozenset()
    assert "AU12" in shown_aus(clip(mouthSmileLeft=0.5, mouthSmileRight=0.5))
